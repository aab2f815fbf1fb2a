"""Marks: what the program must remember of itself, one small JSON value to a name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text


def read_mark(connection: Connection, name: str) -> Any:
    value = connection.execute(text("SELECT value FROM mark WHERE name = :name"), {"name": name}).scalar_one_or_none()
    return None if value is None else json.loads(value)


def write_mark(connection: Connection, name: str, value: Any) -> None:
    connection.execute(
        text(
            "INSERT INTO mark (name, value) VALUES (:name, :value)"
            " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        ),
        {"name": name, "value": json.dumps(value)},
    )


def forget_mark(connection: Connection, name: str) -> None:
    connection.execute(text("DELETE FROM mark WHERE name = :name"), {"name": name})


class MarkNotebook:
    """What an adapter must remember beyond the process, kept among the marks."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def read(self, name: str) -> dict[str, Any] | None:
        with self._database.read() as connection:
            value = read_mark(connection, f"adapter.{name}")
        return value if isinstance(value, dict) else None

    def write(self, name: str, value: Mapping[str, Any] | None) -> None:
        with self._database.write() as connection:
            if value is None:
                forget_mark(connection, f"adapter.{name}")
            else:
                write_mark(connection, f"adapter.{name}", dict(value))
