<%!
from national_sync.store import triggers


def without_banners(upgrades):
    return "\n".join(line for line in upgrades.splitlines() if "###" not in line).strip()
%>"""${message}."""

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None
triggers_digest = "${triggers.digest()}"


def upgrade() -> None:  # noqa: PLR0915
    ${without_banners(upgrades) if upgrades else "pass"}
