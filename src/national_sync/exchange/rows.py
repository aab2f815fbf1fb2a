"""Rows of the exchange's own tables, read and written where nothing has to be fast."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from national_sync.errors import NotFound


def insert(connection: Connection, table: str, **columns: Any) -> int:
    """A new row; its id."""
    places = ", ".join(f":{name}" for name in columns)
    statement = text(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) RETURNING id")
    made: int = connection.execute(statement, columns).scalar_one()
    return made


def update(connection: Connection, table: str, row_id: int, **columns: Any) -> None:
    changes = ", ".join(f"{name} = :{name}" for name in columns)
    connection.execute(text(f"UPDATE {table} SET {changes} WHERE id = :row_id"), {**columns, "row_id": row_id})


def show(connection: Connection, table: str, row_id: int) -> dict[str, Any]:
    """Raises NotFound."""
    return _row(connection, f"SELECT * FROM {table} WHERE id = :id", table, row_id)


def locked(connection: Connection, table: str, row_id: int) -> dict[str, Any]:
    """The row, which nobody else changes until the transaction ends. Raises NotFound."""
    ending = "" if connection.dialect.name == "sqlite" else " FOR UPDATE"
    return _row(connection, f"SELECT * FROM {table} WHERE id = :id{ending}", table, row_id)


def _row(connection: Connection, sql: str, table: str, row_id: int) -> dict[str, Any]:
    found = connection.execute(text(sql), {"id": row_id}).mappings().first()
    if found is None:
        raise NotFound(noun=table, id=row_id)
    return dict(found)


def listed(
    connection: Connection, table: str, *, order: str = "id", limit: int = 50, offset: int = 0, **equal: Any
) -> list[dict[str, Any]]:
    """Rows by their number, the newest first; a None asks for nothing."""
    wanted = {name: value for name, value in equal.items() if value is not None}
    condition = " AND ".join(f"{name} = :{name}" for name in wanted)
    where = f" WHERE {condition}" if condition else ""
    statement = text(f"SELECT * FROM {table}{where} ORDER BY {order} DESC LIMIT :limit OFFSET :offset")
    rows = connection.execute(statement, {**wanted, "limit": limit, "offset": offset})
    return [dict(row) for row in rows.mappings()]
