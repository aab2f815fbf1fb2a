"""The `[national]` table of the settings file, as this adapter understands it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from national_sync.errors import SettingsInvalid
from national_sync.i18n import N_, Phrase
from national_sync.private_files import CLOSE_IT, OpenToOthers, read_private

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class NvsiSettings(BaseModel):
    """How the national volunteer service information system is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    base_url: str = Field(
        description="address of the national system's interface", examples=["https://national.example/open/v1"]
    )
    app_id: str = Field(
        min_length=1, description="application id given out by the national side", examples=["puer-platform"]
    )
    secret_file: Path | None = Field(default=None, description="a file with the shared secret")
    secret_env: str = Field(
        default="NATIONAL_SYNC_SECRET", description="the environment variable with the secret, where there is no file"
    )
    ca_file: Path | None = Field(default=None, description="certificates to trust instead of the usual ones (PEM)")
    proxy: str | None = Field(default=None, description="an HTTP proxy, if the network needs one")
    encrypt_bodies: Literal["auto", "always", "never"] = Field(
        default="auto", description="SM4 encryption of bodies; auto: where the national side requires it"
    )

    call_deadline_seconds: float = Field(
        default=60, gt=0, le=3600, description="total time of one call with its repetitions"
    )
    connect_seconds: float = Field(default=10, gt=0, description="time to connect")
    silence_seconds: float = Field(default=20, gt=0, description="the longest pause within an answer")
    attempts: int = Field(default=6, ge=1, le=20, description="how often a call is tried before giving up")
    body_bytes: int = Field(default=64 * 1024 * 1024, ge=1024, description="the largest answer that is read")
    max_clock_skew_seconds: float = Field(
        default=300, gt=0, description="the largest difference of the clocks; the national side refuses more than 300"
    )

    page_size: int = Field(default=500, ge=1, le=500, description="records a page")
    fetch_ahead_pages: int = Field(default=2, ge=0, le=50, description="pages fetched while earlier ones are stored")
    concurrency: int = Field(
        default=4, ge=1, le=64, description="calls under way at once; the national side may allow fewer"
    )
    calls_per_second: float | None = Field(
        default=None, gt=0, description="calls a second; unset: as the national side declares"
    )
    calls_per_day: int = Field(default=100_000, ge=1, description="calls a day, over all programs")
    quota_block: int = Field(default=200, ge=1, description="calls taken from the day's quota at a time")

    breaker_failures: int = Field(default=10, ge=1, description="failures in a row after which calls pause")
    breaker_pause_seconds: float = Field(
        default=60, gt=0, description="the first pause; it doubles while failures go on"
    )
    breaker_longest_pause_seconds: float = Field(default=1800, gt=0, description="the longest pause")

    @field_validator("base_url")
    @classmethod
    def _is_safe_address(cls, value: str) -> str:
        parts = urlsplit(value)
        is_loopback = parts.scheme == "http" and parts.hostname in LOOPBACK
        if not parts.hostname or parts.username or parts.query or not (parts.scheme == "https" or is_loopback):
            raise ValueError(N_("must be an https:// address without user and query (http:// only on this machine)"))
        return value.rstrip("/")

    def read_secret(self, environment: Mapping[str, str] = os.environ) -> bytes:
        """The shared secret, from the file or else the environment.

        ValueError names what is missing, `SettingsInvalid` a file that others can read.
        """
        if self.secret_file is not None:
            return _secret_of(self.secret_file)
        secret = environment.get(self.secret_env, "").strip().encode()
        if not secret:
            words = N_(
                "no secret: put it alone into a file (chmod 600) and name that as secret_file, or set the variable "
                "{variable}"
            )
            raise ValueError(Phrase(words, variable=self.secret_env))
        return secret


def _secret_of(file: Path) -> bytes:
    try:
        secret = read_private(file).strip()
    except OpenToOthers as error:
        raise SettingsInvalid(hint=CLOSE_IT, problems=error.reason, file=file) from error
    except OSError as error:
        words = N_("the secret file {file} cannot be read: {reason}")
        raise ValueError(Phrase(words, file=file, reason=error.strerror)) from error
    if not secret:
        raise ValueError(Phrase(N_("the secret file {file} is empty; it holds the shared secret alone"), file=file))
    return secret
