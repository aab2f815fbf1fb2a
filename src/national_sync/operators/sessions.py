"""What a login is and when it counts. Light to import: the quick lists judge one before anything heavy is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from national_sync.errors import AccountDisabled, LoginExpired, LoginUnknown
from national_sync.operators.rights import Operator, Role

ANY_ACCOUNT: Final = "SELECT 1 FROM operator LIMIT 1"
SESSION: Final = (
    "SELECT s.token_hash, s.expires_at, o.id AS operator_id, o.name, o.role, o.county, o.state"
    " FROM operator_session s JOIN operator o ON o.id = s.operator_id WHERE s.token_hash = :hash"
)


def hash_of(token: str, owner: str) -> str:
    """A token counts for the user and the machine it was made for only: a copied file is worth nothing elsewhere."""
    return hashlib.blake2b(f"{token}\n{owner}".encode(), digest_size=32).hexdigest()


def judged(session: Mapping[str, Any] | None, now: int) -> Operator:
    """Whose login it is. Raises what is wrong with it."""
    if session is None:
        raise LoginUnknown()
    if session["state"] != "active":
        raise AccountDisabled(name=session["name"])
    if session["expires_at"] <= now:
        raise LoginExpired(name=session["name"])
    return operator_of(session)


def operator_of(row: Mapping[str, Any]) -> Operator:
    return Operator(row["operator_id"], row["name"], Role(row["role"]), row["county"])
