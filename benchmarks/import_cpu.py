"""CPU time of this process for each imported order, compared with the least that it can cost.

Ours does all of an import: requests, typed orders, lookups in the books, mapping, proof, rows,
journal, status writes. The floor parses the same answers with orjson and writes the same rows with
`executemany`, in one transaction for each order, into a database with the journal mode and the
`synchronous` of the books. A second floor has fewer transactions, each for as many orders as the
books write at once; it has no aim. Ours and the floor are shown with HTTP (ours by its client, the
floor by a bare httpx client) and without it (ours on answers that were recorded before), for orders
of 1, 3 and 20 lines.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

import attrs
import example
import httpx
import orjson
from figure import Figure, compared, ratio, spent

from avbc import BigCommerce
from avbc.testing import StoreProcess
from avbc.testing.factories import OrderFactory

AIM = 3.0
AIM_WITH_HTTP = 1.5
LINES = (1, 3, 20)
"""Lines of each order."""
GROUP = 8
"""Orders in each transaction of the second floor."""
_API_URL = "https://api.bigcommerce.com/stores/abc123/v3/"

Kept: TypeAlias = Mapping[tuple[str, bytes], tuple[httpx.Request, httpx.Response]]
"""Requests and their answers, by method and path."""


@attrs.define
class Recorder(httpx.BaseTransport):
    """Passes requests on and keeps each answer."""

    inner: httpx.BaseTransport = attrs.field(factory=httpx.HTTPTransport)
    kept: dict[tuple[str, bytes], tuple[httpx.Request, httpx.Response]] = attrs.field(factory=dict)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self.inner.handle_request(request)
        response.read()
        self.kept[request.method, request.url.raw_path] = request, response
        return response


@attrs.frozen
class Replay(httpx.BaseTransport):
    """Answers from what was kept: everything but sockets."""

    kept: Kept

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _, response = self.kept[request.method, request.url.raw_path]
        return httpx.Response(
            response.status_code, headers=response.headers.raw, content=response.content
        )


@attrs.frozen
class Books:
    """What an import left in the database: its tables, and their rows in the order of writing."""

    journal_mode: str
    synchronous: int
    schema: tuple[str, ...]
    rows: Mapping[str, list[tuple[object, ...]]]

    @classmethod
    def read(cls, database: Path) -> Books:
        with closing(sqlite3.connect(database)) as connection:
            made = connection.execute(
                "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
            ).fetchall()
            names = [name for kind, name, _ in made if kind == "table"]
            return cls(
                connection.execute("PRAGMA journal_mode").fetchone()[0],
                # Of the connection, not of the file. The books leave it at its default.
                connection.execute("PRAGMA synchronous").fetchone()[0],
                tuple(sql for _, _, sql in made),
                {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names},
            )


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure."""
    orders, rounds = (40, 1) if quick else (240, 5)
    for lines in LINES:
        yield from _figures(lines, orders, rounds)


def _figures(lines: int, orders: int, rounds: int) -> Iterator[Figure]:
    opening, kept, books = _record(lines, orders)
    results: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        took = {
            "avbc": _over_http(lines, orders),
            "bare": _bare_http(lines, orders, kept),
            "replayed": _replayed({**opening, **kept}),
            "floor": _floor(orders, kept, books, group=1),
            "groups": _floor(orders, kept, books, group=GROUP),
        }
        if number:  # The first round warms up.
            for name, cpu in took.items():
                results.setdefault(name, []).append(cpu / orders)
    ours, replayed, floor = results["avbc"], results["replayed"], results["floor"]
    with_http = [sum(pair) for pair in zip(floor, results["bare"], strict=True)]
    name = f"CPU per imported order of {lines} line{'s' if lines > 1 else ''}"
    rows = "orjson and executemany"
    yield _figure(f"{name}, without HTTP", replayed, rows, floor, AIM)
    yield _figure(
        f"{name}, without HTTP", replayed, f"{rows}, {GROUP} orders a commit", results["groups"]
    )
    yield _figure(
        f"{name}, with HTTP", ours, f"{rows}, bare httpx for the same", with_http, AIM_WITH_HTTP
    )


def _figure(
    name: str, ours: list[float], peer: str, floor: list[float], aim: float | None = None
) -> Figure:
    return compared(name, _micro(ours), f"{peer}: {_micro(floor)}", ratio(ours, floor), aim)


def _micro(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1e6:,.0f} us"


@contextmanager
def _store(lines: int, orders: int) -> Iterator[StoreProcess]:
    """A store in a process of its own with orders of so many lines, paid by card."""
    factory = OrderFactory(seed=1, first_id=1001)
    with StoreProcess(orders=0) as server:
        server.add_orders([factory.order(factory.lines(lines)) for _ in range(orders)])
        yield server


def _record(lines: int, orders: int) -> tuple[Kept, Kept, Books]:
    """The requests of the test of the connection, those of the import, and what it wrote."""
    recorder = Recorder()
    with (
        _store(lines, orders) as server,
        BigCommerce(server.api_url, "example-token", transport=recorder) as store,
        example.orchestrator(server.api_url, store) as (web, database),
    ):
        web.test_connection()
        opening = dict(recorder.kept)
        web.import_orders()
        return (
            opening,
            {key: kept for key, kept in recorder.kept.items() if key not in opening},
            Books.read(database),
        )


def _over_http(lines: int, orders: int) -> float:
    with (
        _store(lines, orders) as server,
        example.orchestrator(server.api_url) as (web, _),
    ):
        # The connection and TLS certificates are made once, however many orders follow.
        web.test_connection()
        return spent(web.import_orders).cpu


def _replayed(kept: Kept) -> float:
    with (
        BigCommerce(_API_URL, "example-token", transport=Replay(kept)) as store,
        example.orchestrator(_API_URL, store) as (web, _),
    ):
        web.test_connection()
        return spent(web.import_orders).cpu


def _bare_http(lines: int, orders: int, kept: Kept) -> float:
    """Send the same requests, one after the other."""
    with (
        _store(lines, orders) as server,
        httpx.Client(base_url=server.api_url) as client,
    ):
        requests = [
            client.build_request(
                asked.method,
                asked.url.raw_path.decode(),
                content=asked.content,
                headers=asked.headers.raw,
            )
            for asked, _ in kept.values()
        ]

        def send() -> None:
            for request in requests:
                client.send(request)

        return spent(send).cpu


def _floor(orders: int, kept: Kept, books: Books, group: int) -> float:
    """Parse the same bytes and write the same rows, in one transaction for `group` orders.

    Each transaction takes an equal share of every table.
    """
    bodies = [response.content for _, response in kept.values() if response.content]
    statements = {
        name: f'INSERT INTO "{name}" VALUES ({",".join("?" * len(rows[0]))})'
        for name, rows in books.rows.items()
        if rows
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(Path(folder) / "floor.db")) as connection,
    ):
        # As the books have it. Only the books check foreign keys: equal shares are not cut where
        # orders are.
        connection.execute(f"PRAGMA journal_mode = {books.journal_mode}")
        connection.execute(f"PRAGMA synchronous = {books.synchronous}")
        for sql in books.schema:
            connection.execute(sql)

        def work() -> None:
            for body in bodies:
                orjson.loads(body)
            for first in range(0, orders, group):
                last = min(first + group, orders)
                with connection:
                    for name, statement in statements.items():
                        rows = books.rows[name]
                        share = rows[len(rows) * first // orders : len(rows) * last // orders]
                        if share:
                            connection.executemany(statement, share)

        return spent(work).cpu


if __name__ == "__main__":
    for figure in figures():
        print(figure)
