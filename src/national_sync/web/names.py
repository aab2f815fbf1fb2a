"""What rows are called outside: names that tell neither how many there are nor which comes next."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from national_sync.sealing import Sealer

_NUMBER_BYTES: Final = 8
_NAME_LENGTH: Final = 26


class Names:
    """One block of AES under a key of the key file: the same row always has the same name, and nobody else can make one.

    Half of the block says what kind of row it is, so a name of another kind, or an invented one, is none.
    """

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer
        # One block at a time, never two of one message: here ECB is the plain permutation that is wanted.
        self._cipher = Cipher(algorithms.AES(sealer.match_hash("names outside")), modes.ECB())

    def outside(self, kind: str, row_id: int) -> str:
        encryptor = self._cipher.encryptor()
        block = encryptor.update(self._mark(kind) + row_id.to_bytes(_NUMBER_BYTES)) + encryptor.finalize()
        return base64.b32encode(block).decode().rstrip("=").lower()

    def inside(self, kind: str, name: str) -> int | None:
        """The row's id; None for what is no name of this kind."""
        if len(name) != _NAME_LENGTH:
            return None
        try:
            block = base64.b32decode(name.upper() + "======")
        except (binascii.Error, ValueError):
            return None
        decryptor = self._cipher.decryptor()
        plain = decryptor.update(block) + decryptor.finalize()
        return int.from_bytes(plain[_NUMBER_BYTES:]) if plain[:_NUMBER_BYTES] == self._mark(kind) else None

    def _mark(self, kind: str) -> bytes:
        return self._sealer.match_hash(f"kind of name {kind}")[:_NUMBER_BYTES]
