"""The tables of the record: a column a field of the items, in types that SQLite and PostgreSQL share.

`migrations` makes them; a test compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

from cellcount.record.items import KINDS, Item

VERSION_TABLE = "record_version"
"""Where the database says which migration it is at: a name that another program in the same database does not use."""
RECORD = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """A moment. SQLite keeps no zone, so it is kept there as UTC without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Into the database: UTC, and on SQLite without saying so."""
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Out of the database: UTC, whatever zone the session of the database is in."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _content(name: str, nullable: bool = False) -> Column[Any]:
    return Column(name, JSON(none_as_null=True), nullable=nullable)


def _word(name: str) -> Column[Any]:
    return Column(name, Text, nullable=False)


def _theme() -> Column[Any]:
    return Column("theme_id", Text, nullable=False, index=True)


def _item(name: str, *content: Column[Any] | CheckConstraint) -> Table:
    """A table of items. A removed one stays, so that its version goes on and it can be restored."""
    return Table(
        name,
        RECORD,
        Column("id", Text, primary_key=True),
        *content,
        Column("version", Integer, nullable=False),
        Column("edited_by", Text, nullable=False),
        Column("edited_at", Utc, nullable=False),
        Column("removed", Boolean, nullable=False),
        CheckConstraint("version >= 1", name="version"),
    )


FILES = Table(
    "kept_file",
    RECORD,
    Column("sha256", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""Pictures and data, each once, found by its checksum."""

_item("kept_theme", _theme(), Column("kept", Boolean, nullable=False))
_item(
    "pin",
    _theme(),
    _word("page"),
    _word("link"),
    _word("headline"),
    _word("caption"),
    _word("precision"),
    _word("release_id"),
    _word("release_title"),
    Column("synthetic", Boolean, nullable=False),
    _word("author"),
    Column("made_at", Utc, nullable=False),
    _word("source"),
    _content("caveats"),
    _content("methods"),
    _content("queries"),
    _content("figure", nullable=True),
    Column("position", Integer, nullable=False),
    _word("data_name"),
    Column("picture_sha256", Text, ForeignKey(FILES.c.sha256)),
    Column("picture_length", Integer, nullable=False),
    Column("data_sha256", Text, ForeignKey(FILES.c.sha256)),
    Column("data_length", Integer, nullable=False),
)
_item(
    "score",
    _theme(),
    _word("criterion_id"),
    _word("scorer"),
    Column("value", Double),
    _word("reason"),
    CheckConstraint("value BETWEEN 0 AND 100", name="value"),
)
_item(
    "weight",
    _word("scorer"),
    _word("criterion_id"),
    Column("swing", Double, nullable=False),
    CheckConstraint("swing BETWEEN 0 AND 100", name="swing"),
)
_item(
    "overrule",
    _theme(),
    _word("criterion_id"),
    Column("value", Double, nullable=False),
    _word("reason"),
    CheckConstraint("value BETWEEN 0 AND 100", name="value"),
)
_item(
    "gate",
    _theme(),
    _word("passed"),
    _word("reason"),
    CheckConstraint("passed IN ('yes', 'no', 'conditions', 'undecided')", name="passed"),
)
_item(
    "cost_line",
    _theme(),
    _word("option"),
    _word("kind"),
    _word("category"),
    _word("label"),
    _content("amounts"),
    Column("low_percent", Double, nullable=False),
    Column("high_percent", Double, nullable=False),
    _word("source"),
    Column("is_example", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    CheckConstraint("kind IN ('cost', 'benefit')", name="kind"),
)
_item(
    "appraisal",
    _theme(),
    Column("years", Integer, nullable=False),
    Column("first_year", Integer, nullable=False),
    Column("constant_rate", Double),
    _content("optimism_bias"),
)
_item(
    "shortlist",
    Column("decided_at", Utc, nullable=False),
    _content("names"),
    _content("themes"),
    _content("snapshot"),
    _word("release_id"),
)
_item("briefing", _word("title"), _word("subtitle"), _content("slides"))

TABLES: dict[type[Item], Table] = {kind: RECORD.tables[name] for name, kind in KINDS.items()}
NAMES: dict[type[Item], str] = {kind: name for name, kind in KINDS.items()}
"""Of the kinds, as the tables and the audit trail have them."""

CHANGES = Table(
    "change",
    RECORD,
    # Counts up as changes are written, which an import may do long after they were made.
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("changed_at", Utc, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("item_id", Text, nullable=False, index=True),
    _content("before", nullable=True),
    _content("after", nullable=True),
    sqlite_autoincrement=True,
)
"""The audit trail. Triggers of the first migration refuse to change or delete a line of it, or of a shortlist."""
