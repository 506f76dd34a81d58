"""Many stores on many workers: real Celery workers with a real broker, some of them killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import celery
import celery.exceptions
import psutil
import pytest
import redis
from celery.beat import Scheduler

import avbc
from avbc import BigCommerce, Orchestrator, Retries, Settings, SettingsError, SqlGateway
from avbc.celery import METHODS, UnknownStore, beat_schedule, register
from avbc.orchestrator import SCHEDULE, Job
from avbc.orchestrator.engine.parts import methods_of
from avbc.testing import FakeStore, StoreProcess, example
from avbc.testing.values import as_list, as_row

pytestmark = pytest.mark.one_python

NEW, DOWNLOADED, ERROR = 11, 9, 12
ORDERS = 64
PATIENCE = 90
"""Seconds after which what is waited for is held not to come."""
PASSWORD = "example-password"

APP = f"""
import os
from pathlib import Path

import celery

import avbc
from avbc.celery import beat_schedule, register


def books():
    # Who calls this runs a task.
    Path(os.environ["PIDS"], str(os.getpid())).touch()
    return avbc.SqlGateway(os.environ["BOOKS"].replace("postgres@", "postgres:{PASSWORD}@"))


app = celery.Celery("shops", broker=os.environ["BROKER"], backend=os.environ["BROKER"])
app.conf.update(task_default_queue=os.environ["QUEUE"], broker_connection_retry_on_startup=True)
register(app, stores=[os.environ["STORE"]], books=books)
"""


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", "example-token")


Save = Callable[..., str]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Save the example's settings, with changes by screen; returns the file's path."""

    def saved(
        api_url: str = "https://api.example.com/stores/abc123/v3/",
        name: str = "avbc.toml",
        **screens: dict[str, object],
    ) -> str:
        tables = example.settings_dict(api_url)
        path = tmp_path / name
        Settings.from_dict(
            {key: {**table, **screens.get(key, {})} for key, table in tables.items()}
        ).save(path)
        return str(path)

    return saved


# --- the schedule of beat ---


def test_the_schedule_is_what_the_settings_want(save: Save) -> None:
    often = save(
        name="often.toml",
        order_status={"check_interval_minutes": 1},
        shipping={"sync_product_details": False},
    )
    seldom = save(
        name="seldom.toml",
        order_status={"check_interval_minutes": 20, "updates": "off"},
        gl={"import_refunds": True},
    )
    found = {
        (entry["args"][0], entry["task"]): (
            entry["schedule"] / timedelta(minutes=1),
            entry["options"]["expires"],
        )
        for entry in beat_schedule([Path(often), seldom]).values()
    }
    assert found == {
        (often, "avbc.import_orders"): (1, 60),
        (often, "avbc.follow_orders"): (1, 60),
        (often, "avbc.take_answers"): (1, 60),
        (often, "avbc.push_order_statuses"): (1, 60),
        (often, "avbc.push_shipments"): (5, 300),
        (often, "avbc.push_inventory"): (15, 900),
        (often, "avbc.check_hooks"): (60, 3600),
        (often, "avbc.prune_journal"): (1440, 86400),
        (seldom, "avbc.import_orders"): (20, 1200),
        (seldom, "avbc.follow_orders"): (20, 1200),
        (seldom, "avbc.take_answers"): (20, 1200),
        (seldom, "avbc.import_refunds"): (20, 1200),
        (seldom, "avbc.push_shipments"): (20, 1200),
        (seldom, "avbc.push_inventory"): (20, 1200),
        (seldom, "avbc.push_products"): (60, 3600),
        (seldom, "avbc.check_hooks"): (60, 3600),
        (seldom, "avbc.prune_journal"): (1440, 86400),
    }


def test_a_schedule_of_ones_own(save: Save) -> None:
    daily = Job("export_clients", every=timedelta(days=1))
    (entry,) = beat_schedule([save()], [daily]).values()
    assert (entry["task"], entry["schedule"]) == ("avbc.export_clients", timedelta(days=1))
    with pytest.raises(ValueError, match="there is no task for 'explain'"):
        beat_schedule([save()], [Job("explain")])


def test_a_settings_file_with_faults_is_told_when_beat_starts(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.toml"):
        beat_schedule([tmp_path / "gone.toml"])


# --- the tasks, in this process ---


@pytest.fixture
def shop() -> Iterator[FakeStore]:
    store = FakeStore()
    example.populate(store, orders=6)
    return store


Run = Callable[..., Any]


@pytest.fixture
def app() -> Iterator[Any]:
    with celery.Celery("shops", broker="memory://", set_as_current=False) as app:
        yield app


@pytest.fixture
def notified() -> list[list[avbc.WorklistItem]]:
    return []


@pytest.fixture
def path(
    save: Save,
    shop: FakeStore,
    app: Any,
    books_toml: Path,
    notified: list[list[avbc.WorklistItem]],
) -> Iterator[str]:
    """A settings file whose store has its tasks in the application."""
    path = save(shop.api_url)
    with ExitStack() as stack:
        books = stack.enter_context(SqlGateway())
        books.load(books_toml)

        def join(settings: Settings, books: avbc.ImportGateway) -> Orchestrator:
            client = BigCommerce(
                settings.store.api_url,
                "example-token",
                transport=shop.transport(),
                retries=Retries(attempts=1),
                sleep=lambda _: None,
            )
            return stack.enter_context(
                Orchestrator(
                    settings,
                    books,
                    store=stack.enter_context(client),
                    on_attention=notified.append,
                )
            )

        register(app, stores=[Path(path)], books=lambda: books, orchestrator=join)
        yield path


@pytest.fixture
def run(app: Any) -> Run:
    return lambda method, *arguments: app.tasks[f"avbc.{method}"].apply(arguments, throw=True).get()


def test_there_is_a_task_for_each_method(app: Any, path: str) -> None:
    assert {name for name in app.tasks if name.startswith("avbc.")} == {
        f"avbc.{method}" for method in METHODS
    }
    assert {job.method for job in SCHEDULE} <= set(METHODS)
    for method in METHODS:
        task = app.tasks[f"avbc.{method}"]
        assert (task.acks_late, task.reject_on_worker_lost) == (True, True)
        assert task.__doc__ == getattr(Orchestrator, method).__doc__


def test_a_task_returns_how_it_went_and_no_orders(
    app: Any, run: Run, path: str, shop: FakeStore
) -> None:
    assert run("import_order", path, 1001)["summary"].startswith("Imported 1 order.")
    done = run("import_orders", path)
    assert done["ok"] is True
    assert done["summary"].startswith("Imported 5 orders.")
    assert set(done) == {"ok", "summary"}
    assert {order.header["status_id"] for order in shop.state.orders.values()} == {DOWNLOADED}
    # Arguments by name, too.
    retry = app.tasks["avbc.import_orders"].apply([path], {"retry_errors": True}, throw=True).get()
    assert retry["summary"].startswith("No new orders.")
    # One request, as without Celery: the store stays open.
    shop.clear_log()
    run("import_orders", path)
    assert [entry.method for entry in shop.log] == ["GET"]


def test_a_task_reports_what_waits_for_a_person_once(
    run: Run, path: str, shop: FakeStore, notified: list[list[avbc.WorklistItem]]
) -> None:
    shop.edit_order(1001, payment_method="Pigeon Post")
    run("import_orders", path)
    run("import_orders", path)
    assert [[item.order_id for item in items] for items in notified] == [[1001]]


def test_the_settings_file_is_read_for_each_task(
    run: Run, path: str, save: Save, shop: FakeStore
) -> None:
    assert run("push_order_statuses", path)["ok"]
    save(shop.api_url, order_status={"updates": "off"})
    assert run("push_order_statuses", path) == {
        "ok": True,
        "summary": "the settings turn push_order_statuses off",
    }
    save(shop.api_url, store={"enabled": False})
    assert run("import_orders", path)["summary"].startswith("store.enabled is false")
    assert shop.state.orders[1001].header["status_id"] == NEW


def test_a_task_that_the_books_cannot_do_is_left_out(
    app: Any, save: Save, shop: FakeStore, books_toml: Path
) -> None:
    """Beat sends it again and again, and does not know the books; a person is sent an error."""
    path = save(shop.api_url)
    with SqlGateway() as whole:
        whole.load(books_toml)
        methods = {name: getattr(whole, name) for name in methods_of(avbc.ImportGateway)}
        books = cast("avbc.ImportGateway", type("MyBooks", (), {})())
        vars(books).update(methods)
        register(app, stores=[Path(path)], books=lambda: books)

        def run(method: str) -> dict[str, object]:
            return app.tasks[f"avbc.{method}"].apply((path,), throw=True).get()

        assert run("push_order_statuses") == {
            "ok": True,
            "summary": "push_order_statuses is left out: MyBooks lacks sales_orders_changed, "
            "orders_in_status and set_order_status (StatusGateway). Add these methods to MyBooks "
            '(docs/gateway.md), or set order_status.updates = "off".',
        }
        with pytest.raises(avbc.MethodsMissing, match="export_clients needs ClientGateway"):
            run("export_clients")


def test_no_other_file_is_opened(run: Run, path: str, save: Save) -> None:
    with pytest.raises(UnknownStore, match=r"other\.toml"):
        run("import_orders", save(name="other.toml"))


def test_what_passes_is_tried_again(app: Any, path: str, shop: FakeStore) -> None:
    shop.fail("*", "503", times=20)
    app.tasks["avbc.import_orders"].apply([path])
    assert [entry.status for entry in shop.log] == [503] * 4
    shop.mend()
    shop.fail("*", "503", times=3)
    app.tasks["avbc.import_orders"].apply([path])
    assert {order.header["status_id"] for order in shop.state.orders.values()} == {DOWNLOADED}


def test_what_does_not_pass_is_not_tried_again(run: Run, path: str, shop: FakeStore) -> None:
    shop.clear_log()
    with pytest.raises(avbc.NoSuchOrder):
        run("import_order", path, 999)
    assert len(shop.log) == 1


def test_beat_sends_what_workers_take(app: Any, path: str) -> None:
    app.conf.beat_schedule = beat_schedule([path])
    scheduler = Scheduler(app=app)
    for entry in scheduler.schedule.values():
        if entry.task.startswith("avbc."):
            assert entry.task in app.tasks
            assert not entry.is_due().is_due
            scheduler.apply_async(entry, advance=False)
    sent = app.connection_for_read().default_channel._size("celery")
    assert sent == len(beat_schedule([path]))


# --- real workers ---


class Workers:
    """Two workers with one process each that runs tasks."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.folder = folder
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "shops",
            "worker",
            "-c",
            "1",
            "-l",
            "WARNING",
        ]
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        self.processes = [
            subprocess.Popen(
                [*command, "-n", f"{number}@test"],
                env=environment,
                cwd=folder,
                start_new_session=True,
            )
            for number in range(2)
        ]

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
def environment(
    redis_url: str, books_url: str, save: Save, store: StoreProcess, tmp_path: Path
) -> dict[str, str]:
    (tmp_path / "pids").mkdir()
    (tmp_path / "shops.py").write_text(APP, encoding="utf-8")
    paths = [str(Path(avbc.__file__).parents[1]), str(tmp_path), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "BROKER": redis_url,
        "QUEUE": f"avbc-{uuid4().hex}",
        "BOOKS": books_url,
        "STORE": save(store.api_url),
        "PIDS": str(tmp_path / "pids"),
    }


@pytest.fixture
def send(environment: dict[str, str]) -> Iterator[Callable[..., Any]]:
    """Send a task of the store, as beat would; returns its result to wait for."""
    with celery.Celery(
        "sender", broker=environment["BROKER"], backend=environment["BROKER"], set_as_current=False
    ) as sender:
        yield lambda method, *arguments: sender.send_task(
            f"avbc.{method}", [environment["STORE"], *arguments], queue=environment["QUEUE"]
        )
        sender.backend.result_consumer.stop()
        sender.backend.client.close()


@pytest.fixture
def workers(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[[], Workers]]:
    with ExitStack() as stack:

        def start() -> Workers:
            workers = Workers(environment, tmp_path)
            stack.callback(workers.end)
            return workers

        yield start
    with redis.Redis.from_url(environment["BROKER"]) as broker:
        broker.delete(environment["QUEUE"])


def statuses_set(store: StoreProcess) -> Counter[str]:
    return Counter(
        request.path
        for request in store.log
        if request.method == "PUT" and request.path != "/v2/orders/0"
    )


def wait_until(condition: Callable[[], bool]) -> None:
    """Ask the store again and again: each asking takes a moment of its own."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end


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


@pytest.mark.parametrize("killed", ["the process at work", "the worker"])
def test_a_worker_is_killed_in_the_middle_of_an_import(
    killed: str,
    workers: Callable[[], Workers],
    send: Callable[..., Any],
    store: StoreProcess,
    environment: dict[str, str],
) -> None:
    crew = workers()
    result = send("import_orders")
    wait_until(lambda: len(statuses_set(store)) >= ORDERS // 4)
    (at_work,) = crew.at_work()
    parent = at_work.parent()
    # What it has sent is answered first, so that the store's log tells who did what.
    at_work.suspend()
    seen: list[object] = []
    wait_until(
        lambda: (
            not seen.append(store.summary()["requests"])
            and len(seen) > 40
            and len({*map(str, seen[-40:])}) == 1
        )
    )
    assert not is_done(store)
    if killed == "the worker":
        assert parent is not None
        parent.kill()
        at_work.kill()
        psutil.wait_procs([parent])
        # Redis gives its message back in an hour. Beat does not wait for it, nor mind that one is
        # lost to a connection that just died.
        while not is_done(store):
            result = send("import_orders")
            with suppress(celery.exceptions.TimeoutError):
                result.get(timeout=10)
    else:
        # Its worker gives the message back at once.
        at_work.kill()
        assert result.get(timeout=PATIENCE)["summary"].startswith("Imported ")
    assert is_done(store)
    assert_each_once(store, environment["BOOKS"])


def test_a_store_is_imported_by_one_at_a_time(
    workers: Callable[[], Workers],
    send: Callable[..., Any],
    store: StoreProcess,
    environment: dict[str, str],
) -> None:
    results = [send("import_orders") for _ in range(6)]
    with redis.Redis.from_url(environment["BROKER"], decode_responses=True) as broker:
        messages = broker.lrange(environment["QUEUE"], 0, -1)
    assert len(messages) == 6
    assert not [
        message
        for message in messages
        if "example-token" in message or PASSWORD in message or "postgres" in message
    ]
    workers()
    summaries = [result.get(timeout=PATIENCE)["summary"] for result in results]
    assert is_done(store)
    assert_each_once(store, environment["BOOKS"])
    assert len([summary for summary in summaries if summary.startswith("Imported")]) == 1
