"""CPU time of this process for each imported order, compared with the least that it can cost.

Ours does all of an import: requests, typed orders, lookups in the books, mapping, proof, rows,
journal, status writes. The floor parses the same answers with orjson and writes the same rows with
`executemany`, in one transaction for each order, into a database with the journal mode and the
`synchronous` of the books. Both are shown with HTTP (ours by its client, the floor by a bare httpx
client) and without it (ours on answers that were recorded before).
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

import attrs
import example
import httpx
import orjson
from figure import Figure, compared, ratio, spent

from avbc import BigCommerce
from avbc.testing import StoreProcess

AIM = 4.0
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
                tuple(sql for _, _, sql in made),
                {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in names},
            )


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure."""
    orders, rounds = (40, 1) if quick else (400, 5)
    opening, kept, books = _record(orders)
    results: dict[str, list[float]] = {}
    for number in range(rounds + 1):
        took = {
            "avbc": _over_http(orders),
            "bare": _bare_http(orders, kept),
            "replayed": _replayed({**opening, **kept}),
            "floor": _floor(orders, kept, books),
        }
        if number:  # The first round warms up.
            for name, cpu in took.items():
                results.setdefault(name, []).append(cpu / orders)
    floor, with_http = (
        results["floor"],
        [sum(pair) for pair in zip(results["floor"], results["bare"], strict=True)],
    )
    name, rows = "CPU per imported order", "orjson and executemany"
    yield _figure(f"{name}, without HTTP", results["replayed"], rows, floor)
    yield _figure(
        f"{name}, with HTTP",
        results["avbc"],
        f"{rows}, bare httpx for the same requests",
        with_http,
    )
    yield _figure(f"{name}, with HTTP", results["avbc"], f"{rows}, no HTTP", floor)


def _figure(name: str, ours: list[float], peer: str, floor: list[float]) -> Figure:
    return compared(name, _micro(ours), f"{peer}: {_micro(floor)}", ratio(ours, floor), AIM)


def _micro(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1e6:,.0f} us"


def _record(orders: int) -> tuple[Kept, Kept, Books]:
    """The requests of the test of the connection, those of the import, and what it wrote."""
    recorder = Recorder()
    with (
        StoreProcess(orders=orders, plain=True) as server,
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


def _over_http(orders: int) -> float:
    with (
        StoreProcess(orders=orders, plain=True) as server,
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


def _bare_http(orders: int, kept: Kept) -> float:
    """Send the same requests, one after the other."""
    with (
        StoreProcess(orders=orders, plain=True) as server,
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


def _floor(orders: int, kept: Kept, books: Books) -> float:
    """Parse the same bytes and write the same rows, in as many transactions as there are orders.

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
        # As the books have it. `synchronous` is SQLite's default in both. Only the books check
        # foreign keys: equal shares are not cut where orders are.
        connection.execute(f"PRAGMA journal_mode = {books.journal_mode}")
        for sql in books.schema:
            connection.execute(sql)

        def work() -> None:
            for body in bodies:
                orjson.loads(body)
            for number in range(orders):
                with connection:
                    for name, statement in statements.items():
                        rows = books.rows[name]
                        share = rows[
                            len(rows) * number // orders : len(rows) * (number + 1) // orders
                        ]
                        if share:
                            connection.executemany(statement, share)

        return spent(work).cpu


if __name__ == "__main__":
    for figure in figures():
        print(figure)
