"""Bars in terminals and notebooks, and a callback in any case."""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Callable

import pytest
import rich.console

from avbc.errors import MissingExtra
from avbc.orchestrator import Orchestrator
from avbc.orchestrator.engine import progress
from avbc.orchestrator.engine.progress import progress_shown, waiting_shown
from avbc.testing import FakeStore
from avbc.testing.example import plain_orders

Console = rich.console.Console


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    screen = io.StringIO()
    monkeypatch.setattr(
        rich.console, "Console", lambda **_: Console(file=screen, force_terminal=True, width=100)
    )
    return screen


def test_bars_in_a_terminal(terminal: io.StringIO) -> None:
    told: list[tuple[int, int | None, str]] = []
    with progress_shown(lambda *step: told.append(step), bars=True) as tell:
        tell(1, None, "Looking")
        tell(2, 4, "Pushing [bold]")
        tell(4, 4, "Pushing [bold]")
    assert told == [(1, None, "Looking"), (2, 4, "Pushing [bold]"), (4, 4, "Pushing [bold]")]
    assert "Looking" in terminal.getvalue()
    assert "4/4" in terminal.getvalue()


def test_without_bars_the_callback_is_the_callback() -> None:
    told: list[int] = []
    with progress_shown(lambda done, *_: told.append(done), bars=False) as tell:
        tell(1, 2, "x")
    with progress_shown(None, bars=False) as tell:
        tell(1, 2, "x")
    assert told == [1]


def test_bars_in_a_notebook_need_nothing_but_the_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []

    class Handle:
        def update(self, table: object) -> None:
            screen = io.StringIO()
            Console(file=screen, width=100).print(table)
            shown.append(screen.getvalue())

    class Display:
        @staticmethod
        def display(table: object, *, display_id: bool) -> Handle:
            assert display_id
            assert hasattr(table, "_repr_mimebundle_")
            return Handle()

    monkeypatch.setitem(sys.modules, "IPython.display", Display)
    monkeypatch.setattr(
        rich.console, "Console", lambda **_: Console(file=io.StringIO(), force_jupyter=True)
    )
    with progress_shown(None, bars=True) as tell:
        tell(1, 2, "Pushing")
        tell(2, 2, "Pushing")
    assert "1/2" in shown[0]
    assert "2/2" in shown[-1]


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    with (
        pytest.raises(MissingExtra, match=r"pip install 'avbc\[progress\]'"),
        progress_shown(None, bars=True),
    ):
        pass


def test_long_methods_draw_bars(
    join: Callable[..., Orchestrator], store: FakeStore, terminal: io.StringIO
) -> None:
    for order in plain_orders(2):
        store.add_order(order)
    web = join()
    web.preview_orders(progress=True)
    assert "Previewing orders" in terminal.getvalue()
    web.import_orders(progress=True)
    assert "Importing orders" in terminal.getvalue()
    web.push_order_statuses(progress=True)
    web.push_shipments(progress=True)


def until_shown(terminal: io.StringIO, text: str, work: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while text not in terminal.getvalue():
        work()
        assert time.monotonic() < deadline, f"{text} does not show"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_a_terminal_what_lasts_shows_by_itself(
    terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress_shown(None, bars=None, doing="Importing") as tell:
        tell(1, 2, "Importing")
    assert terminal.getvalue() == ""  # it was soon over
    monkeypatch.setattr(progress, "_UNASKED_AFTER", 0.001)
    with progress_shown(None, bars=None, doing="Importing") as tell:
        until_shown(terminal, "Importing", lambda: tell(1, 2, "Importing"))
    with waiting_shown("Testing the connection"):
        until_shown(terminal, "Testing the connection", lambda: None)


def test_nothing_shows_by_itself_elsewhere(
    terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_UNASKED_AFTER", 0.0)

    def look() -> None:
        with waiting_shown("Testing the connection"):
            pass

    look()  # stderr is no terminal
    monkeypatch.setattr(sys, "stderr", Terminal())
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    monkeypatch.setattr(progress, "find_spec", lambda _: None)
    look()
    assert terminal.getvalue() == ""
