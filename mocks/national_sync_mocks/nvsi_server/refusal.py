"""What the mock says when it will not do something."""

from __future__ import annotations

from typing import Any

MALFORMED = 40001
UNKNOWN_FIELD = 40002
INVALID_VALUE = 40003
MUST_BE_ENCRYPTED = 40005
BAD_SIGNATURE = 40101
BAD_TOKEN = 40102
BAD_CLOCK = 40103
NONCE_SEEN = 40104
NOT_ALLOWED = 40301
NOT_FOUND = 40401
VERSION_CONFLICT = 40901
ALREADY_EXISTS = 40902
TIME_OVERLAP = 40903
FACTS_DIFFER = 42210
BATCH_TOO_LARGE = 42250
TOO_FAST = 42901
QUOTA_SPENT = 42902
REVIEW_REFUSED = 46000
INTERNAL = 50001
MAINTENANCE = 50301


class Refusal(Exception):
    """The call, or one item of it, is refused."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


def invalid(field: str, what: str) -> Refusal:
    return Refusal(INVALID_VALUE, f"{field} {what}")
