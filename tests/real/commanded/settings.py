"""
Settings of a Django project that has one management command and the database that DATABASE_URL names.
"""

import os

from psycopg.conninfo import conninfo_to_dict

_PARTS = conninfo_to_dict(os.environ["DATABASE_URL"])
SECRET_KEY = "of a test"
INSTALLED_APPS = ["commanded"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _PARTS["dbname"],
        "USER": _PARTS.get("user", ""),
        "PASSWORD": _PARTS.get("password", ""),
        "HOST": _PARTS["host"],
        "PORT": _PARTS.get("port", ""),
    }
}
