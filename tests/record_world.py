"""Records to test with: SQLite in a file, and PostgreSQL started for the tests; items of every kind; other writers.

Run by itself, it is another program that writes into a record: see `main`.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from cellcount.record import (
    Appraisal,
    Briefing,
    Chosen,
    ConflictError,
    CostLine,
    Figure,
    Gate,
    Item,
    KeptTheme,
    Overrule,
    Pin,
    Query,
    Record,
    Score,
    Shortlist,
    Slide,
    Weight,
    default_url,
    key,
    open_record,
    upgrade,
)
from cellcount.record.opening import make_engine
from cellcount.record.schema import RECORD

MADE = datetime(2026, 11, 4, 13, 5, 6, 789, tzinfo=UTC)
DATABASES = ("sqlite", "postgresql")


# The database.


def programs_of_postgresql() -> Path | None:
    """The folder of initdb and pg_ctl, on the path or where Debian puts it."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server that these tests started, without a database's name."""
    programs = programs_of_postgresql()
    if programs is None:
        reason = "PostgreSQL is not installed: the record is tested on SQLite alone."
        if os.environ.get("CELLCOUNT_REQUIRE_POSTGRES") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    # Under a short path, for the socket's sake, and owned by somebody without rights: the server refuses root.
    folder = Path(tempfile.mkdtemp(prefix="record-"))
    who = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if who:
        shutil.chown(folder, **who)

    def run(program: str, *arguments: str) -> None:
        # The server outlives pg_ctl and would hold a pipe open, so what is said goes into a file.
        with (folder.parent / f"{folder.name}.log").open("ab") as log:
            subprocess.run(
                [programs / program, *arguments], cwd=folder, check=True, stdout=log, stderr=log, timeout=120, **who
            )

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "tester", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    settings = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off -c timezone=Asia/Tokyo"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "server.log"), "-o", settings, "start")
    try:
        yield f"postgresql+psycopg://tester@/{{name}}?host={folder}"
    finally:
        run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)
        (folder.parent / f"{folder.name}.log").unlink()


def new_database(server: str) -> str:
    """The URL of a database on the server with nothing in it."""
    name = f"record_{uuid.uuid4().hex}"
    engine = create_engine(server.format(name="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return server.format(name=name)


def emptied(url: str) -> str:
    """A record in PostgreSQL that another test has done with, with nothing kept in it."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(RECORD.tables)} RESTART IDENTITY"))
    engine.dispose()
    return url


@pytest.fixture(params=DATABASES)
def empty_url(request, tmp_path) -> str:
    """The URL of a database with nothing in it, of one kind of database after the other."""
    if request.param == "postgresql":
        return new_database(request.getfixturevalue("postgresql"))
    return default_url(tmp_path / "empty")


@pytest.fixture(scope="session")
def ready_sqlite(tmp_path_factory) -> Path:
    """A file of a record in which nothing is kept, to copy: it is quicker than to make each."""
    folder = tmp_path_factory.mktemp("ready")
    open_record(default_url(folder)).close()
    return folder / "record.sqlite"


@pytest.fixture(scope="session")
def ready_postgresql(postgresql) -> tuple[str, str]:
    """The URLs of two records, for the tests to use one after the other: a database each would take minutes."""
    urls = new_database(postgresql), new_database(postgresql)
    for url in urls:
        open_record(url).close()
    return urls


@pytest.fixture(params=DATABASES)
def new_url(request, tmp_path) -> Callable[[], str]:
    """A function that gives the URL of a record in which nothing is kept, of one kind of database after the other.

    A test can have two.
    """
    if request.param == "postgresql":
        urls = iter(request.getfixturevalue("ready_postgresql"))
        return lambda: emptied(next(urls))
    ready = request.getfixturevalue("ready_sqlite")

    def copied() -> str:
        folder = tmp_path / uuid.uuid4().hex
        folder.mkdir()
        shutil.copy(ready, folder)
        return default_url(folder)

    return copied


@pytest.fixture
def url(new_url) -> str:
    return new_url()


@pytest.fixture
def engine(url) -> Iterator[Engine]:
    made = make_engine(url)
    yield made
    made.dispose()


@pytest.fixture
def record(engine) -> Record:
    return Record(engine)


@pytest.fixture
def other(new_url) -> Iterator[Record]:
    """A second record, empty, of the same kind of database."""
    made = Record(make_engine(new_url()))
    yield made
    made.close()


# What is in it.


def png(colour: int = 0, width: int = 3, height: int = 2) -> bytes:
    """A picture of one grey, by the PNG specification (ISO/IEC 15948): signature, IHDR, IDAT, IEND."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    rows = (b"\0" + bytes([colour]) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


DATA = b"hour,people\n08:00,1200\n09:00,\n"


def a_pin(headline: str = "1,200 people at 08:00", theme: str = "tourism") -> Pin:
    return Pin(
        theme_id=theme,
        page="density",
        link="area=E07000008&date=2026-11-04&hour=08%3A00&release=demo-1",
        headline=headline,
        caption="People present.\nHalf of the cells are withheld.",
        precision="± 4 %, 95 times in 100",
        release_id="demo-1",
        release_title="Demonstration",
        synthetic=True,
        author="Zoë O’Neill",
        made_at=MADE,
        source="Cell Count Explorer, release demo-1",
        caveats=("Synthetic people on real geography.",),
        methods=("Counts are combined over operators.", "Then calibrated."),
        queries=(Query("present", "SELECT people\nFROM present\nWHERE h3 = $cell", {"cell": 613052194571911167}),),
        figure=Figure(
            "people", {"area": "E07000008", "hours": [8, 9], "share": 0.1}, 1200.5, 1150.0, None, "people", "Now"
        ),
        data_name="present.csv",
    )


def a_shortlist() -> Shortlist:
    return Shortlist(
        decided_at=MADE,
        names=("Ann", "Bob <b>Builder</b>"),
        themes=(Chosen("tourism", "Served now"), Chosen("mobility", "Served, and wanted")),
        snapshot={"weights": {"timeliness": 0.25}, "ranks": [1, 2, None], "shown": True},
        release_id="demo-1",
    )


def items() -> tuple[Item, ...]:
    """One of every kind, but for pins."""
    return (
        KeptTheme("tourism", True),
        Score("tourism", "timeliness", "Ann", 80.5, "Monthly, and the survey is yearly"),
        Score("mobility", "timeliness", "Ann", None),
        Weight("Ann", "timeliness", 100.0),
        Overrule("tourism", "readiness", 40.0, "One operator has left"),
        Gate("tourism", "conditions", "Ask the committee"),
        CostLine(
            "tourism", "Cell counts", "cost", "staff", "Two analysts", (120_000.0, None, 0.1), 10.0, 25.0, "Payroll"
        ),
        Appraisal("tourism", 10, 2027, None, {"staff": 10.0}),
        a_shortlist(),
        Briefing("To the committee", "November", (Slide("theme", "tourism"), Slide("words", "", "Thanks", "Ask\nus"))),
    )


def fill(record: Record) -> Pin:
    """Something of everything, some of it changed, moved and removed. Gives back the pin that stays."""
    for item in items():
        record.save(item, "Ann")
    pin = record.pin(a_pin(), "Ann", png(10), DATA)
    second = record.pin(a_pin("Second"), "Bob", png(20), None)
    third = record.pin(a_pin("Third"), "Bob", None, DATA)
    record.reorder(Pin, "tourism", [pin.id, second.id, third.id], [third.id, pin.id, second.id], "Cat")
    record.remove(second, "Bob")
    return record.save(replace(pin, headline="1,200 people, ± 4 %"), "Cat")


# Other programs.


def main(deed: str, url: str, number: str) -> None:
    """Be another program: `upgrade` the record, `add` one to a score so many times, or `stream` pins until killed."""
    if deed == "upgrade":
        engine = make_engine(url)
        upgrade(engine)
        engine.dispose()
        return
    record = open_record(url)
    if deed == "add":
        add(record, int(number))
    else:
        for each in range(int(number)):
            pin = record.pin(a_pin(f"Pin {each}"), "Streamer", png(each % 256, 300, 300), DATA * 2_000)
            print(pin.id, flush=True)  # noqa: T201 - the parent reads what was acknowledged
    record.close()


def add(record: Record, times: int) -> int:
    """Add one to a score so many times, reading it again after each conflict; how many conflicts there were."""
    conflicts = done = 0
    while done < times:
        read = record.get(Score, key("tourism", "timeliness", "All"))
        assert read is not None
        try:
            record.save(replace(read, value=read.value + 1), "Adder")
            done += 1
        except ConflictError:
            conflicts += 1
    return conflicts


def program(*arguments: str) -> list[str]:
    return [sys.executable, str(Path(__file__).resolve()), *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}


if __name__ == "__main__":
    main(*sys.argv[1:])
