"""What options can be, light enough for a help page; a test holds each equal to the list that the engine knows."""

from __future__ import annotations

from typing import Final

ENTITIES: Final = ("team", "volunteer", "membership", "project", "hour_record", "training_record")
