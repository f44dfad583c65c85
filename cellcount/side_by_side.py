"""Jobs done side by side: by this process and by another that was told the same at its start.

Threads would take turns: between two calls of NumPy each holds the interpreter's lock, and where arrays are not huge,
two threads were measured to take as long as one. A process of its own takes a second or two to start, so that small
work is done in threads all the same.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from types import ModuleType, TracebackType
from typing import Any, Generic, Self, TypeVar

from cellcount.errors import CellCountError

ENDED = (
    "A process that helped to do the work ended of itself: that is what happens when memory runs out, or when somebody "
    "stops it. Nothing half-written was kept. Make room in memory and start again."
)

State = TypeVar("State")
Item = TypeVar("Item")
Result = TypeVar("Result")

_told: Any = None
"""In a process that helps: the state that it was told."""


class Workers(Generic[State]):
    """Do jobs side by side, and give their results in order; use as a context manager.

    Parameters
    ----------
    state : object
        Handed to every job. A process that helps has a copy of its own: what a job changes in it is lost.
    processes : bool
        Whether to be helped by a process; by a thread otherwise.

    Examples
    --------
    >>> with Workers(10, processes=False) as work:
    ...     list(work.each(pow, [2, 3]))
    [100, 1000]
    """

    def __init__(self, state: State, *, processes: bool) -> None:
        self._state = state
        self._processes = processes
        self._helper: Executor | None = None
        self._line: Connection | None = None

    def __enter__(self) -> Self:
        if (os.cpu_count() or 1) == 1:
            return self
        if not self._processes:
            self._helper = ThreadPoolExecutor(1)
            return self
        # Not a fork: Arrow and BLAS have threads of their own, which a fork would leave without their owners.
        context = multiprocessing.get_context("spawn")
        # Nothing is ever said on the line: that it is cut is all that a helper listens for.
        heard, self._line = context.Pipe(duplex=False)
        self._helper = ProcessPoolExecutor(1, context, initializer=_listen, initargs=(heard,))
        # Told as its first job, and not when it starts: starting one that dies with much unread would never return.
        # What is told is waited for: beside work of this process, 250 MB took 13 seconds to be handed over.
        with _no_script():
            told = self._helper.submit(_be_told, self._state)
        try:
            told.result()
        except BrokenProcessPool as error:
            self._helper.shutdown()
            raise CellCountError(ENDED) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is not None and self._line is not None:
            # Else the helper would finish its job first; who presses Ctrl-C once more meanwhile would wait for ever.
            self._line.close()
        if self._helper is not None:
            self._helper.shutdown(cancel_futures=True)
        if self._line is not None:
            self._line.close()
        if isinstance(error, BrokenProcessPool):
            raise CellCountError(ENDED) from error

    def each(self, job: Callable[[State, Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """Do a job for each item. All are begun at once, even before the first result is asked for.

        Parameters
        ----------
        job : callable
            Takes the state and an item. In processes: a function of a module, its items and results to be pickled.
        items : sequence
            Items.

        Yields
        ------
        object
            Results, in the order of the items.

        Raises
        ------
        BrokenProcessPool
            If a process that helps ends of itself; outside the context, in words.
        """
        futures = [self._begun(job, item) for item in items]
        return self._results(job, items, futures)

    def _begun(self, job: Callable[[State, Item], Result], item: Item) -> Future[Result] | None:
        if self._helper is None:
            return None
        if self._processes:
            return self._helper.submit(_do, job, item)
        return self._helper.submit(job, self._state, item)

    def _results(
        self, job: Callable[[State, Item], Result], items: Sequence[Item], futures: list[Future[Result] | None]
    ) -> Iterator[Result]:
        own: dict[int, Result] = {}
        looked = 0
        try:
            for place, future in enumerate(futures):
                # While the result that is due is not there, do what nobody has begun.
                while future is not None and place not in own and not future.done() and looked < len(items):
                    waiting = futures[looked]
                    if waiting is not None and waiting.cancel():
                        own[looked] = job(self._state, items[looked])
                    looked += 1
                if future is None:
                    yield job(self._state, items[place])
                elif place in own:
                    yield own.pop(place)
                else:
                    yield future.result()
                    futures[place] = None
        finally:
            for future in futures:
                if future is not None:
                    future.cancel()


@contextmanager
def _no_script() -> Iterator[None]:
    """Hide what Python was started with: a process started meanwhile would run it again, and needs only modules."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _listen(line: Connection) -> None:
    """Begin to help: leave the keyboard to the process that is helped, and end when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(line,), daemon=True).start()


def _be_told(state: object) -> None:
    """Keep the state."""
    global _told  # noqa: PLW0603 - a process that helps has one state, told once
    _told = state


def _end_with(line: Connection) -> None:
    """End once the line is cut: by the process that is helped, or because it is no more."""
    with suppress(EOFError, OSError):
        line.recv()
    os._exit(1)


def _do(job: Callable[[Any, Item], Result], item: Item) -> Result:
    return job(_told, item)
