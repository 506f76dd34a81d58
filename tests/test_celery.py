"""Many stores on many workers: the tasks, in this process; real workers are in another file."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import celery
import pytest
import redis
import sqlalchemy as sa
from celery.beat import Scheduler

import avbc
from avbc import BigCommerce, Orchestrator, Retries, Settings, SqlGateway
from avbc.celery import METHODS, WAITS, UnknownStore, beat_schedule, register, send_webhook
from avbc.clock import Clock
from avbc.documentation import see
from avbc.errors import TransientError
from avbc.orchestrator import SCHEDULE, Job
from avbc.orchestrator.engine.cycles import LastCycle, own_moment, scope_of
from avbc.orchestrator.engine.journal import last_cycles
from avbc.orchestrator.engine.parts import methods_of
from avbc.orchestrator.webhooks import ImportOrder, NoteStatus, Webhook
from avbc.settings.files import SettingsFiles
from avbc.testing import FakeStore, example

pytestmark = pytest.mark.one_python

NEW, DOWNLOADED = 11, 9


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", "example-token")


Save = Callable[..., str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "stores"
    folder.mkdir()
    return folder


@pytest.fixture
def save(folder: Path) -> Save:
    """Save the example's settings, with changes by screen; returns the file's path."""

    def saved(
        api_url: str = "https://api.example.com/stores/abc123/v3/",
        name: str = "avbc.toml",
        **screens: dict[str, object],
    ) -> str:
        tables = example.settings_dict(api_url)
        path = folder / name
        Settings.from_dict(
            {key: {**table, **screens.get(key, {})} for key, table in tables.items()}
        ).save(path)
        return str(path)

    return saved


@pytest.fixture
def shop() -> FakeStore:
    store = FakeStore()
    example.populate(store, orders=6)
    return store


Run = Callable[..., Any]


@pytest.fixture
def broker() -> str:
    return "memory://"


@pytest.fixture
def app(broker: str) -> Iterator[Any]:
    queue = f"avbc-{uuid4().hex}"
    with new_app(queue, broker) as app:
        yield app
        if broker.startswith("redis"):
            with redis.Redis.from_url(broker) as server:
                server.delete(queue, f"_kombu.binding.{queue}")


def new_app(queue: str, broker: str = "memory://") -> Any:
    app = celery.Celery("shops", broker=broker, set_as_current=False)
    app.conf.task_default_queue = queue
    return app


def messages(app: Any, queue: str = "") -> list[tuple[str, list[Any]]]:
    """Take the messages that wait: their tasks and arguments."""
    found: list[tuple[str, list[Any]]] = []
    with app.connection_for_read() as connection:
        waiting = connection.SimpleQueue(queue or app.conf.task_default_queue)
        with suppress(waiting.Empty):
            while True:
                message = waiting.get_nowait()
                message.ack()
                found.append((message.headers["task"], message.payload[0]))
        waiting.close()
    return found


@pytest.fixture
def books_url() -> str:
    return "sqlite://"


@pytest.fixture
def books(books_url: str, books_toml: Path) -> Iterator[SqlGateway]:
    with SqlGateway(books_url) as books:
        books.load(books_toml)
        yield books


@pytest.fixture
def notified() -> list[list[avbc.WorklistItem]]:
    return []


Join = Callable[[Settings, avbc.ImportGateway], Orchestrator]


@pytest.fixture
def join(shop: FakeStore, notified: list[list[avbc.WorklistItem]]) -> Iterator[Join]:
    """Return an orchestrator whose store is in this process."""
    with ExitStack() as stack:

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

        yield join


@pytest.fixture
def path(save: Save, shop: FakeStore, app: Any, books: SqlGateway, join: Join) -> str:
    """A settings file whose store has its tasks in the application."""
    path = save(shop.api_url)
    register(app, stores=Path(path).parent, books=lambda: books, orchestrator=join)
    return path


@pytest.fixture
def run(app: Any) -> Run:
    return lambda method, *arguments: app.tasks[f"avbc.{method}"].apply(arguments, throw=True).get()


def test_there_is_a_task_for_each_method(app: Any, path: str) -> None:
    others = {"avbc.dispatch", "avbc.run_cycle", "avbc.act_on_webhook"}
    assert {name for name in app.tasks if name.startswith("avbc.")} == others | {
        f"avbc.{method}" for method in METHODS
    }
    assert {job.method for job in SCHEDULE} <= set(METHODS)
    for method in METHODS:
        task = app.tasks[f"avbc.{method}"]
        # A message that kills its process is gone with it.
        assert (task.acks_late, task.reject_on_worker_lost) == (True, None)
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
            f'({see("gateway")}), or set order_status.updates = "off".',
        }
        with pytest.raises(avbc.MethodsMissing, match="export_clients needs ClientGateway"):
            run("export_clients")


def test_no_other_file_is_opened(run: Run, path: str, save: Save) -> None:
    other = Path(save(name="other.toml"))
    with pytest.raises(UnknownStore, match=r"other\.toml"):
        run("import_orders", str(other.rename(other.parents[1] / other.name)))


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch, app: Any, path: str) -> list[float]:
    """How long tasks were to wait that are tried again."""
    waits: list[float] = []
    for task in app.tasks.values():
        if task.name.startswith("avbc."):
            retry = task.retry

            def noted(retry: Callable[..., Any] = retry, **options: Any) -> Any:
                waits.append(options["countdown"])
                return retry(**options)

            monkeypatch.setattr(task, "retry", noted)
    return waits


def test_what_passes_is_tried_again_later(
    app: Any, path: str, shop: FakeStore, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    shop.fail("*", "503", times=2)
    app.tasks["avbc.import_orders"].apply([path])
    assert {order.header["status_id"] for order in shop.state.orders.values()} == {DOWNLOADED}
    assert waits == [*WAITS[:2]] == [10, 30]
    assert f"{path}: import_orders follows in 30 s: " in caplog.text
    waits.clear()
    caplog.clear()
    shop.fail("*", "503", times=20)
    result = app.tasks["avbc.import_orders"].apply([path])
    assert isinstance(result.result, avbc.StoreUnavailable)
    assert waits == [*WAITS]
    assert f"Example store (WEB): {path}: import_orders failed: " in caplog.text
    assert "Traceback" not in caplog.text


def test_what_does_not_pass_is_not_tried_again(
    run: Run, path: str, shop: FakeStore, waits: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    shop.clear_log()
    with pytest.raises(avbc.NoSuchOrder):
        run("import_order", path, 999)
    assert len(shop.log) == 1
    assert not waits
    assert f"{path}: import_order failed: " in caplog.text
    assert "Traceback" not in caplog.text


class Taken:
    """A turn that another process has."""

    def check(self) -> str:
        return "another process is doing this for the store"

    def release(self) -> None: ...


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """All turns are taken until this is undone."""
    monkeypatch.setattr(SqlGateway, "take_turn", lambda *_: Taken())
    return monkeypatch


def test_what_a_person_asked_for_comes_again_when_another_process_does_the_same(
    app: Any, path: str, shop: FakeStore, taken: pytest.MonkeyPatch
) -> None:
    retry = app.tasks["avbc.import_order"].retry

    def noted(**options: Any) -> Any:
        taken.undo()
        return retry(**options)

    taken.setattr(app.tasks["avbc.import_order"], "retry", noted)
    taken.setenv("AVBC_ACCESS_TOKEN", "example-token")
    app.tasks["avbc.import_order"].apply([path, 1001])
    assert shop.state.orders[1001].header["status_id"] == DOWNLOADED


@pytest.mark.usefixtures("taken")
def test_what_the_running_import_does_is_not_tried_again(
    run: Run, path: str, waits: list[float]
) -> None:
    assert "another process" in run("import_orders", path)["summary"]
    assert not waits


# --- webhooks ---

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_worker_acts_on_a_webhook(app: Any, path: str, shop: FakeStore) -> None:
    webhook = Webhook("store/order/created", ImportOrder(1001), AT, ("a" * 64, "b" * 64))
    send_webhook(app, Path(path), webhook)
    assert not messages(app)
    ((name, arguments),) = messages(app, "avbc.webhooks")
    done = app.tasks[name].apply(arguments, throw=True).get()
    assert done == {
        "ok": True,
        "summary": "store/order/created: import order 1001: imported.",
    }
    assert shop.state.orders[1001].header["status_id"] == DOWNLOADED


def test_a_webhook_is_the_same_after_the_queue(
    app: Any, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [
        Webhook("store/order/statusUpdated", NoteStatus(1001, None, 5), AT, ("a" * 64,)),
        Webhook("store/order/archived", avbc.orchestrator.webhooks.FollowOrder(1, "archived")),
    ]
    got: list[Webhook] = []

    def act(_: Orchestrator, webhook: Webhook) -> avbc.orchestrator.webhooks.WebhookReport:
        got.append(webhook)
        return avbc.orchestrator.webhooks.WebhookReport(webhook)

    monkeypatch.setattr(Orchestrator, "act_on_webhook", act)
    for webhook in sent:
        send_webhook(app, path, webhook)
    for name, arguments in messages(app, "avbc.webhooks"):
        app.tasks[name].apply(arguments, throw=True).get()
    assert got == sent


@pytest.mark.usefixtures("taken")
def test_a_webhook_that_cannot_be_done_now_comes_again(
    app: Any, path: str, waits: list[float]
) -> None:
    send_webhook(app, path, Webhook("store/order/created", ImportOrder(1001), AT, ("a" * 64,)))
    ((name, arguments),) = messages(app, "avbc.webhooks")
    result = app.tasks[name].apply(arguments)
    assert isinstance(result.result, TransientError)
    assert waits == [*WAITS]


def test_webhooks_do_not_ask_a_store_that_does_not_answer(
    app: Any, path: str, books: SqlGateway, shop: FakeStore, waits: list[float]
) -> None:
    settings = Settings.load(path)
    with Orchestrator(settings, books) as web:
        _, now = web.cycles.read(scope_of(settings))
        later = now + timedelta(minutes=10)
        web.cycles.write(scope_of(settings), LastCycle(now, now, later, unanswered=2))
    shop.clear_log()
    send_webhook(app, path, Webhook("store/order/created", ImportOrder(1001), AT, ("a" * 64,)))
    ((name, arguments),) = messages(app, "avbc.webhooks")
    assert "does not answer" in str(app.tasks[name].apply(arguments).result)
    assert not shop.log
    assert waits == [*WAITS]


# --- the dispatcher ---


@pytest.fixture
def dispatch(
    app: Any, broker: str, books: SqlGateway, folder: Path
) -> Iterator[Callable[..., list[str]]]:
    """Have a worker's process take a message of beat; returns the names of stores that it sends.

    Each call is another process: it remembers nothing. What was sent is taken from the queue.
    """
    with ExitStack() as stack:

        def dispatch(stores: object = None, *, leave: bool = False, **options: Any) -> list[str]:
            process = stack.enter_context(new_app(app.conf.task_default_queue, broker))
            register(process, stores=stores or folder, books=lambda: books, **options)
            before = 0 if not leave else len(peeked(process))
            process.tasks["avbc.dispatch"].apply(throw=True)
            sent = peeked(process)[before:] if leave else messages(process)
            assert {name for name, _ in sent} <= {"avbc.run_cycle"}
            return [Path(arguments[0]).name for _, arguments in sent]

        yield dispatch


def peeked(app: Any) -> list[tuple[str, list[Any]]]:
    """Return the messages that wait."""
    found = messages(app)
    for name, arguments in found:
        app.send_task(name, arguments)
    return found


def pass_time(books: SqlGateway, by: timedelta) -> None:
    """Have all that is known of cycles be older."""
    columns = [last_cycles.c.began_at, last_cycles.c.ended_at, last_cycles.c.next_at]
    columns.append(last_cycles.c.asked_at)
    with books.engine.begin() as connection:
        for row in connection.execute(sa.select(last_cycles.c.scope, *columns)).all():
            older = {
                column.name: None if at is None else at - by
                for column, at in zip(columns, row[1:], strict=True)
            }
            told = sa.update(last_cycles).where(last_cycles.c.scope == row.scope)
            connection.execute(told.values(**older, told="{}"))


def code(number: int, **options: object) -> dict[str, dict[str, object]]:
    return {"order_status": {"import_source_code": f"A{number:02}", **options}}


def test_beat_sends_one_message_for_all_stores(app: Any, path: str) -> None:
    app.conf.beat_schedule = beat_schedule()
    (entry,) = [each for each in Scheduler(app=app).schedule.values() if "avbc" in each.task]
    assert entry.task in app.tasks
    assert entry.schedule.run_every == timedelta(seconds=5)
    # By the clock of a worker that is off, it would never run.
    assert not entry.options.get("expires")


def test_a_store_comes_and_goes_with_its_file(
    dispatch: Callable[..., list[str]], save: Save, books: SqlGateway
) -> None:
    save(name="a.toml", **code(1))
    assert dispatch() == ["a.toml"]
    assert dispatch() == []
    new = save(name="b.toml", **code(2))
    save(name=".#c.toml", **code(3))
    assert dispatch() == ["b.toml"]
    Path(new).unlink()
    pass_time(books, timedelta(hours=2))
    assert dispatch() == ["a.toml"]


@pytest.mark.parametrize("form", ["a folder", "paths", "a function"])
def test_stores_are_a_folder_or_paths_or_a_function(
    form: str, dispatch: Callable[..., list[str]], save: Save, folder: Path
) -> None:
    path = Path(save(**code(1)))
    stores = {"a folder": str(folder), "paths": [path], "a function": lambda: iter([path])}
    assert dispatch(stores[form]) == ["avbc.toml"]


def test_a_folder_that_is_a_file_is_refused(save: Save, app: Any, books: SqlGateway) -> None:
    with pytest.raises(ValueError, match=r"is the file .*avbc\.toml: give its folder"):
        register(app, stores=save(), books=lambda: books)


def test_a_store_without_a_file_has_no_task(run: Run, path: str) -> None:
    run("import_orders", path)
    Path(path).unlink()
    with pytest.raises(UnknownStore):
        run("import_orders", path)


def test_a_faulty_file_leaves_its_store_out(
    dispatch: Callable[..., list[str]],
    save: Save,
    folder: Path,
    books: SqlGateway,
    caplog: pytest.LogCaptureFixture,
) -> None:
    save(name="a.toml", **code(1))
    (folder / "b.toml").write_text("[store]\napi_url = 1\n", encoding="utf-8")
    assert dispatch() == ["a.toml"]
    (record,) = [record for record in caplog.records if "b.toml" in record.getMessage()]
    assert record.levelname == "ERROR"
    assert "b.toml" in record.getMessage()
    # Another process, the same file.
    caplog.clear()
    assert dispatch() == []
    assert not caplog.records
    # Another fault, and an hour later.
    (folder / "b.toml").write_text("[store]\napi_url = 2\nx = 1", encoding="utf-8")
    dispatch()
    assert "store.x" in caplog.text
    caplog.clear()
    pass_time(books, timedelta(hours=1))
    dispatch()
    assert "b.toml" in caplog.text


def test_the_folder_is_gone(app: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    register(app, stores=tmp_path / "none", books=SqlGateway)
    app.tasks["avbc.dispatch"].apply()
    assert "none cannot be listed: " in caplog.text


def test_all_files_are_faulty(
    dispatch: Callable[..., list[str]], folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "b.toml").write_text("[store]\napi_url = 1\n", encoding="utf-8")
    assert dispatch() == []
    assert "b.toml" in caplog.text


def test_two_files_of_one_store(
    dispatch: Callable[..., list[str]], save: Save, caplog: pytest.LogCaptureFixture
) -> None:
    save(name="a.toml")
    save(name="b.toml")
    assert dispatch() == ["a.toml"]
    assert "b.toml has the store and the Import Source Code of" in caplog.text


def test_a_store_that_is_not_enabled(dispatch: Callable[..., list[str]], save: Save) -> None:
    save(store={"enabled": False})
    assert dispatch() == []


def check_that_no_second_message_waits(
    dispatch: Callable[..., list[str]], save: Save, books: SqlGateway, app: Any
) -> None:
    for number in range(3):
        save(name=f"{number}.toml", **code(number))
    assert sorted(dispatch(leave=True)) == ["0.toml", "1.toml", "2.toml"]
    for _ in range(5):
        pass_time(books, timedelta(minutes=10))
        assert dispatch(leave=True) == []
    # The broker was restarted and has lost them.
    assert len(messages(app)) == 3
    assert sorted(dispatch()) == ["0.toml", "1.toml", "2.toml"]
    # Those were lost too, and it is noticed a minute later.
    assert dispatch() == []
    pass_time(books, timedelta(minutes=1))
    assert sorted(dispatch()) == ["0.toml", "1.toml", "2.toml"]


def test_no_second_message_waits_for_a_store(
    dispatch: Callable[..., list[str]], save: Save, books: SqlGateway, app: Any
) -> None:
    check_that_no_second_message_waits(dispatch, save, books, app)


class TestOnServers:
    """On Redis and PostgreSQL."""

    @pytest.fixture
    def broker(self, redis_url: str) -> str:
        return redis_url

    @pytest.fixture
    def books_url(self, postgresql_url: str) -> str:
        return postgresql_url

    def test_no_second_message_waits_for_a_store(
        self, dispatch: Callable[..., list[str]], save: Save, books: SqlGateway, app: Any
    ) -> None:
        check_that_no_second_message_waits(dispatch, save, books, app)

    def test_a_cycle_that_another_process_runs_is_not_run(
        self, cycle: Callable[[str], str], path: str, books: SqlGateway, shop: FakeStore
    ) -> None:
        shop.clear_log()
        with Orchestrator(Settings.load(path), books) as web:
            with web.cycles.take_turn(scope_of(web.settings)):
                assert "another process is doing this" in cycle(path)
            assert not shop.log
            assert "jobs done" in cycle(path)


def test_messages_of_beat_that_piled_up_cost_nothing(
    app: Any, books: SqlGateway, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    save()
    register(app, stores=Path(save()).parent, books=lambda: books)
    task = app.tasks["avbc.dispatch"]
    assert task.apply(throw=True).get()["summary"] == "1 of 1 stores are due"
    monkeypatch.setattr(SettingsFiles, "load_all", None)
    for _ in range(100):
        assert task.apply(throw=True).get()["summary"] == "another message did it a moment ago"


@pytest.fixture
def cycle(books: SqlGateway, join: Join) -> Iterator[Callable[[str], str]]:
    """Run `avbc.run_cycle` in another process; returns the summary."""
    with ExitStack() as stack:

        def cycle(path: str) -> str:
            process = stack.enter_context(new_app("cycles"))
            register(process, stores=[path], books=lambda: books, orchestrator=join)
            return process.tasks["avbc.run_cycle"].apply([path], throw=True).get()["summary"]

        yield cycle


def test_a_cycle_that_is_not_due_does_nothing(
    cycle: Callable[[str], str], path: str, shop: FakeStore, books: SqlGateway
) -> None:
    assert "jobs done" in cycle(path)
    shop.clear_log()
    # The store's own moment of the interval may be now.
    due = sa.update(last_cycles).values(next_at=datetime.now(UTC) + timedelta(minutes=2))
    with books.engine.begin() as connection:
        connection.execute(due)
    assert "not due before" in cycle(path)
    assert not shop.log
    pass_time(books, timedelta(minutes=6))
    assert "jobs done" in cycle(path)


def next_cycles(books: SqlGateway) -> list[datetime]:
    with books.engine.connect() as connection:
        found = connection.execute(sa.select(last_cycles.c.next_at)).scalars().all()
    return [at for at in found if at is not None]


def test_stores_that_were_due_together_are_spread_over_the_interval(
    app: Any, shop: FakeStore, save: Save, books: SqlGateway, join: Join
) -> None:
    quick = Job("take_answers")
    paths = [save(shop.api_url, f"{number}.toml", **code(number)) for number in range(60)]
    register(app, stores=paths, books=lambda: books, orchestrator=join, schedule=[quick])
    for path in paths:
        app.tasks["avbc.run_cycle"].apply([path], throw=True)
    moments = sorted(next_cycles(books))
    assert timedelta(minutes=3) < moments[-1] - moments[0] < timedelta(minutes=6)
    thirds = [(moments[count] - moments[0]) / timedelta(minutes=5) for count in (20, 40)]
    assert 0.15 < thirds[0] < 0.5 < thirds[1] < 0.85


def test_a_cycle_that_begins_a_little_sooner_leaves_no_job_out(
    save: Save, shop: FakeStore, books: SqlGateway
) -> None:
    """A job of five minutes, in each cycle of five minutes."""
    settings, interval = Settings.load(save(shop.api_url)), timedelta(minutes=5)
    due = own_moment(scope_of(settings), interval, datetime.now(UTC)) - 3 * interval
    now = due + timedelta(seconds=4)
    clock = Clock(now=lambda: now)
    schedule = [Job("take_answers", every=interval)]
    with Orchestrator(settings, books, clock=clock) as web:
        assert len(web.run_cycle(schedule, spread=True).jobs) == 1
        now = due + interval + timedelta(seconds=2)
        assert len(web.run_cycle(schedule, if_due=True, spread=True).jobs) == 1
        now = due + 2 * interval - timedelta(seconds=10)
        assert web.run_cycle(schedule, if_due=True, spread=True).is_early


def test_a_cycle_of_ones_own(
    app: Any, books: SqlGateway, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    monkeypatch.setattr(
        Orchestrator,
        "export_clients",
        lambda _: called.append("export_clients") or avbc.orchestrator.reports.PushReport(),
    )
    path = save()
    daily = Job("export_clients", every=timedelta(days=1))
    register(app, stores=[path], books=lambda: books, schedule=[daily])
    app.tasks["avbc.run_cycle"].apply([path], throw=True)
    assert called == ["export_clients"]


def test_a_changed_interval_holds_without_a_restart(
    cycle: Callable[[str], str], path: str, save: Save, shop: FakeStore, books: SqlGateway
) -> None:
    cycle(path)
    save(shop.api_url, order_status={"check_interval_minutes": 1})
    pass_time(books, timedelta(minutes=6))
    cycle(path)
    pass_time(books, timedelta(minutes=2))
    assert "jobs done" in cycle(path)


@pytest.mark.parametrize(
    ("ahead", "words"), [(-90, "90 s behind"), (90, "90 s ahead of"), (10, "")]
)
def test_a_clock_that_is_off_is_reported(
    ahead: int,
    words: str,
    dispatch: Callable[..., list[str]],
    save: Save,
    caplog: pytest.LogCaptureFixture,
) -> None:
    save()
    off = Clock(now=lambda: datetime.now(UTC) + timedelta(seconds=ahead))
    for _ in range(2):
        dispatch(orchestrator=partial(Orchestrator, clock=off))
    found = [record for record in caplog.records if "clock" in record.getMessage()]
    if not words:
        assert not found
        return
    (record,) = found
    assert record.levelname == "WARNING"
    assert f"{words} the database's" in record.getMessage()


def test_a_dispatcher_that_cannot_work_says_so_once(
    app: Any, save: Save, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def no_books() -> SqlGateway:
        raise avbc.BooksUnreachable("no books today")

    save()
    register(app, stores=folder, books=no_books)
    task = app.tasks["avbc.dispatch"]
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            task.apply()
    assert caplog.text.count("no cycles are dispatched: no books today") == 1
    assert "Traceback" not in caplog.text


# --- settings files ---


def test_a_settings_file_is_read_when_it_changes(
    save: Save, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, read = save(), []
    load = Settings.load
    monkeypatch.setattr(Settings, "load", lambda path: read.append(path) or load(path))

    def age(seconds: float) -> None:
        at = Path(path).stat().st_mtime - seconds
        os.utime(path, (at, at))

    age(10)
    files = SettingsFiles(folder)
    for _ in range(3):
        files.load_all()
    assert len(read) == 1
    save(order_status={"check_interval_minutes": 7})
    # A file that changed a moment ago may change again in the same moment.
    assert files.load(path).order_status.check_interval_minutes == 7
    files.load(path)
    assert len(read) == 3
    age(20)
    files.load(path)
    files.load(path)
    assert len(read) == 4


def test_a_settings_file_is_read_when_its_credentials_change(
    folder: Path, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AVBC_ACCESS_TOKEN")
    api_url = "https://api.bigcommerce.com/stores/abc123/v3/"
    secrets = folder / "credentials.txt"
    secrets.write_text(f"ACCESS TOKEN: none\nAPI PATH: {api_url}", encoding="utf-8")
    path = save(api_url, store={"access_token": None, "credentials_file": str(secrets)})
    files = SettingsFiles(folder)
    for token in ("one", "two"):
        secrets.write_text(f"ACCESS TOKEN: {token}\nAPI PATH: {api_url}", encoding="utf-8")
        for file, age in ((path, 100), (secrets, 10 if token == "one" else 5)):
            at = Path(file).stat().st_mtime - age
            os.utime(file, (at, at))
        settings = files.load(path)
        assert settings.store.access_token is not None
        assert settings.store.access_token.reveal() == token
