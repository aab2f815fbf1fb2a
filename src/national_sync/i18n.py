"""What people read, in Chinese first: one gettext catalogue whose keys are the English texts.

Light on purpose (the command line loads it before anything else), and below everything else, so that errors can be
worded here too. `_("text")` translates, `N_("text")` only marks a text that is translated later.
"""

from __future__ import annotations

import gettext
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Final, Literal, get_args

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT_LANGUAGE: Final[Language] = "zh"
DOMAIN: Final = "national_sync"
LOCALE_DIRECTORY: Final = os.path.join(os.path.dirname(__file__), "locale")  # pathlib costs --help 4 ms

_GETTEXT_NAMES: Final[dict[Language, str]] = {"zh": "zh_CN", "en": "en"}
_NUMBER: Final = re.compile("[0-9]+")
_language: ContextVar[Language] = ContextVar("language", default=DEFAULT_LANGUAGE)


class Phrase:
    """A text and its facts, put into words only where a language is known. In English by itself."""

    def __init__(self, template: str, /, **facts: object) -> None:
        self.template = template
        self.facts = facts

    def __str__(self) -> str:
        return _filled(self.template, {name: str(fact) for name, fact in self.facts.items()})

    def __repr__(self) -> str:
        return f"Phrase({str(self)!r})"


class Lines:
    """Several texts below one another."""

    def __init__(self, texts: Iterable[Phrase | str]) -> None:
        self.texts = tuple(texts)

    def __str__(self) -> str:
        return "\n".join(str(text) for text in self.texts)


def use(language: Language) -> None:
    """Speak this language from here on, in this thread or task; click's own texts too."""
    _language.set(language)
    # click asks the global gettext domain for its texts, and gettext asks this variable for the language.
    os.environ["LANGUAGE"] = _GETTEXT_NAMES[language]
    gettext.bindtextdomain(DOMAIN, LOCALE_DIRECTORY)
    gettext.textdomain(DOMAIN)


def language() -> Language:
    return _language.get()


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Speak this language in a block, for pages that show both."""
    before = _language.set(language)
    try:
        yield
    finally:
        _language.reset(before)


def N_(text: str) -> str:
    """Mark a text for the catalogue without translating it yet."""
    return text


def _(text: str, /, **facts: object) -> str:
    """The text in the language in use, its `{placeholders}` filled with the facts."""
    return _filled(translated(text, language()), _worded(facts))


def translated(text: str, language: Language) -> str:
    """The text in a language that need not be the one in use."""
    return _catalogue(language).gettext(text) if text else ""


def say(text: object) -> str:
    """Anything that may be a `Phrase` or a text of the catalogue, in the language in use."""
    match text:
        case Phrase():
            return _(text.template, **text.facts)
        case Lines():
            return "\n".join(say(line) for line in text.texts)
        case str():
            return _(text)
        case _:
            return str(text)


def say_numbered(text: str) -> str:
    """A text that was put into English words with its numbers: in the catalogue they are `{0}`, `{1}` and so on."""
    known = _(text)
    numbers = _NUMBER.findall(text)
    if known != text or not numbers or "{" in text:
        return known
    places = itertools.count()
    template = _NUMBER.sub(lambda _number: f"{{{next(places)}}}", text)
    return translated(template, language()).format(*numbers)


def joined(texts: Iterable[object]) -> str:
    """A list in a sentence, with the comma of the language."""
    return ("、" if language() == "zh" else ", ").join(say(text) for text in texts)


def _worded(facts: dict[str, object]) -> dict[str, str]:
    """A plain text is a name, a path or a code and stays as it is; only a `reason` is always words."""
    return {name: say(fact) if name == "reason" or not isinstance(fact, str) else fact for name, fact in facts.items()}


def _filled(template: str, facts: dict[str, str]) -> str:
    return template.format(**facts) if facts else template


@cache
def _catalogue(language: Language) -> gettext.NullTranslations:
    return gettext.translation(DOMAIN, LOCALE_DIRECTORY, [_GETTEXT_NAMES[language]], fallback=True)
