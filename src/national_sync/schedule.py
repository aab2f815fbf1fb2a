"""When the daemon works: pure questions about moments, answered in Puer's time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from national_sync.clock import PUER_TIME


@dataclass(frozen=True)
class Schedule:
    nightly: time
    light_minute: int | None
    """The minute of every hour's light pull; None without one."""
    catches_up: bool = True
    grace_seconds: float = 30.0

    def night_before(self, epoch_seconds: float) -> str:
        """The slot of the last nightly moment that is not in the future: a slot has one run, however many ask."""
        now = datetime.fromtimestamp(epoch_seconds, PUER_TIME)
        night = datetime.combine(now.date(), self.nightly, PUER_TIME)
        if night > now:
            night -= timedelta(days=1)
        return f"nightly {night:%Y-%m-%d %H:%M}"

    def light_before(self, epoch_seconds: float) -> str:
        """The slot of the last hourly moment that is not in the future."""
        now = datetime.fromtimestamp(epoch_seconds, PUER_TIME)
        hour = now.replace(minute=self.light_minute or 0, second=0, microsecond=0)
        if hour > now:
            hour -= timedelta(hours=1)
        return f"light {hour:%Y-%m-%d %H:%M}"
