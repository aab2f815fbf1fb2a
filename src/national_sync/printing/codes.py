"""QR codes for printed forms.

Thousands of certificates differ only in their data. So segno lays out each size of code once, with its fixed patterns;
what is left, error correction and the places of the bits (ISO/IEC 18004), is reckoned here in a tenth of the time. A
test holds the two alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

import segno
from segno import consts

_MASK: Final = 3
"""Any mask can be read; trying all eight for the best one takes three times as long."""
_QUIET: Final = 2
"""White modules around the code."""
_DARK: Final = re.compile("1+")
_TIMING_COLUMN: Final = 6
"""The columns of data step over it."""
_DATA: Final = (consts.TYPE_DATA_DARK, consts.TYPE_DATA_LIGHT)
_FIELD: Final = 0x11D
"""The polynomial by which bytes are multiplied."""


class _Blocks(NamedTuple):
    number: int
    data: int
    correction: int
    """Bytes in each."""

    @property
    def room(self) -> int:
        """For content: the mode and the length take twelve bits."""
        return self.number * self.data - 2


_VERSIONS: Final = {
    1: _Blocks(1, 19, 7),
    2: _Blocks(1, 34, 10),
    3: _Blocks(1, 55, 15),
    4: _Blocks(1, 80, 20),
    5: _Blocks(1, 108, 26),
    6: _Blocks(2, 68, 18),
    7: _Blocks(2, 78, 20),
    8: _Blocks(2, 97, 24),
    9: _Blocks(2, 116, 30),
}
"""At the lowest level of correction. From version 10 on, blocks and lengths have another form; segno draws those."""


class _Strokes(dict[tuple[int, int], str]):
    """The path of a run of dark modules, `#` being its row; each is made once, for there are hundreds in a code."""

    def __missing__(self, span: tuple[int, int]) -> str:
        start, end = span
        self[span] = stroke = f"M{start + _QUIET} #h{end - start}"
        return stroke


_STROKES: Final = _Strokes()


def qr_code(text: str) -> str:
    """The code as a small SVG drawing: a line for each run of dark modules."""
    rows = modules(text)
    size = len(rows) + 2 * _QUIET
    lines = "".join(
        "".join([_STROKES[run.span()] for run in _DARK.finditer(line)]).replace("#", f"{row}.5")
        for row, line in enumerate(rows, _QUIET)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{lines}" stroke="#000"/></svg>'
    )


def modules(text: str) -> list[str]:
    """Row by row, 1 for dark: UTF-8 in the smallest version that holds it."""
    content = text.encode()
    version = next((each for each, blocks in _VERSIONS.items() if blocks.room >= len(content)), None)
    if version is None:
        return ["".join(map(str, row)) for row in _drawn(content, None).matrix]
    size = 17 + 4 * version
    flat = "".join(_placing(version)(_bits(_codewords(content, _VERSIONS[version]))))
    return [flat[start : start + size] for start in range(0, size * size, size)]


def _drawn(content: bytes, version: int | None) -> segno.QRCode:
    return segno.make_qr(content, version=version, mode="byte", error="l", boost_error=False, mask=_MASK)


# The data


def _codewords(content: bytes, blocks: _Blocks) -> bytes:
    """Data and correction, the blocks interleaved."""
    # Readers stop at the zero after the content; what fills the rest is as segno has it.
    stream = bytes.fromhex(f"4{len(content):02x}{content.hex()}000")
    stream += b"\xec\x11" * (1 + (blocks.room - len(content)) // 2)
    stream = stream[: blocks.number * blocks.data]
    data = [stream[start : start + blocks.data] for start in range(0, len(stream), blocks.data)]
    return _interleaved(data) + _interleaved([_correction(one, blocks.correction) for one in data])


def _interleaved(blocks: Sequence[bytes]) -> bytes:
    return bytes(one for column in zip(*blocks, strict=True) for one in column)


def _correction(data: bytes, length: int) -> bytes:
    """The remainder of the Reed-Solomon division, a byte at a time by table."""
    table, top, rest = _remainders(length), 8 * (length - 1), 0
    below = (1 << top) - 1
    for one in data:
        rest = (rest & below) << 8 ^ table[rest >> top ^ one]
    return rest.to_bytes(length, "big")


@cache
def _remainders(length: int) -> list[int]:
    """What each leading byte leaves, times the generator polynomial without its first term."""
    generator, root = [1], 1
    for _ in range(length):
        shifted = [*generator, 0]
        generator = [one ^ _product(root, below) for one, below in zip(shifted, [0, *generator], strict=True)]
        root = _product(root, 2)
    return [int.from_bytes(bytes(_product(lead, one) for one in generator[1:]), "big") for lead in range(256)]


def _product(left: int, right: int) -> int:
    result = 0
    while right:
        if right & 1:
            result ^= left
        left = left << 1 ^ (_FIELD if left & 128 else 0)
        right >>= 1
    return result


# Their places


def _bits(codewords: bytes) -> str:
    """The bits, then a zero for what is left over, then all of it inverted, then one bit of each kind."""
    plain = f"{int.from_bytes(codewords, 'big'):0{8 * len(codewords)}b}0"
    return plain + plain.translate(_INVERTED) + "01"


_INVERTED: Final = str.maketrans("01", "10")


@cache
def _placing(version: int) -> Callable[[str], tuple[Any, ...]]:
    """Picks out of `_bits`, row by row, what each module shows."""
    blocks = _VERSIONS[version]
    bits = 8 * blocks.number * (blocks.data + blocks.correction)
    kinds = [list(row) for row in _drawn(b"", version).matrix_iter(border=0, verbose=True)]
    size = len(kinds)
    kinds[8][size - 9] = consts.TYPE_DATA_LIGHT  # segno takes this one for a part of the format.
    places = [[2 * (bits + 1) + (kind >= consts.TYPE_DARKMODULE) for kind in row] for row in kinds]
    data = [(row, column) for row, column in _zigzag(size) if kinds[row][column] in _DATA]
    for number, (row, column) in enumerate(data):
        is_masked = (row + column) % 3 == 0
        places[row][column] = min(number, bits) + is_masked * (bits + 1)
    return itemgetter(*(place for row in places for place in row))


def _zigzag(size: int) -> Iterator[tuple[int, int]]:
    """Up and down in double columns, from the lower right corner."""
    rights = [column if column > _TIMING_COLUMN else column - 1 for column in range(size - 1, 0, -2)]
    for number, right in enumerate(rights):
        rows = range(size) if number % 2 else range(size - 1, -1, -1)
        for row in rows:
            yield row, right
            yield row, right - 1
