"""Voucher codes: 80 bits that only the holder of the key file can make from a voucher's salt.

The database keeps a keyed hash of the code and a salt of 128 random bits. So the code can be given again to a client
whose answer was lost, and a copy of the database alone yields no code.
"""

from __future__ import annotations

import os
from typing import Final, NamedTuple

from national_sync.sealing import Sealer

_SALT_BYTES: Final = 16
_CODE_BYTES: Final = 10
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
"""Ten bits each."""
_MISREAD: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class VoucherCode(NamedTuple):
    code: str
    salt: bytes
    code_hash: bytes


class VoucherCodes:
    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def new(self) -> VoucherCode:
        salt = os.urandom(_SALT_BYTES)
        groups = self._groups(salt)
        return VoucherCode("-".join(groups), salt, self._hash("".join(groups)))

    def again(self, salt: bytes) -> str:
        """The code of a voucher, in four groups."""
        return "-".join(self._groups(salt))

    def _groups(self, salt: bytes) -> list[str]:
        bits = int.from_bytes(self._sealer.match_hash(f"voucher code {salt.hex()}")[:_CODE_BYTES])
        groups = ((bits >> 60) & 0xFFFFF, (bits >> 40) & 0xFFFFF, (bits >> 20) & 0xFFFFF, bits & 0xFFFFF)
        return [_PAIRS[group >> 10] + _PAIRS[group & 1023] for group in groups]

    def hash(self, code: str) -> bytes:
        """What the database knows a code by; typed with care or not."""
        return self._hash(code.upper().translate(_MISREAD))

    def _hash(self, letters: str) -> bytes:
        return self._sealer.match_hash(f"voucher {letters}")
