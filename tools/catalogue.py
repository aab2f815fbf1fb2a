"""The gettext catalogue: every text in the code has a Chinese translation, and the compiled file is current.

`python -m tools.catalogue` adds new texts to the catalogue (to be translated by hand), drops those no longer used and
compiles. The keys are the English texts, found in the syntax tree: `_("…")`, `N_("…")`, `Phrase("…")`, an error's own
text, its docstring and hint; and in the models of the settings, whose descriptions the example files show.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from pydantic import BaseModel

from national_sync import errors, i18n
from national_sync.national.registry import adapter_class
from national_sync.settings import NationalTable, Settings

ROOT: Final = Path(__file__).parent.parent
SOURCES: Final = (ROOT / "src" / "national_sync", ROOT / "adapters" / "national_sync_adapters")
PO_FILE: Final = Path(i18n.LOCALE_DIRECTORY) / "zh_CN" / "LC_MESSAGES" / f"{i18n.DOMAIN}.po"
MO_FILE: Final = PO_FILE.with_suffix(".mo")

_DATE: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""The history knows when a text changed; a date in the file would only make every writing another."""

_ERROR_NAMES: Final = {
    name
    for name, entry in vars(errors).items()
    if isinstance(entry, type) and issubclass(entry, errors.NationalSyncError)
}
_MARKS: Final = {"_", "N_", "Phrase", *_ERROR_NAMES}

CLICK_TEXTS: Final = (
    "Usage:",
    "Options",
    "Commands",
    "Positional arguments",
    "Show this message and exit.",
    "Error: {message}",
    "Try '{command} {option}' for help.",
    "Invalid value: {message}",
    "Invalid value for {param_hint}: {message}",
    "Missing argument",
    "Missing option",
    "Missing parameter",
    "Missing command.",
    "Missing parameter: {param_name}",
    "No such option {name!r}.",
    "No such command {name!r}.",
    "Option {name!r} does not take a value.",
    "{value!r} is not a valid {number_type}.",
    "{value} is not in the range {range}.",
    "Choose from:\n\t{choices}",
    "{name} {filename!r} is a directory.",
    "{name} {filename!r} is a file.",
    "default: {default}",
    "required",
    "file",
    "directory",
    "path",
    "Aborted!",
)
"""click's own texts that our commands can show."""

SYSTEM_TEXTS: Final = (
    "Permission denied",
    "No such file or directory",
    "Is a directory",
    "Not a directory",
    "Read-only file system",
    "No space left on device",
)
"""What the operating system says, as the reason of an error of ours."""

_PLURALS: Final = (
    ("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    ("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    ("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    ("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    ("Takes {nargs} values but 1 was given.", "Takes {nargs} values but {len} were given."),
    ("{value!r} does not match the format {format}.", "{value!r} does not match the formats {formats}."),
)


def texts() -> dict[str, str]:
    """Every text that people may read, with the first place it comes from."""
    found: dict[str, str] = {}
    of_others = (*((text, "click") for text in CLICK_TEXTS), *((text, "system") for text in SYSTEM_TEXTS))
    for text, place in (*_in_source(), *_in_models(), *of_others):
        if text:
            found.setdefault(text, place)
    return found


def _in_source() -> Iterator[tuple[str, str]]:
    for source in SOURCES:
        for file in sorted(source.rglob("*.py")):
            place = file.relative_to(ROOT).as_posix()
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield from ((text, place) for text in _texts_of(node))
                elif isinstance(node, ast.ClassDef) and _is_error(node):
                    yield from ((text, place) for text in _texts_of_error(node))


def _texts_of(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in _MARKS and call.args:
        yield from _constant(call.args[0])
    if name in _ERROR_NAMES:
        # A fact that is a fixed text is translated as well; one made of parts is a Phrase.
        for keyword in call.keywords:
            if keyword.arg in ("hint", "reason"):
                yield from _constant(keyword.value)


def _is_error(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id in _ERROR_NAMES for base in node.bases)


def _texts_of_error(node: ast.ClassDef) -> Iterator[str]:
    """Its docstring is its message."""
    yield ast.get_docstring(node, clean=False) or ""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "hint":
            yield from _constant(statement.value)


def _constant(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _in_models() -> Iterator[tuple[str, str]]:
    for model in (*_tables(Settings), adapter_class(NationalTable().adapter).Settings):
        place = f"{model.__module__}.{model.__name__}"
        yield model.__doc__ or "", place
        for field in model.model_fields.values():
            yield field.description or "", place


def _tables(model: type[BaseModel]) -> Iterable[type[BaseModel]]:
    return [field.annotation for field in model.model_fields.values() if isinstance(field.annotation, type)]


def read() -> Catalog:
    with PO_FILE.open("rb") as opened:
        return read_po(opened, locale="zh_CN", domain=i18n.DOMAIN)


def updated(old: Catalog) -> Catalog:
    """The catalogue with exactly the texts of the code, translations kept."""
    new = Catalog(
        locale="zh_CN",
        domain=i18n.DOMAIN,
        project="national-sync",
        creation_date=_DATE,
        revision_date=_DATE,
        fuzzy=False,
    )
    new.header_comment = "# national-sync, Chinese"
    new.mime_headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Language", "zh_CN"),
        ("Plural-Forms", "nplurals=1; plural=0;"),
    ]
    for text, place in sorted(texts().items(), key=lambda entry: (entry[1], entry[0])):
        known = old.get(text)
        new.add(text, known.string if known else "", locations=[(place, 0)])
    for pair in _PLURALS:
        known = old.get(pair[0])
        new.add(pair, known.string if known else ("",), locations=[("click", 0)])
    return new


def po_bytes(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=120, include_lineno=False, omit_header=False)
    return buffer.getvalue()


def mo_bytes(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def untranslated(catalog: Catalog) -> list[str]:
    return [str(message.id) for message in catalog if message.id and not all(_strings(message.string))]


def _strings(string: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (string,) if isinstance(string, str) else tuple(string)


def main() -> int:
    old = read() if PO_FILE.exists() else Catalog(locale="zh_CN")
    catalog = updated(old)
    PO_FILE.parent.mkdir(parents=True, exist_ok=True)
    PO_FILE.write_bytes(po_bytes(catalog))
    MO_FILE.write_bytes(mo_bytes(catalog))
    missing = untranslated(catalog)
    for text in missing:
        print(f"without translation: {text!r}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
