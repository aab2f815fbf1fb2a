"""Stars, certificates and the assessment of units, on a mirror that is filled in SQL.

The hours stand in the order in which nights bring them, by day and not by person, and one in ten is no effective one.
"""

from __future__ import annotations

import time
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

from bench.measure import Measured, in_fresh_process, stopwatch
from bench.results import Result, slower, spaced
from bench.workshop import Workshop, expect, median, say
from national_sync.acts import Act
from national_sync.policy import Policy, StarRules
from national_sync.recognition import assessing, assessment_forms, batches, certificates
from national_sync.recognition.assessing import Year
from national_sync.recognition.tally import Recipe, bring_up, settle
from national_sync.records import Entity
from national_sync.signing import create_key, load_signer
from national_sync.store import triggers
from national_sync.store.database import Database
from national_sync.store.marks import read_mark, write_mark
from national_sync.store.schema import create_missing_indexes, create_or_upgrade, drop_secondary_indexes

HOURS_EACH: Final = 20
_MEMBERS_EACH: Final = 100
_YEAR: Final = Year(date(2025, 1, 1), date(2025, 12, 31))
_RECIPE: Final = Recipe(StarRules(), date(2025, 12, 31))
_ACT: Final = Act("operator:bench", 1_768_200_000)
_FIRST_DAY: Final = 1_735_689_600
_BARE: Final = (
    "INSERT INTO bare_sum (volunteer_id, seconds) SELECT volunteer_id, SUM(service_seconds) FROM hour_record"
    " GROUP BY volunteer_id"
)


def stars_of_a_year(shop: Workshop) -> list[Result]:
    """A star run, the same again after a night, and an assessment; each beside the SQL it cannot do without."""
    results = []
    volunteers = shop.hours // HOURS_EACH
    for store in shop.stores:
        url = store.create()
        say(f"filling {store.name} with {shop.hours} hour records")
        expect(in_fresh_process(fill, url=url, hours=shop.hours), shop.hours)
        sums, runs = shop.alternating(
            3, partial(in_fresh_process, bare, url=url), partial(in_fresh_process, stars, url=url)
        )
        name = f"stars/{spaced(shop.hours)} records"
        results.append(slower(f"{name}/{store.name}", median(runs), ("INSERT … GROUP BY", median(sums)), 3.0))
        peak = max(run.peak_mb for run in runs)
        results.append(Result(f"stars/memory/{store.name}", peak, "MB"))
        for is_scattered in (False, True):
            in_fresh_process(change, url=url, share=0.01, is_scattered=is_scattered)
            again = in_fresh_process(stars_again, url=url)
            whose = "a fifth of the volunteers" if is_scattered else "1 % of the volunteers"
            label = f"stars/after 1 % changes, of {whose}/{store.name}"
            results.append(slower(label, again.seconds, ("the whole run", median(runs)), 0.1))
        needed, done = shop.alternating(
            3, partial(in_fresh_process, aggregates, url=url), partial(in_fresh_process, assess, url=url)
        )
        expect(done[0], volunteers // _MEMBERS_EACH)
        results.append(
            slower(f"assessment/units and stations/{store.name}", median(done), ("its SQL", median(needed)), 2.0)
        )
        store.drop(url)
    return results


def certificates_as_pdf(shop: Workshop) -> list[Result]:
    """A thousand certificates, signed and drawn, beside typst compiling the same pages."""
    made = in_fresh_process(certificates_of, folder=str(shop.directory), count=1_000)
    return [slower("certificates/1 000 pages", made.seconds, ("typst alone", made.facts["typst"]), 1.5)]


_STATION_DAYS: Final = (
    "SELECT s.id, (h.started_at + 28800) / 86400, SUM(h.service_seconds) FROM station s"
    f" JOIN hour_record h ON h.team_id = s.team_id WHERE {_YEAR.recipe.condition('h')}"
    " GROUP BY s.id, (h.started_at + 28800) / 86400"
)


def fill(*, url: str, hours: int) -> Measured:
    """A mirror with so many hour records, a twentieth as many volunteers, and units of a hundred people."""
    database = Database(url)
    create_or_upgrade(database)
    volunteers = hours // HOURS_EACH
    with stopwatch() as measured, database.write() as connection:
        for entity in (Entity.VOLUNTEER, Entity.MEMBERSHIP, Entity.HOUR_RECORD):
            drop_secondary_indexes(connection, entity)
        triggers.remove(connection)
        write_mark(connection, "sync_rev", 1)
        _fill(connection, volunteers, hours)
        triggers.install(connection)
        for entity in (Entity.VOLUNTEER, Entity.MEMBERSHIP, Entity.HOUR_RECORD):
            create_missing_indexes(connection, entity)
    _settle_down(database)
    measured.facts["rows"] = hours
    return measured


def _fill(connection: Connection, volunteers: int, hours: int) -> None:
    teams = volunteers // _MEMBERS_EACH
    # One person in twenty serves often enough for a star.
    served = f"(1800 * (1 + n % 6) * CASE WHEN (CAST(n AS BIGINT) * 7919) % {volunteers} % 20 = 7 THEN 4 ELSE 1 END)"
    hex_of = {"sqlite": "printf('%032x', n)", "postgresql": "lpad(to_hex(n), 32, '0')"}[connection.dialect.name]
    number_of = {"sqlite": "printf('V530802%09dV', n)", "postgresql": "'V530802' || lpad(n::text, 9, '0') || 'V'"}
    for count, statement in (
        (teams, f"INSERT INTO team (id, name, area_id, state, national_id, sync_rev) SELECT n, 'T' || n,"
                f" '530802000000000000', 'approved', {hex_of}, 1 FROM n"),
        (teams, "INSERT INTO unit (id, name, kind, county, head_count) SELECT n, 'U' || n, 'government', '530802', 120 FROM n"),
        (teams // 20, "INSERT INTO station (id, name, area_id, team_id) SELECT n, 'S' || n, '530802000000000000', n FROM n"),
        (teams, "INSERT INTO unit_team (unit_id, team_id) SELECT n, n FROM n"),
        (volunteers, "INSERT INTO volunteer (id, number, name, id_number, sex, birth_date, service_area_id,"
                     " real_name_state, national_id, sync_rev)"
                     f" SELECT n, {number_of[connection.dialect.name]}, '白茶', 'k1:x', 'female', '1990-01-01',"
                     f" '530802000000000000', 'passed', {hex_of}, 1 FROM n"),
        (volunteers, "INSERT INTO membership (id, volunteer_id, team_id, state, national_id, sync_rev)"
                     f" SELECT n, n, 1 + n % {teams}, 'member', {hex_of}, 1 FROM n"),
        (hours, "INSERT INTO hour_record (volunteer_id, project_id, team_id, started_at, ended_at, service_seconds, state,"
                " national_id, sync_rev) SELECT"
                f" 1 + (CAST(n AS BIGINT) * 7919) % {volunteers}, 1 + n % 1000, 1 + n % {teams},"
                f" {_FIRST_DAY} + (CAST(n AS BIGINT) * 365 / {hours}) * 86400,"
                f" {_FIRST_DAY} + (CAST(n AS BIGINT) * 365 / {hours}) * 86400 + {served}, {served},"
                f" CASE WHEN n % 10 = 0 THEN 'applying' ELSE 'effective' END, {hex_of}, 1 FROM n"),
    ):  # fmt: skip
        series = f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) "
        if connection.dialect.name != "sqlite":
            series = f"WITH n(n) AS (SELECT generate_series(1, {count})) "
        head, _select, rest = statement.partition(" SELECT ")
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"{series}{head} SELECT {rest}")
        else:
            connection.exec_driver_sql(f"{head} {series} SELECT {rest}".replace("%", "%%"))
    if connection.dialect.name != "sqlite":
        for table in ("team", "volunteer", "membership"):
            connection.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {volunteers})")


def bare(*, url: str) -> Measured:
    """The sum of each volunteer, in one statement."""
    database = Database(url)
    with database.write() as connection:
        connection.execute(text("DROP TABLE IF EXISTS bare_sum"))
        connection.execute(text("CREATE TABLE bare_sum (volunteer_id BIGINT, seconds BIGINT)"))
    with stopwatch() as measured, database.write() as connection:
        connection.execute(text(_BARE))
    with database.write() as connection:
        measured.facts["rows"] = connection.execute(text("SELECT COUNT(*) FROM bare_sum")).scalar_one()
        connection.execute(text("DROP TABLE bare_sum"))
    return measured


def stars(*, url: str) -> Measured:
    """A yearly run from nothing to the draft."""
    database = Database(url)
    with database.write() as connection:
        connection.execute(text("DELETE FROM mark WHERE name = 'star_tally'"))
        connection.execute(text("DELETE FROM star_tally"))
        connection.execute(text("DELETE FROM star_award"))
        connection.execute(text("DELETE FROM star_batch"))
    with stopwatch() as measured:
        batch = batches.draft(database, Policy(), year=2025, cut_off=None, act=_ACT)
    measured.facts["awards"] = batch["awards"] if batch else 0
    measured.facts["rows"] = _tallied(database)
    return measured


def change(*, url: str, share: float, is_scattered: bool) -> Measured:
    """What a night changes: this share of the records, each of somebody else, or all of this share of volunteers."""
    database = Database(url)
    with stopwatch() as measured, database.write() as connection:
        revision = int(read_mark(connection, "sync_rev")) + 1
        write_mark(connection, "sync_rev", revision)
        column = "id" if is_scattered else "volunteer_id"
        most = connection.execute(text(f"SELECT MAX({column}) FROM hour_record")).scalar_one()
        changed = connection.execute(
            text(
                f"UPDATE hour_record SET service_seconds = service_seconds + 36, sync_rev = :rev WHERE {column} > :low"
            ),
            {"rev": revision, "low": int(most * (1 - share))},
        )
    measured.facts["rows"] = changed.rowcount
    _settle_down(database)
    return measured


def stars_again(*, url: str) -> Measured:
    """The same run after the night: only whose records changed is reckoned again."""
    database = Database(url)
    with stopwatch() as measured:
        bring_up(database, _RECIPE)
        with database.write() as connection:
            settle(connection, _RECIPE)
    measured.facts["rows"] = _tallied(database)
    return measured


def aggregates(*, url: str) -> Measured:
    """The SQL that an assessment cannot do without."""
    database = Database(url)
    with database.read() as connection:
        with stopwatch() as measured:
            connection.execute(
                text("CREATE TEMPORARY TABLE bare_hours (volunteer_id BIGINT PRIMARY KEY, seconds BIGINT)")
            )
            connection.execute(
                text(
                    "INSERT INTO bare_hours SELECT volunteer_id, SUM(service_seconds) FROM hour_record"
                    f" WHERE {_YEAR.recipe.condition('hour_record')} GROUP BY volunteer_id"
                )
            )
            rows = connection.execute(
                text(
                    "SELECT u.unit_id, COUNT(*), SUM(b.seconds) FROM unit_team u JOIN membership m ON m.team_id = u.team_id"
                    " LEFT JOIN bare_hours b ON b.volunteer_id = m.volunteer_id GROUP BY u.unit_id"
                )
            ).all()
            connection.execute(text(_STATION_DAYS)).all()
        measured.facts["rows"] = len(rows)
    return measured


def assess(*, url: str) -> Measured:
    database = Database(url)
    with stopwatch() as measured, database.read() as connection, assessing.counted(connection, _YEAR):
        result = assessment_forms.assess(connection, Policy().assessment, _YEAR)
        measured.facts["rows"] = len(result.units)
        assessment_forms.page(result)
    return measured


def certificates_of(*, folder: str, count: int) -> Measured:
    """So many certificates from awards to PDF; `typst` says how long compiling the same pages took alone."""
    key = Path(folder) / "certificates.key"
    create_key(key)
    batch = {"cut_off": "2025-12-31", "rules": StarRules().model_dump_json(), "certified_at": _ACT.now}
    awards: list[Any] = [
        {
            "number": f"202501-{number:06}",
            "volunteer_name": "李王张刘陈杨赵黄周吴"[number % 10] + chr(0x4E00 + number % 2_000),
            "volunteer_number": f"V530802{number:09}V",
            "seconds": 360_000 + 37 * number,
            "star": 1 + number % 5,
        }
        for number in range(count)
    ]
    with stopwatch() as measured:
        pages = certificates.star_pages(batch, awards, load_signer(key))
        before = time.perf_counter()
        document = certificates.pdf("star_certificate", pages)
        measured.facts["typst"] = time.perf_counter() - before
    measured.facts["rows"] = count if document else 0
    return measured


def _tallied(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(text("SELECT COUNT(*) FROM star_tally WHERE records > 0")).scalar_one())


def _settle_down(database: Database) -> None:
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM (ANALYZE)")
    database.close()
