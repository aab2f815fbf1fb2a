"""Service time as it is shown."""

from __future__ import annotations


def hours(seconds: int) -> str:
    """Hours with two decimals, rounded down: one second short of a star never looks like a star."""
    hundredths = abs(seconds) // 36
    return f"{'-' if seconds < 0 else ''}{hundredths // 100}.{hundredths % 100:02}"
