"""Mismatches by spreadsheet: exported, filled in by a county office, taken back whole or not at all."""

from __future__ import annotations

import json
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from click.testing import CliRunner
from tests.integration.reconcile import county
from tests.integration.reconcile.county import COLUMN, fill_in, read, save
from tests.integration.reconcile.findings import (
    CITY_OPERATOR,
    COUNTY_OPERATOR,
    ID_NUMBER,
    MOJIANG,
    NINGER,
    NOW,
    Findings,
)
from tests.login import log_in
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from national_sync import i18n
from national_sync.cli.invocation import Invocation
from national_sync.cli.root import cli
from national_sync.clock import SystemClock
from national_sync.errors import NotAllowed, SheetRefused, UsageError
from national_sync.operators.rights import Operator, Role
from national_sync.policy import Policy
from national_sync.reconcile.resolving import Choice, resolve
from national_sync.reconcile.search import Filter
from national_sync.reconcile.sheet_reading import rows_of
from national_sync.reconcile.sheet_taking import Judged, Outcome, apply, judge
from national_sync.reconcile.sheet_writing import export_to
from national_sync.reconcile.sheets import MOST_ROWS, SHEET, Name, heading
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.sync.kinds import MismatchKind

LOCAL: Final = {Name.DECISION: "保留本地值 local"}
NATIONAL: Final = {Name.DECISION: "采用全国值 national"}
ACCEPT: Final = {Name.DECISION: "已知悉并接受 national"}


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """The language of one test is not that of the next."""
    i18n.use("zh")
    yield
    i18n.use(i18n.DEFAULT_LANGUAGE)


@pytest.fixture
def findings(database: Database, sealer: Sealer) -> Findings:
    return Findings(database, sealer)


@pytest.fixture
def sqlite_findings(sqlite_database: Database, sealer: Sealer) -> Findings:
    return Findings(sqlite_database, sealer)


def exported(findings: Findings, tmp_path: Path, operator: Operator = CITY_OPERATOR) -> Path:
    path = tmp_path / "out.xlsx"
    export_to(findings.database, findings.sealer, operator, Filter(), path, now=NOW)
    return path


def judged(findings: Findings, path: Path, operator: Operator = CITY_OPERATOR) -> Judged:
    with findings.database.read() as connection:
        return judge(connection, findings.sealer, operator, path)


def taken(findings: Findings, path: Path, operator: Operator = CITY_OPERATOR) -> Judged:
    found = judged(findings, path, operator)
    assert not found.is_refused, [str(verdict.reason) for verdict in found.verdicts if verdict.reason]
    with findings.database.write() as connection:
        apply(connection, findings.sealer, operator, found, now=NOW + 60)
    return found


def refusal(findings: Findings, path: Path, operator: Operator = CITY_OPERATOR) -> str:
    """Why the only refused row is refused."""
    [verdict] = [verdict for verdict in judged(findings, path, operator).verdicts if verdict.outcome is Outcome.REFUSED]
    return str(verdict.reason)


def refused_file(findings: Findings, path: Path) -> str:
    with pytest.raises(SheetRefused) as caught:
        judged(findings, path)
    return str(caught.value)


# There and back


def test_a_filled_in_sheet_decides_its_rows_and_leaves_the_others_open(findings: Findings, tmp_path: Path) -> None:
    ours, theirs, accepted, left = findings.clash(), findings.clash(), findings.wrong_total(), findings.clash()
    filled = fill_in(exported(findings, tmp_path), {ours: LOCAL, theirs: NATIONAL, accepted: ACCEPT})
    found = taken(findings, filled)
    assert found.counts == {"decided": 3, "already_decided": 0, "settled": 0, "left_open": 1, "refused": 0}
    decisions = [findings.stored(number)["decision"] for number in (ours, theirs, accepted, left)]
    assert decisions == ["local", "national", "national", None]
    assert findings.stored(ours)["decided_by"] == "operator:chen"
    assert findings.audited()[0] == "operator:chen mismatch.exported"
    assert findings.audited()[-1] == "operator:chen mismatch.imported"


def test_what_was_taken_is_carried_out_by_the_next_run(findings: Findings, tmp_path: Path) -> None:
    ours, theirs, value, accepted = findings.clash(), findings.clash(), findings.clash(), findings.wrong_total()
    other = {Name.DECISION: "另填新值 set", Name.VALUE: "上海路3号"}
    decisions = {ours: LOCAL, theirs: NATIONAL, value: other, accepted: ACCEPT}
    taken(findings, fill_in(exported(findings, tmp_path), decisions))
    assert findings.next_run() == 4
    assert [findings.stored(number)["resolution"] for number in decisions] == ["local", "national", "set", "national"]
    assert [findings.held_here(number) for number in (ours, theirs, value)] == ["上海路1号", "上海路2号", "上海路3号"]


def test_what_changed_after_it_was_taken_is_asked_anew(findings: Findings, tmp_path: Path) -> None:
    number = findings.clash()
    taken(findings, fill_in(exported(findings, tmp_path), {number: LOCAL}))
    findings.write_here(number, "北京路")
    assert findings.next_run() == 0
    assert (findings.stored(number)["state"], findings.stored(number)["decision"]) == ("open", None)


def test_the_same_file_twice_changes_nothing_the_second_time(findings: Findings, tmp_path: Path) -> None:
    number, value = findings.clash(), findings.clash()
    other = {Name.DECISION: "另填新值 set", Name.VALUE: "上海路3号", Name.NOTE: "已核实"}
    filled = fill_in(exported(findings, tmp_path), {number: {**LOCAL, Name.NOTE: "电话确认"}, value: other})
    taken(findings, filled)
    before = (findings.stored(number), findings.stored(value), findings.audited())
    found = taken(findings, filled)
    assert found.counts["already_decided"] == 2
    assert not found.notes
    assert (findings.stored(number), findings.stored(value), findings.audited()) == before


def test_another_value_is_checked_and_kept_for_the_next_run(findings: Findings, tmp_path: Path) -> None:
    number = findings.clash()
    out = exported(findings, tmp_path)
    taken(findings, fill_in(out, {number: {Name.DECISION: "set", Name.VALUE: " 上海路3号 "}}))
    stored = findings.stored(number)
    assert (stored["decision"], stored["decided_field"], stored["decided_value"]) == (
        "set",
        "service_area_name",
        "上海路3号",
    )


def test_the_apostrophe_that_keeps_a_value_from_being_a_formula_is_no_part_of_it(
    sqlite_findings: Findings, tmp_path: Path
) -> None:
    number = sqlite_findings.clash()
    filled = fill_in(exported(sqlite_findings, tmp_path), {number: {Name.DECISION: "set", Name.VALUE: "'=1+1"}})
    taken(sqlite_findings, filled)
    assert sqlite_findings.stored(number)["decided_value"] == "=1+1"


def test_a_row_tells_what_its_decision_rests_on(sqlite_findings: Findings, tmp_path: Path) -> None:
    """The office has nothing but the sheet."""
    refused, pair = sqlite_findings.refused_by_review("请核对姓名"), sqlite_findings.namesakes()
    rows = {int(str(row[0])): row for row in read(exported(sqlite_findings, tmp_path))[1:]}
    assert rows[refused][COLUMN[Name.CONTEXT]] == "请核对姓名"
    assert "玉香, V" in str(rows[pair][COLUMN[Name.CONTEXT]])
    assert not any("national-sync" in str(cell) for row in rows.values() for cell in row)


def test_a_remark_is_kept_without_numbers_even_where_nothing_is_decided(findings: Findings, tmp_path: Path) -> None:
    number = findings.clash()
    filled = fill_in(exported(findings, tmp_path), {number: {Name.NOTE: "联系 13812345678"}})
    assert taken(findings, filled).notes == [(number, "联系 138******78")]
    assert taken(findings, filled).notes == []


def test_what_a_program_turned_into_numbers_is_read_as_what_it_was(sqlite_findings: Findings, tmp_path: Path) -> None:
    number = sqlite_findings.clash()
    rows = read(exported(sqlite_findings, tmp_path))
    rows[1][COLUMN[Name.ID]] = float(rows[1][COLUMN[Name.ID]])
    rows[1][COLUMN[Name.DECISION]] = "local"
    taken(sqlite_findings, save(tmp_path / "numbers.xlsx", rows))
    assert sqlite_findings.stored(number)["decision"] == "local"


def test_columns_may_be_moved_and_the_offices_own_ones_do_not_matter(sqlite_findings: Findings, tmp_path: Path) -> None:
    number = sqlite_findings.clash()
    rows = read(exported(sqlite_findings, tmp_path))
    moved = [["我的备注", *reversed(row)] for row in rows]
    moved[1][len(Name) - COLUMN[Name.DECISION]] = "local"
    taken(sqlite_findings, save(tmp_path / "moved.xlsx", moved))
    assert sqlite_findings.stored(number)["decision"] == "local"


# The file that goes out


def test_the_sheet_offers_exactly_the_choices_of_each_row(sqlite_findings: Findings, tmp_path: Path) -> None:
    sqlite_findings.clash(), sqlite_findings.wrong_total(), sqlite_findings.clash()
    xml = _part(exported(sqlite_findings, tmp_path), "xl/worksheets/sheet1.xml")
    lists = dict(re.findall(r'sqref="([^"]+)"><formula1>"([^"]+)"', xml))
    assert lists == {
        "K2:K3": "保留本地值 local,采用全国值 national,另填新值 set",
        "K4": "已知悉并接受 national",
    }


def test_only_what_is_to_be_filled_in_is_unlocked_and_the_headings_stay_in_sight(
    sqlite_findings: Findings, tmp_path: Path
) -> None:
    sqlite_findings.clash()
    path = exported(sqlite_findings, tmp_path)
    xml, styles = _part(path, "xl/worksheets/sheet1.xml"), _part(path, "xl/styles.xml")
    formats = styles.partition("<cellXfs")[2].partition("</cellXfs>")[0].split("<xf ")[1:]
    style_of = dict(re.findall(r'<c r="([A-Z]+)2" s="(\d+)"', xml))
    unlocked = {cell for cell, style in style_of.items() if 'locked="0"' in formats[int(style)]}
    assert unlocked == {"K", "L", "M"}
    assert "<sheetProtection" in xml
    assert 'state="frozen"' in xml


def test_a_name_that_looks_like_a_formula_is_text_and_comes_back_untouched(findings: Findings, tmp_path: Path) -> None:
    numbers = [findings.clash(name="=1+1", ours=first + "cmd|' /C calc'!A0", theirs="_x0041_") for first in "=+-@"]
    path = exported(findings, tmp_path)
    xml = _part(path, "xl/worksheets/sheet1.xml")
    assert "<f>" not in xml
    assert all(str(row[COLUMN[Name.OURS]]).startswith("'") for row in read(path)[1:])
    found = taken(findings, fill_in(path, dict.fromkeys(numbers, LOCAL)))
    assert found.counts["decided"] == 4


def test_sealed_values_are_masked(findings: Findings, tmp_path: Path) -> None:
    findings.phone_clash(ours="13800000001", theirs="13900000002")
    path = exported(findings, tmp_path)
    everything = json.dumps(read(path), ensure_ascii=False) + _part(path, "xl/worksheets/sheet1.xml")
    assert "13800000001" not in everything
    assert "13900000002" not in everything
    assert ID_NUMBER not in everything


def test_the_guide_tells_what_each_choice_does(sqlite_findings: Findings, tmp_path: Path) -> None:
    sqlite_findings.clash()
    words = county.guide(exported(sqlite_findings, tmp_path))
    assert "差异表填写说明" in words
    assert "采用全国值 national" in words


def test_what_closes_by_itself_is_left_out_and_counted(sqlite_findings: Findings, tmp_path: Path) -> None:
    sqlite_findings.clash()
    sqlite_findings.wrong_total(kind=MismatchKind.UNKNOWN_REFERENCE)
    path = tmp_path / "out.xlsx"
    told = export_to(sqlite_findings.database, sqlite_findings.sealer, CITY_OPERATOR, Filter(), path, now=NOW)
    assert (told.rows, told.left_out) == (1, 1)


def test_a_file_of_another_name_is_not_written(sqlite_findings: Findings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name it out"):
        export_to(
            sqlite_findings.database, sqlite_findings.sealer, CITY_OPERATOR, Filter(), tmp_path / "out.xls", now=NOW
        )


def test_a_file_is_not_written_over_and_is_its_owners_alone(sqlite_findings: Findings, tmp_path: Path) -> None:
    sqlite_findings.clash()
    path = exported(sqlite_findings, tmp_path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with pytest.raises(UsageError, match="is there already"):
        exported(sqlite_findings, tmp_path)


def test_the_counties_are_kept_apart(findings: Findings, tmp_path: Path) -> None:
    own, others = findings.clash(county=MOJIANG), findings.clash(county=NINGER)
    path = exported(findings, tmp_path, operator=COUNTY_OPERATOR)
    assert [int(row[0]) for row in read(path)[1:]] == [own]
    with pytest.raises(NotAllowed):
        export_to(
            findings.database, findings.sealer, COUNTY_OPERATOR, Filter(county=NINGER), tmp_path / "x.xlsx", now=NOW
        )
    assert not (tmp_path / "x.xlsx").exists()
    path.unlink()
    filled = fill_in(exported(findings, tmp_path), {others: LOCAL})
    assert "another county" in refusal(findings, filled, COUNTY_OPERATOR)


def test_a_mere_reader_neither_exports_nor_imports(sqlite_findings: Findings, tmp_path: Path) -> None:
    sqlite_findings.clash()
    path = exported(sqlite_findings, tmp_path)
    viewer = Operator(3, "guest", Role.VIEWER)
    with pytest.raises(NotAllowed):
        judged(sqlite_findings, path, viewer)
    path.unlink()
    with pytest.raises(NotAllowed):
        exported(sqlite_findings, tmp_path, operator=viewer)


# Rows that cannot be taken


def test_one_wrong_row_stops_all(findings: Findings, tmp_path: Path) -> None:
    good, bad = findings.clash(), findings.clash()
    filled = fill_in(exported(findings, tmp_path), {good: LOCAL, bad: {Name.DECISION: "whatever"}})
    found = judged(findings, filled)
    assert found.is_refused
    assert found.counts["decided"] == 1
    assert "possible: 保留本地值 local" in refusal(findings, filled)
    assert findings.stored(good)["decision"] is None


def test_facts_that_changed_since_the_export_are_told(findings: Findings, tmp_path: Path) -> None:
    number = findings.clash()
    path = exported(findings, tmp_path)
    findings.write_here(number, "北京路")
    words = refusal(findings, fill_in(path, {number: LOCAL}))
    assert "now 北京路 here and 上海路2号 nationally" in words


def test_what_was_shown_after_it_moved_can_be_decided(findings: Findings, tmp_path: Path) -> None:
    number = findings.clash()
    findings.write_here(number, "北京路")
    path = exported(findings, tmp_path)
    assert read(path)[1][COLUMN[Name.OURS]] == "北京路"
    taken(findings, fill_in(path, {number: LOCAL}))
    assert (findings.stored(number)["decision"], findings.stored(number)["ours"]) == ("local", "北京路")


def test_a_mismatch_that_closed_by_itself_stops_nothing(findings: Findings, tmp_path: Path) -> None:
    gone, there = findings.clash(), findings.clash()
    path = exported(findings, tmp_path)
    findings.cause_goes(gone)
    found = taken(findings, fill_in(path, {gone: LOCAL, there: LOCAL}))
    assert (found.counts["settled"], found.counts["decided"]) == (1, 1)


def test_a_decision_that_somebody_else_took_otherwise_is_not_overruled(findings: Findings, tmp_path: Path) -> None:
    number = findings.clash()
    path = exported(findings, tmp_path)
    with findings.database.write() as connection:
        resolve(connection, findings.sealer, COUNTY_OPERATOR, Choice(number, "national"), NOW)
    assert "decided otherwise by operator:bai" in refusal(findings, fill_in(path, {number: LOCAL}))
    assert findings.stored(number)["decision"] == "national"


def test_a_decision_between_reading_and_taking_stops_all(findings: Findings, tmp_path: Path) -> None:
    first, second = findings.clash(), findings.clash()
    found = judged(findings, fill_in(exported(findings, tmp_path), {first: LOCAL, second: LOCAL}))
    with findings.database.write() as connection:
        resolve(connection, findings.sealer, COUNTY_OPERATOR, Choice(second, "national"), NOW)
    with pytest.raises(UsageError, match="Somebody decided"), findings.database.write() as connection:
        apply(connection, findings.sealer, CITY_OPERATOR, found, now=NOW)
    assert findings.stored(first)["decision"] is None


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ({Name.THEIRS: "上海路9号"}, "grey cell"),
        ({Name.CHECKSUM: ""}, "grey cell"),
        ({Name.FACTS: "00000000"}, "grey cell"),
        ({Name.ID: "x"}, "number is none"),
        ({Name.ID: "9" * 30}, "number is none"),
        ({Name.DECISION: "set"}, "none is given"),
        ({Name.DECISION: "local", Name.VALUE: "上海路3号"}, "the decision is another one"),
        ({Name.VALUE: "上海路3号"}, "the decision is another one"),
        ({Name.DECISION: "set", Name.VALUE: "长" * 300}, "cannot be taken"),
        ({Name.DECISION: "set", Name.VALUE: 530802199001010000.0}, "lost digits"),
        ({Name.DECISION: True}, "truth value"),
    ],
)
def test_a_spoilt_row_is_refused_in_words(
    sqlite_findings: Findings, tmp_path: Path, spoil: dict[Name, Any], words: str
) -> None:
    number = sqlite_findings.clash()
    assert words in refusal(sqlite_findings, fill_in(exported(sqlite_findings, tmp_path), {number: spoil}))


def test_a_row_that_stands_there_twice_and_one_of_another_database_are_refused(
    sqlite_findings: Findings, tmp_path: Path
) -> None:
    number = sqlite_findings.clash()
    path = exported(sqlite_findings, tmp_path)
    rows = read(path)
    assert "stands in row 2" in refusal(sqlite_findings, save(tmp_path / "twice.xlsx", [*rows, rows[1]]))
    with sqlite_findings.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE mismatch SET id = id + 1000 WHERE id = {number}")
    assert "no such mismatch" in refusal(sqlite_findings, path)


# Files that are no such sheet


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old .xls workbook"),
        ("编号,决定\n1,local\n".encode("gbk"), "text such as .csv"),
        (b"", "text such as .csv"),
        (b"PK\x03\x04 cut off", "damaged"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_what_to_do(
    sqlite_findings: Findings, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "in.xlsx"
    path.write_bytes(content)
    told = refused_file(sqlite_findings, path)
    assert words in told
    if "damaged" not in words:
        assert "Save as" in told


def test_a_zip_archive_that_is_no_workbook_is_refused(sqlite_findings: Findings, tmp_path: Path) -> None:
    path = tmp_path / "in.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", "<office/>")
    assert "no .xlsx workbook" in refused_file(sqlite_findings, path)


def test_a_missing_file_is_told(sqlite_findings: Findings, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        judged(sqlite_findings, tmp_path / "none.xlsx")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda sheet: sheet.write_formula("L2", "=1+1", None, 2), "formulas in L2"),
        (lambda sheet: sheet.merge_range("K2:L3", "x"), "merged cells, K2:L3"),
    ],
)
def test_formulas_and_merged_cells_are_named(
    sqlite_findings: Findings, tmp_path: Path, change: Callable[[Worksheet], object], words: str
) -> None:
    sqlite_findings.clash(), sqlite_findings.clash()
    rows = read(exported(sqlite_findings, tmp_path))
    assert words in refused_file(sqlite_findings, save(tmp_path / "changed.xlsx", rows, change))


def test_renamed_missing_and_doubled_headings_are_named(sqlite_findings: Findings, tmp_path: Path) -> None:
    sqlite_findings.clash()
    rows = read(exported(sqlite_findings, tmp_path))
    renamed = [["序号", *rows[0][1:]], *rows[1:]]
    assert "编号 No." in refused_file(sqlite_findings, save(tmp_path / "renamed.xlsx", renamed))
    missing = [row[:-1] for row in rows]
    assert "校验码 Checksum" in refused_file(sqlite_findings, save(tmp_path / "missing.xlsx", missing))
    doubled = [[*row, row[0]] for row in rows]
    assert "twice" in refused_file(sqlite_findings, save(tmp_path / "doubled.xlsx", doubled))
    assert "missing" in refused_file(sqlite_findings, save(tmp_path / "empty.xlsx", []))


def test_more_rows_than_a_sheet_of_ours_holds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.xlsx"
    with Workbook(path, {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet(SHEET)
        for position, name in enumerate(Name):
            sheet.write_string(0, position, heading(name))
        for number in range(MOST_ROWS + 1):
            sheet.write_number(number + 1, 0, number)
    rows = rows_of(path)
    assert sum(1 for _row in islice(rows, MOST_ROWS)) == MOST_ROWS
    with pytest.raises(SheetRefused, match="more than 100000 rows"):
        next(rows)


def test_a_workbook_without_our_sheet_is_refused(sqlite_findings: Findings, tmp_path: Path) -> None:
    sqlite_findings.clash()
    path = exported(sqlite_findings, tmp_path)
    other = tmp_path / "other.xlsx"
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(other, "w") as changed:
        for part in archive.namelist():
            changed.writestr(part, archive.read(part).replace("差异".encode(), b"Sheet1"))
    assert "no sheet named 差异" in refused_file(sqlite_findings, other)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_a_sheet_exported_in_one_language_is_taken_in_the_other(
    sqlite_findings: Findings, tmp_path: Path, language: i18n.Language
) -> None:
    number = sqlite_findings.clash()
    with i18n.speaking(language):
        path = exported(sqlite_findings, tmp_path)
    with i18n.speaking("zh" if language == "en" else "en"):
        assert taken(sqlite_findings, fill_in(path, {number: LOCAL})).counts["decided"] == 1


def test_many_rows_are_decided_with_few_statements(sqlite_findings: Findings, tmp_path: Path) -> None:
    sqlite_findings.many_wrong_totals(510)
    path = exported(sqlite_findings, tmp_path)
    filled = fill_in(path, {int(row[0]): ACCEPT for row in read(path)[1:]})
    assert taken(sqlite_findings, filled).counts["decided"] == 510
    assert [line.split()[1] for line in sqlite_findings.audited()] == [
        "mismatch.exported",
        "mismatch.decided",
        "mismatch.imported",
    ]


def _part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


# The commands


@dataclass
class _Program:
    """What the commands need of the program, around a database that is there already."""

    findings: Findings
    clock: SystemClock = field(default_factory=SystemClock)
    loaded: SimpleNamespace = field(default_factory=lambda: SimpleNamespace(policy=Policy()))

    @contextmanager
    def database(self) -> Iterator[Database]:
        yield self.findings.database

    def sealer(self) -> Sealer:
        return self.findings.sealer


def test_the_commands_export_check_take_and_tell(sqlite_findings: Findings, tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path / "state")}

    def typed(*arguments: str) -> Any:
        invocation = Invocation(environment=environment, bootstrap=lambda _config, _environment: program)
        return CliRunner().invoke(cli, ["--lang", "en", "mismatch", *arguments], obj=invocation)

    program = _Program(sqlite_findings)
    good, bad = sqlite_findings.clash(), sqlite_findings.clash()
    out = str(tmp_path / "out.xlsx")
    assert typed("export", out).exit_code == 2
    log_in(sqlite_findings.database, environment)
    told = json.loads(typed("export", out, "--county", MOJIANG, "--json").stdout)
    assert (told["rows"], told["left_out"], told["file"]) == (2, 0, out)

    wrong = str(fill_in(Path(out), {good: LOCAL, bad: {Name.DECISION: "both"}}, saved_as="wrong.xlsx"))
    refused = typed("import", wrong)
    assert refused.exit_code == 2
    assert f"Row 3, mismatch {bad}: this decision cannot be chosen here" in refused.stdout
    assert "Nothing was taken" in refused.stdout

    filled = str(fill_in(Path(out), {good: LOCAL, bad: NATIONAL}))
    trial = json.loads(typed("import", filled, "--dry-run", "--json").stdout)
    assert (trial["taken"], trial["counts"]["decided"]) == (False, 2)
    assert trial["rows"][0] == {"row": 2, "id": good, "outcome": "decided", "choice": "local", "reason": None}
    assert sqlite_findings.stored(good)["decision"] is None

    assert "Taken." in typed("import", filled).stdout
    assert sqlite_findings.stored(good)["decision"] == "local"
    assert "nothing new to decide" in typed("import", filled).stdout
