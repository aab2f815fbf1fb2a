"""A worksheet of an .xlsx file row by row, in memory that does not grow with it.

The reader that the other sheets are read with (calamine) holds a whole sheet; a city's 100 000 registrations would take
a quarter of a gigabyte there. Here the XML goes by in pieces, and the strings that cells share wait in a file without a
name. Cells in the form that Excel, WPS and xlsxwriter write are taken by one pattern; whatever does not fit it is parsed
as XML. The types of the cells are those that calamine gives; a test holds the two alike.
"""

from __future__ import annotations

import re
import zipfile
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from html import unescape
from itertools import accumulate, islice
from tempfile import TemporaryFile
from typing import IO, Any, Final, NamedTuple
from xml.etree import ElementTree

_CHUNK: Final = 1 << 20
_OVERLAP: Final = 1_000
_BOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_SHARED: Final = "xl/sharedStrings.xml"
_FORMULA: Final = re.compile(rb'<(?:\w+:)?c [^<>]*?r="([A-Z]{1,3}[0-9]{1,7})"[^<>]*>\s*<(?:\w+:)?f[\s/>]')
_MAYBE_FORMULA: Final = (b"<f", b":f")
"""What every formula has; where neither is, nothing need be looked for."""
_MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z0-9:]+)"')
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ROOT: Final = re.compile(
    rb'(?:\xef\xbb\xbf)?(?:<\?xml[^>]*encoding="[Uu][Tt][Ff]-8"[^>]*\?>)?\s*<(?:worksheet|sst)[\s>]'
)
_CELL: Final = re.compile(
    r'<c r="([A-Z]+)\d+"(?: s="(\d+)")?(?: t="(\w+)")?>'
    r'(?:<v>([^<]*)</v>|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>)</c>'
)
_ROW: Final = re.compile(r"<row(?:\s([^>]*))?>")
_NUMBER: Final = re.compile(r'\br="(\d+)"')
_STRING: Final = re.compile(rb'<si><t(?: xml:space="preserve")?>([^<]*)</t></si>')
_ANY_STRING: Final = re.compile(rb"<si\s*/>|<si>.*?</si>", re.DOTALL)
_ESCAPED: Final = re.compile("_x([0-9A-Fa-f]{4})_")
_FORMAT_WORDS: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hHmMsS]+\])[^\]]*\]')
_DURATION: Final = re.compile(r"\[[hHmMsS]+\]")
_DATES_BUILT_IN: Final = frozenset([*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)])
_DURATION_BUILT_IN: Final = 46


class UnusualSheet(Exception):
    """In a form that this reader does not know; calamine may."""


class Scan(NamedTuple):
    """What a part of the workbook holds besides values."""

    formulas: Sequence[str]
    """Cells."""
    merged: Sequence[str]
    """Ranges of cells."""
    is_usual: bool
    """It can be streamed."""


def scan(archive: zipfile.ZipFile, part: str) -> Scan:
    """Look through a worksheet once, in pieces."""
    formulas: list[str] = []
    merged: dict[str, None] = {}
    window, is_usual, known = b"", True, b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            is_first, window = not window, known + chunk
            is_usual &= (not is_first or bool(_ROOT.match(window))) and b"<!" not in window
            found = list(_FORMULA.finditer(window)) if any(mark in window for mark in _MAYBE_FORMULA) else []
            formulas += [match[1].decode() for match in found]
            if b"mergeCell " in window:
                merged |= dict.fromkeys(range_.decode() for range_ in _MERGED.findall(window))
            known = window[max(found[-1].end() if found else 0, len(window) - _OVERLAP) :]
    return Scan(formulas, list(merged), is_usual and window.rstrip().endswith(b"</worksheet>"))


def part_of(archive: zipfile.ZipFile, sheet: str) -> str:
    """The part that holds a sheet. Raises KeyError."""
    book = ElementTree.fromstring(archive.read(_BOOK))
    relations = {one.get("Id"): one.get("Target", "") for one in ElementTree.fromstring(archive.read(_RELATIONS))}
    listed = {one.get("name"): one.get(_RELATION) for one in book.iter(f"{_MAIN}sheet")}
    target = relations[listed[sheet]]
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def stream(
    archive: zipfile.ZipFile, part: str, choose: Callable[[Mapping[str, Any]], Mapping[str, int]]
) -> Iterator[tuple[int, list[Any]]]:
    """Each row below the first that holds anything: its number, and the cells that `choose` gave a place.

    `choose` is shown the first row, by the letters of its columns. Raises UnusualSheet before that, ParseError,
    ValueError, IndexError.
    """
    properties = ElementTree.fromstring(archive.read(_BOOK)).find(f"{_MAIN}workbookPr")
    is_1904 = properties is not None and properties.get("date1904") in ("1", "true")
    with _Strings(archive) as strings:
        cells = _Cells(strings, _styles(archive), datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30))
        with archive.open(part) as file:
            rows = _rows(file)
            headings = (dict(cells.of_row(row)) for _number, row in rows)
            places = choose(next((found for found in headings if any(value != "" for value in found.values())), {}))
            for number, row in rows:
                yield number, cells.in_places(row, places)


# Rows


def _rows(file: IO[bytes]) -> Iterator[tuple[int, str]]:
    """The number of each row, and its cells as they are written."""
    number = 0
    for piece in _pieces(file, b"</row>"):
        text, opened = piece.decode(), None
        for opened in _ROW.finditer(text):
            written = _NUMBER.search(opened[1] or "")
            number = int(written[1]) if written else number + 1
        if opened is not None:
            yield number, text[opened.end() :]


def _pieces(file: IO[bytes], end: bytes) -> Iterator[bytes]:
    """What comes before each `end`."""
    left = b""
    while chunk := file.read(_CHUNK):
        *whole, left = (left + chunk).split(end)
        yield from whole


class _Cells:
    """Makes values of cells."""

    def __init__(self, strings: _Strings, styles: Sequence[str], epoch: datetime) -> None:
        self._strings, self._styles, self._epoch = strings, styles, epoch

    def in_places(self, row: str, places: Mapping[str, int]) -> list[Any]:
        values: list[Any] = [""] * len(places)
        found = _CELL.findall(row)
        if len(found) != row.count("</c>") or "&" in row or "_x" in row:
            for column, value in self.of_row(row):
                if column in places:
                    values[places[column]] = value
            return values
        # Most rows are so; no call is made for what they hold but for the shared strings.
        shared = self._strings.read
        for column, style, kind, written, inline in found:
            if column in places:
                values[places[column]] = inline or (
                    shared(int(written)) if kind == "s" else self._value(kind, style, written)
                )
        return values

    def of_row(self, row: str) -> Iterator[tuple[str, Any]]:
        found = _CELL.findall(row)
        if len(found) != row.count("</c>"):
            yield from self._parsed(row)
            return
        is_escaped = "&" in row or "_x" in row
        for column, style, kind, value, inline in found:
            text = inline or value
            if is_escaped:
                text = _plain(text)
            yield column, text if inline else self._value(kind, style, text)

    def _parsed(self, row: str) -> Iterator[tuple[str, Any]]:
        column = 0
        for cell in ElementTree.fromstring(f"<row>{row}</row>").iter("c"):
            named = cell.get("r", "").rstrip("0123456789")
            column = _place(named) if named else column + 1
            kind = cell.get("t", "n")
            if kind == "inlineStr":
                yield _letters(column), _joined(cell.find("is"))
            elif value := cell.findtext("v"):
                yield _letters(column), self._value(kind, cell.get("s", ""), _unescaped(value))

    def _value(self, kind: str, style: str, value: str) -> Any:
        match kind:
            case "s":
                return self._strings.read(int(value))
            case "" | "n":
                return self._number(float(value), style) if value.strip() else ""
            case "b":
                return value.strip() not in ("0", "false", "")
            case _:
                return value

    def _number(self, value: float, style: str) -> Any:
        form = self._styles[int(style)] if style and int(style) < len(self._styles) else ""
        if form == "duration":
            return timedelta(days=value)
        return _moment(self._epoch, value) if form == "date" else value


def _moment(epoch: datetime, value: float) -> date | datetime | time:
    moment = epoch + timedelta(milliseconds=round(value * 86_400_000))
    if value < 1:
        return moment.time()
    return moment.date() if value == int(value) else moment


def _plain(written: str) -> str:
    return _unescaped(unescape(written) if "&" in written else written)


def _unescaped(text: str) -> str:
    """Without the form in which spreadsheets write what XML cannot hold, such as `_x000D_`."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _joined(string: ElementTree.Element | None) -> str:
    """A text with its runs; how it is spoken (`rPh`) does not belong to it."""
    if string is None:
        return ""
    parts = [
        part for run in string for part in ([run] if run.tag == "t" else run.findall("t") if run.tag == "r" else [])
    ]
    text = "".join(part.text or "" for part in parts)
    return _unescaped(text)


def _place(letters: str) -> int:
    """A is 1, AA is 27."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place


@lru_cache(maxsize=1_024)
def _letters(place: int) -> str:
    before, last = divmod(place - 1, 26)
    return (_letters(before) if before else "") + chr(ord("A") + last)


# What cells share


class _Strings:
    """The shared strings, kept in a file; those that were asked for lately in memory."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._file = TemporaryFile()  # noqa: SIM115
        self._places = array("Q", [0])
        if _SHARED in archive.namelist():
            with archive.open(_SHARED) as file:
                self._fill(file)
        self._file.flush()
        self.read = lru_cache(maxsize=4_096)(self._from_file)
        """The string with this number. Raises IndexError."""

    def __enter__(self) -> _Strings:
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def _from_file(self, number: int) -> str:
        start, end = self._places[number], self._places[number + 1]
        self._file.seek(start)
        return self._file.read(end - start).decode()

    def _fill(self, file: IO[bytes]) -> None:
        left, is_first = b"", True
        while chunk := file.read(_CHUNK):
            window, end, left = (left + chunk).rpartition(b"</si>")
            if b"<!" in window or (is_first and not _ROOT.match(window or left)):
                raise UnusualSheet(_SHARED)
            is_first = False
            self._take(window + end)

    def _take(self, window: bytes) -> None:
        """Whole strings: at once where all are in the usual form, else one by one."""
        texts = _STRING.findall(window)
        if len(texts) == window.count(b"<si") and b"&" not in window and b"_x" not in window:
            self._add(texts)
            return
        for string in _ANY_STRING.findall(window):
            self._add([_joined(ElementTree.fromstring(string)).encode()])

    def _add(self, texts: Sequence[bytes]) -> None:
        self._file.write(b"".join(texts))
        self._places.extend(islice(accumulate(map(len, texts), initial=self._places[-1]), 1, None))


def _styles(archive: zipfile.ZipFile) -> list[str]:
    """For each style of cells: `date`, `duration`, or nothing for other numbers."""
    if "xl/styles.xml" not in archive.namelist():
        return []
    root = ElementTree.fromstring(archive.read("xl/styles.xml"))
    forms = {int(one.get("numFmtId", 0)): one.get("formatCode", "") for one in root.iter(f"{_MAIN}numFmt")}
    listed = root.find(f"{_MAIN}cellXfs")
    return [] if listed is None else [_form_of(int(one.get("numFmtId", 0)), forms) for one in listed]


def _form_of(number: int, forms: Mapping[int, str]) -> str:
    if number not in forms:
        return "duration" if number == _DURATION_BUILT_IN else "date" if number in _DATES_BUILT_IN else ""
    code = _FORMAT_WORDS.sub("", forms[number]).partition(";")[0]
    if _DURATION.search(code):
        return "duration"
    return "date" if code.lower() != "general" and re.search("[yYmMdDhHsS年月日]", code) else ""
