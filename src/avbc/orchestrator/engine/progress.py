"""The progress of a long method: a callback, and bars on request."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from avbc.errors import MissingExtra

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

Progress: TypeAlias = Callable[[int, int | None, str], object]
"""Called with how many are done, how many there are (None while unknown) and what is being done."""


class _Handle(Protocol):
    def update(self, obj: object) -> object: ...


class _Display(Protocol):
    def display(self, *objs: object, display_id: bool) -> _Handle: ...


_REDRAW_SECONDS = 0.2
"""Between two drawings in a notebook, each of which is sent to the browser."""


_UNASKED_AFTER = 2.0
"""Seconds after which bars are drawn that nobody asked for."""


def no_progress(_done: int, _total: int | None, _what: str) -> None:
    """Show no progress."""


@contextmanager
def progress_shown(
    callback: Progress | None, *, bars: bool | None, doing: str = ""
) -> Generator[Progress]:
    """Return a callback that calls another one, and draws a bar for each thing that is done.

    Args:
        callback: The application's callback.
        bars: Draw bars, in a terminal (on stderr) or a notebook. None: in a terminal where rich is
            installed, once it has lasted for two seconds, and until it ends.
        doing: What the first bar is of.

    Raises:
        MissingExtra: rich is not installed.
    """
    if bars is None:
        bars, after = _may_draw(), _UNASKED_AFTER
    else:
        after = 0.0
    if not bars:
        yield callback or no_progress
        return
    with _drawing(doing, after) as draw:

        def report(done: int, total: int | None, what: str) -> None:
            draw(done, total, what)
            if callback is not None:
                callback(done, total, what)

        yield report


@contextmanager
def waiting_shown(doing: str) -> Generator[None]:
    """Show in a terminal that something lasts longer than two seconds."""
    with progress_shown(None, bars=None, doing=doing):
        yield


def _may_draw() -> bool:
    """Whether bars that nobody asked for disturb nothing: one thread draws, on a terminal."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    is_main = threading.current_thread() is threading.main_thread()
    return is_terminal and is_main and find_spec("rich") is not None


@contextmanager
def _drawing(doing: str, after: float) -> Generator[Progress]:
    try:
        from rich import progress as rich  # noqa: PLC0415
        from rich.console import Console  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise MissingExtra("progress bars need rich", "progress") from error
    console = Console(stderr=True)
    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.MofNCompleteColumn(),
        rich.TimeElapsedColumn(),
    )
    # In a notebook rich needs ipywidgets to redraw, so IPython, which is there, shows its table.
    bars = rich.Progress(
        *columns,
        console=console,
        auto_refresh=not console.is_jupyter,
        transient=after > 0,
    )
    tasks: dict[str, TaskID] = {}

    def draw(done: int, total: int | None, what: str) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
        bars.update(tasks[what], completed=done, total=total)

    if console.is_jupyter:
        yield from _in_notebook(bars, draw)
        return
    if not after:
        with bars:
            yield draw
        return
    draw(0, None, doing)
    start = threading.Timer(after, bars.start)
    start.daemon = True
    start.start()
    try:
        yield draw
    finally:
        start.cancel()
        start.join()
        bars.stop()


def _in_notebook(bars: Bars, draw: Progress) -> Generator[Progress]:
    # A notebook has IPython, which has no types.
    display = cast("_Display", import_module("IPython.display"))
    handle = display.display(bars.make_tasks_table(bars.tasks), display_id=True)
    last = 0.0

    def redraw(done: int, total: int | None, what: str) -> None:
        nonlocal last
        draw(done, total, what)
        if time.monotonic() - last >= _REDRAW_SECONDS:
            last = time.monotonic()
            handle.update(bars.make_tasks_table(bars.tasks))

    try:
        yield redraw
    finally:
        handle.update(bars.make_tasks_table(bars.tasks))
