"""
A management command that asks the database something, says so, and waits until its input ends.
"""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    """
    Asks.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        """
        One statement, through Django's ORM connection.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s + 1 AS asked_by_a_command", [41])
            self.stdout.write(str(cursor.fetchone()[0]))
        self.stdout.flush()
        sys.stdin.read()
