"""The version of the page: it changes with every change of what a browser keeps of it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).parent
_OF_THE_PAGE: Final = ("assets/kiosk.js", "assets/kiosk.css", "templates/page.html")


def _of(files: tuple[str, ...]) -> str:
    digest = hashlib.blake2b(digest_size=4)
    for file in files:
        # Line ends are those of the checkout; the page is the same.
        digest.update((_HERE / file).read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


VERSION: Final = _of(_OF_THE_PAGE)
"""A device tells it with every heartbeat and every screen it asks for."""
