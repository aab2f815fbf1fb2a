"""Every table of the database: importing this module makes `metadata` complete, as the migrations need it.

One import for each module of tables; the program itself imports only those it works with.
"""

from __future__ import annotations

import national_sync.store.exchange_tables
import national_sync.store.kiosk_tables
import national_sync.store.office_tables
import national_sync.store.person_tables
import national_sync.store.recognition_tables
import national_sync.store.recording_tables
import national_sync.store.registration_tables
import national_sync.store.tables
import national_sync.store.team_tables
import national_sync.store.transfer_tables  # noqa: F401
from national_sync.store.tables import metadata

__all__ = ["metadata"]
