"""CPU time of this process for each imported order, compared with the least that it can cost.

Ours does all of an import: requests, typed orders, lookups in the books, mapping, proof, rows,
journal, status writes. The floor parses the same answers with orjson and writes the same rows with
`executemany`, in one transaction for each order, into a database with the journal mode and the
`synchronous` of the books. A second floor has fewer transactions, each for as many orders as the
books write at once; it has no aim. Ours and the floor are shown with HTTP (ours by its client, the
floor by a bare httpx client) and without it (ours on answers that were recorded before), for orders
of 1, 3 and 20 lines. What a process does once is done before.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import attrs
import example
import httpx
import orjson
from figure import Figure, compared, microseconds, ratio, spent
from replay import API_URL, Kept, Recorder, Replay, ReplayServer

from avbc import BigCommerce, Orchestrator
from avbc.testing import FakeStore, OrderFactory

AIM = 3.0
AIM_WITH_HTTP = 1.5
LINES = (1, 3, 20)
"""Lines of each order."""
FIRST_ID = 1001
GROUP = 8
"""Orders in each transaction of the second floor."""


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

    def since(self, before: Books) -> dict[str, list[tuple[object, ...]]]:
        """The rows that were written since."""
        known = {name: set(rows) for name, rows in before.rows.items()}
        return {
            name: [row for row in rows if row not in known.get(name, ())]
            for name, rows in self.rows.items()
        }


def figures(*, quick: bool = False) -> Iterator[Figure]:
    """Measure."""
    orders, rounds = (8, 1) if quick else (240, 5)
    for lines in LINES[: 1 if quick else None]:
        yield from _figures(lines, orders, rounds)


def _figures(lines: int, orders: int, rounds: int) -> Iterator[Figure]:
    opening, kept, books = _record(lines, orders)
    with ReplayServer([*opening, *kept]) as server:
        variants: dict[str, Callable[[], float]] = {
            "avbc": lambda: _imported(server.api_url),
            "bare": lambda: _bare_http(server.api_url, kept),
            "replayed": lambda: _imported(API_URL, Replay([*opening, *kept])),
            "floor": lambda: _floor(orders, kept, books, group=1),
            "groups": lambda: _floor(orders, kept, books, group=GROUP),
        }
        results: dict[str, list[float]] = {name: [] for name in variants}
        for number in range(rounds + 1):
            for name, measure in variants.items():
                cpu = measure()
                if number or rounds == 1:  # The first round warms up.
                    results[name].append(cpu / orders)
            if rounds == 1:
                break
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
    return compared(
        name, microseconds(ours), f"{peer}: {microseconds(floor)}", ratio(ours, floor), aim
    )


def _record(lines: int, orders: int) -> tuple[Kept, Kept, Books]:
    """The requests of what a process does once, those of the import, and what it wrote."""
    server, factory = FakeStore(), OrderFactory(seed=1, first_id=FIRST_ID)
    first, *others = [factory.order(factory.lines(lines)) for _ in range(1 + orders)]
    recorder = Recorder(server.transport())
    with (
        BigCommerce(API_URL, "example-token", transport=recorder) as store,
        example.orchestrator(API_URL, store) as (web, database),
    ):
        server.add_order(first)
        _begin(web)
        opening, before = recorder.take(), Books.read(database)
        server.add_orders(others)
        report = web.import_orders()
        assert len(report.imported) == orders, report
        books = Books.read(database)
        return opening, recorder.take(), attrs.evolve(books, rows=books.since(before))


def _begin(web: Orchestrator) -> None:
    """What a process does once: connect, load TLS certificates, write each statement as SQL."""
    web.test_connection()
    web.import_order(FIRST_ID)


def _imported(api_url: str, transport: httpx.BaseTransport | None = None) -> float:
    """CPU seconds of the import, by a transport or over HTTP."""
    with (
        BigCommerce(api_url, "example-token", transport=transport) as store,
        example.orchestrator(api_url, store) as (web, _),
    ):
        _begin(web)
        return spent(web.import_orders).cpu


def _bare_http(api_url: str, kept: Kept) -> float:
    """Send the same requests, one after the other."""
    with httpx.Client() as client:
        requests = [
            client.build_request(
                asked.method,
                httpx.URL(api_url, raw_path=asked.url.raw_path),
                content=asked.content,
                headers=[each for each in asked.headers.raw if each[0].lower() != b"host"],
            )
            for asked, _ in kept
        ]

        def send() -> None:
            for request in requests:
                client.send(request).raise_for_status()

        return spent(send).cpu


def _floor(orders: int, kept: Kept, books: Books, group: int) -> float:
    """Parse the same bytes and write the same rows, in one transaction for `group` orders.

    Each transaction takes an equal share of every table.
    """
    bodies = [response.content for _, response in kept if response.content]
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
        connection.execute("SELECT * FROM sales_orders").fetchall()  # the schema is read

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
