"""The kinds of columns that tables are made of, alike on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text, text
from sqlmodel import Field

RowIdType = BigInteger().with_variant(Integer, "sqlite")


def serial() -> Any:
    return Field(default=None, sa_column=Column(RowIdType, primary_key=True, autoincrement=True))


def row_id() -> Any:
    """A primary key that the program gives itself: another row's id, or a number made from it."""
    return Field(sa_column=Column(RowIdType, primary_key=True, autoincrement=False))


def text_column(*, default: str | None = None, nullable: bool = False, primary_key: bool = False) -> Any:
    server_default = None if default is None else text(f"'{default}'")
    column = Column(Text, nullable=nullable, server_default=server_default, primary_key=primary_key)
    return Field(default=default, sa_column=column)


def integer(*, default: int | None = None, nullable: bool = False, primary_key: bool = False) -> Any:
    server_default = None if default is None else text(str(default))
    # On SQLite only a key of this type is the row's own id; beside any other, REPLACE has a second way to a row.
    kind = RowIdType if primary_key else BigInteger()
    column = Column(
        kind, nullable=nullable, server_default=server_default, primary_key=primary_key, autoincrement=False
    )
    return Field(default=default, sa_column=column)


def raw_bytes() -> Any:
    return Field(default=None, sa_column=Column(LargeBinary, nullable=True))


def optional_text() -> Any:
    return text_column(nullable=True)


def optional_integer() -> Any:
    return integer(nullable=True)
