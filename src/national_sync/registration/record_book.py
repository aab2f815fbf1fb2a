"""The service record book (志愿者服务记录登记薄) of a team and some time, clause S4: the effective hours, person by person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from national_sync.acts import row_by_id, rows
from national_sync.clock import local_text
from national_sync.errors import UsageError
from national_sync.i18n import N_
from national_sync.printing.forms import pdf, pictures
from national_sync.prose.amounts import hours
from national_sync.puer_time import midnight

_SERVICES = """
    SELECT v.id, v.name, v.number, h.started_at, h.ended_at, h.service_seconds, p.name AS project, p.address, h.remark
    FROM (SELECT DISTINCT volunteer_id FROM membership WHERE team_id = :team) m
    JOIN hour_record h ON h.volunteer_id = m.volunteer_id AND h.started_at >= :first AND h.started_at < :beyond
    JOIN volunteer v ON v.id = m.volunteer_id LEFT JOIN project p ON p.id = h.project_id
    WHERE h.team_id = :team AND h.state = 'effective' AND h.withdrawn_at IS NULL
    ORDER BY v.number, v.id, h.started_at, h.id"""
"""Whoever has left the team still has a membership, a withdrawn one."""


def record_book(connection: Connection, team_id: int, first: date, last: date) -> dict[str, Any]:
    """What is printed. Raises NotFound, and UsageError where there is nothing to print."""
    team = row_by_id(connection, "team", team_id)
    beyond = midnight(last + timedelta(days=1))
    services = rows(connection, _SERVICES, team=team_id, first=midnight(first), beyond=beyond)
    if not services:
        raise UsageError(N_("There is no effective hour record from {first} to {last}."), first=first, last=last)
    people = [_person(list(own)) for _volunteer, own in groupby(services, key=lambda service: service["id"])]
    return {
        "title": "普洱市志愿者服务记录登记薄",
        "team": team["name"],
        "first": first.isoformat(),
        "last": last.isoformat(),
        "people": people,
        "count": len(services),
        "hours": hours(sum(service["service_seconds"] for service in services)),
    }


def _person(services: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "name": services[0]["name"],
        "number": services[0]["number"] or "",
        "hours": hours(sum(service["service_seconds"] for service in services)),
        "lines": [
            [
                local_text(service["started_at"])[:10],
                _span(service),
                service["project"] or "",
                service["address"] or "",
                service["remark"] or "",
                hours(service["service_seconds"]),
            ]
            for service in services
        ],
    }


def _span(service: Mapping[str, Any]) -> str:
    ended = local_text(service["ended_at"])[11:16] if service["ended_at"] is not None else ""
    return f"{local_text(service['started_at'])[11:16]}-{ended}"


def record_book_pdf(book: Mapping[str, Any]) -> bytes:
    """Raises GlyphMissing."""
    return pdf("record_book", book)


def record_book_pictures(book: Mapping[str, Any]) -> list[bytes]:
    return pictures("record_book", book)
