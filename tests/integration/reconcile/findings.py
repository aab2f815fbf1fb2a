"""What runs have found about people: mismatches to put into a spreadsheet, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text

from national_sync.operators.rights import Operator, Role
from national_sync.policy import Policy
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.sync import lease as leases
from national_sync.sync.decisions import carry_out_decisions
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.merge import Conflict
from national_sync.sync.mismatches import close_mismatch, open_mismatch
from national_sync.sync.transaction import Transaction, Transactions

NOW: Final = 1_790_000_000
MOJIANG, NINGER = "530822", "530821"
ID_NUMBER: Final = "53080219900101123X"
CITY_OPERATOR: Final = Operator(1, "chen", Role.CITY_OPERATOR)
COUNTY_OPERATOR: Final = Operator(2, "bai", Role.COUNTY_OPERATOR, MOJIANG)


class _StoppedClock:
    def now(self) -> float:
        return NOW

    def wait(self, seconds: float) -> None:
        raise AssertionError("nobody waits here")


@dataclass
class Findings:
    database: Database
    sealer: Sealer

    def clash(
        self, *, name: str = "王芳", ours: str = "上海路1号", theirs: str = "上海路2号", county: str = MOJIANG
    ) -> int:
        """A volunteer whose name of the service area both sides have changed; the mismatch's number."""
        with self._run() as tx:
            row_id = self._person(tx, name, county, area_name=ours)
            return self._opened(
                tx, MismatchKind.BOTH_EDITED, row_id, Conflict("service_area_name", "上海路", ours, theirs)
            )

    def phone_clash(self, *, ours: str, theirs: str) -> int:
        with self._run() as tx:
            row_id = self._person(tx, "李明", MOJIANG, phone=self.sealer.seal(ours))
            return self._opened(tx, MismatchKind.BOTH_EDITED, row_id, Conflict("phone", None, ours, theirs))

    def wrong_total(self, *, kind: MismatchKind = MismatchKind.TOTAL_NOT_SUM) -> int:
        """A volunteer whose total is not the sum of the records, or of another kind without a field."""
        with self._run() as tx:
            return self._opened(tx, kind, self._person(tx, "张伟", MOJIANG), None)

    def refused_by_review(self, words: str) -> int:
        with self._run() as tx:
            row_id = self._person(tx, "张伟", MOJIANG)
            national_id = tx.execute("SELECT national_id FROM volunteer WHERE id = :id", id=row_id).scalar_one()
            kind, detail = MismatchKind.REFUSED_BY_REVIEW, {"words": words}
            open_mismatch(tx, kind, Entity.VOLUNTEER, row_id=row_id, national_id=national_id, detail=detail)
            number: int = tx.execute("SELECT MAX(id) FROM mismatch").scalar_one()
            return number

    def namesakes(self) -> int:
        """Two of one name and birth date under different ID numbers; the younger one's mismatch."""
        with self._run() as tx:
            first, second = (self._person(tx, "玉香", MOJIANG) for _ in range(2))
            for row_id in (first, second):
                tx.execute(
                    "UPDATE volunteer SET number = :number, id_number_hash = :hash, sync_rev = :rev WHERE id = :id",
                    number=f"V{row_id:016}V",
                    hash=self.sealer.match_hash(str(row_id)),
                    rev=tx.next_revision(),
                    id=row_id,
                )
            return self._opened(tx, MismatchKind.SAME_NAME_AND_BIRTH, second, None)

    def many_wrong_totals(self, count: int) -> None:
        with self._run() as tx:
            for number in range(count):
                self._opened(tx, MismatchKind.TOTAL_NOT_SUM, self._person(tx, f"张{number}", MOJIANG), None)

    def write_here(self, mismatch_id: int, value: str) -> None:
        """Somebody here changes the field once more."""
        row = "(SELECT row_id FROM mismatch WHERE id = :id)"
        with self.database.write() as connection:
            connection.execute(
                text(f"UPDATE volunteer SET service_area_name = :value WHERE id = {row}"),
                {"value": value, "id": mismatch_id},
            )

    def cause_goes(self, mismatch_id: int) -> None:
        with self._run() as tx:
            close_mismatch(tx, mismatch_id, "cause_gone")

    def next_run(self) -> int:
        """Carry out what was decided; how many it was."""
        lease = leases.acquire(self.database, _StoppedClock(), holder="elsewhere:1", kind="nightly")
        nobody_is_asked: Any = None
        carried = carry_out_decisions(Transactions(lease, self.sealer), nobody_is_asked, Policy())
        leases.finish(lease, state="finished", exit_code=0, report="{}")
        return carried

    def stored(self, mismatch_id: int) -> dict[str, Any]:
        with self.database.read() as connection:
            found = connection.execute(text("SELECT * FROM mismatch WHERE id = :id"), {"id": mismatch_id})
            return dict(found.mappings().one())

    def held_here(self, mismatch_id: int) -> str | None:
        """What the mirror holds of the field in question."""
        with self.database.read() as connection:
            found: str | None = connection.execute(
                text("SELECT service_area_name FROM volunteer v JOIN mismatch m ON m.row_id = v.id WHERE m.id = :id"),
                {"id": mismatch_id},
            ).scalar_one()
            return found

    def audited(self) -> list[str]:
        """Who did what."""
        with self.database.read() as connection:
            entries = connection.execute(text("SELECT actor || ' ' || action FROM audit_entry ORDER BY id"))
            return list(entries.scalars())

    @contextmanager
    def _run(self) -> Iterator[Transaction]:
        lease = leases.acquire(self.database, _StoppedClock(), holder="elsewhere:1", kind="nightly")
        with Transactions(lease, self.sealer).write() as tx:
            yield tx
        leases.finish(lease, state="finished", exit_code=0, report="{}")

    def _person(
        self, tx: Transaction, name: str, county: str, *, area_name: str | None = None, phone: str | None = None
    ) -> int:
        row_id: int = tx.execute(
            "INSERT INTO volunteer (name, id_number, phone, sex, birth_date, service_area_id, service_area_name,"
            " national_id, sync_rev) VALUES (:name, :id_number, :phone, 'female', '1990-01-01', :area, :area_name,"
            " :national_id, :rev) RETURNING id",
            name=name,
            id_number=self.sealer.seal(ID_NUMBER),
            phone=phone,
            area=county.ljust(18, "0"),
            area_name=area_name,
            national_id=f"V{tx.next_revision()}",
            rev=tx.revision,
        ).scalar_one()
        return row_id

    def _opened(self, tx: Transaction, kind: MismatchKind, row_id: int, conflict: Conflict | None) -> int:
        national_id = tx.execute("SELECT national_id FROM volunteer WHERE id = :id", id=row_id).scalar_one()
        open_mismatch(tx, kind, Entity.VOLUNTEER, row_id=row_id, national_id=national_id, conflict=conflict)
        number: int = tx.execute("SELECT MAX(id) FROM mismatch").scalar_one()
        return number
