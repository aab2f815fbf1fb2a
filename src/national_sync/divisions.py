"""The divisions of Puer down to the counties, by their six-digit codes (GB/T 2260)."""

from __future__ import annotations

from typing import Final

from national_sync.errors import UsageError
from national_sync.i18n import N_, joined

COUNTIES: Final[dict[str, str]] = {
    "530802": "思茅区",
    "530821": "宁洱哈尼族彝族自治县",
    "530822": "墨江哈尼族自治县",
    "530823": "景东彝族自治县",
    "530824": "景谷傣族彝族自治县",
    "530825": "镇沅彝族哈尼族拉祜族自治县",
    "530826": "江城哈尼族彝族自治县",
    "530827": "孟连傣族拉祜族佤族自治县",
    "530828": "澜沧拉祜族自治县",
    "530829": "西盟佤族自治县",
}


def check_county(code: str) -> str:
    """The code itself. Raises UsageError with the list of the ten counties when it is none of theirs."""
    if code not in COUNTIES:
        known = joined(f"{known} {name}" for known, name in COUNTIES.items())
        raise UsageError(N_("{county} is no county of Puer. Its counties: {known}"), county=code, known=known)
    return code
