"""The house keeps its order: imports go one way, and pages read like stories."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "app.py", *(ROOT / "pages").glob("*.py")])
MODULES = sorted((ROOT / "cellcount").rglob("*.py"))

# What each part may import of ours. A part is a folder or a module of the package; pages are a part of their own.
FOUNDATION = {"atomic", "errors", "progress", "standalone", "standard", "terminal"}
MAY_IMPORT = {
    "pages": {"ui"},
    "ui": FOUNDATION
    | {
        "methods",
        "store",
        "queries",
        "geography",
        "themes",
        "first_start",
        "standard",
        "zones",
        "record",
        "briefing",
        "verdicts",
        "criteria",
        "exposure",
    },
    "record": FOUNDATION,
    "zones": FOUNDATION,
    "methods": set(),
    "store": FOUNDATION | {"queries"},
    "queries": FOUNDATION,
}
NEVER_IMPORT_UI = {
    "build",
    "importers",
    "demo",
    "reference",
    "validator",
    "store",
    "queries",
    "methods",
    "geography",
    "zones",
    "record",
}
SQL = re.compile(r"\b(SELECT\b[\s\S]+\bFROM|INSERT\s+INTO|CREATE\s+(TABLE|VIEW)|read_parquet)\b", re.IGNORECASE)


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in the file it does so."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parts_of(path: Path) -> set[str]:
    """Which parts of the package a file imports."""
    return {name.split(".")[1] for name in imported(path) if name.startswith("cellcount.")}


def part(path: Path) -> str:
    if path in PAGES:
        return "pages"
    inside = path.relative_to(ROOT / "cellcount")
    return inside.parts[0].removesuffix(".py")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*PAGES, *MODULES], ids=name)
def test_imports_go_one_way(path):
    here = part(path)
    modules = {each.name.removesuffix(".py") for each in (ROOT / "cellcount").iterdir()}
    others = (parts_of(path) & modules) - {here}
    if here in MAY_IMPORT:
        assert others <= MAY_IMPORT[here], f"{name(path)} imports {sorted(others - MAY_IMPORT[here])}"
    if here in NEVER_IMPORT_UI:
        assert "ui" not in others, f"{name(path)} imports the user interface"


@pytest.mark.parametrize("path", [*PAGES, *MODULES], ids=name)
def test_the_app_never_imports_the_build(path):
    if part(path) in ("pages", "ui", "store", "queries", "methods"):
        assert not parts_of(path) & {"build", "demo", "importers", "reference", "validator"}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_only_the_user_interface_imports_streamlit(path):
    uses = any(module.split(".")[0] == "streamlit" for module in imported(path))
    assert not uses or part(path) == "ui"


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_a_page_is_a_question_and_a_story(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert (ast.get_docstring(tree) or "").split("\n")[0].endswith("?"), "its docstring asks its question"
    forbidden = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.Try)
    found = [type(node).__name__ for node in ast.walk(tree) if isinstance(node, forbidden)]
    assert not found, f"{name(path)} has {found}"
    source = path.read_text(encoding="utf-8")
    assert "session_state" not in source
    assert not SQL.search(source)


@pytest.mark.parametrize("path", [*PAGES, *MODULES], ids=name)
def test_only_the_controls_touch_session_state(path):
    if name(path) != "cellcount/ui/controls.py":
        assert "session_state" not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [each for each in MODULES if part(each) == "ui"], ids=name)
def test_the_user_interface_has_no_sql(path):
    assert not SQL.search(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [*PAGES, *(each for each in MODULES if part(each) == "ui")], ids=name)
def test_no_page_reads_a_file_of_figures_by_itself(path):
    """Figures come through the store, which opens the files that a release's manifest lists and no others."""
    read = {"duckdb", "pyarrow.dataset", "pyarrow.csv", "pyarrow.parquet.ParquetFile", "cellcount.store"}
    allowed = {"cellcount/ui/reading.py": {"cellcount.store"}, "cellcount/ui/protection.py": {"cellcount.store"}}
    assert read & set(imported(path)) <= allowed.get(name(path), set())
    called = {
        node.attr for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)
    }
    # What is exported is read back from memory, to add its description.
    assert "read_parquet" not in called
    assert "read_table" not in called or name(path) == "cellcount/ui/exports.py"


@pytest.mark.parametrize("path", [*PAGES, *(each for each in MODULES if part(each) == "ui")], ids=name)
def test_no_html_is_let_through_markdown(path):
    assert "unsafe_allow_html" not in path.read_text(encoding="utf-8")


def test_every_page_of_the_menu_exists_and_no_other():
    from cellcount.ui.frame import PAGES as MENU  # noqa: PLC0415 - the test of the table is the only one that needs it

    assert sorted(page.file for page in MENU.values()) == [name(path) for path in PAGES]
