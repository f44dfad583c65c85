"""Themes marked, pins with their files, scores, weights, overrules, gates, costs, shortlists, briefings, the trail."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
APPEND_ONLY = ("change", "shortlist")


def upgrade() -> None:
    """Make every table, and the triggers that keep the audit trail and the shortlists as they are."""
    op.create_table(
        "kept_file",
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_kept_file")),
    )
    _item("kept_theme", _word("theme_id"), _column("kept", sa.Boolean))
    _item(
        "pin",
        *map(_word, ("theme_id", "page", "link", "headline", "caption", "precision", "release_id", "release_title")),
        _column("synthetic", sa.Boolean),
        _word("author"),
        _column("made_at", MOMENT),
        _word("source"),
        *(_column(name, sa.JSON) for name in ("caveats", "methods", "queries")),
        sa.Column("figure", sa.JSON),
        _column("position", sa.Integer),
        _word("data_name"),
        sa.Column("picture_sha256", sa.Text),
        _column("picture_length", sa.Integer),
        sa.Column("data_sha256", sa.Text),
        _column("data_length", sa.Integer),
        *(
            sa.ForeignKeyConstraint([column], ["kept_file.sha256"], name=op.f(f"fk_pin_{column}"))
            for column in ("picture_sha256", "data_sha256")
        ),
    )
    _item(
        "score",
        *map(_word, ("theme_id", "criterion_id", "scorer")),
        sa.Column("value", sa.Double),
        _word("reason"),
        _check("score", "value", "value BETWEEN 0 AND 100"),
    )
    _item(
        "weight",
        *map(_word, ("scorer", "criterion_id")),
        _column("swing", sa.Double),
        _check("weight", "swing", "swing BETWEEN 0 AND 100"),
    )
    _item(
        "overrule",
        *map(_word, ("theme_id", "criterion_id")),
        _column("value", sa.Double),
        _word("reason"),
        _check("overrule", "value", "value BETWEEN 0 AND 100"),
    )
    _item(
        "gate",
        *map(_word, ("theme_id", "passed", "reason")),
        _check("gate", "passed", "passed IN ('yes', 'no', 'conditions', 'undecided')"),
    )
    _item(
        "cost_line",
        *map(_word, ("theme_id", "option", "kind", "category", "label")),
        _column("amounts", sa.JSON),
        *(_column(name, sa.Double) for name in ("low_percent", "high_percent")),
        _word("source"),
        _column("is_example", sa.Boolean),
        _column("position", sa.Integer),
        _check("cost_line", "kind", "kind IN ('cost', 'benefit')"),
    )
    _item(
        "appraisal",
        _word("theme_id"),
        *(_column(name, sa.Integer) for name in ("years", "first_year")),
        sa.Column("constant_rate", sa.Double),
        _column("optimism_bias", sa.JSON),
    )
    _item(
        "shortlist",
        _column("decided_at", MOMENT),
        *(_column(name, sa.JSON) for name in ("names", "themes", "snapshot")),
        _word("release_id"),
    )
    _item("briefing", *map(_word, ("title", "subtitle")), _column("slides", sa.JSON))
    for table in ("kept_theme", "pin", "score", "overrule", "gate", "cost_line", "appraisal"):
        op.create_index(op.f(f"ix_{table}_theme_id"), table, ["theme_id"])
    _trail()
    for table in APPEND_ONLY:
        _keep_as_it_is(table)


def _trail() -> None:
    op.create_table(
        "change",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False),
        _word("id"),
        _column("changed_at", MOMENT),
        *map(_word, ("changed_by", "action", "what", "item_id")),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_change")),
        sa.UniqueConstraint("id", name=op.f("uq_change_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_change_item_id"), "change", ["item_id"])


def _item(name: str, *content: Any) -> None:
    op.create_table(
        name,
        _word("id"),
        *content,
        _column("version", sa.Integer),
        _word("edited_by"),
        _column("edited_at", MOMENT),
        _column("removed", sa.Boolean),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        _check(name, "version", "version >= 1"),
    )


def _column(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _word(name: str) -> sa.Column[Any]:
    return _column(name, sa.Text)


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _keep_as_it_is(table: str) -> None:
    """Whoever writes into the database by hand is told, too, that these lines stay."""
    if op.get_bind().dialect.name == "sqlite":
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_stays_{deed.lower()} BEFORE {deed} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, 'lines of {table} stay as they are'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_stays() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION 'lines of {table} stay as they are'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_stays()"
    )
