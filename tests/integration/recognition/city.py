"""A small city in the mirror, as nights would have left it there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, Final

from sqlalchemy import text

from national_sync.acts import Act
from national_sync.clock import PUER_TIME
from national_sync.policy import Policy
from national_sync.recognition import batches
from national_sync.store.database import Database
from national_sync.store.marks import read_mark, write_mark

HOUR: Final = 3600
SIMAO: Final = "530802"
_NAMES: Final = ["白茶", "普文", "思茅", "宁洱", "墨江", "景东", "景谷", "镇沅", "江城", "孟连"]


def moment(written: str) -> int:
    """UTC epoch seconds of `YYYY-MM-DD HH:MM[:SS]` in Puer."""
    return int(datetime.fromisoformat(written).replace(tzinfo=PUER_TIME).timestamp())


@dataclass
class City:
    """Writes as the engine does: each row under a revision of its own."""

    database: Database
    today: date = date(2026, 1, 12)
    """A Monday."""
    _ids: Any = field(default_factory=lambda: count(1))

    @property
    def act(self) -> Act:
        return Act("operator:chen", moment(f"{self.today} 09:30"))

    def later(self, days: int) -> None:
        self.today += timedelta(days=days)

    def volunteer(self, *, hours: float = 0, county: str = SIMAO, **columns: Any) -> int:
        """With so many effective hours, in one record of 2025."""
        number = next(self._ids)
        values = {
            "number": f"V{county}2412{number:06}V",
            "name": _NAMES[number % len(_NAMES)],
            "id_number": "k1:sealed",
            "sex": "female" if number % 2 else "male",
            "birth_date": "1990-02-28",
            "service_area_id": f"{county}000000000000",
            "real_name_state": "passed",
            "registered_at": moment("2024-12-01 09:00"),
            **columns,
        }
        volunteer = self._insert("volunteer", values)
        if hours:
            self.serve(volunteer, round(hours * HOUR))
        return volunteer

    def team(self, name: str = "白茶志愿服务队", county: str = SIMAO) -> int:
        return self._insert("team", {"name": name, "area_id": f"{county}000000000000", "state": "approved"})

    def join(self, volunteer: int, team: int, **columns: Any) -> int:
        values = {"volunteer_id": volunteer, "team_id": team, "state": "member", **columns}
        return self._insert("membership", values)

    def project(self, team: int = 1, *, day: str = "2025-03-05", **columns: Any) -> int:
        values = {
            "name": "清洁家园",
            "team_id": team,
            "started_at": moment(f"{day} 00:00"),
            "ended_at": moment(f"{day} 23:59:59"),
            "area_id": f"{SIMAO}000000000000",
            **columns,
        }
        return self._insert("project", values)

    def serve(self, volunteer: int, seconds: int, begin: str = "2025-06-01 08:00", **columns: Any) -> int:
        """An hour record; its end lies as far from its beginning as was recorded."""
        values = {
            "volunteer_id": volunteer,
            "project_id": 1,
            "team_id": 1,
            "started_at": moment(begin),
            "ended_at": moment(begin) + seconds,
            "service_seconds": seconds,
            "state": "effective",
            **columns,
        }
        return self._insert("hour_record", values)

    def train(self, volunteer: int, day: str = "2025-04-01") -> int:
        values = {"volunteer_id": volunteer, "topic": "急救", "training_date": day, "training_seconds": 2 * HOUR}
        return self._insert("training_record", values)

    def change(self, table: str, row_id: int, **columns: Any) -> None:
        """What the national side changed, as a night takes it over."""
        self._write(table, f"UPDATE {table} SET {{assignments}} WHERE id = {int(row_id)}", columns)

    def withdraw(self, record: int) -> None:
        self.change("hour_record", record, state="deleted", withdrawn_at=self.act.now)

    def merge(self, kept: int, gone: int) -> None:
        with self.database.write() as connection:
            connection.execute(
                text(
                    "INSERT INTO volunteer_merge (kept_id, gone_id, state, merged_at, merged_by)"
                    " VALUES (:kept, :gone, 'merged', 1, 'operator:chen')"
                ),
                {"kept": kept, "gone": gone},
            )

    # Stars

    def draft(self, year: int = 2025, policy: Policy | None = None, **chosen: Any) -> Any:
        return batches.draft(self.database, policy or Policy(), year=year, cut_off=chosen.get("cut_off"), act=self.act)

    def certified(self, year: int = 2025) -> int:
        """A batch drafted, put to the public and certified; its id."""
        batch_id = int(self.draft(year)["id"])
        self.notice(batch_id)
        self.later(10)
        self.sign(batch_id)
        return batch_id

    def notice(self, batch_id: int) -> None:
        with self.database.write() as connection:
            batches.give_notice(connection, Policy(), batch_id, first=None, act=self.act)

    def sign(self, batch_id: int) -> None:
        for body in batches.Body:
            with self.database.write() as connection:
                batches.sign(connection, batch_id, body, self.act)

    def stars(self, batch_id: int) -> dict[int, int]:
        return dict(self.rows("SELECT volunteer_id, star FROM star_award WHERE batch_id = :id", id=batch_id))

    def rows(self, sql: str, **parameters: Any) -> list[Any]:
        with self.database.read() as connection:
            return [tuple(row) for row in connection.execute(text(sql), parameters)]

    def _insert(self, table: str, values: dict[str, Any]) -> int:
        national_id = f"{next(self._ids):032x}"
        given = {"national_id": national_id, **values}
        names = ", ".join([*given, "sync_rev"])
        places = ", ".join(f":{name}" for name in [*given, "sync_rev"])
        return int(self._write(table, f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id", given))

    def _write(self, _table: str, sql: str, values: dict[str, Any]) -> Any:
        with self.database.write() as connection:
            revision = (read_mark(connection, "sync_rev") or 0) + 1
            write_mark(connection, "sync_rev", revision)
            given = {**values, "sync_rev": revision}
            assignments = ", ".join(f"{name} = :{name}" for name in given)
            result = connection.execute(text(sql.replace("{assignments}", assignments)), given)
            return result.scalar_one() if result.returns_rows else None
