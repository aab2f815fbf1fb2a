"""The demo's kiosk: the morning after one more night, three people with cards on a printed sheet, two devices to set up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.bootstrap import Bootstrap, follow_exchange
from national_sync.clock import local_date
from national_sync.demo.clock import PassingClock, StoryClock
from national_sync.demo.directory import DemoDirectory
from national_sync.demo.server import NationalServer, Sizes
from national_sync.errors import NotFound, UsageError
from national_sync.i18n import N_
from national_sync.printing.codes import qr_code
from national_sync.printing.forms import pdf
from national_sync.prose.amounts import hours
from national_sync.registration.cards import bearers, card_data
from national_sync.sealing import Sealer
from national_sync.signing import create_key, load_signer
from national_sync.sync.run import RunKind, RunRequest, Silent
from national_sync.web.cards import issue_card
from national_sync.web.devices import DeviceKind, add_device

OFFICE: Final = "demo:office"
SHEET: Final = "kiosk.pdf"
_NIGHT, _MORNING = "02:30:00", "09:00:00"
_PEOPLE: Final = 3
_WITH_HOURS: Final = (
    "SELECT a.owner_id, a.balance FROM account a JOIN volunteer v ON v.id = a.owner_id WHERE a.kind = 'exchangeable'"
    " AND a.state = 'open' AND a.balance >= 1800 AND v.withdrawn_at IS NULL AND v.is_valid = 1"
    " AND v.account_state = 'enabled' AND v.real_name_state = 'passed' AND v.number IS NOT NULL"
    " AND v.national_id IS NOT NULL AND v.birth_date < '2005' ORDER BY a.balance DESC, a.owner_id"
)


@dataclass(frozen=True)
class DemoKiosk:
    """Ready to be served."""

    bootstrap: Bootstrap
    """Its clock stands at the morning and goes on from there."""
    sheet: Path
    kiosk_code: str
    till_code: str
    people: Sequence[Mapping[str, str]]


def open_demo_kiosk(path: Path, *, sizes: Sizes | None = None) -> DemoKiosk:
    """Play one more night, so that the hours are fresh; then issue cards and print them. Raises UsageError without a demo."""
    directory = DemoDirectory(path)
    if not directory.database.exists():
        raise UsageError(
            N_("There is no demo in {directory} yet."), hint=N_("Make it first: national-sync demo"), directory=path
        )
    day = _next_day(directory)
    _night(directory, f"{day} {_NIGHT}", sizes or Sizes())
    bootstrap = _bootstrap(directory)
    bootstrap.clock = PassingClock(f"{day} {_MORNING}")
    return _prepared(directory, bootstrap)


def _bootstrap(directory: DemoDirectory) -> Bootstrap:
    return Bootstrap.from_file(directory.config, {})


def _next_day(directory: DemoDirectory) -> str:
    """The day after everything that was booked."""
    with _bootstrap(directory).database() as database, database.read() as connection:
        latest = connection.execute(
            text(
                "SELECT MAX(at) FROM (SELECT MAX(ended_at) AS at FROM run UNION ALL SELECT MAX(at) FROM posting"
                " UNION ALL SELECT MAX(created_at) FROM redemption) all_of_it"
            )
        ).scalar_one()
    return (local_date(latest) + timedelta(days=1)).isoformat()


def _night(directory: DemoDirectory, moment: str, sizes: Sizes) -> None:
    with NationalServer(seed=1, sizes=sizes, moment=moment, state_file=directory.national_state) as server:
        directory.point_to(server.address)
        bootstrap = _bootstrap(directory)
        bootstrap.clock = StoryClock(moment)
        with bootstrap.engine(stop=lambda: False, progress=Silent()) as engine:
            engine.run(RunRequest(kind=RunKind.NIGHTLY, slot=moment))
        follow_exchange(bootstrap)


def _prepared(directory: DemoDirectory, bootstrap: Bootstrap) -> DemoKiosk:
    sealer, now = bootstrap.sealer(), int(bootstrap.clock.now())
    create_key(bootstrap.signing_key_file)
    with bootstrap.database() as database, database.write() as connection:
        people = [_person(connection, bootstrap, sealer, row, now) for row in _chosen(connection)]
        kiosk_code, till_code = _devices(connection, sealer, now)
    sheet = directory.path / SHEET
    sheet.write_bytes(pdf("kiosk_sheet", _sheet(people)))
    return DemoKiosk(bootstrap, sheet, kiosk_code, till_code, [_without_drawings(person) for person in people])


def _chosen(connection: Connection) -> Sequence[Any]:
    """The one with most hours, one in the middle, one who can hardly have anything."""
    rows = connection.execute(text(_WITH_HOURS)).all()
    if len(rows) < _PEOPLE:
        raise NotFound(noun="volunteer", id=_PEOPLE)
    return [rows[0], rows[len(rows) // 2], rows[-1]]


def _person(connection: Connection, bootstrap: Bootstrap, sealer: Sealer, row: Any, now: int) -> dict[str, str]:
    volunteer_id, seconds = row
    issued = issue_card(connection, sealer, volunteer_id, actor=OFFICE, now=now)
    signer = load_signer(bootstrap.signing_key_file)
    [printed] = card_data(bearers(connection, [volunteer_id]), signer)["people"]
    return {
        "name": printed["name"],
        "hours": hours(seconds),
        "code": issued.code,
        "pin": issued.pin,
        "card": qr_code(issued.code),
        "paper": printed["qr"],
    }


def _devices(connection: Connection, sealer: Sealer, now: int) -> tuple[str, str]:
    _kiosk, kiosk_code = add_device(
        connection, sealer, name="大厅", kind=DeviceKind.KIOSK, outlet_id=None, actor=OFFICE, now=now
    )
    outlet = connection.execute(text("SELECT MIN(id) FROM outlet")).scalar_one()
    _till, till_code = add_device(
        connection, sealer, name="收银台", kind=DeviceKind.TILL, outlet_id=outlet, actor=OFFICE, now=now
    )
    return kiosk_code, till_code


def _sheet(people: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {
        "title": "自助终端演示卡",
        "title_english": "Cards for the kiosk's demo",
        "note": "剪下任意一张，把左边的二维码对准读码器，再输入密码。右边是志愿服务证的核验码。",
        "note_english": "Show the left code to the reader and type the PIN. The right one is for checking the card.",
        "people": people,
    }


def _without_drawings(person: Mapping[str, str]) -> dict[str, str]:
    return {name: person[name] for name in ("name", "hours", "code", "pin")}
