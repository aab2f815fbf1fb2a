"""Errors as the kiosk tells them: `application/problem+json` with stable types, in the language that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from national_sync.errors import NationalSyncError
from national_sync.i18n import DEFAULT_LANGUAGE, N_, Language, _

MEDIA_TYPE: Final = "application/problem+json"
_TYPE: Final = "urn:national-sync:problem:"
_STATUS: Final[Mapping[str, int]] = {
    "request_not_signed": 401,
    "request_untimely": 401,
    "request_repeated": 401,
    "signed_out": 401,
    "wrong_device": 403,
    "device_code_refused": 403,
    "person_refused": 403,
    "place_unknown": 404,
    "request_too_slow": 408,
    "redemption_refused": 409,
    "page_outdated": 409,
    "not_genuine": 409,
    "nothing_to_verify_with": 409,
    "still_running": 409,
    "request_too_large": 413,
    "request_malformed": 422,
    "key_missing": 400,
    "key_reused": 422,
    "too_many_tries": 429,
    "mirror_stale": 503,
    "database_unwritable": 503,
    "database_unreachable": 503,
}
_OWN_FAULT: Final = N_("Something went wrong here. Nothing has been lost; please tell the volunteer office.")
_OWN_HINT: Final = N_("Please try again in a moment.")


def status_of(error: BaseException) -> int:
    return _STATUS.get(error.code, 500) if isinstance(error, NationalSyncError) else 500


def problem_of(error: BaseException) -> dict[str, Any]:
    """The object, in the language in use. What is our own fault is told without particulars."""
    status = status_of(error)
    if status >= 500 and (not isinstance(error, NationalSyncError) or error.code != "mirror_stale"):
        return {"type": f"{_TYPE}internal", "title": _(_OWN_FAULT), "status": status, "hint": _(_OWN_HINT)}
    assert isinstance(error, NationalSyncError)
    kind = str(error.facts.get("refusal", error.code)) if error.code == "redemption_refused" else error.code
    return {
        "type": f"{_TYPE}{kind}",
        "title": _(error.template, **error.facts),
        "status": status,
        "hint": _(error.hint_template, **error.facts),
    }


def language_of(accepted: str | None) -> Language:
    """Chinese, unless English is asked for first."""
    first = (accepted or "").split(",")[0].strip().lower()
    return "en" if first.startswith("en") else DEFAULT_LANGUAGE
