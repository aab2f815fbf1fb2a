"""The tutorials, typed word by word: every command prints what its document shows."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from tools.walkthrough import ROOT, Shell, differences, is_shown

pytestmark = [
    pytest.mark.walkthrough,
    pytest.mark.xdist_group("demo"),
    pytest.mark.skipif(sys.platform == "win32", reason="the documents are typed into bash"),
]

DOCUMENTS = ("tutorial.md", "tutorial.zh-CN.md", "morning.md", "morning.zh-CN.md")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_of_a_tutorial_prints_what_it_shows(name: str, tmp_path: Path) -> None:
    document = (ROOT / "docs" / name).read_text(encoding="utf-8")

    with Shell(tmp_path) as shell:
        found = differences(document, shell)

    assert not found, "\n\n".join(map(str, found))


def test_left_out_lines_and_what_is_another_each_time_are_not_compared() -> None:
    printed = ["Run 9 took 4.881 s", "one", "two", "three", "2026-11-24 20:23:51  end"]

    assert is_shown(printed, ["Run 9 took 12.1 s", "…", "2026-03-02 02:30:00 end"])
    assert is_shown(["2026-11-24 20…  digest 5d67452…"], ["2026-03-02 02…  digest 0a95535…"])
    assert not is_shown(printed, ["Run 8 took 4.881 s", "…", "2026-03-02 02:30:00 end"])
    assert not is_shown(printed, ["Run 9 took 4.881 s", "one", "two"])
