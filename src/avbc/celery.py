"""Many stores on many workers: Celery tasks for the orchestrator's methods, and beat's schedule.

```python
from celery import Celery

import avbc
from avbc.celery import beat_schedule, register

STORES = ["/etc/avbc/retail.toml", "/etc/avbc/trade.toml"]

app = Celery("shops", broker="redis://redis.example.com/0")
register(app, stores=STORES, books=lambda: avbc.SqlGateway("postgresql://..."))
app.conf.beat_schedule = beat_schedule(STORES)
```

Deployment and cost are in `docs/scaling.md`. A task's arguments are the path of a settings file and
numbers, so no secret goes through the broker.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from os import PathLike, fspath
from typing import Protocol, TypeAlias, TypedDict, cast

from avbc.acctvantage.gateway import ImportGateway
from avbc.errors import FinalError, TransientError
from avbc.orchestrator import SCHEDULE, Job, Orchestrator
from avbc.orchestrator.engine.parts import Parts
from avbc.report import Report
from avbc.settings import Settings

METHODS: tuple[str, ...] = (
    *(job.method for job in SCHEDULE),
    "import_order",
    "export_clients",
    "test_connection",
    "check_setup",
)
"""The methods that have a task; `avbc.import_orders` calls `Orchestrator.import_orders`."""

Store: TypeAlias = str | PathLike[str]


class App(Protocol):
    """The part of `celery.Celery` that is used; Celery has no type hints."""

    @property
    def task(self) -> Callable[..., object]:
        """Registers a function as a task."""
        ...


class BeatOptions(TypedDict):
    """How beat sends a task."""

    expires: float
    """Seconds after which the task is dropped, because the next one is due."""


class BeatEntry(TypedDict):
    """A task that beat sends, and how often."""

    task: str
    schedule: timedelta
    args: tuple[str]
    options: BeatOptions


class Done(TypedDict):
    """The result of a task: no order data goes to the result backend."""

    ok: bool
    summary: str


class UnknownStore(FinalError):
    """A task names a settings file that was not registered."""


def register(
    app: App,
    *,
    stores: Sequence[Store],
    books: Callable[[], ImportGateway],
    orchestrator: Callable[[Settings, ImportGateway], Orchestrator] = Orchestrator,
) -> None:
    """Register a task for each of `METHODS` in the workers' application.

    A task takes the path of a settings file, as in `stores`, and the method's own arguments:
    `app.send_task("avbc.import_order", ["/etc/avbc/retail.toml", 1042])`, or by name:
    `app.send_task("avbc.import_orders", ["/etc/avbc/retail.toml"], {"retry_errors": True})`.

    - It is acknowledged when it is done, and returns to the queue if its process dies.
    - If the network, the store or the books are unavailable, it is tried again after 10, 20 and 40
      seconds, or slightly sooner. What a report postpones is taken by the next call, as always.
    - A method never runs twice at once for a store: with books on PostgreSQL, the workers of all
      machines take turns. A task whose method is already running ends at once.
    - Each task reads the settings file again. If the store is not enabled, or the settings turn the
      method off, the task does nothing. Nor does it where the books lack a method that it needs.

    Args:
        app: The Celery application.
        stores: The settings files, at the same path on each worker's machine. A task opens no
            other file.
        books: Opens the books; called once in each thread of a worker that runs tasks.
        orchestrator: Returns an orchestrator for settings and books: `partial(avbc.Orchestrator,
            customise=[...])`.
    """
    known = frozenset(fspath(store) for store in stores)
    opened = _Opened()

    def open_store(store: str) -> Orchestrator:
        """Return this thread's orchestrator of a store, with the file's current settings."""
        if store not in known:
            raise UnknownStore(f"the settings file {store!r} was not registered: add it to stores")
        settings = Settings.load(store)
        if opened.books is None:
            opened.books = books()
        web = opened.webs.get(store)
        if web is None:
            web = opened.webs[store] = orchestrator(settings, opened.books)
        elif web.settings != settings:
            web.use(settings)
        return web

    for method in METHODS:
        task = app.task(
            name=f"avbc.{method}",
            shared=False,  # otherwise every application in the process would get these tasks
            acks_late=True,
            reject_on_worker_lost=True,
            autoretry_for=(TransientError,),
            max_retries=3,
            retry_backoff=10,
            retry_jitter=True,
        )
        cast("Callable[[Callable[..., Done]], object]", task)(_task(method, open_store))


def beat_schedule(
    stores: Sequence[Store], schedule: Sequence[Job] = SCHEDULE
) -> dict[str, BeatEntry]:
    """Build the schedule for Celery's beat: the methods that each store's settings turn on.

    Each runs at the store's check interval or less often. A task that has not begun when the next
    one is due is dropped, so that none pile up while workers are away. Restart beat when a check
    interval changes or a store is added.

    Args:
        stores: The settings files, as given to `register`.
        schedule: The methods and how often each runs: `avbc.orchestrator.SCHEDULE`, or your own
            from `METHODS`.

    Raises:
        SettingsError: A settings file has errors.
        ValueError: There is no task for a method of the schedule.
    """
    for job in schedule:
        if job.method not in METHODS:
            raise ValueError(
                f"there is no task for {job.method!r}; the tasks are {', '.join(METHODS)}"
            )
    entries: dict[str, BeatEntry] = {}
    for store in [fspath(store) for store in stores]:
        settings = Settings.load(store)
        interval = timedelta(minutes=settings.order_status.check_interval_minutes)
        for job in schedule:
            if job.when(settings):
                every = max(interval, job.every)
                entries[f"{store} {job.method}"] = BeatEntry(
                    task=f"avbc.{job.method}",
                    schedule=every,
                    args=(store,),
                    options=BeatOptions(expires=every.total_seconds()),
                )
    return entries


class _Opened(threading.local):
    """What a thread has opened; its first task opens the books, after any fork."""

    books: ImportGateway | None = None

    def __init__(self) -> None:
        self.webs: dict[str, Orchestrator] = {}


def _task(method: str, open_store: Callable[[str], Orchestrator]) -> Callable[..., Done]:
    def run(store: str, *arguments: object, **named: object) -> Done:
        web = open_store(store)
        if not web.settings.store.enabled:
            return Done(
                ok=True,
                summary="store.enabled is false, so nothing runs for this store (manual 1.3)",
            )
        jobs = [job for job in SCHEDULE if job.method == method]
        if not all(job.when(web.settings) for job in jobs):
            return Done(ok=True, summary=f"the settings turn {method} off")
        # Beat sends it again and again; what a person asked for raises.
        if jobs and (lack := Parts(web.books).lacks_for(method)) is not None:
            return Done(ok=True, summary=lack.left_out)
        report = cast("Callable[..., Report]", getattr(web, method))(*arguments, **named)
        return Done(ok=bool(getattr(report, "ok", True)), summary=report.summary())

    run.__name__ = method
    run.__doc__ = getattr(Orchestrator, method).__doc__
    return run
