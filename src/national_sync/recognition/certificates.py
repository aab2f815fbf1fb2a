"""Certificates: stars of a certified batch, and service certificates (志愿服务记录证明) of order 67, articles 14-17.

What is printed is stored or derived from what was certified, so the same certificate can be printed again byte by byte.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act, row_by_id, rows
from national_sync.clock import local_date
from national_sync.divisions import COUNTIES
from national_sync.errors import NotFound, StarsRefused, UsageError
from national_sync.i18n import N_
from national_sync.policy import StarRules
from national_sync.printing.codes import qr_code
from national_sync.printing.forms import pdf
from national_sync.prose.amounts import hours
from national_sync.puer_time import midnight
from national_sync.recognition.hours import services_of
from national_sync.recognition.stars import Period, Service
from national_sync.recognition.tally import Recipe, special, total_in
from national_sync.recognition.wording import BASES, BODIES, SEXES, STAR_NAMES, chinese_day, english_stars
from national_sync.signing import Facts, Signer

# Stars


def star_certificates(
    connection: Connection, batch_id: int, signer: Signer, *, volunteer_id: int | None = None, county: str | None = None
) -> tuple[bytes, int]:
    """The certificates of a batch, a page each, in the order of their numbers; and how many.

    Raises StarsRefused for a batch that is not certified, NotFound where nobody fits.
    """
    batch = row_by_id(connection, "star_batch", batch_id)
    if batch["state"] not in ("certified", "published"):
        raise StarsRefused(
            N_("Batch {number} of {year} is not certified ({state}); it has no certificates yet."),
            number=batch["batch"],
            year=batch["year"],
            state=batch["state"],
        )
    limits = {"volunteer_id": volunteer_id, "county": county}
    given = {name: value for name, value in limits.items() if value is not None}
    conditions = "".join(f" AND {name} = :{name}" for name in given)
    awards = rows(
        connection,
        f"SELECT * FROM star_award WHERE batch_id = :batch AND state = 'certified'{conditions} ORDER BY number",
        batch=batch_id,
        **given,
    )
    if not awards:
        raise NotFound(noun="certificate", id=volunteer_id or county or batch_id)
    return pdf("star_certificate", star_pages(batch, awards, signer)), len(awards)


def star_pages(batch: Mapping[str, Any], awards: list[Mapping[str, Any]], signer: Signer) -> dict[str, Any]:
    """The data of the form."""
    cut_off = date.fromisoformat(batch["cut_off"])
    return {
        "title": "普洱市星级志愿者证书",
        "title_english": "Puer Star Volunteer Certificate",
        "cut_off": chinese_day(cut_off),
        "basis": BASES[StarRules.model_validate_json(batch["rules"]).basis.value],
        "bodies": BODIES,
        "certified_on": chinese_day(local_date(batch["certified_at"])),
        "people": [_page(award, cut_off, signer) for award in awards],
    }


def _page(award: Mapping[str, Any], cut_off: date, signer: Signer) -> dict[str, Any]:
    facts = Facts("star", award["number"], award["volunteer_name"], str(award["star"]), cut_off.isoformat())
    return {
        "number": award["number"],
        "name": award["volunteer_name"],
        "volunteer_number": award["volunteer_number"],
        "hours": hours(award["seconds"]),
        "star": award["star"],
        "star_name": STAR_NAMES[award["star"]],
        "english": f"Awarded {english_stars(award['star'])} for {hours(award['seconds'])} hours of recorded service"
        f" up to {cut_off}.",
        "qr": qr_code(signer.code(facts)),
    }


# Service certificates


def issue_service_certificate(
    connection: Connection, volunteer_id: int, first: date, last: date, signer: Signer, act: Act
) -> tuple[str, bytes]:
    """Its number and the PDF. Raises UsageError where there is no effective record in that time."""
    if first > last or last > act.today:
        raise UsageError(
            N_("The time from {first} to {last} is no time that is over."),
            hint=N_("Give --from and --until, both not after today."),
            first=first,
            last=last,
        )
    content = _content(connection, volunteer_id, first, last, act.today)
    if connection.dialect.name != "sqlite":
        connection.execute(text("LOCK TABLE service_certificate IN EXCLUSIVE MODE"))
    serial = connection.execute(text("SELECT COALESCE(MAX(id), 0) + 1 FROM service_certificate")).scalar_one()
    content["number"] = f"FW{act.today.year}-{serial:06}"
    connection.execute(
        text(
            "INSERT INTO service_certificate (id, number, volunteer_id, content, issued_at, issued_by)"
            " VALUES (:id, :number, :volunteer, :content, :now, :actor)"
        ),
        {
            "id": serial,
            "number": content["number"],
            "volunteer": volunteer_id,
            "content": json.dumps(content, ensure_ascii=False),
            "now": act.now,
            "actor": act.actor,
        },
    )
    document = _service_pdf(content, signer)
    act.written_down(connection, "certificate.issued", "volunteer", volunteer_id, number=content["number"])
    return content["number"], document


def _service_pdf(content: Mapping[str, Any], signer: Signer) -> bytes:
    facts = Facts("service", content["number"], content["name"], str(content["seconds"]), content["day"])
    return pdf("service_certificate", {**content, "qr": qr_code(signer.code(facts))})


def _content(connection: Connection, volunteer_id: int, first: date, last: date, today: date) -> dict[str, Any]:
    recipe = Recipe(StarRules(), last)
    period = Period(midnight(first), midnight(last + timedelta(days=1)))
    found = special(connection, recipe)
    person = found.kept_by_gone.get(volunteer_id, volunteer_id)
    services = services_of(connection, found.rows_of(person), found.local)
    total, own = total_in(services, recipe.rules, period)
    if not own:
        raise UsageError(N_("There is no effective hour record from {first} to {last}."), first=first, last=last)
    volunteer = row_by_id(connection, "volunteer", person)
    records = _lines(connection, own)
    if total.doubled_seconds:
        records.append(["", "两次登记的重叠时段只计一次 · overlap counted once", "", hours(-total.doubled_seconds)])
    return {
        "title": "志愿服务记录证明",
        "name": volunteer["name"],
        "person": [
            ["姓名", "Name", volunteer["name"]],
            ["性别", "Sex", SEXES.get(volunteer["sex"], "")],
            ["志愿者编号", "Number", volunteer["number"] or ""],
            ["服务区域", "Area", COUNTIES.get(volunteer["service_area_id"][:6], volunteer["service_area_name"] or "")],
        ],
        "from": chinese_day(first),
        "until": chinese_day(last),
        "count": total.records,
        "seconds": total.seconds,
        "hours": hours(total.seconds),
        "records": records,
        "bodies": ["记录单位（盖章）", BODIES[2]],
        "issued_on": chinese_day(today),
        "day": today.isoformat(),
    }


_AT_A_TIME: Final = 500


def _lines(connection: Connection, services: list[Service]) -> list[list[str]]:
    """Day, activity, recording team and hours of each record."""
    names: dict[int, tuple[str, str]] = {}
    for start in range(0, len(services), _AT_A_TIME):
        chosen = ", ".join(str(one.record_id) for one in services[start : start + _AT_A_TIME])
        found = connection.execute(
            text(
                "SELECT h.id, p.name, t.name FROM hour_record h LEFT JOIN project p ON p.id = h.project_id"
                f" LEFT JOIN team t ON t.id = h.team_id WHERE h.id IN ({chosen})"
            )
        )
        names |= {row_id: (project or "", team or "") for row_id, project, team in found}
    return [
        [local_date(one.started_at).isoformat(), *names.get(one.record_id, ("", "")), hours(one.service_seconds)]
        for one in services
    ]


# Looking up


def reprint(connection: Connection, number: str, signer: Signer) -> bytes:
    """A certificate as it was printed first. Raises NotFound; StarsRefused for a star that was revoked."""
    found = rows(connection, "SELECT content FROM service_certificate WHERE number = :number", number=number)
    if found:
        return _service_pdf(json.loads(found[0]["content"]), signer)
    award = state_of(connection, number)
    if award["state"] != "certified":
        raise StarsRefused(N_("The star of certificate {number} was revoked."), number=number)
    batch = row_by_id(connection, "star_batch", award["batch_id"])
    return pdf("star_certificate", star_pages(batch, [award], signer))


def state_of(connection: Connection, number: str) -> Mapping[str, Any]:
    """What the office knows of a certificate's number. Raises NotFound."""
    awards = rows(connection, "SELECT * FROM star_award WHERE number = :number", number=number)
    if awards:
        return {**awards[0], "kind": "star"}
    issued = rows(
        connection,
        "SELECT number, volunteer_id, issued_at FROM service_certificate WHERE number = :number",
        number=number,
    )
    if issued:
        return {**issued[0], "kind": "service", "state": "issued"}
    raise NotFound(noun="certificate", id=number)
