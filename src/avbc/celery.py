"""Many stores on many workers: Celery tasks for the orchestrator's methods, and their dispatcher.

```python
from celery import Celery

import avbc
from avbc.celery import beat_schedule, register

app = Celery("shops", broker="redis://redis.example.com/0")
register(app, stores="/etc/avbc", books=lambda: avbc.SqlGateway("postgresql://..."))
app.conf.beat_schedule = beat_schedule()
```

Beat sends a message every five seconds. The task that takes it, `avbc.dispatch`, sends one message
for each store whose cycle is due, and the task that takes that, `avbc.run_cycle`, runs the jobs
that are due for the store, as the timer does. Deployment and cost are in `docs/scaling.md`. A
task's arguments are the path of a settings file, numbers, and what a webhook asks for, so no secret
goes through the broker.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from os import fspath
from typing import Any, Protocol, TypedDict, cast, get_args

import attrs

from avbc.acctvantage.gateway import ImportGateway
from avbc.clock import Clock
from avbc.errors import AvbcError, FinalError, TransientError
from avbc.logs import NO_STORE, StoreName, get_logger, working_for
from avbc.orchestrator import SCHEDULE, Job, Orchestrator
from avbc.orchestrator.engine.clocks import direction
from avbc.orchestrator.engine.cycles import Cycles, LastCycle, name_of, scope_of
from avbc.orchestrator.engine.journal import Journal
from avbc.orchestrator.engine.parts import Parts
from avbc.orchestrator.webhooks import Webhook, WebhookAction
from avbc.report import Report
from avbc.settings import Settings
from avbc.settings.files import SettingsFiles, Store, Stores
from avbc.text import quoted

_log = get_logger("avbc.orchestrator")

METHODS: tuple[str, ...] = (
    *(job.method for job in SCHEDULE),
    "import_order",
    "export_clients",
    "test_connection",
    "check_setup",
)
"""The methods that have a task; `avbc.import_orders` calls `Orchestrator.import_orders`."""

WEBHOOKS = "avbc.webhooks"
"""The queue of `avbc.act_on_webhook`: webhooks do not wait behind cycles."""

WAITS = (10, 30, 60, 120, 300, 600)
"""Seconds after which a call is tried again: what failed for now, or what another process does."""

_DISPATCH, _CYCLE, _WEBHOOK = "avbc.dispatch", "avbc.run_cycle", "avbc.act_on_webhook"
_EVERY = timedelta(seconds=5)
_HOLD, _LOST = timedelta(minutes=1), timedelta(hours=1)
"""When another message is sent for a store whose cycle did not begin. If nothing waits in the
queue, what was sent before is lost; otherwise it waits there."""
_CLOCK_OFF = timedelta(seconds=30)
"""More than a network explains."""
_AGAIN = timedelta(hours=1)
"""After which the same is logged again."""


class App(Protocol):
    """The part of `celery.Celery` that is used; Celery has no type hints."""

    @property
    def task(self) -> Callable[..., object]:
        """Registers a function as a task."""
        ...

    @property
    def send_task(self) -> Callable[..., object]:
        """Sends a message."""
        ...

    @property
    def conf(self) -> object:
        """Its settings."""
        ...

    @property
    def amqp(self) -> object:
        """Knows which queue a task goes to."""
        ...

    @property
    def pool(self) -> object:
        """Connections to the broker."""
        ...


class BeatEntry(TypedDict):
    """A task that beat sends, and how often."""

    task: str
    schedule: timedelta


class Done(TypedDict):
    """The result of a task: no order data goes to the result backend."""

    ok: bool
    summary: str


class UnknownStore(FinalError):
    """A task names a settings file that is not one of the registered stores."""


def register(
    app: App,
    *,
    stores: Stores,
    books: Callable[[], ImportGateway],
    orchestrator: Callable[[Settings, ImportGateway], Orchestrator] = Orchestrator,
    schedule: Sequence[Job] = SCHEDULE,
) -> None:
    """Register the tasks in the application of the workers and of beat.

    - `avbc.dispatch` sends `avbc.run_cycle` for each store whose cycle is due: at its own
      `check_interval_minutes`, and at its own place in the interval. None is sent for a store while
      one waits. When the last cycle began is read from the journal, so a restart costs nothing. A
      settings file with faults is logged, and its store is left out until it is correct.
    - `avbc.run_cycle` does what the timer does in a cycle. It does nothing where no cycle is due.
      A cycle that fails is not tried again: the next one is.
    - There is a task for each of `METHODS`. It takes the path of a settings file and the method's
      own arguments: `app.send_task("avbc.import_order", ["/etc/avbc/retail.toml", 1042])`. If the
      store or the books are unavailable, or another process does the same for the store, it is
      tried again after 10 and 30 seconds, 1, 2, 5 and 10 minutes. It does not wait in between.
    - `avbc.act_on_webhook` does what a webhook asks for (`send_webhook`).

    A message whose process dies is not tried again: the next cycle does what is left.

    Args:
        app: The Celery application. Its `worker_prefetch_multiplier` is set to 1: a message that
            waits in a busy worker is not taken by another.
        stores: The folder with the settings files, all its `*.toml`; or their paths; or a function
            that returns them. They are at the same path on each worker's machine. A folder and a
            function are asked for each task, so a store may come and go. A task opens no other
            file.
        books: Opens the books; called once in each thread of a worker that runs tasks.
        orchestrator: Returns an orchestrator for settings and books: `partial(avbc.Orchestrator,
            customise=[...])`. All stores have the same journal, on a server that all workers reach:
            with books that are no `SqlGateway`, give it here by `journal=`.
        schedule: The jobs of a cycle, in sequence, and how often each runs.

    Raises:
        ValueError: `stores` is a file.
    """
    tasks = _Tasks(app, SettingsFiles(stores), books, orchestrator, schedule)
    setattr(app.conf, "worker_prefetch_multiplier", 1)  # noqa: B010 - Celery has no type hints

    def add(name: str, do: Callable[..., Done], doc: str | None, **options: object) -> None:
        # Celery binds functions, not methods.
        def run(task: _Task, *arguments: object, **named: object) -> Done:
            return do(task, *arguments, **named)

        run.__doc__ = doc
        task = app.task(
            name=name,
            bind=True,
            shared=False,  # otherwise every application in the process would get these tasks
            acks_late=True,
            throws=(AvbcError,),  # they are logged here, in one line
            **options,
        )
        cast("Callable[[Callable[..., Done]], object]", task)(run)

    add(_DISPATCH, tasks.dispatch, _Tasks.dispatch.__doc__, ignore_result=True)
    add(_CYCLE, tasks.run_cycle, _Tasks.run_cycle.__doc__, ignore_result=True)
    add(_WEBHOOK, tasks.act_on_webhook, Orchestrator.act_on_webhook.__doc__)
    for method in METHODS:
        add(f"avbc.{method}", tasks.call(method), getattr(Orchestrator, method).__doc__)


def beat_schedule() -> dict[str, BeatEntry]:
    """Return the schedule for Celery's beat: the dispatcher, every five seconds.

    >>> beat_schedule()
    {'avbc.dispatch': {'task': 'avbc.dispatch', 'schedule': datetime.timedelta(seconds=5)}}
    """
    return {_DISPATCH: BeatEntry(task=_DISPATCH, schedule=_EVERY)}


def send_webhook(app: App, store: Store, webhook: Webhook) -> None:
    """Have a worker do what an accepted webhook asks for: `Orchestrator.act_on_webhook`.

    ```python
    webhook = web.accept_webhook(body, headers)
    send_webhook(app, "/etc/avbc/retail.toml", webhook)
    ```

    Start a worker for it: `celery -A shops worker -Q avbc.webhooks`. If the worker cannot do it,
    the next cycle does.

    Args:
        app: The Celery application.
        store: The settings file of the webhook's store, as in `stores`.
        webhook: What `accept_webhook` returned.
    """
    app.send_task(_WEBHOOK, [fspath(store), _as_message(webhook)], queue=WEBHOOKS)


_ACTIONS = {action.__name__: action for action in get_args(WebhookAction)}


def _as_message(webhook: Webhook) -> dict[str, object]:
    """A webhook in what JSON has."""
    created_at = webhook.created_at
    return {
        "scope": webhook.scope,
        "action": type(webhook.action).__name__,
        "values": attrs.asdict(webhook.action),
        "created_at": None if created_at is None else created_at.isoformat(),
        "keys": list(webhook.keys),
    }


def _from_message(message: Mapping[str, Any]) -> Webhook:
    at = message["created_at"]
    return Webhook(
        message["scope"],
        _ACTIONS[message["action"]](**message["values"]),
        None if at is None else datetime.fromisoformat(at),
        tuple(message["keys"]),
    )


class _Opened(threading.local):
    """What a thread has opened; its first task opens the books, after any fork."""

    books: ImportGateway | None = None

    def __init__(self) -> None:
        self.webs: dict[str, Orchestrator] = {}

    @cached_property
    def spare(self) -> Journal:
        """Where the dispatcher notes what it logged, while no store has settings without faults."""
        return Journal("sqlite://")


class _Task(Protocol):
    """The part of a bound task that is used."""

    @property
    def request(self) -> _Request:
        """The message that it runs for."""
        ...

    @property
    def retry(self) -> Callable[..., Exception]:
        """Sends the message again, and raises."""
        ...


class _Request(Protocol):
    @property
    def retries(self) -> int: ...


@attrs.define
class _Tasks:
    """What the tasks do in one process of a worker."""

    app: App
    files: SettingsFiles
    books: Callable[[], ImportGateway]
    orchestrator: Callable[[Settings, ImportGateway], Orchestrator]
    schedule: Sequence[Job]
    opened: _Opened = attrs.field(factory=_Opened, init=False)
    dispatched_at: float = attrs.field(default=float("-inf"), init=False)
    logged: dict[str, float] = attrs.field(factory=dict[str, float], init=False)

    # The dispatcher

    def dispatch(self, _: _Task) -> Done:
        """Send `avbc.run_cycle` for each store whose cycle is due."""
        now = time.monotonic()
        if now - self.dispatched_at < _EVERY.total_seconds() / 2:
            # Beat's messages pile up while no worker takes them.
            return Done(ok=True, summary="another message did it a moment ago")
        self.dispatched_at = now
        try:
            return self._dispatch()
        except AvbcError as error:
            # The next message comes in five seconds, and meets the same.
            text, again = str(error), _AGAIN.total_seconds()
            if now - self.logged.get(text, now - again) >= again:
                self.logged = {text: now}
                _log.error("no cycles are dispatched: %s", text)
            raise

    def _dispatch(self) -> Done:
        found, errors = self.files.load_all()
        faults = {path: str(error) for path, error in errors.items()}
        paths: dict[str, str] = {}
        for path, settings in found.items():
            first = paths.setdefault(scope_of(settings), path)
            if first != path:
                faults[path] = f"{path} has the store and the Import Source Code of {first}"
        web = self.open(next(iter(found))) if found else None
        cycles = Cycles(self.opened.spare) if web is None else web.cycles
        _tell(cycles, faults, Clock() if web is None else web.clock)
        enabled = [scope for scope, path in paths.items() if found[path].store.enabled]
        hold = _LOST if _queued(self.app, _CYCLE) else _HOLD
        due = cycles.take_due(enabled, hold) if enabled else []
        for scope in due:
            self.app.send_task(_CYCLE, [paths[scope]])
        return Done(ok=not faults, summary=f"{len(due)} of {len(enabled)} stores are due")

    # What it sends, and what people and webhooks ask for

    def run_cycle(self, _: _Task, store: str) -> Done:
        """Run the jobs that are due for a store, if a cycle is due (`Orchestrator.run_cycle`)."""
        with self._logged(store, "run_cycle"):
            web = self.open(store)
            report = web.run_cycle(self.schedule, if_due=True, spread=True)
        return Done(ok=report.ok, summary=report.summary())

    def act_on_webhook(self, task: _Task, store: str, message: Mapping[str, Any]) -> Done:
        """Do what an accepted webhook asks for (`Orchestrator.act_on_webhook`)."""
        with self._logged(store, "act_on_webhook", task):
            web = self.open(store)
            last, now = web.cycles.read(scope_of(web.settings))
            if last.unanswered and not last.is_due(now):
                # Each would hold up a process until the client gives up.
                raise TransientError("the store does not answer")
            report = web.act_on_webhook(_from_message(message))
            if not report.is_done:
                # It is open in the journal: if all tries fail, a cycle does it.
                raise TransientError(report.summary())
        return Done(ok=report.ok, summary=report.summary())

    def call(self, method: str) -> Callable[..., Done]:
        """Return what the task of a method does."""
        jobs = [job for job in SCHEDULE if job.method == method]

        def run(task: _Task, store: str, *arguments: object, **named: object) -> Done:
            with self._logged(store, method, task):
                web = self.open(store)
                if not web.settings.store.enabled:
                    return Done(
                        ok=True,
                        summary="store.enabled is false, so nothing runs for this store "
                        "(manual 1.3)",
                    )
                if not all(job.when(web.settings) for job in jobs):
                    return Done(ok=True, summary=f"the settings turn {method} off")
                if jobs and (lack := Parts(web.books).lacks_for(method)) is not None:
                    return Done(ok=True, summary=lack.left_out)
                if method == "import_order":
                    named.setdefault("wait", timedelta(0))
                report = cast("Callable[..., Report]", getattr(web, method))(*arguments, **named)
                # What all cycles do, the one that is running does.
                is_asked_for = arguments or named or not jobs
                if is_asked_for and (stopped := getattr(report, "stopped", "")):
                    raise TransientError(stopped)
            return Done(ok=bool(getattr(report, "ok", True)), summary=report.summary())

        return run

    def open(self, store: str) -> Orchestrator:
        """Return this thread's orchestrator of a store, with the file's current settings.

        Raises:
            UnknownStore: It is not one of the stores.
            SettingsError: The file has faults.
        """
        webs = self.opened.webs
        if store not in self.files.paths():
            if (gone := webs.pop(store, None)) is not None:
                gone.close()
            raise UnknownStore(
                f"the settings file {quoted(store)} is not one of the registered stores"
            )
        settings = self.files.load(store)
        web = webs.get(store)
        if web is None:
            if self.opened.books is None:
                self.opened.books = self.books()
            web = webs[store] = self.orchestrator(settings, self.opened.books)
        elif web.settings != settings:
            web.use(settings)
        return web

    @contextmanager
    def _logged(self, store: str, what: str, task: _Task | None = None) -> Generator[None]:
        """Log an error in one line; have the task tried again where that can help.

        No process waits for it meanwhile.
        """
        try:
            yield
        except AvbcError as error:
            with working_for(self._name(store)):
                self._handle(error, f"{store}: {what}", task)
            raise

    def _name(self, store: str) -> StoreName:
        web = self.opened.webs.get(store)
        return NO_STORE if web is None else name_of(web.settings)

    def _handle(self, error: AvbcError, what: str, task: _Task | None) -> None:
        tries = len(WAITS) if task is None else task.request.retries
        if task is None or tries >= len(WAITS) or not isinstance(error, TransientError):
            _log.error("%s failed: %s", what, error)
            return
        _log.warning("%s follows in %d s: %s", what, WAITS[tries], error)
        raise task.retry(exc=error, countdown=WAITS[tries], max_retries=len(WAITS)) from None


def _tell(cycles: Cycles, faults: Mapping[str, str], clock: Clock) -> None:
    """Log what keeps stores from running, and a clock that is off: at once, and then hourly.

    What was logged is in the journal: the next message may be taken by another process.
    """
    last, now = cycles.read(_DISPATCH)
    found = {text: (logging.ERROR, f"{text}\nThis store is left out.") for text in faults.values()}
    host, ahead = socket.gethostname(), clock.now() - now
    if abs(ahead) > _CLOCK_OFF:
        off = f"{abs(ahead).total_seconds():.0f} s {direction(ahead)}"
        text = f"the clock of {host} is {off} the database's: set it, by NTP if you can"
        found[f"clock of {host}"] = logging.WARNING, text
    told = {key: at for key, at in last.told.items() if now - at < _AGAIN}
    keys = {sha256(about.encode()).hexdigest()[:16]: about for about in found}
    for key in keys.keys() - told.keys():
        level, text = found[keys[key]]
        _log.log(level, "%s", text)
    if not keys.keys() <= told.keys():
        cycles.write(_DISPATCH, LastCycle(told={**dict.fromkeys(keys, now), **told}))


def _queued(app: App, task: str) -> int:
    """Return how many messages wait in the queue of a task."""
    amqp, pool = cast("Any", app.amqp), cast("Any", app.pool)
    queue = amqp.router.route({}, task)["queue"]
    with pool.acquire(block=True) as connection:
        # As a worker declares it: the answer says how many wait.
        declared = queue(connection.default_channel).queue_declare()
    return int(declared.message_count)
