"""Many stores on many workers: real workers and beat, on Redis and PostgreSQL; some are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import celery
import celery.exceptions
import psutil
import pytest
import redis
import sqlalchemy as sa

import avbc
from avbc import Orchestrator, Settings, SqlGateway
from avbc.celery import WEBHOOKS, send_webhook
from avbc.orchestrator.engine.cycles import own_moment
from avbc.orchestrator.engine.journal import last_cycles
from avbc.orchestrator.webhooks import ImportOrder, Webhook
from avbc.testing import OrderFactory, StoreProcess, example, item
from avbc.testing.values import as_list, as_row

pytestmark = pytest.mark.one_python

NEW, DOWNLOADED = 11, 9
ORDERS = 64
PATIENCE = 90
"""Seconds after which what is waited for is held not to come."""
PASSWORD = "example-password"

APP = f"""
import os
import signal
from datetime import datetime, timedelta
from pathlib import Path

import celery
import celery.worker.request

import avbc
import avbc.celery
import avbc.clock

avbc.celery.WAITS = (1,) * 30
AHEAD = timedelta(seconds=float(os.environ.get("AHEAD", "0")))


class Off(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + AHEAD


avbc.clock.datetime = celery.worker.request.datetime = Off


def books():
    # Who calls this runs a task.
    Path(os.environ["PIDS"], str(os.getpid())).touch()
    return avbc.SqlGateway(os.environ["BOOKS"].replace("postgres@", "postgres:{PASSWORD}@"))


def kill(order, bundle):
    if str(order.id) == os.environ.get("KILLED_BY"):
        with Path(os.environ["PIDS"]).with_name("kills").open("a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return bundle


def orchestrator(settings, books):
    store = None
    if "IMPATIENT" in os.environ:
        retries = avbc.bigcommerce.Retries(attempts=1)
        api = settings.store
        store = avbc.BigCommerce(
            api_url=api.api_url, access_token=api.access_token, timeout=2, retries=retries
        )
    return avbc.Orchestrator(settings, books, store=store, customise=[kill])


app = celery.Celery("shops", broker=os.environ["BROKER"], backend=os.environ["BROKER"])
prefix = {{"global_keyprefix": os.environ["PREFIX"]}}
app.conf.update(
    broker_transport_options=prefix,
    result_backend_transport_options=prefix,
    broker_connection_retry_on_startup=True,
)
avbc.celery.register(
    app,
    stores=os.environ["STORES"],
    books=books,
    orchestrator=orchestrator,
)
app.conf.beat_schedule = avbc.celery.beat_schedule()
"""


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", "example-token")


Save = Callable[..., str]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Save the example's settings under an Import Source Code; returns the file's path."""
    (tmp_path / "stores").mkdir()

    def saved(api_url: str, code: str = "WEB") -> str:
        tables = example.settings_dict(api_url)
        tables["order_status"] |= {"import_source_code": code, "check_interval_minutes": 1}
        path = tmp_path / "stores" / f"{code}.toml"
        Settings.from_dict(tables).save(path)
        return str(path)

    return saved


@pytest.fixture
def store() -> Iterator[StoreProcess]:
    with StoreProcess(orders=ORDERS, latency_ms=5) as process:
        yield process


@pytest.fixture
def books_url(postgresql_url: str, books_toml: Path) -> str:
    with SqlGateway(postgresql_url) as books:
        books.load(books_toml)
    return postgresql_url


@pytest.fixture
def environment(redis_url: str, books_url: str, save: Save, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "pids").mkdir()
    (tmp_path / "shops.py").write_text(APP, encoding="utf-8")
    paths = [str(Path(avbc.__file__).parents[1]), str(tmp_path), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "BROKER": redis_url,
        "PREFIX": f"avbc-{uuid4().hex}",
        "BOOKS": books_url,
        "STORES": str(tmp_path / "stores"),
        "PIDS": str(tmp_path / "pids"),
    }


@pytest.fixture
def sender(environment: dict[str, str]) -> Iterator[Any]:
    """An application that sends messages to the workers."""
    prefix = {"global_keyprefix": environment["PREFIX"]}
    with celery.Celery(
        "sender", broker=environment["BROKER"], backend=environment["BROKER"], set_as_current=False
    ) as sender:
        sender.conf.update(broker_transport_options=prefix, result_backend_transport_options=prefix)
        yield sender
        sender.backend.result_consumer.stop()
        sender.backend.client.close()
    with redis.Redis.from_url(environment["BROKER"]) as broker:
        for key in broker.scan_iter(f"{environment['PREFIX']}*"):
            broker.delete(key)


class Crew:
    """Two workers with one process each that runs tasks, and beats."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.logs: list[Path] = []

    def start_workers(self) -> None:
        options = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        for number in range(2):
            name = f"{number}@test"
            self.start(
                "worker", "-c", "1", "-n", name, "-Q", f"celery,{WEBHOOKS}", "-l", "INFO", *options
            )

    def start_beat(self) -> None:
        self.start("beat", "-s", str(self.folder / f"beat-{len(self.processes)}"), "--pidfile=")

    def start(self, *arguments: str) -> None:
        log = self.folder / f"log-{len(self.processes)}"
        with log.open("wb") as file:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "celery", "-A", "shops", *arguments],
                    env=self.environment,
                    cwd=self.folder,
                    start_new_session=True,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                )
            )
        self.logs.append(log)

    def lines(self, words: str) -> list[str]:
        """Return what was logged with these words."""
        text = "\n".join(log.read_text(encoding="utf-8") for log in self.logs)
        return [line for line in text.splitlines() if words in line]

    def at_work(self) -> list[psutil.Process]:
        """The processes that run a task, or did."""
        return [
            psutil.Process(int(path.name))
            for path in (self.folder / "pids").iterdir()
            if psutil.pid_exists(int(path.name))
        ]

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.processes.clear()


@pytest.fixture
def crew(environment: dict[str, str], tmp_path: Path, sender: Any) -> Iterator[Crew]:
    crew = Crew(environment, tmp_path)
    yield crew
    crew.end()


def wait_until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Ask again and again."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def last(books_url: str) -> dict[str, sa.Row[Any]]:
    """The last cycle of each store that had one, by Import Source Code."""
    with SqlGateway(books_url) as books, books.engine.connect() as connection:
        if not sa.inspect(connection).has_table(last_cycles.name):
            return {}
        rows = connection.execute(sa.select(last_cycles)).all()
    return {row.scope.split("@")[0]: row for row in rows if row.ended_at is not None}


def waits(books_url: str, code: str) -> timedelta:
    """How long after the last cycle of a store the next one is due."""
    row = last(books_url)[code]
    wait: timedelta = row.next_at - row.ended_at
    return wait


def is_hourly(row: sa.Row[Any]) -> bool:
    """Whether the next cycle is due at the store's own moment of an hour."""
    hour = timedelta(hours=1)
    next_at: datetime = row.next_at
    return next_at == own_moment(row.scope, hour, row.ended_at + hour)


def make_due(books_url: str, *codes: str) -> None:
    """Have the next cycles of stores be due, as if time had passed."""
    with SqlGateway(books_url) as books, books.engine.begin() as connection:
        for code in codes:
            is_code = last_cycles.c.scope.startswith(f"{code}@")
            due_at = last_cycles.c.ended_at
            connection.execute(sa.update(last_cycles).where(is_code).values(next_at=due_at))


def statuses_set(store: StoreProcess) -> Counter[str]:
    return Counter(
        request.path
        for request in store.log
        if request.method == "PUT" and request.path != "/v2/orders/0"
    )


def is_done(store: StoreProcess) -> bool:
    return all(as_row(order)["status_id"] != NEW for order in as_list(store.summary()["orders"]))


def assert_each_once(store: StoreProcess, books_url: str) -> None:
    found = [as_row(order) for order in as_list(store.summary()["orders"])]
    assert statuses_set(store) == Counter({f"/v2/orders/{order['id']}": 1 for order in found})
    with SqlGateway(books_url) as books:
        imported = Counter(order.import_id for order in books.sales_orders())
    assert imported == Counter(
        {f"WEB{order['id']}": 1 for order in found if order["status_id"] == DOWNLOADED}
    )
    assert len(imported) > ORDERS / 2


def waiting(environment: dict[str, str]) -> int:
    """How many messages wait in a queue or in a worker."""
    with redis.Redis.from_url(environment["BROKER"]) as broker:
        prefix = environment["PREFIX"]
        queues = sum(broker.llen(f"{prefix}{name}") for name in ("celery", WEBHOOKS))
        return queues + broker.hlen(f"{prefix}unacked")


# --- stores come, go and have faults ---


def test_stores_run_while_others_have_faults_and_new_ones_come(
    crew: Crew, save: Save, environment: dict[str, str]
) -> None:
    with StoreProcess(orders=0) as shop:
        for number in range(3):
            save(shop.api_url, f"A{number:02}")
        Path(environment["STORES"], "bad.toml").write_text("[store]\napi_url = 1\n")
        crew.start_workers()
        # Two beats cost time, and break nothing.
        crew.start_beat()
        crew.start_beat()
        wait_until(lambda: last(environment["BOOKS"]).keys() >= {"A00", "A01", "A02"})
        save(shop.api_url, "B00")
        wait_until(lambda: "B00" in last(environment["BOOKS"]), patience=60)
        assert all(process.poll() is None for process in crew.processes)
        # Two dispatchers that begin in the same moment may both say it.
        lines = crew.lines("bad.toml has ")
        assert len(lines) in (1, 2)
        assert "ERROR" in lines[0]
        assert not crew.lines("UnknownStore")
        assert not crew.lines("Traceback")


def test_clocks_of_workers_are_off(crew: Crew, save: Save, environment: dict[str, str]) -> None:
    environment["AHEAD"] = "90"
    with StoreProcess(orders=0) as shop:
        save(shop.api_url)
        crew.start_workers()
        crew.start_beat()
        wait_until(lambda: "WEB" in last(environment["BOOKS"]))
        wait_until(lambda: len(crew.lines("Task avbc.dispatch")) >= 4)
    (line,) = crew.lines("90 s ahead of the database's")
    assert "WARNING" in line
    assert not crew.lines("revoked")


def give_token(path: str, token: str) -> None:
    """Write an access token into a settings file."""
    text = Path(path).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("access_token")]
    lines.insert(lines.index("[store]") + 1, f'access_token = "{token}"')
    Path(path).write_text("\n".join([*lines, ""]), encoding="utf-8")


def test_each_store_has_its_own_fault_and_its_own_interval(
    crew: Crew,
    save: Save,
    sender: Any,
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment["IMPATIENT"] = "yes"
    monkeypatch.delenv("AVBC_ACCESS_TOKEN")
    environment.pop("AVBC_ACCESS_TOKEN")
    books = environment["BOOKS"]
    with ExitStack() as stack:
        wrong, hangs, well = (
            stack.enter_context(StoreProcess(orders=0)) for _ in ("WRO", "HNG", "WEL")
        )
        hangs.fail("*", "timeout", times=1000)
        paths = {
            code: save(store.api_url, code)
            for code, store in (("WRO", wrong), ("HNG", hangs), ("WEL", well))
        }
        for code, path in paths.items():
            give_token(path, "wrong-token" if code == "WRO" else "example-token")

        def count(code: str) -> int:
            """How many cycles a store had."""
            return len(crew.lines(f"({code}): {'No new orders' if code == 'WEL' else '5 of '}"))

        def send(*codes: str) -> None:
            """Send what the dispatcher sends for stores that are due."""
            make_due(books, *codes)
            for code in codes:
                sender.send_task("avbc.run_cycle", [paths[code]])

        crew.start_workers()
        for path in paths.values():
            sender.send_task("avbc.run_cycle", [path])
        # A wrong token is logged once. A store that hangs delays no other, and is left alone for a
        # growing while.
        wait_until(lambda: last(books).keys() >= paths.keys())
        assert waits(books, "HNG") <= timedelta(minutes=1)
        send(*paths)
        wait_until(lambda: count("WEL") == count("WRO") == 2)
        wait_until(lambda: crew.lines("(HNG): The store did not answer in 2 cycles;"))
        wait_until(lambda: waits(books, "HNG") > timedelta(minutes=1))
        send("WEL", "WRO")
        wait_until(lambda: count("WEL") == count("WRO") == 3)
        (line,) = crew.lines("The access token is wrong")
        assert "ERROR" in line
        assert "(WRO)" in line
        # It is logged again for other settings, and an interval that was changed holds from the
        # next cycle on, without a restart.
        give_token(paths["WRO"], "another-token")
        file = Path(paths["WEL"])
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("interval_minutes = 1\n", "interval_minutes = 60\n"))
        send("WEL", "WRO")
        wait_until(lambda: len(crew.lines("The access token is wrong")) == 2)
        wait_until(lambda: is_hourly(last(books)["WEL"]))
        assert not crew.lines("(HNG): The store did not answer in 3 cycles;")
        assert not crew.lines("Traceback")


def test_what_piled_up_costs_nothing_and_what_fails_for_now_is_tried_again(
    crew: Crew, save: Save, sender: Any, environment: dict[str, str]
) -> None:
    environment["IMPATIENT"] = "yes"
    with StoreProcess(orders=4) as shop:
        path = save(shop.api_url)
        # Beat went on while no worker was there.
        for _ in range(100):
            sender.send_task("avbc.dispatch")
        crew.start_workers()
        wait_until(lambda: is_done(shop))
        wait_until(lambda: waiting(environment) == 0)
        assert len(crew.lines("another message did it")) >= 98
        # Each is received and succeeds. For the other worker the next cycle may be due by then.
        assert len(crew.lines("Task avbc.run_cycle")) in (2, 4)
        shop.fail("GET /v2/orders*", "503")
        result = sender.send_task("avbc.import_orders", [path])
        assert result.get(timeout=PATIENCE)["ok"]
        assert len(crew.lines("import_orders follows in 1 s")) == 1


# --- an import that takes long ---


def test_webhooks_of_a_store_that_is_imported_hold_up_no_other(
    crew: Crew, save: Save, store: StoreProcess, sender: Any, environment: dict[str, str]
) -> None:
    busy = save(store.api_url)
    orders = [as_row(order)["id"] for order in as_list(store.summary()["orders"])][:16]
    with ExitStack() as stack:
        other = stack.enter_context(StoreProcess(orders=4, store_hash="xyz789"))
        second = save(other.api_url, "TRD")
        books = stack.enter_context(SqlGateway(environment["BOOKS"]))
        web = stack.enter_context(Orchestrator(Settings.load(busy), books))
        crew.start_workers()
        with web._integration.turn("import_orders", timedelta(0)):
            for number, order_id in enumerate(orders):
                action = ImportOrder(int(str(order_id)))
                webhook = Webhook("store/order/created", action, keys=(f"{number:064}",))
                send_webhook(sender, busy, webhook)
            asked = sender.send_task("avbc.import_order", [busy, orders[-1]])
            sender.send_task("avbc.run_cycle", [second])
            wait_until(lambda: is_done(other), patience=30)
            assert not statuses_set(store)
            wait_until(lambda: len(crew.lines("act_on_webhook follows in 1 s")) >= 16)
        wait_until(lambda: len(statuses_set(store)) == 16)
        assert asked.get(timeout=PATIENCE)["ok"]


def test_shoppers_of_two_stores_are_one_client_each(
    crew: Crew, save: Save, sender: Any, environment: dict[str, str]
) -> None:
    shops = OrderFactory(), OrderFactory()
    buyers = [shops[0].person() for _ in range(8)]
    with StoreProcess(orders=0) as one, StoreProcess(orders=0, store_hash="xyz789") as two:
        stores = {"ONE": one, "TWO": two}
        for shop, store in zip(shops, stores.values(), strict=True):
            store.add_orders([shop.order([item("MUG-RED")], buyer=buyer) for buyer in buyers * 2])
        paths = [save(store.api_url, code) for code, store in stores.items()]
        crew.start_workers()
        results = [sender.send_task("avbc.import_orders", [path]) for path in paths]
        assert all(result.get(timeout=PATIENCE)["ok"] for result in results)
        assert is_done(one)
        assert is_done(two)
    with SqlGateway(environment["BOOKS"]) as books:
        emails = Counter(client.email for client in books.clients())
        assert len(books.sales_orders()) == 4 * len(buyers)
    assert {emails[buyer.email] for buyer in buyers} == {1}


# --- workers that die ---


def test_an_order_that_kills_its_process_kills_one_for_a_message(
    crew: Crew,
    save: Save,
    store: StoreProcess,
    sender: Any,
    environment: dict[str, str],
) -> None:
    path = save(store.api_url)
    environment["KILLED_BY"] = "1003"
    crew.start_workers()
    result = sender.send_task("avbc.import_order", [path, 1003])
    with pytest.raises(Exception, match="SIGKILL"):
        result.get(timeout=PATIENCE)
    sender.send_task("avbc.run_cycle", [path])
    kills = crew.folder / "kills"
    wait_until(lambda: len(kills.read_text()) == 2)
    # A message that follows is taken, so nothing came between.
    wait_until(lambda: waiting(environment) == 0)
    sender.send_task("avbc.test_connection", [path]).get(timeout=PATIENCE)
    wait_until(lambda: waiting(environment) == 0)
    assert len(kills.read_text()) == 2


@pytest.mark.parametrize("killed", ["the process at work", "the worker"])
def test_a_worker_is_killed_in_the_middle_of_an_import(
    killed: str, crew: Crew, save: Save, sender: Any, store: StoreProcess
) -> None:
    path = save(store.api_url)
    crew.start_workers()
    sender.send_task("avbc.run_cycle", [path])
    wait_until(lambda: len(statuses_set(store)) >= ORDERS // 4)
    (at_work,) = crew.at_work()
    parent = at_work.parent()
    # What it has sent is answered first, so that the store's log tells who did what.
    at_work.suspend()
    seen: list[object] = []
    wait_until(
        lambda: (
            not seen.append(store.summary()["requests"])
            and len(seen) > 10
            and len({*map(str, seen[-10:])}) == 1
        )
    )
    assert not is_done(store)
    if killed == "the worker":
        assert parent is not None
        parent.kill()
    at_work.kill()
    psutil.wait_procs([at_work, *([parent] if killed == "the worker" and parent else [])])
    # The next message, as the dispatcher sends it, does the rest. One may be lost to a connection
    # that just died.
    while not is_done(store):
        result = sender.send_task("avbc.import_orders", [path])
        with suppress(celery.exceptions.TimeoutError):
            result.get(timeout=10)
    assert_each_once(store, crew.environment["BOOKS"])


def test_a_store_is_imported_by_one_at_a_time(
    crew: Crew, save: Save, sender: Any, store: StoreProcess, environment: dict[str, str]
) -> None:
    path = save(store.api_url)
    results = [sender.send_task("avbc.import_orders", [path]) for _ in range(6)]
    with redis.Redis.from_url(environment["BROKER"], decode_responses=True) as broker:
        messages = broker.lrange(f"{environment['PREFIX']}celery", 0, -1)
    assert len(messages) == 6
    assert not [
        message
        for message in messages
        if "example-token" in message or PASSWORD in message or "postgres" in message
    ]
    crew.start_workers()
    summaries = [result.get(timeout=PATIENCE)["summary"] for result in results]
    assert is_done(store)
    assert_each_once(store, environment["BOOKS"])
    assert len([summary for summary in summaries if summary.startswith("Imported")]) == 1
