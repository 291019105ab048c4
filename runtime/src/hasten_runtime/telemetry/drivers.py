"""
The database drivers that are hooked once the application has imported them.

Read at the boot of every Python process, so it imports nothing but the hooks.
"""

from __future__ import annotations

import os

from hasten_runtime.hooks import after_import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any


#: Module of a framework or of a client → the module of `traces` that hooks it, and the function there.
TRACED = {
    "aiohttp.client": ("on_aiohttp", "hook"),
    "anyio.to_thread": ("on_threads", "hook_anyio"),
    "asyncio.base_events": ("on_threads", "hook_asyncio"),
    "asyncpg.pool": ("on_pools", "hook_asyncpg"),
    "django.db.models.base": ("on_django_relations", "hook_models"),
    "django.db.models.fields.related_descriptors": ("on_django_relations", "hook_descriptors"),
    "django.db.models.query": ("on_django_relations", "hook_query"),
    "django.http.response": ("on_django", "hook_responses"),
    "django.template.base": ("on_django", "hook_templates"),
    "fastapi.encoders": ("on_fastapi", "hook_encoders"),
    "fastapi.routing": ("on_fastapi", "hook"),
    "flask.json.provider": ("on_flask", "hook"),
    "http.client": ("on_http_client", "hook"),
    "httpx": ("on_httpx", "hook"),
    "jinja2.environment": ("on_jinja2", "hook"),
    "psycopg_pool.pool": ("on_pools", "hook_psycopg_pool"),
    "psycopg_pool.pool_async": ("on_pools", "hook_psycopg_pool_async"),
    "redis.asyncio.client": ("on_redis", "hook_async"),
    "redis.client": ("on_redis", "hook"),
    "requests.sessions": ("on_requests", "hook"),
    "rest_framework.renderers": ("on_django", "hook_renderers"),
    "sqlalchemy.orm.attributes": ("on_sqlalchemy", "hook_attributes"),
    "sqlalchemy.orm.relationships": ("on_sqlalchemy", "hook_relationships"),
    "sqlalchemy.orm.session": ("on_sqlalchemy", "hook_session"),
    "sqlalchemy.orm.state": ("on_sqlalchemy", "hook_state"),
    "sqlalchemy.orm.strategies": ("on_sqlalchemy_loaders", "hook"),
    "sqlalchemy.pool.impl": ("on_pools", "hook_sqlalchemy"),
    "ssl": ("on_ssl", "hook"),
    "starlette.responses": ("on_starlette", "hook"),
    "urllib3.connectionpool": ("on_urllib3", "hook"),
    "valkey.asyncio.client": ("on_redis", "hook_async"),
    "valkey.client": ("on_redis", "hook"),
}


def watch() -> None:
    """
    Drivers that are imported from now on count their statements, and what is of interest for a trace adds its steps.
    """
    if is_wanted():
        after_import("psycopg", _psycopg)
        after_import("asyncpg", _asyncpg)
        after_import("psycopg2", _psycopg2)
        after_import("django.core.handlers.base", _django)
        if are_traces_wanted():
            for name in TRACED:
                after_import(name, _traced)


def is_wanted() -> bool:
    """
    Whether anything is to be counted: HASTEN_TELEMETRY=0 says no.
    """
    return os.environ.get("HASTEN_TELEMETRY", "") != "0"


def are_traces_wanted() -> bool:
    """
    Whether requests are to be traced: HASTEN_TRACES=0 says no.
    """
    return os.environ.get("HASTEN_TRACES", "") != "0"


def alike(hook: Any, inner: Callable[..., Any]) -> Callable[..., Any]:
    """
    The hook, with the name, the documentation and the signature of what it wraps.
    """
    hook.__wrapped__ = inner
    hook.__module__, hook.__name__, hook.__qualname__ = inner.__module__, inner.__name__, inner.__qualname__
    hook.__doc__ = inner.__doc__
    alike_now: Callable[..., Any] = hook
    return alike_now


def _traced(module: ModuleType) -> None:
    from importlib import import_module

    place, function = TRACED[module.__name__]
    getattr(import_module("hasten_runtime.telemetry.traces." + place), function)(module)


def _django(module: ModuleType) -> None:
    from hasten_runtime.telemetry import on_django

    on_django.hook(module)


def _psycopg(module: ModuleType) -> None:
    from hasten_runtime.telemetry import export, on_psycopg

    on_psycopg.hook(module)
    export.begin()


def _asyncpg(module: ModuleType) -> None:
    from hasten_runtime.telemetry import export, on_asyncpg

    on_asyncpg.hook(module)
    export.begin()


def _psycopg2(module: ModuleType) -> None:
    from hasten_runtime.telemetry import export, on_psycopg2

    on_psycopg2.hook(module)
    export.begin()
