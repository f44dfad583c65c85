"""What Alembic runs around the steps: on the connection that it is handed, inside that connection's transaction."""

from __future__ import annotations

from alembic import context

from cellcount.record.schema import RECORD, VERSION_TABLE


def run() -> None:
    """Run the steps that were asked for."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=RECORD,
        version_table=VERSION_TABLE,
        # SQLite changes a column only by making the table anew.
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


# Alembic loads the file under this name. Whoever else imports it only wants to look at it.
if __name__ == "env_py":
    run()
