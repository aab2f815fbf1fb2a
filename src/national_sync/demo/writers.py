"""The two who edit: the city's own program, by plain SQL, and the rest of the national side, by the admin API.

Neither knows of national-sync. What they do is booked in the ledger.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from national_sync.demo.deck import Card
from national_sync.demo.ledger import Edit, Kind, Ledger, Side
from national_sync.demo.mapping import FIELDS, national_value
from national_sync.demo.server import NationalServer
from national_sync.records import Value


class Platform:
    """Writes to the mirror with `sqlite3`, as any program of the city may."""

    def __init__(self, connection: sqlite3.Connection, ledger: Ledger) -> None:
        self._connection = connection
        self._ledger = ledger

    def change(self, card: Card, **columns: Value) -> None:
        names = ", ".join(f"{name} = ?" for name in columns)
        with self._connection as connection:
            connection.execute(f"UPDATE {card.entity} SET {names} WHERE id = ?", (*columns.values(), card.row_id))
        self._ledger.book(
            Side.HERE,
            [
                Edit(Side.HERE, Kind.CHANGE, card.entity, card.row_id, card.national_id, name, value)
                for name, value in columns.items()
            ],
        )

    def create(self, entity: str, **columns: Value) -> int:
        """The id of the new row."""
        places = ", ".join("?" for _ in columns)
        statement = f"INSERT INTO {entity} ({', '.join(columns)}) VALUES ({places})"
        with self._connection as connection:
            row_id = connection.execute(statement, tuple(columns.values())).lastrowid
        self._ledger.book(Side.HERE, [Edit(Side.HERE, Kind.CREATION, entity, row_id)])
        return row_id or 0

    def delete(self, card: Card) -> None:
        with self._connection as connection:
            connection.execute(f"DELETE FROM {card.entity} WHERE id = ?", (card.row_id,))
        self._ledger.book(Side.HERE, [Edit(Side.HERE, Kind.DELETION, card.entity, card.row_id, card.national_id)])

    def lose(self, card: Card) -> None:
        """Remove the row and the triggers' note of it, as a careless restore from a backup does. Nobody wanted that."""
        with self._connection as connection:
            connection.execute(f"DELETE FROM {card.entity} WHERE id = ?", (card.row_id,))
            connection.execute("DELETE FROM local_deletion WHERE entity = ? AND row_id = ?", (card.entity, card.row_id))


class NationalOffice:
    """Edits the national side; `fields` are in its own names and forms."""

    def __init__(self, server: NationalServer, ledger: Ledger) -> None:
        self._server = server
        self._ledger = ledger

    def change(self, card: Card, **fields: str) -> None:
        self._server.tell("edit", entity=card.entity, id=card.national_id, fields=fields)
        columns = {wire: column for column, (wire, _) in FIELDS[card.entity].items()}
        self._ledger.book(
            Side.THERE,
            [
                Edit(
                    Side.THERE,
                    Kind.CHANGE,
                    card.entity,
                    national_id=card.national_id,
                    column=columns[wire],
                    value=national_value(card.entity, columns[wire], fields),
                )
                for wire in fields
            ],
        )

    def create(self, entity: str, **fields: str) -> dict[str, Any]:
        """The new record."""
        record = self._server.tell("create", entity=entity, fields=fields)
        self._ledger.made_on_purpose[entity].add(record["id"])
        self._ledger.book(Side.THERE, [Edit(Side.THERE, Kind.CREATION, entity, national_id=record["id"])])
        return record

    def withdraw(self, card: Card) -> None:
        self._server.tell("withdraw", entity=card.entity, id=card.national_id)
        self._book_deletion(card)

    def purge(self, card: Card) -> None:
        """Let it vanish without a trace, as no national side should."""
        self._server.tell("purge", entity=card.entity, id=card.national_id)
        self._book_deletion(card)

    def merge(self, loser: Card, winner: Card) -> None:
        """Two registrations of one person become one."""
        self._server.tell("merge", **{"from": loser.national_id, "into": winner.national_id})
        self._book_deletion(loser)

    def _book_deletion(self, card: Card) -> None:
        self._ledger.book(Side.THERE, [Edit(Side.THERE, Kind.DELETION, card.entity, national_id=card.national_id)])
