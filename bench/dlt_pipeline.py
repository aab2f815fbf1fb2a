"""The same listing through dlt into SQLite, merged by id. Runs in dlt's own environment, so it imports nothing of ours.

python dlt_pipeline.py {full|night} '{"server": URL, "database": PATH, "directory": PATH, "since": TEXT}'
"""

# mypy: disable-error-code="import-not-found,untyped-decorator"

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
os.environ["NORMALIZE__WORKERS"] = "1"

import dlt
from dlt.sources.helpers import requests

_PAGE_SIZE = 500


@dlt.resource(name="hour_record", primary_key="id", write_disposition="merge")
def hours(server: str, since: str | None) -> Iterator[list[dict[str, Any]]]:
    number, page_count = 1, 1
    session = requests.Client().session
    while number <= page_count:
        request = {"pageNum": number, "pageSize": _PAGE_SIZE, **({"updatedFrom": since} if since else {})}
        reply = session.post(f"{server}/open/v1/hour/list", json=request).json()
        page_count = reply["pageCount"]
        yield reply["data"]
        number += 1


def run(server: str, database: str, directory: str, since: str | None = None) -> dict[str, Any]:
    pipeline = dlt.pipeline(
        pipeline_name="hours",
        pipelines_dir=directory,
        dataset_name="main",
        destination=dlt.destinations.sqlalchemy(
            f"sqlite:///{database}", create_primary_keys=True, create_unique_indexes=True
        ),
    )
    started = time.perf_counter()
    pipeline.run(hours(server, since))
    seconds = time.perf_counter() - started
    with pipeline.sql_client() as client:
        rows = client.execute_sql("SELECT count(*) FROM hour_record")[0][0]
    return {"seconds": seconds, "peak_mb": _peak_mb(), "facts": {"rows": rows, "dlt": dlt.__version__}}


def _peak_mb() -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    print("\n" + json.dumps(run(**json.loads(sys.argv[1]))))
