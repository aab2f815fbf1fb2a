"""The files a new city starts from say what the program does without them."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel

from national_sync.example import POLICY_COMMENTS, policy_text, settings_text
from national_sync.national.registry import adapter_class
from national_sync.policy import Policy
from national_sync.settings import Settings, load_settings

CONFIG = Path(__file__).parents[3] / "config"


def _adapter_settings(name: str) -> type[BaseModel]:
    model: type[BaseModel] = adapter_class(name).Settings
    return model


def test_the_example_in_the_tree_is_current() -> None:
    written = (CONFIG / "national-sync.example.toml").read_text(encoding="utf-8")
    assert written == settings_text(_adapter_settings("nvsi")), "run: make examples"


def test_the_policy_in_the_tree_is_the_built_in_one() -> None:
    written = (CONFIG / "policy.toml").read_text(encoding="utf-8")
    assert written == policy_text(), "run: make examples"
    assert Policy.model_validate(tomllib.loads(written)) == Policy()


def test_the_example_is_valid_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "national-sync.toml"
    file.write_text(settings_text(_adapter_settings("nvsi")), encoding="utf-8")
    loaded = load_settings(file, {}, _adapter_settings).settings
    assert loaded.model_dump(exclude={"national"}) == Settings().model_dump(exclude={"national"})


def test_every_key_is_explained_in_both_languages() -> None:
    for text in (settings_text(_adapter_settings("nvsi")), policy_text()):
        lines = text.splitlines()
        for number, line in enumerate(lines):
            if " = " in line and not line.startswith(("#", "national =", "local =")):
                assert lines[number - 1].startswith("# "), line
                assert lines[number - 2].startswith("# "), line
                assert lines[number - 1] != lines[number - 2] or line.startswith("level"), line


def test_every_key_of_the_policy_has_its_comment() -> None:
    keys = {
        f"{table}.{key}" if key else table
        for table, field in Policy.model_fields.items()
        for key in ("", *getattr(field.annotation, "model_fields", {}))
    }
    assert keys == set(POLICY_COMMENTS)
