"""Wire records become the core's records, and what cannot be understood says why without quoting anybody."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.nvsi.side import BUILDERS, envelope, hour, membership, record_id, team, unhurried, volunteer, wire

from national_sync.identity import check_digit
from national_sync.national.port import Reject, RejectReason
from national_sync.records import RECORD_TYPES, Entity, HourRecord, HourState, Record, TeamState, content_fields
from national_sync_adapters.nvsi import hour_pages
from national_sync_adapters.nvsi.envelope import decoded
from national_sync_adapters.nvsi.kinds import Choice, Code, Codes, Day, Hours, Kind, Moment, Number, Pattern, Text
from national_sync_adapters.nvsi.mapping import ENTITIES, Column
from national_sync_adapters.nvsi.reading import Content, read_list, read_record

R = RejectReason
every_entity = pytest.mark.parametrize("entity", list(Entity), ids=str)


def raw(shown: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(shown).encode())


def read(entity: Entity, shown: object) -> Record | Reject:
    return read_record(entity, raw(shown))


def hours_read(shown: list[Any]) -> Content:
    """A page of hour records, read as the adapter reads it."""
    return hour_pages.read_page(decoded(json.dumps(envelope(shown)).encode(), hour_pages.PAGES))


# Both directions


def texts(longest: int) -> st.SearchStrategy[str]:
    alphabet = st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="\u2028\u2029")
    return st.text(alphabet, min_size=1, max_size=min(longest, 40))


def values(kind: Kind) -> st.SearchStrategy[Any]:
    match kind:
        case Choice():
            return st.sampled_from(sorted(set(kind.words.values())))
        case Code():
            return st.sampled_from(kind.known)
        case Codes():
            codes = st.lists(st.from_regex("[0-9]{4}", fullmatch=True), min_size=1, max_size=4, unique=True)
            return codes.map(sorted).map(",".join)
        case Moment():
            return st.integers(-2_000_000_000, 7_000_000_000)
        case Day():
            return st.dates().filter(lambda day: day.year >= 1000).map(str)
        case Hours():
            return st.integers(0, kind.most_hundredths).map(lambda hundredths: hundredths * 36)
        case Number():
            return st.integers(0, kind.most)
        case Pattern():
            return st.from_regex(kind.form, fullmatch=True).filter(str.isascii)
        case Text():
            return texts(kind.longest).filter(lambda text: Text.read(kind, text) == kind.read(text) == text)
        case _:
            raise AssertionError(kind)


def column_values(column: Column) -> st.SearchStrategy[Any]:
    found = values(column.kind)
    return found if column.is_required else st.none() | found


def id_numbers() -> st.SearchStrategy[str]:
    parts = st.tuples(st.integers(110000, 659999), st.dates(), st.integers(0, 999)).filter(lambda p: p[1].year >= 1000)
    return parts.map(lambda p: f"{p[0]}{p[1]:%Y%m%d}{p[2]:03d}").map(lambda text: text + check_digit(text))


@st.composite
def records(draw: st.DrawFn, entity: Entity) -> Record:
    table = ENTITIES[entity]
    fields = {column.field: draw(column_values(column)) for column in table.columns}
    if entity is Entity.VOLUNTEER:
        fields |= {"id_type": "01", "id_number": draw(id_numbers())}
    for first, second in table.in_order:
        if fields[first] is not None and fields[second] is not None:
            fields[first], fields[second] = sorted((fields[first], fields[second]))
    is_deleted = draw(st.booleans()) or fields.get("state") == table.deleted_state is not None
    national_id = draw(st.from_regex("[0-9a-f]{32}", fullmatch=True))
    make: Any = RECORD_TYPES[entity]
    return make(*fields.values(), national_id, draw(st.integers(0, 4_000_000_000_000)), is_deleted)  # type: ignore[no-any-return]


@every_entity
@unhurried
@given(data=st.data())
def test_a_record_written_and_read_again_is_the_same(entity: Entity, data: st.DataObject) -> None:
    record = data.draw(records(entity))
    assert read(entity, wire(entity, record)) == record


@unhurried
@given(data=st.data())
def test_a_page_of_hours_written_and_read_again_is_the_same(data: st.DataObject) -> None:
    written = data.draw(st.lists(records(Entity.HOUR_RECORD), max_size=4, unique_by=lambda r: r.national_id))
    content = hours_read([wire(Entity.HOUR_RECORD, record) for record in written])
    assert content.records == written
    assert not content.rejects


ODD_VALUES: st.SearchStrategy[object] = st.sampled_from(
    [
        *(None, "", " ", "77", 2, 2.5, True, [], {"a": 1}, "１２", "\u3000茶\n", "a\u202eb", "a\x00b", "x" * 600),
        *("-1.00", "NaN", "1000000000.00", "2.505", "2.500"),
        *("2026-02-31 08:00:00.0", "2026-03-01T08:00:00.0", "2026-03-01 24:00:00.0", "2026-03-01", "2026-3-1 8:00:00"),
    ]
)


@unhurried
@given(name=st.sampled_from([*sorted(ENTITIES[Entity.HOUR_RECORD].wire_names), "zzzz9999"]), value=ODD_VALUES)
def test_the_fast_way_and_the_patient_way_agree_on_every_oddity(name: str, value: object) -> None:
    shown = wire(Entity.HOUR_RECORD, hour(), **{name: value})
    fast = hours_read([shown])
    patient = read_list(Entity.HOUR_RECORD, raw([shown]))
    assert (fast.records, [_words(r) for r in fast.rejects]) == (patient.records, [_words(r) for r in patient.rejects])


def _words(reject: Reject) -> tuple[object, ...]:
    return reject.national_id, reject.reason, reject.field, reject.detail


# What is wrong is named


WRONG: list[tuple[Entity, str, Any, RejectReason, str]] = [
    (Entity.VOLUNTEER, "albp0005", "530802199013450019", R.BAD_ID_NUMBER, "id_number"),
    (Entity.VOLUNTEER, "albp0005", "53270119731202109 ", R.BAD_ID_NUMBER, "id_number"),
    (Entity.VOLUNTEER, "albp0014", "2025-02-31", R.BAD_DATE, "birth_date"),
    (Entity.VOLUNTEER, "albp0006", "77", R.UNKNOWN_CODE, "sex"),
    (Entity.VOLUNTEER, "albp0003", "李\u202e扎迫", R.BAD_TEXT, "name"),
    (Entity.VOLUNTEER, "albp0003", "李\ud800", R.BAD_TEXT, "name"),
    (Entity.VOLUNTEER, "albp0003", None, R.MISSING_FIELD, "name"),
    (Entity.VOLUNTEER, "albp0026", "6", R.MALFORMED, "star"),
    (Entity.TEAM, "albe0002", "x" * 10_000_000, R.TOO_LONG, "name"),
    (Entity.TEAM, "albe0012", "5308", R.MALFORMED, "area_id"),
    (Entity.TEAM, "albe0017", "0001,green", R.UNKNOWN_CODE, "categories"),
    (Entity.TEAM, "updatetime", "2025-02-31 08:00:00.000", R.BAD_DATE, "updated_at_ms"),
    (Entity.TEAM, "updatetime", None, R.MISSING_FIELD, "updated_at_ms"),
    (Entity.TEAM, "isdelete", "2", R.UNKNOWN_CODE, "is_deleted"),
    (Entity.MEMBERSHIP, "albe0133", "V" * 10_000_000, R.TOO_LONG, "volunteer_number"),
    (Entity.MEMBERSHIP, "albe0133", "V\x00", R.BAD_TEXT, "volunteer_number"),
    (Entity.PROJECT, "albx0002", "长" * 51, R.TOO_LONG, "name"),
    (Entity.PROJECT, "albx0005", "2025-01-01 00:00:00.0", R.END_BEFORE_START, "ended_at"),
    (Entity.HOUR_RECORD, "albx0172", "-3.00", R.BAD_HOURS, "service_seconds"),
    (Entity.HOUR_RECORD, "albx0172", "NaN", R.BAD_HOURS, "service_seconds"),
    (Entity.HOUR_RECORD, "albx0172", float("nan"), R.BAD_HOURS, "service_seconds"),
    (Entity.HOUR_RECORD, "albx0172", "1000000000.00", R.BAD_HOURS, "service_seconds"),
    (Entity.HOUR_RECORD, "albx0172", "2.505", R.BAD_HOURS, "service_seconds"),
    (Entity.HOUR_RECORD, "albx0172", "２.５０", R.BAD_HOURS, "service_seconds"),
    (Entity.HOUR_RECORD, "albx0181", "2026-02-31 08:00:00.0", R.BAD_DATE, "started_at"),
    (Entity.HOUR_RECORD, "albx0182", "2020-01-01 08:00:00.0", R.END_BEFORE_START, "ended_at"),
    (Entity.HOUR_RECORD, "albx0174", "77", R.UNKNOWN_CODE, "state"),
    (Entity.HOUR_RECORD, "zzzz9999", "new", R.UNKNOWN_FIELD, "zzzz9999"),
    (Entity.HOUR_RECORD, "id", None, R.MISSING_ID, "national_id"),
    (Entity.HOUR_RECORD, "id", "0" * 31, R.MALFORMED, "national_id"),
    (Entity.HOUR_RECORD, "remark", "长" * 501, R.TOO_LONG, "remark"),
    (Entity.HOUR_RECORD, "remark", "a\x00b", R.BAD_TEXT, "remark"),
    (Entity.HOUR_RECORD, "remark", "a\ud800", R.BAD_TEXT, "remark"),
    (Entity.HOUR_RECORD, "remark", "\u202ea\u202c", R.BAD_TEXT, "remark"),
    (Entity.TRAINING_RECORD, "albx0288", "1000000000.00", R.BAD_HOURS, "training_seconds"),
    (Entity.TRAINING_RECORD, "albx0284", "22/01/2026", R.BAD_DATE, "training_date"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("entity", "name", "value", "reason", "field"),
    WRONG,
    ids=[f"{number}-{entity}-{reason}-{field}" for number, (entity, _, _, reason, field) in enumerate(WRONG)],
)
def test_one_bad_record_is_named_and_its_page_is_kept(
    entity: Entity, name: str, value: object, reason: RejectReason, field: str
) -> None:
    good = [BUILDERS[entity](number) for number in (2, 3)]
    bad = wire(entity, BUILDERS[entity](1), **{name: value})
    page = [wire(entity, good[0]), bad, wire(entity, good[1])]
    content = hours_read(page) if entity is Entity.HOUR_RECORD else read_list(entity, raw(page))
    assert content.records == good
    [reject] = content.rejects
    assert (reject.reason, reject.field) == (reason, field)
    assert json.loads(reject.raw) in (bad, {**bad, name: "NaN"})
    if isinstance(value, str) and value:
        assert value not in reject.detail


def test_a_record_that_is_no_object_is_malformed() -> None:
    reject = read(Entity.TEAM, ["not", "an", "object"])
    assert isinstance(reject, Reject)
    assert (reject.reason, reject.national_id) == (R.MALFORMED, None)


def test_the_name_of_an_unknown_field_is_not_quoted_when_it_could_be_anything() -> None:
    reject = read(Entity.TEAM, wire(Entity.TEAM, team(), **{"李扎迫 13887900002": "x"}))
    assert isinstance(reject, Reject)
    assert (reject.reason, reject.field) == (R.UNKNOWN_FIELD, "?")


def test_two_different_records_with_one_id_are_both_rejected() -> None:
    page = [
        wire(Entity.HOUR_RECORD, hour(1)),
        wire(Entity.HOUR_RECORD, hour(2)),
        wire(Entity.HOUR_RECORD, hour(1, remark="x")),
    ]
    content = hours_read(page)
    assert content.records == [hour(2)]
    assert [(reject.reason, reject.national_id) for reject in content.rejects] == [
        (R.TWO_RECORDS_ONE_ID, record_id(1)),
        (R.TWO_RECORDS_ONE_ID, record_id(1)),
    ]
    assert [json.loads(reject.raw)["remark"] for reject in content.rejects] == ["巡查", "x"]


def test_the_same_record_twice_on_a_page_is_no_contradiction() -> None:
    content = hours_read([wire(Entity.HOUR_RECORD, hour(1))] * 2)
    assert content.records == [hour(1), hour(1)]
    assert not content.rejects


# What is odd but clear is read


def test_trailing_spaces_are_dropped_and_empty_texts_are_nothing() -> None:
    shown = wire(Entity.VOLUNTEER, volunteer(), albp0002="156  ", albp0010="   ", albp0003="李扎迫 ")
    assert read(Entity.VOLUNTEER, shown) == volunteer(nationality="156", phone=None)


@pytest.mark.parametrize(
    ("shown", "kept"),
    [
        ("53270119731202109x", "53270119731202109X"),
        ("５３２７０１１９７３１２０２１０９Ｘ", "53270119731202109X"),
        ("532701731202109", "53270119731202109X"),
        (" 53270119731202109X ", "53270119731202109X"),
    ],
)
def test_an_id_number_is_kept_in_its_one_national_form(shown: str, kept: str) -> None:
    found = read(Entity.VOLUNTEER, wire(Entity.VOLUNTEER, volunteer(), albp0005=shown))
    assert found == volunteer(id_number=kept)


def test_another_document_is_not_judged_by_the_rules_of_the_id_card() -> None:
    shown = wire(Entity.VOLUNTEER, volunteer(), albp0004="5", albp0005="e1234567")
    assert read(Entity.VOLUNTEER, shown) == volunteer(id_type="05", id_number="E1234567")


def test_the_same_person_under_an_old_and_a_new_number_stays_two_records() -> None:
    page = [
        wire(Entity.VOLUNTEER, volunteer(1)),
        wire(Entity.VOLUNTEER, volunteer(2), albp0005="532701731202109"),
    ]
    assert read_list(Entity.VOLUNTEER, raw(page)).records == [volunteer(1), volunteer(2)]


def test_codes_are_known_padded_unpadded_and_as_numbers() -> None:
    shown = wire(Entity.VOLUNTEER, volunteer(), albp0004="8", albp0008=7, albp0006=1, albp0005="E1")
    assert read(Entity.VOLUNTEER, shown) == volunteer(id_type="99", ethnicity="07", id_number="E1")
    assert hours_read([wire(Entity.HOUR_RECORD, hour(), albx0174=2, isdelete=0)]).records == [hour()]


def test_a_phone_in_full_width_digits_is_the_same_phone() -> None:
    shown = wire(Entity.TEAM, team(), albe0019="１３８８７９００００１")
    assert read(Entity.TEAM, shown) == team()


@pytest.mark.parametrize("text", ["2026-03-01 09:00:00", "2026-03-01 09:00:00.0", "2026-03-01 09:00:00.123"])
def test_times_come_with_and_without_a_fraction(text: str) -> None:
    assert hours_read([wire(Entity.HOUR_RECORD, hour(), albx0181=text)]).records == [hour()]


def test_a_remark_may_have_lines_and_wide_spaces() -> None:
    remark = "上午\n下午\u3000巡查\t完"
    assert hours_read([wire(Entity.HOUR_RECORD, hour(), remark=remark)]).records == [hour(remark=remark)]


def test_recorded_hours_are_seconds_on_the_grid_of_a_hundredth() -> None:
    found = read(Entity.HOUR_RECORD, wire(Entity.HOUR_RECORD, hour(), albx0172="0.01"))
    assert found == hour(service_seconds=36)


def test_categories_are_kept_in_order_so_that_their_order_is_no_difference() -> None:
    assert read(Entity.TEAM, wire(Entity.TEAM, team(), albe0017="0006, 0001,")) == team()


# Deleted records


@pytest.mark.parametrize(
    ("entity", "changes", "state"),
    [(Entity.HOUR_RECORD, {"albx0174": "3"}, HourState.DELETED), (Entity.TEAM, {"albe0026": "4"}, TeamState.DELETED)],
)
def test_a_deleted_state_is_a_deletion_whatever_the_mark_says(
    entity: Entity, changes: dict[str, str], state: str
) -> None:
    found = read(entity, wire(entity, BUILDERS[entity](), **changes))
    assert found == BUILDERS[entity](state=state, is_deleted=True)


@every_entity
def test_a_tombstone_needs_no_more_than_its_id_and_time(entity: Entity) -> None:
    shown = wire(entity, BUILDERS[entity](is_deleted=True))
    bare = {name: shown[name] for name in ("id", "isdelete", "updatetime")}
    found = read(entity, {**bare, "zzzz9999": "whatever"})
    assert not isinstance(found, Reject)
    assert (found.national_id, found.is_deleted) == (record_id(1), True)


def test_a_tombstone_without_an_id_is_still_named() -> None:
    reject = read(Entity.MEMBERSHIP, wire(Entity.MEMBERSHIP, membership(is_deleted=True), id=None))
    assert isinstance(reject, Reject)
    assert reject.reason is R.MISSING_ID


# The table itself


@every_entity
def test_the_table_stands_in_the_order_of_the_records(entity: Entity) -> None:
    assert tuple(column.field for column in ENTITIES[entity].columns) == content_fields(entity)


def test_a_page_without_records_is_empty() -> None:
    assert len(hours_read([])) == 0
    assert len(read_list(Entity.TEAM, msgspec.Raw(b"null"))) == 0


# A sign-in that has no sign-out yet


def _sign_in(**changes: object) -> msgspec.Raw:
    return raw({**wire(Entity.HOUR_RECORD, hour()), "albx0174": "1", **changes})


@pytest.mark.parametrize("hours", ["", None, "0.00"])
@pytest.mark.parametrize("end", ["", None])
def test_a_sign_in_without_a_sign_out_is_a_record_like_others(hours: object, end: object) -> None:
    record = read_record(Entity.HOUR_RECORD, _sign_in(albx0182=end, albx0172=hours))
    assert isinstance(record, HourRecord)
    assert (record.ended_at, record.service_seconds, record.state) == (None, 0, HourState.NOT_SIGNED_OUT)


def test_only_a_sign_in_may_lack_its_end() -> None:
    rejected = read_record(Entity.HOUR_RECORD, _sign_in(albx0174="2", albx0182=""))
    assert isinstance(rejected, Reject)
    assert (rejected.reason, rejected.field) == (RejectReason.MISSING_FIELD, "ended_at")
    rejected = read_record(Entity.HOUR_RECORD, _sign_in(albx0182="tomorrow"))
    assert isinstance(rejected, Reject)
    assert rejected.reason is RejectReason.BAD_DATE
