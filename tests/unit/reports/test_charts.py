"""The geometry of the charts."""

from __future__ import annotations

from national_sync.reports.charts import Chart, Column, chart


def columns(*values: int) -> list[Column]:
    return [Column(f"11-{day:02}", {"in": value}) for day, value in enumerate(values, 1)]


def heights(drawn: Chart) -> list[float]:
    return [bar.height for bar in drawn.bars]


def test_bars_are_as_high_as_their_values() -> None:
    drawn = chart(columns(10, 5, 0), plot_height=100)
    assert heights(drawn) == [100, 50]
    assert all(round(bar.y + bar.height, 1) == drawn.zero for bar in drawn.bars)


def test_pieces_of_a_column_stand_on_one_another() -> None:
    lower, upper = chart([Column("11-01", {"kind0": 4, "kind1": 6})], plot_height=100).bars
    assert round(upper.y + upper.height, 1) == lower.y
    assert lower.height + upper.height == 100


def test_what_shrank_hangs_below_the_line_in_the_same_scale() -> None:
    above, below = chart([Column("11-01", {"kind0": 10}, {"kind0": 5})], plot_height=100).bars
    assert below.y == round(above.y + above.height, 1)
    assert below.height == above.height / 2


def test_a_first_load_does_not_flatten_later_nights() -> None:
    drawn = chart(columns(800_000, 900, 1_000), plot_height=100)
    assert max(heights(drawn)) == 100
    assert min(heights(drawn)) >= 90
    assert [cut.text for cut in drawn.cuts] == ["800,000"]


def test_what_is_not_far_above_the_others_is_not_cut() -> None:
    assert chart(columns(4_000, 900, 1_000)).cuts == ()


def test_nights_without_anything_have_an_axis_and_no_bars() -> None:
    drawn = chart(columns(0, 0, 0))
    assert drawn.bars == ()
    assert [tick.text for tick in drawn.ticks] == ["0", "1", "2"]


def test_no_nights_give_an_empty_chart() -> None:
    assert chart([]).bars == ()


def test_the_quota_is_a_line_when_it_is_near_enough_to_matter() -> None:
    assert chart(columns(50, 80), limit=100).limit is not None
    assert chart(columns(50, 80), limit=100_000).limit is None


def test_a_failed_night_is_marked() -> None:
    drawn = chart([*columns(1, 2), Column("11-03", {}, is_failed=True)])
    assert [mark.text for mark in drawn.failed] == ["×"]


def test_the_last_night_is_always_labelled() -> None:
    labels = [label.text for label in chart(columns(*range(1, 31))).labels]
    assert labels[-1] == "11-30"
    assert len(labels) == 6
