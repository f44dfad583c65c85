"""Opening the database that the record is kept in: SQLite in a file, or PostgreSQL. One writer at a time on both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, exc, text
from sqlalchemy.engine import URL, make_url

from cellcount.errors import words_for_system
from cellcount.record.errors import RecordUnavailableError, RefusedError
from cellcount.record.schema import VERSION_TABLE

FILE = "record.sqlite"
MIGRATIONS = Path(__file__).parent / "migrations"
WAIT_SECONDS = 10
"""How long a writer waits for the one before it."""
LOCK = 0x43656C6C52656364
"""The advisory lock of PostgreSQL that a writer of the record holds: a number that is ours."""

_DRIVERS = {"sqlite": "sqlite", "postgres": "postgresql+psycopg", "postgresql": "postgresql+psycopg"}
_SENTENCES: tuple[tuple[set[str], tuple[str, ...], str], ...] = (
    (
        {"25006", "42501"},
        ("readonly database", "permission denied"),
        "The record in {where} may only be read, and nothing was written. Give write access, and try again.",
    ),
    (
        {"55P03", "40001", "40P01", "57014"},
        ("database is locked",),
        "The record in {where} is busy with another writer, and nothing was written. Try again in a moment.",
    ),
    (
        {"53100"},
        ("disk is full",),
        "There is no room left for the record in {where}, and nothing was written. Make room, and try again.",
    ),
    (
        set(),
        ("unable to open",),
        "The record in {where} cannot be opened. See that its folder is there and that this program may read and write "
        "both, and try again.",
    ),
    (
        set(),
        ("not a database", "malformed"),
        "The record in {where} cannot be read: {said}. Move it away, and bring back a copy, or import the last export "
        "into a new record.",
    ),
    (
        {"42P01", "42703"},
        ("no such table", "no such column"),
        "The record in {where} is not of this version of the software ({said}). Start the app again to mend it.",
    ),
)
"""What databases say, by the code of PostgreSQL or in the words of SQLite, and what it means for a person."""


def default_url(folder: Path) -> str:
    """The URL of the SQLite file that the record is kept in where nobody names a database.

    Parameters
    ----------
    folder : Path
        Where the file is, or shall be made by `upgrade`.

    Examples
    --------
    >>> default_url(Path("/srv/record"))
    'sqlite:////srv/record/record.sqlite'
    """
    return URL.create("sqlite", database=str(folder.absolute() / FILE)).render_as_string()


def database_url(text_of_url: str) -> str:
    """The URL of a database as somebody set it, with the driver that comes with this software.

    Parameters
    ----------
    text_of_url : str
        Such as `postgresql://ann:word@host/record`, or `sqlite:////srv/record/record.sqlite`.

    Returns
    -------
    str
        For SQLAlchemy. It holds the password, where there is one: do not show it.

    Raises
    ------
    RecordUnavailableError
        Where it is no URL, or of a database that the record is not tested on, or of one in memory.

    Examples
    --------
    >>> database_url("postgres://ann@host/record")
    'postgresql+psycopg://ann@host/record'
    """
    try:
        url = make_url(text_of_url.strip())
    except (exc.ArgumentError, ValueError):
        # What was typed may hold a password, so neither it nor what it gave rise to is shown.
        raise RecordUnavailableError(
            "The URL of the record's database cannot be read. Write it as postgresql://user:password@host/name, or "
            "sqlite:////folder/record.sqlite."
        ) from None
    driver = _DRIVERS.get(url.drivername, url.drivername)
    if driver not in _DRIVERS.values():
        raise RecordUnavailableError(
            f"The record is kept in SQLite or PostgreSQL, and the URL names {url.drivername[:40]}. Write it as "
            "postgresql://user:password@host/name, or sqlite:////folder/record.sqlite."
        )
    if driver == "sqlite":
        _file_in(url)
    return url.set(drivername=driver).render_as_string(hide_password=False)


def make_engine(url: str) -> Engine:
    """An engine for a database URL; nothing is opened yet.

    Raises
    ------
    RecordUnavailableError
        As `database_url`.
    """
    return create_engine(database_url(url), pool_pre_ping=True)


def upgrade(engine: Engine) -> None:
    """Make the tables of the record, or bring them up to this version of the software. Several servers may at once.

    Parameters
    ----------
    engine : Engine
        Of SQLite in a file, whose folder is made where it is missing, or of PostgreSQL.

    Raises
    ------
    RecordUnavailableError
        Where the database cannot be opened or written, or is of a newer version of the software.
    """
    path = _file_of(engine)
    if _is_there(path) and _at_head(engine):
        return
    with _making(path):
        if path:
            _write_ahead(engine)
        with writing(engine) as connection:
            config = _config()
            config.attributes["connection"] = connection
            if not _is_head(connection):
                command.upgrade(config, "head")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One moment of the database for all that is read inside: writers neither wait nor are seen.

    Raises
    ------
    RecordUnavailableError
        Where the database does not answer.
    """
    with _in_words(engine):
        if engine.dialect.name == "sqlite":
            with _sqlite(engine, "BEGIN") as connection:
                yield connection
        else:
            with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
                yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other writer of the record runs beside: all of it is kept, or nothing.

    What has been committed survives a kill of the program, and of the machine as far as its disk keeps what it says
    that it keeps.

    Raises
    ------
    RecordUnavailableError
        Where the database does not answer, may only be read, is full, or another writer does not come to an end.
    """
    with _in_words(engine):
        if engine.dialect.name == "sqlite":
            with _sqlite(engine, "BEGIN IMMEDIATE") as connection:
                yield connection
                connection.commit()
        else:
            with engine.begin() as connection:
                connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                yield connection


@contextmanager
def _sqlite(engine: Engine, begin: str) -> Iterator[Connection]:
    """A transaction of SQLite that begins as it is told to; the driver by itself would begin later.

    The settings hold for a connection, and whoever made the engine may not have made them, so each transaction does.
    A file that is gone is not made again: what is then kept would be all that is kept, and nobody would know.
    """
    if _is_gone(_file_in(engine.url)):
        raise RecordUnavailableError(
            f"The record is no longer in {place(engine)}, and nothing was written. Put the file or a copy of it back; "
            "to begin with an empty record, start the app again."
        )
    with _alone(engine) as connection:
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        connection.exec_driver_sql("PRAGMA synchronous = FULL")
        connection.exec_driver_sql(begin)
        yield connection


def _write_ahead(engine: Engine) -> None:
    """Readers and the writer at once. The file remembers it."""
    with _in_words(engine), _alone(engine) as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """A connection to SQLite that is closed after use and not kept for the next.

    One that is kept goes on writing into the file that it opened after somebody deleted it or put another in its place.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.detach()
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000}")
        yield connection


def _file_of(engine: Engine) -> Path | None:
    """Where the file of SQLite is; None for PostgreSQL."""
    if engine.dialect.name == "postgresql":
        return None
    if engine.dialect.name != "sqlite":
        raise RecordUnavailableError(
            f"The record is kept in SQLite or PostgreSQL, and was given {engine.dialect.name}. Name another database."
        )
    return _file_in(engine.url)


def _file_in(url: URL) -> Path:
    """The file that a URL of SQLite names; a database in memory is refused."""
    name = url.database
    if not name or ":memory:" in name or url.query.get("mode") == "memory":
        raise RecordUnavailableError(
            "The record was given a database in memory, which keeps nothing. Name a file: sqlite:////folder/record.sqlite."
        )
    return Path(name.removeprefix("file:"))


def _is_there(path: Path | None) -> bool:
    try:
        return path is None or path.stat().st_size > 0
    except OSError:
        return False


def _is_gone(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        # It may not be looked at: SQLite says so when it opens it.
        return False
    return False


@contextmanager
def _making(path: Path | None) -> Iterator[None]:
    """Only one server at a time makes the file; PostgreSQL has a lock of its own."""
    if path is None:
        with nullcontext():
            yield
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(path.name + ".lock"), timeout=6 * WAIT_SECONDS)
        lock.acquire()
    except Timeout as error:
        raise RecordUnavailableError(
            f"Another program has been making the record for {6 * WAIT_SECONDS} seconds: {path}. Wait for it, or stop "
            "it, and start again."
        ) from error
    except OSError as error:
        raise RecordUnavailableError(f"The record cannot be made: {words_for_system(error)}") from error
    try:
        yield
    finally:
        lock.release()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _at_head(engine: Engine) -> bool:
    with reading(engine) as connection:
        return _is_head(connection)


def _is_head(connection: Connection) -> bool:
    """Whether the tables are of this version of the software; those of a newer one are refused."""
    script = ScriptDirectory.from_config(_config())
    at = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_heads()
    known = {step.revision for step in script.walk_revisions()}
    if set(at) - known:
        raise RecordUnavailableError(
            f"The record in {place(connection.engine)} was made by a newer version of this software (it is at "
            f"{', '.join(at)}). Nothing was changed. Start the newer version, or name another database."
        )
    return set(at) == set(script.get_heads())


def place(engine: Engine) -> str:
    """Where the record is, for a person: without a user's name or password.

    Examples
    --------
    >>> place(make_engine("postgresql://ann:word@host:5433/kept"))
    'the PostgreSQL database “kept” at host:5433'
    """
    url = engine.url
    if engine.dialect.name == "sqlite":
        return f"the file {url.database}"
    at = f" at {url.host}" + (f":{url.port}" if url.port else "") if url.host else ""
    return f"the PostgreSQL database “{url.database}”{at}"


@contextmanager
def _in_words(engine: Engine) -> Iterator[None]:
    """What the database says, as a sentence that says what to do."""
    try:
        yield
    except exc.IntegrityError as error:
        raise RefusedError(
            f"The database refused what was to be kept: {_said(error, engine)}. Nothing was written."
        ) from error
    except (exc.DBAPIError, exc.TimeoutError) as error:
        raise RecordUnavailableError(_sentence(error, engine)) from error


def _sentence(error: exc.SQLAlchemyError, engine: Engine) -> str:
    said = _said(error, engine)
    code = getattr(getattr(error, "orig", None), "sqlstate", None)
    for codes, phrases, sentence in _SENTENCES:
        if code in codes or any(phrase in said for phrase in phrases):
            return sentence.format(where=place(engine), said=said)
    return (
        f"The record in {place(engine)} does not answer: {said}. Nothing was written. See that the database runs and "
        "that its address, user and password are right, and try again."
    )


def _said(error: exc.SQLAlchemyError, engine: Engine) -> str:
    """The first line of what the driver said, without the password whatever it said."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines() or ["no reason given"]
    said = lines[0].strip().rstrip(".")
    password = engine.url.password
    return said.replace(str(password), "***") if password else said
