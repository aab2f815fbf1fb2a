"""Chinese first: every text has a translation, and the compiled catalogue is the written one."""

from __future__ import annotations

import re
import string

import pytest
from babel.messages.catalog import Message
from tools import catalogue

from national_sync import i18n
from national_sync.prose.words import word


def test_the_written_catalogue_has_exactly_the_texts_of_the_code() -> None:
    assert catalogue.PO_FILE.read_bytes() == catalogue.po_bytes(catalogue.updated(catalogue.read())), (
        "run: make catalogue"
    )


def test_every_text_is_translated() -> None:
    assert catalogue.untranslated(catalogue.read()) == []


def test_the_compiled_catalogue_is_the_written_one() -> None:
    assert catalogue.MO_FILE.read_bytes() == catalogue.mo_bytes(catalogue.read()), "run: make catalogue"


def test_a_translation_names_the_same_facts() -> None:
    wrong = [message.id for message in catalogue.read() if message.id and not _names_agree(message)]
    assert wrong == []


def _names_agree(message: Message) -> bool:
    ids = (message.id,) if isinstance(message.id, str) else message.id
    strings = (message.string,) if isinstance(message.string, str) else message.string
    allowed = set().union(*map(_names, ids))
    return all(_names(text) <= allowed for text in strings) and (len(ids) > 1 or _names(strings[0]) == allowed)


def _names(text: str) -> set[str]:
    return {name for _text, name, _format, _conversion in string.Formatter().parse(text) if name}


def test_the_language_is_chosen() -> None:
    i18n.use("zh")
    assert i18n._("volunteer") == "志愿者"
    i18n.use("en")
    assert i18n._("volunteer") == "volunteer"
    assert i18n.translated("volunteer", "zh") == "志愿者"


def test_a_fact_that_is_a_name_is_not_translated() -> None:
    i18n.use("zh")
    assert i18n._("Plan: {plan}", plan="team") == "计划编码：team"


def test_a_reason_is_translated_and_so_is_a_phrase() -> None:
    i18n.use("zh")
    assert i18n._("Why: {reason}", reason="is too long") == "原因：过长"
    assert i18n._("Why: {reason}", reason=i18n.Phrase("at least {ge}", ge=3)) == "原因：不小于 3 的数"


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("is longer than 200 characters", "超过 200 个字符"),
        ("is neither 0 nor 1", "既不是 0 也不是 1"),
        ("is missing", "缺失"),
        ("of another adapter {1} 7", "of another adapter {1} 7"),
    ],
)
def test_a_text_with_numbers_is_translated_whatever_they_are(text: str, chinese: str) -> None:
    i18n.use("zh")
    assert i18n.say_numbered(text) == chinese
    i18n.use("en")
    assert i18n.say_numbered(text) == text


def test_an_empty_text_stays_empty() -> None:
    assert i18n._("") == ""


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_lines_stay_lines(language: i18n.Language) -> None:
    i18n.use(language)
    assert i18n.say(i18n.Lines(["a", i18n.Phrase("b")])) == "a\nb"


def test_a_list_in_a_sentence_has_the_comma_of_the_language() -> None:
    i18n.use("zh")
    assert i18n.joined(["team", "project"]) == "队伍、项目"


def test_every_action_of_the_audit_has_words() -> None:
    i18n.use("en")
    assert [action for action in _audited() if word(action) == action] == []


def _audited() -> set[str]:
    """The actions that stand in the source as they are."""
    acting = re.compile(r'(?:Entry|written_down|at_counter|do_and_tell)\([^()]*?"([a-z_]+\.[a-z_]+)"')
    source = catalogue.ROOT / "src" / "national_sync"
    return {found for file in source.rglob("*.py") for found in acting.findall(file.read_text(encoding="utf-8"))}
