"""The command line says what went wrong in a sentence, and never as a traceback."""

from __future__ import annotations

import errno
import sys

import pytest

import cellcount.demo
from cellcount.__main__ import UNREADABLE, main


def test_what_the_operating_system_refuses_is_a_sentence_too(monkeypatch, capsys):
    def refused(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system", "/data/truth")

    monkeypatch.setattr(cellcount.demo, "make_demonstration", refused)
    monkeypatch.setattr(sys, "argv", ["cellcount", "demo", "--out", "anywhere"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == UNREADABLE
    assert capsys.readouterr().err == (
        "Read-only file system: /data/truth. Make room or give access, or name another folder, and start again.\n"
    )
