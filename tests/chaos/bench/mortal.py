"""A process that dies where it is told to: before or after a request or a commit, by SIGKILL.

Run as a program it is a server of forks: it loads everything once, and forks a child for each line
of JSON that it is sent. A child opens its own connections to the books and to the store.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs
import httpx
import sqlalchemy as sa
from bench.ends import report_of
from bench.worlds import Clock, is_quiet, looking, world
from sqlalchemy import event

import avbc
from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce, Retries
from avbc.orchestrator import Orchestrator, WorklistItem
from avbc.settings import Settings

LONGEST_LIFE = 60
"""Seconds after which a child counts as hanging."""


class Life:
    """Counts the points at which a process may die, and dies at one of them."""

    def __init__(self, ends_at: int | None) -> None:
        self.ends_at = ends_at
        self.points: list[str] = []
        self._lock = threading.Lock()

    def point(self, name: str) -> None:
        """A point. Nothing is run after the last: no finally, no rollback, no goodbye."""
        with self._lock:
            self.points.append(name)
            if len(self.points) == self.ends_at:
                os.kill(os.getpid(), signal.SIGKILL)


class MortalTransport(httpx.BaseTransport):
    """Sends over the network, and may die before a request or before its answer is read."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._inner = httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        name = f"{request.method} {request.url.path.partition('/stores/abc123')[2]}"
        self._life.point(f"before {name}")
        response = self._inner.handle_request(request)
        self._life.point(f"after {name}")
        return response

    def close(self) -> None:
        self._inner.close()


def make_mortal(engine: sa.Engine, life: Life, *, statements: bool = False) -> None:
    """Let each commit that writes be two points: before it and after it.

    With `statements` each statement of a writer is one, too.
    """

    class MortalConnection(sqlite3.Connection):
        writes = False

        def watch(self, sql: str) -> None:
            first = sql.lstrip()[:6].upper()
            self.writes = self.writes or first in {"INSERT", "UPDATE", "DELETE", "CREATE", "REPLAC"}
            if statements and self.writes:
                life.point(f"statement {' '.join(sql.split())[:40]}")

        def commit(self) -> None:
            if not self.writes:
                super().commit()
                return
            life.point("before commit")
            super().commit()
            self.writes = False
            life.point("after commit")

        def rollback(self) -> None:
            self.writes = False
            super().rollback()

    @event.listens_for(engine, "do_connect")
    def connect(
        _dialect: object, _record: object, arguments: list[Any], options: dict[str, Any]
    ) -> sqlite3.Connection:
        connection = sqlite3.connect(*arguments, **options, factory=MortalConnection)
        connection.set_trace_callback(connection.watch)
        return connection


def live(task: Mapping[str, Any]) -> dict[str, Any]:
    """One life: the calls of the task, one after another.

    Args:
        task: The `world` by name, its `settings` and `calls`, the URL of the `books`, the file for
            what is reported of the worklist (`reports`), the point that the life `ends_at`, and
            whether `statements` are points.

    Returns:
        What it did and at which points it could have died.
    """
    life = Life(task["ends_at"])
    settings = Settings.from_dict(task["settings"])
    told: dict[str, Any] = {"quiet": True, "errors": [], "reports": []}

    def on_attention(items: Sequence[WorklistItem]) -> None:
        with Path(task["reports"]).open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(report_of(item)) + "\n" for item in items)

    with looking(task["world"]), SqlGateway(task["books"]) as books:
        make_mortal(books.engine, life, statements=task["statements"])
        transport = MortalTransport(life)
        with (
            BigCommerce(
                settings.store.api_url,
                "example-token",
                transport=transport,
                retries=Retries(attempts=2),
            ) as client,
            Orchestrator(settings, books, store=client, on_attention=on_attention) as web,
        ):
            for call in task["calls"]:
                report = getattr(web, call)()
                told["quiet"] = told["quiet"] and is_quiet(report)
                told["reports"].append(f"{call}: {report.summary()}")
    return {**told, "points": life.points}


def serve() -> None:
    """Fork for each task on standard input, and tell how the child ended."""
    warm_up()
    gc.freeze()
    for line in sys.stdin:
        task = json.loads(line)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            signal.alarm(LONGEST_LIFE)
            try:
                told = live(task)
            except BaseException as error:  # noqa: BLE001  # whatever it is, the bench is to know
                told = {
                    "errors": [f"{type(error).__name__}: {error}", traceback.format_exc()],
                    "quiet": False,
                    "reports": [],
                    "points": [],
                }
            with os.fdopen(writing, "w") as pipe:
                json.dump(told, pipe)
            os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            text = pipe.read()
        status = os.waitpid(pid, 0)[1]
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        sys.stdout.write(
            json.dumps(
                {"signal": number, "told": json.loads(text) if text and not number else None}
            )
            + "\n"
        )
        sys.stdout.flush()


def warm_up() -> None:
    """Load and run what a life needs, so that a child does not have to."""
    small = world("few")
    store = small.store()
    with SqlGateway() as books:
        small.reset(books)
        client = BigCommerce(
            store.api_url, "example-token", transport=store.transport(), sleep=Clock().sleep
        )
        with (
            client,
            Orchestrator(
                Settings.from_dict(small.settings(store.api_url)), books, store=client
            ) as web,
        ):
            web.import_orders()
    httpx.HTTPTransport(verify=False).close()


@attrs.frozen
class Ended:
    """How a child ended."""

    signal: int
    told: dict[str, Any] | None

    @property
    def killed(self) -> bool:
        """By SIGKILL, as it was told to."""
        return self.signal == signal.SIGKILL


class Forks:
    """The server of forks, as a context."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        own = Path(__file__).parents[1]
        paths = [str(Path(avbc.__file__).parents[1]), str(own), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        command = [sys.executable, "-m", "bench.mortal"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            for pipe in [self._process.stdin, self._process.stdout]:
                if pipe is not None:
                    pipe.close()
            self._process.wait(10)

    def run(self, task: Mapping[str, Any]) -> Ended:
        """Let a child live its task, up to a point (`live`)."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Ended(answer["signal"], answer["told"])


if __name__ == "__main__":
    serve()
