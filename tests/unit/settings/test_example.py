"""The files a new city starts from say what the program does without them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import BaseModel

from national_sync.example import POLICY_COMMENTS, policy_text, settings_text
from national_sync.national.registry import adapter_class
from national_sync.policy import FieldOwners, Policy
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
    keys = set(_keys(Policy, ""))
    assert keys == set(POLICY_COMMENTS)


def _keys(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Every key and table by its path; tables under keys of the city's own count once, the lists of owners not."""
    for name, field in model.model_fields.items() if model is not FieldOwners else ():
        yield prefix + name
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from _keys(inner, f"{prefix}{name}.")
