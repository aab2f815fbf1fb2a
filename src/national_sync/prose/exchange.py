"""What the accounts of hours have taken up, in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours

_SENTENCES: Final = (
    (
        ("records", "credited_seconds", "corrected_seconds"),
        N_("{records} records looked at: {credited_seconds} hours credited, {corrected_seconds} hours corrected."),
    ),
    (
        ("holds", "vouchers", "accounts"),
        N_("Over: {holds} holds, {vouchers} vouchers; accounts with expired hours: {accounts}."),
    ),
    (
        ("accounts_changed", "merges"),
        N_("Accounts closed or reopened: {accounts_changed}; merges: {merges}."),
    ),
    (
        ("suspicions",),
        N_("New suspicions: {suspicions}. Look at them: national-sync ledger suspicions"),
    ),
)


def followed_in_words(followed: Mapping[str, int]) -> list[str]:
    """A line for each thing that has happened; none if nothing has."""
    shown = {name: hours(value) if name.endswith("_seconds") else value for name, value in followed.items()}
    return [_(sentence, **shown) for names, sentence in _SENTENCES if any(map(followed.get, names))]
