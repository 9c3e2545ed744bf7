"""The tables of the plans in force: beside `responders.schema`, and made like it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, text

from responders.schema import Instant, metadata

libraries = Table(
    "libraries", metadata,
    Column("content", Text, primary_key=True),
    Column("texts", Text, nullable=False),
    Column("accepted_at", Instant, nullable=False),
    CheckConstraint("length(content) = 64", name="ck_libraries_content_is_a_hash"),
)  # fmt: skip

activations = Table(
    "activations", metadata,
    # Numbered one after the other: of two that are begun at once one is begun again, behind the other.
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, ForeignKey("libraries.content"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("activated_by", Text, nullable=False),
    Column("told_at", Instant),
    CheckConstraint("number >= 1", name="ck_activations_number"),
    CheckConstraint("activated_by <> ''", name="ck_activations_says_by_whom"),
)  # fmt: skip
_untold = text("told_at IS NULL")
Index("ix_activations_untold", activations.c.number, sqlite_where=_untold, postgresql_where=_untold)
