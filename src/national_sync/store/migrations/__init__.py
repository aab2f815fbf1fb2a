"""Alembic migrations, oldest first; `python -m national_sync.store.migrations "what changes"` writes one."""
