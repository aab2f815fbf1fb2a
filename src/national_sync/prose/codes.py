"""The codes that stand in the mirror's columns, in words."""

from __future__ import annotations

from typing import Final

from national_sync.i18n import N_, _

_COLUMNS: Final = ("state", "kind", "method", "mode", "sex", "join_rule", "recruit_scope", "team_type")
"""How the columns end that hold a code of this program's own; others hold the national lists' numbers."""

_CODES: Final[dict[str, str]] = {
    "anyone": N_("anyone may join"),
    "application": N_("by application"),
    "applied": N_("has applied"),
    "applying": N_("being applied for"),
    "approved": N_("approved"),
    "back_fill": N_("entered afterwards"),
    "check_in": N_("by signing in"),
    "closed": N_("closed"),
    "closed_by_hand": N_("closed by hand"),
    "closed_by_system": N_("closed by the system"),
    "credit": N_("credit hours"),
    "deleted": N_("deleted"),
    "disabled": N_("disabled"),
    "effective": N_("effective"),
    "enabled": N_("in use"),
    "ended": N_("ended"),
    "face": N_("by face"),
    "face_to_face": N_("face to face"),
    "failed": N_("failed"),
    "female": N_("female"),
    "forced_sign_out": N_("signed out by force"),
    "general": N_("general training"),
    "group": N_("group"),
    "honour": N_("honour hours"),
    "in_review": N_("in review"),
    "locked": N_("locked"),
    "male": N_("male"),
    "member": N_("member"),
    "migrated": N_("migrated"),
    "named_teams": N_("named teams"),
    "nobody": N_("nobody may join"),
    "normal": N_("normal"),
    "not_signed_out": N_("not signed out"),
    "organisation": N_("organisation"),
    "other": N_("other"),
    "passed": N_("passed"),
    "password": N_("with a password"),
    "paused": N_("paused"),
    "pending": N_("waiting for approval"),
    "post": N_("training for a post"),
    "professional": N_("professional training"),
    "public": N_("everybody"),
    "recruiting": N_("recruiting"),
    "refused": N_("refused"),
    "rejected": N_("rejected"),
    "remote": N_("remote"),
    "review": N_("after review"),
    "running": N_("under way"),
    "team": N_("entered by the team"),
    "void": N_("void"),
    "waiting": N_("not begun"),
}


def code_word(column: str, stored: str) -> str:
    """What a code in this column means; any other value stands for itself."""
    return _(_CODES[stored]) if column.endswith(_COLUMNS) and stored in _CODES else stored
