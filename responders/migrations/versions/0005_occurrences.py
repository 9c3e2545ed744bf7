"""Alerts name their occurrence, by which incidents of several plans are related."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_NAMED = "occurrence IS NOT NULL"


def upgrade() -> None:
    """Of what is on record already nobody knows its occurrence."""
    op.add_column("alerts", sa.Column("occurrence", sa.Text(), nullable=True))
    op.create_index(
        "ix_alerts_occurrence", "alerts", ["occurrence"], unique=False,
        sqlite_where=sa.text(_NAMED), postgresql_where=sa.text(_NAMED),
    )  # fmt: skip
