"""Store-days with real processes, on SQLite and PostgreSQL: in each cycle one of them is struck.

People act between the cycles, by the plans of the simulation. After each death the model of an
order's life is held against the store, the books and the worklist.
"""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import sqlalchemy as sa
from life import HOOK, settings_of
from model import Model, Write
from people import ACTS, People
from plan import Event, plan

from avbc.acctvantage import SqlGateway
from avbc.bigcommerce import BigCommerce
from avbc.orchestrator import Orchestrator
from avbc.testing import FakeStore, LoopbackServer, example
from avbc.testing.fakestore.http import Reply, StoreRequest
from bench.mortal import KILLS, POSTGRESQL, SQLITE, Ended, Forks
from bench.tally import Damage, Row

CALM = 8
"""After so many cycles in which nothing happens there must be nothing left to do."""
_LATER = timedelta(hours=1)
"""Nobody acts while processes run: what is stopped was stopped before they began."""
_DOUBLED = ("is_in_the_books_once", "ships_each_shipment_once", "is_sent_once")
_OFF = ("is_booked_to_the_cent", "says_what_money_differs", "balances")


class Watched(FakeStore):
    """A store whose requests the model sees while processes run."""

    model: Model | None = None

    def answer(self, request: StoreRequest, *, waited: bool = True) -> Reply:
        model, of = self.model, ("a process", request.method, request.path)
        if model is not None:
            body = json.loads(request.body or b"{}")
            if write := Write.of(*of, body, datetime.now(UTC) + _LATER):
                model.write(write)
        reply = super().answer(request, waited=waited)
        if model is not None:
            with suppress(ValueError):
                model.answered(*of, json.loads(reply.response.body or b"[]"))
        return reply


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """Make a database of its own; its URL.

    Args:
        server: A PostgreSQL server, or nothing for a SQLite file.
    """
    if not server:
        # In memory where possible: a process is killed here, not a machine.
        memory = Path("/dev/shm")
        with tempfile.TemporaryDirectory(
            ignore_cleanup_errors=True, dir=memory if os.access(memory, os.W_OK) else None
        ) as folder:
            yield f"sqlite:///{folder}/books.db"
        return
    url = sa.make_url(server).set(drivername="postgresql+psycopg")
    admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"chaos_{os.getpid()}_{random.randrange(10**9)}"
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


class Day:
    """A store-day, and the processes that are struck on it.

    Args:
        seed: Of the plan, and of who is struck when.
        server: The PostgreSQL server; nothing for SQLite.
        forks: Where the processes are forked.
        stack: Closes what the day opens.
    """

    def __init__(self, seed: int, server: str, forks: Forks, stack: ExitStack) -> None:
        self._plan, self._choose = plan(seed), random.Random(seed)
        self._forks = forks
        self.kinds = POSTGRESQL if server else SQLITE
        self.where = "PostgreSQL" if server else "SQLite"
        self._store = Watched(
            settle_after=None, shipments_move_status=self._plan.setup.shipments_move_status
        )
        example.populate(self._store, 0)
        loopback = stack.enter_context(LoopbackServer(self._store))
        self._url = stack.enter_context(new_database(server))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "books.toml").write_text(example.books_toml, encoding="utf-8")
        books = stack.enter_context(SqlGateway(self._url))
        books.load(folder / "books.toml")
        self._reports = folder / "reports"
        self._reports.touch()
        settings = settings_of(self._plan.setup, loopback.api_url)
        pushed = attrs.evolve(
            settings.shipping, sync_product_details=True, sync_inventory_levels=True
        )
        self._settings = attrs.evolve(settings, shipping=pushed)
        client = BigCommerce(
            self._store.api_url,
            "example-token",
            client_secret=self._settings.store.client_secret,
            transport=self._store.transport(),
        )
        stack.enter_context(client)
        self._desk = stack.enter_context(Orchestrator(self._settings, books, store=client))
        accept = lambda call: self._desk.accept_webhook(call.body, call.headers)  # noqa: E731
        self.people = People(
            self._store,
            books,
            lambda: datetime.now(UTC),
            accept if self._plan.setup.webhooks else None,
        )
        self.model = Model(self.people, self._plan.setup, lambda: list(self._desk.worklist()))
        self._ids: dict[int, int] = {}
        self._most = dict.fromkeys(self.kinds, 12)
        """How many points of each kind a cycle has, about."""
        self.rows = {kind: Row(f"{kind}, {self.where}") for kind in self.kinds}

    def live(self, cycles: int) -> None:
        """Live it in so many cycles, until the first violation."""
        if self._plan.setup.webhooks:
            self._desk.register_webhooks(HOOK)
        events = [
            event for event in self._plan.events if ACTS.get(event.name) not in (None, "the store")
        ]
        for cycle in range(cycles):
            for event in events[
                cycle * len(events) // cycles : (cycle + 1) * len(events) // cycles
            ]:
                self._act(event)
            kind = self.kinds[(cycle + self._plan.seed) % len(self.kinds)]
            if not self._struck(kind):
                return
        self._calm(kind)

    def _act(self, event: Event) -> None:
        order_id = self._ids.get(event.order, 0)
        if order_id or not event.order or event.name == "place":
            self.people.do(event.name, order_id, **event.options)
        if event.name == "place":
            self._ids[event.order] = max(self.people.diaries)

    def _struck(self, kind: str) -> bool:
        """Strike a process, and let another one work at the same time; returns if all is well."""
        at, is_death = self._choose.randint(1, self._most[kind]), kind in KILLS
        ended, *others = self._run(kind, at, others=is_death and self._choose.random() < 0.4)
        hit = ended.signal == 9 if is_death else ended.hits > 0
        self._most[kind] = self._most[kind] * 3 // 2 if hit else max(ended.points, 2)
        row = self.rows[kind]
        row.orders += len(self.people.diaries) if hit else 0
        row.points += hit
        self.model.moment()
        found = [each for one in (ended, *others) for each in self._wrong(one, is_death)]
        return self._tell(row, f"seed {self._plan.seed}, {kind} at point {at}", found)

    def _run(self, kind: str = "", at: int = 0, *, others: bool = False) -> list[Ended]:
        patience = "?timeout=0.01" if kind == "locked" else ""
        settings = self._settings.to_dict()
        task = {"settings": settings, "books": self._url, "reports": str(self._reports)}
        self.model.forget("a process")
        self._store.model = self.model
        struck = {**task, "books": self._url + patience, "kind": kind, "at": at}
        ended = self._forks.run(struck, *[{**task, "kind": "", "at": 0}] * others)
        self._store.model = None
        return ended

    def _wrong(self, ended: Ended, is_death: bool) -> list[str]:
        if ended.signal and not (ended.signal == 9 and is_death):
            return [f"it ended by signal {ended.signal}"]
        return ended.wrong

    def _calm(self, kind: str) -> None:
        """Nothing goes wrong any more, and nobody acts: there is nothing left to do."""
        for number in range(CALM):
            if number == 2:
                # The hour is over after which all open orders are looked for.
                of = self._desk._integration
                of.journal.forget_fingerprints(f"followed all {of.scope}", None)
            if number < 3:
                self.people.do("deliver")
                self.people.do("settle")
            (ended,) = self._run()
            if not self._tell(self.rows[kind], "afterwards", self._wrong(ended, False)):
                return
            if number > 3 and not ended.did:
                break
        else:
            self.rows[kind].complain(f"seed {self._plan.seed}", f"not quiet: {ended.did}")
        self.model.quiet()
        told = set(self._reports.read_text(encoding="utf-8").splitlines())
        items = [[each.key, each.area, each.code, each.message] for each in self._desk.worklist()]
        silent = [f"never reported: {each}" for each in items if str(each) not in told]
        self._tell(self.rows[kind], f"seed {self._plan.seed}, in the end", silent)

    def _tell(self, row: Row, at: str, wrong: Sequence[str]) -> bool:
        for each in wrong:
            row.complain(at, each)
        ends = Damage()
        for each in self.model.found:
            deeds = [str(deed) for deed in self.people.deeds if deed.order_id == each.order_id]
            column = (
                ends.doubled
                if each.rule in _DOUBLED
                else ends.off
                if each.rule in _OFF
                else ends.lost
            )
            column.append("; ".join([str(each), *deeds]))
        if ends:
            row.count(0, ends, at)
        return not wrong and not ends


def live(forks: Forks, seeds: Sequence[int], server: str = "", *, cycles: int = 24) -> list[Row]:
    """Live store-days on SQLite, or on a PostgreSQL server, with processes that are forked here."""
    rows: list[Row] = []
    for seed in seeds:
        started = time.monotonic()
        with ExitStack() as stack:
            day = Day(seed, server, forks, stack)
            day.live(cycles)
        rows += day.rows.values()
        rows[-1].seconds = time.monotonic() - started
    return rows


def days(seeds: Sequence[int], server: str = "") -> list[Row]:
    """Live store-days."""
    with Forks() as forks:
        return live(forks, seeds, server)
