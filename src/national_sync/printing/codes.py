"""QR codes for printed forms."""

from __future__ import annotations

import re
from typing import Final

import segno

_MASK: Final = 3
"""Any mask can be read; trying all eight for the best one takes three times as long."""
_QUIET: Final = 2
"""White modules around the code."""
_DARK: Final = re.compile(rb"\x01+")


def qr_code(text: str) -> str:
    """The code as a small SVG drawing: a line for each run of dark modules."""
    matrix = segno.make_qr(text, error="l", boost_error=False, mask=_MASK).matrix
    lines = "".join(
        f"M{run.start() + _QUIET} {row + _QUIET}.5h{run.end() - run.start()}"
        for row, modules in enumerate(matrix)
        for run in _DARK.finditer(bytes(modules))
    )
    size = len(matrix) + 2 * _QUIET
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}"><path d="{lines}" stroke="#000"/></svg>'
    )
