"""Several processes at one store and one database that all want its orders.

Other applications use a third of the store's quota.

The processes and the quota's windows of 30 seconds are real, so a run takes a minute, most of it
waiting.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Self

import attrs
from bench.databases import Place, PostgresqlPlace, SqlitePlace, run_until_quiet
from bench.ends import damage, seen
from bench.tally import Row
from bench.worlds import is_quiet

import avbc
from avbc.acctvantage import SqlGateway
from avbc.orchestrator import Orchestrator
from avbc.settings import Settings
from avbc.testing import LoopbackServer
from avbc.testing.fakestore.quota import RequestQuota

QUOTA, OTHERS = 450, 150
MOST_REFUSED = 1 / 1000
"""How many of all requests may get a 429."""
_READ = 20
"""Of so many orders the transactions are read by a process that finds another one importing."""


@attrs.frozen
class Ended:
    """What one process did."""

    imported: list[int]
    refused: list[int]


class Process:
    """A process that imports until there is nothing left, and reads while another imports."""

    def __init__(self, settings: object, books: str, read: list[int]) -> None:
        paths = [
            str(Path(avbc.__file__).parents[1]),
            str(Path(__file__).parents[1]),
            os.environ.get("PYTHONPATH", ""),
        ]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        command = [sys.executable, "-m", "bench.together"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._process.stdin is not None
        self._process.stdin.write(
            json.dumps({"settings": settings, "books": books, "read": read}) + "\n"
        )
        self._process.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def end(self) -> Ended:
        """Wait for its end."""
        told, _ = self._process.communicate()
        return Ended(**json.loads(told))


def _work(task: dict[str, Any]) -> dict[str, list[int]]:
    imported: list[int] = []
    refused: list[int] = []
    with (
        SqlGateway(task["books"]) as books,
        Orchestrator(Settings.from_dict(task["settings"]), books) as web,
    ):
        while True:
            report = web.import_orders()
            imported += [outcome.order_id for outcome in report.imported]
            refused += [outcome.order_id for outcome in report.refused]
            if is_quiet(report):
                return {"imported": imported, "refused": refused}
            web.store.map(
                [web.store.transactions.list.call(number) for number in task["read"]], limit=4
            )


def together(
    place: Place, where: str, *, processes: int = 3, quota: int = QUOTA, others: int = OTHERS
) -> Row:
    """Let processes import the same orders.

    Each order is to be imported by one of them, what comes of it is to be what comes of one process
    alone, and of all requests, each of which counts as a point, at most one in a thousand is to get
    a 429.
    """
    started = time.monotonic()
    row = Row(f"{processes} processes: {place.world.name} on {where}")
    store = place.reset()
    run_until_quiet(place, store, row, "one process")
    with place.calm() as books:
        expected = seen(store, books)
    store = place.reset()
    store.quota = RequestQuota(quota, others)
    ids = sorted(store.state.orders)
    with LoopbackServer(store) as server, ExitStack() as stack:
        settings = place.world.settings(server.api_url)
        reads = [ids[number * _READ : (number + 1) * _READ] for number in range(processes)]
        working = [stack.enter_context(Process(settings, place.url, read)) for read in reads]
        ended = [process.end() for process in working]
    for name in ("imported", "refused"):
        times = Counter(number for process in ended for number in getattr(process, name))
        if twice := [number for number, count in times.items() if count > 1]:
            row.complain(where, f"{name} more than once: {twice}")
    if store.quota.refused > MOST_REFUSED * len(store.log):
        row.complain(where, f"{store.quota.refused} of {len(store.log)} requests got a 429")
    with place.calm() as books:
        row.count(place.world.orders, damage(expected, seen(store, books)), where)
    row.points += len(store.log) - 1
    row.seconds = time.monotonic() - started
    return row


def together_on_sqlite(name: str, **options: int) -> Row:
    """On a SQLite file."""
    with tempfile.TemporaryDirectory() as folder:
        return together(SqlitePlace(name, Path(folder)), "SQLite", **options)


def together_on_postgresql(name: str, server: str, **options: int) -> Row:
    """On a PostgreSQL server."""
    with closing(PostgresqlPlace(name, server)) as place:
        return together(place, "PostgreSQL", **options)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_work(json.loads(sys.stdin.readline()))))
