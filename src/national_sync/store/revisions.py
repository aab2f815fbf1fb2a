"""The shapes the database has had. Light to import."""

from __future__ import annotations

from typing import Final

REVISIONS: Final = ("0001",)
"""Every migration, oldest first: listed here because Alembic, which knows them too, is slow to import."""

KNOWN_REVISION: Final = REVISIONS[-1]
