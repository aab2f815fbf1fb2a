"""Plain values in sealed columns are counted, so that none waits unseen."""

from __future__ import annotations

from tests.outside import Outside

from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.store.sealed import count_plain_values


def test_plain_values_are_counted_by_column(database: Database, outside: Outside, sealer: Sealer) -> None:
    person = {"name": "Li", "sex": "male", "birth_date": "1990-01-01", "service_area_id": "5308"}
    outside.insert("volunteer", **person, id_number=sealer.seal("532701199001010011"), phone=None)
    outside.insert("volunteer", **person, id_number="532701199001010011", phone="13800000000")
    outside.insert("volunteer", **person, id_number=sealer.seal("x"), phone="")
    outside.insert("team", name="Sunshine", area_id="5308", contact_phone=sealer.seal("13800000000"))

    with database.read() as connection:
        assert count_plain_values(connection) == {"volunteer.id_number": 1, "volunteer.phone": 2}
