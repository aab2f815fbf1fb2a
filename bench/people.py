"""Registrations by spreadsheet, finding people, and printing cards, each beside what it cannot do without.

The import and the search are measured with a tenth of what their bars speak of: a row costs the same in a long sheet and in a
short one, and an index is as deep; `SHEET_ROWS` and `PEOPLE` can be set to 100 000 and 500 000.
"""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any, Final

import typst
from python_calamine import CalamineWorkbook
from sqlalchemy import Connection
from xlsxwriter import Workbook

from bench.measure import Measured, in_fresh_process, stopwatch
from bench.results import Bar, Result, slower, spaced
from bench.stores import Store
from bench.workshop import Workshop, expect, median, say
from national_sync.identity import check_digit
from national_sync.operators.rights import Operator, Role
from national_sync.policy import RegistrationRules
from national_sync.printing import forms
from national_sync.records import Entity
from national_sync.registration import cards
from national_sync.registration.desk import Desk
from national_sync.registration.importing import take_sheet
from national_sync.registration.search import By, keep_initials, search
from national_sync.registration.sheet import SHEET, headings
from national_sync.sealing import Sealer, SealingKey
from national_sync.sheet_files import rows_under
from national_sync.signing import create_key, load_signer
from national_sync.store import triggers
from national_sync.store.database import Database
from national_sync.store.marks import write_mark
from national_sync.store.schema import create_missing_indexes, create_or_upgrade, drop_secondary_indexes

SHEET_ROWS: Final = 10_000
PEOPLE: Final = 50_000
_CARDS: Final = 1_000
_SEARCHES: Final = 300
_MEMBERS_EACH: Final = 50
_NOW: Final = 1_772_000_000
_SEALER: Final = Sealer([SealingKey("k1", bytes(range(32)))])
_OPERATOR: Final = Operator(1, "bench", Role.CITY_OPERATOR)


def registrations_by_sheet(shop: Workshop) -> list[Result]:
    """A sheet of many with every check, beside reading it; and whether a longer one takes more memory."""
    long, short = shop.directory / "long.xlsx", shop.directory / "short.xlsx"
    for file, count in ((long, SHEET_ROWS), (short, SHEET_ROWS // 10)):
        say(f"writing a sheet of {count} registrations")
        write_sheet(file, count)
    results = []
    for store in shop.stores:
        empty = _empty(store.create())
        read, ours = shop.alternating(
            2,
            partial(in_fresh_process, read_alone, file=str(long)),
            partial(_taken, store, empty, long),
        )
        small = _taken(store, empty, short)
        expect(ours[0], SHEET_ROWS)
        name = f"people/import of {spaced(SHEET_ROWS)}"
        results.append(slower(f"{name}/{store.name}", median(ours), ("reading the sheet", median(read)), 4.0))
        peak = max(run.peak_mb for run in ours)
        base = f"with {spaced(SHEET_ROWS // 10)} ({small.peak_mb:.0f} MB)"
        results.append(Result(f"{name}, memory/{store.name}", peak, "MB", base, peak / small.peak_mb, Bar(1.2)))
    bare = in_fresh_process(read_bare, file=str(long))
    return [*results, Result("people/a reader that holds the sheet and checks nothing", bare.seconds, "s")]


def finding_people(shop: Workshop) -> list[Result]:
    """Each way of searching, beside the same query put to the driver."""
    results = []
    for store in shop.stores:
        url = store.create()
        say(f"filling {store.name} with {PEOPLE} people")
        expect(in_fresh_process(fill, url=url, people=PEOPLE), PEOPLE)
        measured = in_fresh_process(find, url=url, people=PEOPLE)
        for by in By:
            ours, bare = measured.facts["ours"][by], measured.facts["bare"][by]
            label = f"people/{_SEARCHES} searches by {by.replace('_', ' ')}/{store.name}"
            results.append(slower(label, ours, ("the bare SQL", bare), 3.0))
        store.drop(url)
    return results


def cards_as_pdf(shop: Workshop) -> list[Result]:
    """A thousand volunteer cards, signed and drawn, beside typst compiling the same pages."""
    printed = in_fresh_process(print_cards, folder=str(shop.directory))
    expect(printed, _CARDS)
    return [slower(f"people/{spaced(_CARDS)} cards", printed.seconds, ("typst alone", printed.facts["typst"]), 1.5)]


def people(shop: Workshop) -> list[Result]:
    return [*registrations_by_sheet(shop), *finding_people(shop), *cards_as_pdf(shop)]


# The sheet


def write_sheet(file: Path, count: int) -> None:
    """As a unit gives it back: half of the columns filled, the strings shared as Excel shares them."""
    with Workbook(str(file)) as workbook:
        page = workbook.add_worksheet(SHEET)
        page.write_row(0, 0, headings().values())
        for number in range(count):
            person = _person(number)
            for column, name in enumerate(headings()):
                if name in person:
                    page.write_string(number + 1, column, person[name])


def _person(number: int) -> dict[str, str]:
    body = f"{530_000 + number // 1_000:06}19900412{number % 1_000:03}"
    return {
        "name": "李王张刘陈杨赵黄周吴"[number % 10] + chr(0x4E00 + number % 5_000),
        "id_number": body + check_digit(body),
        "birth_date": "1990-04-12",
        "phone": f"138{number:08}",
        "politics": "中共党员",
        "ethnicity": "哈尼族",
        "education": "本科",
        "service_area_id": "思茅区",
        "living_area_name": f"振兴大道{number}号",
        "categories": "社区服务",
        "recruiting_kind": "所在单位",
        "recruiting_body": "普洱市茶叶研究所",
        "unit_name": "普洱市茶叶研究所",
    }


def _empty(url: str) -> str:
    database = Database(url)
    create_or_upgrade(database)
    database.close()
    return url


def _taken(store: Store, empty: str, file: Path) -> Measured:
    """The import into an empty database."""
    url = store.copy(empty)
    measured = in_fresh_process(take, file=str(file), url=url)
    store.drop(url)
    return measured


def read_alone(*, file: str) -> Measured:
    """Every cell under its heading, formulas looked for, nothing else."""
    with stopwatch() as measured:
        measured.facts["rows"] = sum(1 for _row in rows_under(Path(file), SHEET, list(headings().values())))
    return measured


def read_bare(*, file: str) -> Measured:
    with stopwatch() as measured, CalamineWorkbook.from_path(file) as workbook:
        measured.facts["rows"] = sum(1 for _row in workbook.get_sheet_by_name(SHEET).iter_rows())
    return measured


def take(*, file: str, url: str) -> Measured:
    database = Database(url)
    with stopwatch() as measured:
        imported = take_sheet(database, Desk(_OPERATOR, _SEALER, RegistrationRules(), _NOW), Path(file))
    measured.facts["rows"] = imported.valid if imported.taken else 0
    return measured


# The search


def fill(*, url: str, people: int) -> Measured:
    """A mirror of people with names, initials, numbers and teams."""
    database = Database(url)
    create_or_upgrade(database)
    with stopwatch() as measured, database.write() as connection:
        for entity in (Entity.VOLUNTEER, Entity.MEMBERSHIP):
            drop_secondary_indexes(connection, entity)
        triggers.remove(connection)
        _fill(connection, people)
        triggers.install(connection)
        for entity in (Entity.VOLUNTEER, Entity.MEMBERSHIP):
            create_missing_indexes(connection, entity)
        write_mark(connection, "sync_rev", 1)
        write_mark(connection, "initials", 1)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    database.close()
    measured.facts["rows"] = people
    return measured


def _fill(connection: Connection, people: int) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    code = "char" if is_sqlite else "chr"
    padded = "printf('%0{0}d', {1})" if is_sqlite else "lpad(({1})::text, {0}, '0')"
    hashed = f"CAST({padded.format(16, 'n')} AS BLOB)" if is_sqlite else f"convert_to({padded.format(16, 'n')}, 'UTF8')"
    numbers = (
        f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {people})"
        if is_sqlite
        else f"WITH n(n) AS (SELECT CAST(generate_series(1, {people}) AS INTEGER))"
    )
    letters = "||".join(f"{code}(65 + (n / {step}) % 26)" for step in (1, 26, 676))
    for statement in (
        "INSERT INTO volunteer (id, number, name, id_number, id_number_hash, sex, birth_date, service_area_id,"
        f" real_name_state, national_id, sync_rev) {numbers} SELECT n, 'V530802' || {padded.format(10, 'n')} || 'V',"
        f" {code}(19968 + n % 400) || {code}(19968 + (n / 400) % 2000), 'k1:x', {hashed}, 'female', '1990-01-01',"
        f" '530802000000000000', 'passed', {padded.format(32, 'n')}, 1 FROM n",
        f"INSERT INTO membership (id, volunteer_id, team_id, state, national_id, sync_rev) {numbers} SELECT n, n,"
        f" 1 + n % {people // _MEMBERS_EACH}, 'member', {padded.format(32, 'n')}, 1 FROM n",
        f"INSERT INTO volunteer_initials (volunteer_id, initials) {numbers} SELECT n, {letters} FROM n",
    ):
        connection.exec_driver_sql(statement if is_sqlite else statement.replace("%", "%%"))


def find(*, url: str, people: int) -> Measured:
    """Seconds for many searches of each way, ours and bare; both give the same people."""
    database = Database(url)
    ours: dict[str, float] = {}
    bare: dict[str, float] = {}
    with stopwatch() as measured:
        for by in By:
            wanted = [_wanted(by, 1 + number * 7_919 % people, people) for number in range(_SEARCHES)]
            for _warm_up in range(2):
                ours[by], found = _ours(database, by, wanted)
                bare[by], same = _bare(database, by, wanted)
            if found != same or not found:
                raise SystemExit(f"the search by {by} found other people: the measurement is void")
    measured.facts |= {"ours": ours, "bare": bare}
    return measured


def _wanted(by: By, number: int, people: int) -> Any:
    match by:
        case By.NAME:
            return chr(19_968 + number % 400) + chr(19_968 + number // 400 % 2_000)
        case By.INITIALS:
            return "".join(chr(65 + number // step % 26) for step in (1, 26, 676))
        case By.NUMBER:
            return f"V530802{number:010}V"
        case By.ID_NUMBER:
            return f"{number:016}".encode()
        case By.TEAM:
            return 1 + number % (people // _MEMBERS_EACH)


def _ours(database: Database, by: By, wanted: list[Any]) -> tuple[float, int]:
    found = 0
    if by is By.INITIALS:
        with database.write() as connection:
            keep_initials(connection)
    with database.read() as connection, stopwatch() as measured:
        for value in wanted:
            found += sum(row["id"] for row in search(connection, by, value))
    return measured.seconds, found


_COLUMNS: Final = (
    "SELECT v.id, v.number, v.name, v.sex, v.birth_date, substr(v.service_area_id, 1, 6), v.real_name_state,"
    " v.total_seconds, v.withdrawn_at FROM "
)
_BARE: Final = {
    By.NAME: "volunteer v WHERE v.name = ? ORDER BY v.birth_date, v.id LIMIT 50",
    By.NUMBER: "volunteer v WHERE v.number = ? ORDER BY v.id LIMIT 50",
    By.ID_NUMBER: "volunteer v WHERE v.id_number_hash = ? ORDER BY v.id LIMIT 50",
    By.TEAM: "membership m JOIN volunteer v ON v.id = m.volunteer_id WHERE m.team_id = ?"
    " AND m.state = 'member' AND m.withdrawn_at IS NULL ORDER BY m.id LIMIT 50",
    By.INITIALS: "volunteer_initials i JOIN volunteer v ON v.id = i.volunteer_id WHERE i.initials >= ?"
    " AND i.initials < ? ORDER BY i.initials, v.id LIMIT 50",
}


def _bare(database: Database, by: By, wanted: list[Any]) -> tuple[float, int]:
    """The driver's own cursor, a tuple a row."""
    found = 0
    sql = (_COLUMNS + _BARE[by]).replace("?", "?" if database.is_sqlite else "%s")
    with database.read() as connection:
        cursor = connection.connection.cursor()
        with stopwatch() as measured:
            for value in wanted:
                cursor.execute(sql, (value, _beyond(value)) if by is By.INITIALS else (value,))
                found += sum(row[0] for row in cursor.fetchall())
    return measured.seconds, found


def _beyond(initials: str) -> str:
    return initials[:-1] + chr(ord(initials[-1]) + 1)


# The cards


def print_cards(*, folder: str) -> Measured:
    """From the rows of volunteers to the PDF; `typst` says how long compiling the same pages took alone."""
    key = Path(folder) / "cards.key"
    create_key(key)
    bearers: list[dict[str, Any]] = [
        {
            "number": f"V530802{each:010}V",
            "name": "李王张刘陈杨赵黄周吴"[each % 10] + chr(0x4E00 + each % 2_000),
            "sex": "female",
            "service_area_id": "530802000000000000",
            "registered_at": _NOW,
        }
        for each in range(_CARDS)
    ]
    signer = load_signer(key)
    seconds: list[float] = []
    compiled = typst.compile

    def timed(*given: Any, **named: Any) -> Any:
        before = time.perf_counter()
        try:
            return compiled(*given, **named)
        finally:
            seconds.append(time.perf_counter() - before)

    forms.typst.compile = timed
    with stopwatch() as measured:
        document = cards.cards(bearers, signer)
    measured.facts |= {"rows": _CARDS if document else 0, "typst": sum(seconds)}
    return measured
