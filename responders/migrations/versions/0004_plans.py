"""Plans in force: accepted libraries by content hash, and their activations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_UNTOLD = "told_at IS NULL"


def upgrade() -> None:
    """No library is in force yet: the next start accepts the one on disk."""
    op.create_table(
        "libraries",
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("texts", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(content) = 64", name="ck_libraries_content_is_a_hash"),
        sa.PrimaryKeyConstraint("content", name=op.f("pk_libraries")),
    )
    op.create_table(
        "activations",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("activated_by", sa.Text(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("number >= 1", name="ck_activations_number"),
        sa.CheckConstraint("activated_by <> ''", name="ck_activations_says_by_whom"),
        sa.ForeignKeyConstraint(["content"], ["libraries.content"], name=op.f("fk_activations_content")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_activations")),
    )
    op.create_index(
        "ix_activations_untold", "activations", ["number"], unique=False,
        sqlite_where=sa.text(_UNTOLD), postgresql_where=sa.text(_UNTOLD),
    )  # fmt: skip
