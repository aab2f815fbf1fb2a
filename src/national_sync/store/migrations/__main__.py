"""Write the next migration from the difference between the models and the last one.

    python -m national_sync.store.migrations "add the shirt size"

The result is a draft for a person to read: a renamed column, for one, looks like one dropped and one added.
Its number goes into `REVISIONS` of `store.schema`. With `--first` the first migration is written anew, which
is right only until the first release.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

from national_sync.store import schema
from national_sync.store.database import Database
from national_sync.store.revisions import REVISIONS

_VERSIONS = Path(__file__).parent / "versions"


def main(arguments: list[str]) -> None:
    is_first = arguments == ["--first"]
    message = "The first tables" if is_first else " ".join(arguments)
    number = 1 if is_first else len(REVISIONS) + 1
    if is_first:
        for path in _VERSIONS.glob("0001_*.py"):
            path.unlink()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/models.sqlite")
        with database.write() as connection:
            if not is_first:
                schema.upgrade(connection)
            config = schema.alembic_config(connection)
            config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
            command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")
        database.close()
    for tidy in (["format"], ["check", "--fix"]):
        subprocess.run([sys.executable, "-m", "ruff", *tidy, "--quiet", str(_VERSIONS)], check=False)


if __name__ == "__main__":
    main(sys.argv[1:])
