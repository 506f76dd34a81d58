"""A store-day is lived: its plan in its world, under the eyes of the model. It leaves a story."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import partial

import attrs
from life import HOOK, settings_of
from model import LAST_LOOK, LOOK, Model, Violation, Write
from people import Deed, People
from plan import CYCLES, Event, Plan
from world import Worker, World

from avbc.bigcommerce import BigCommerce
from avbc.errors import AvbcError
from avbc.orchestrator import CycleReport, JobOutcome, Orchestrator, WorklistItem
from avbc.settings import Settings
from avbc.testing.fakestore.http import StoreRequest, StoreResponse
from avbc.testing.values import as_row, loads

_SWEEP = 65
"""Minutes within which avbc finds an order that the store does not list any more."""
_DONE = ("imported", "relinked", "updated", "refused", "postponed", "sent")


@attrs.define
class Lived:
    """A store-day that was lived."""

    plan: Plan
    story: list[Deed]
    found: list[Violation]
    cycles: int
    requests: int
    acts: int

    def __str__(self) -> str:
        """The story, and what is wrong in the end."""
        setup = ", ".join(
            f"{name}={value}" for name, value in attrs.asdict(self.plan.setup).items()
        )
        head = f"Store-day {self.plan.seed}: {self.plan.workers} workers, {setup}"
        wrong = [f"VIOLATION {each}" for each in self.found] or ["Nothing is wrong."]
        return "\n".join([head, *map(str, self.story), *wrong])


class Wrong(Exception):
    """A rule does not hold, so the day is over."""


def live(plan: Plan) -> Lived:
    """Live a store-day, until its end or the first violation."""
    day = _Day(plan)
    with day.world:
        with suppress(Wrong):
            day.run()
        cycles, requests = day.world.cycles, len(day.world.store.log)
        return Lived(plan, day.people.deeds, day.model.found, cycles, requests, day.acts)


class _Day:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.acts = 0
        self._is_over = False
        self.world = World(
            plan.seed,
            self._settings,
            workers=plan.workers,
            has_leases=plan.has_leases,
            on_cycle=self._on_cycle,
            on_write=self._on_write,
            on_answer=self._on_answer,
            on_attention=self._on_attention,
        )
        world = self.world
        world.store.set_options(shipments_move_status=plan.setup.shipments_move_status)
        accept = world.accept if plan.setup.webhooks else None
        self.people = People(world.store, world.books, world.clock.now, accept)
        client = BigCommerce(
            world.store.api_url, "example-token", transport=world.store.transport()
        )
        self._desk = Orchestrator(world.settings, world.books, store=client, clock=world.clock)
        """Where a person reads the worklist."""
        self.model = Model(
            self.people, plan.setup, lambda: list(self._desk.worklist()), hears_reports=True
        )
        self._written_at = 0.0
        self._lost = 0
        """How many reports of the worklist will fail."""
        self._upon: list[Event] = []
        """What happens when a request is answered."""
        self._ids: dict[int, int] = {}
        """Of the day's orders, by their numbers in the plan."""

    def _settings(self, api_url: str) -> Settings:
        return settings_of(self.plan.setup, api_url, self.plan.interval)

    def run(self) -> None:
        """Let the day pass, and the quiet hours after it."""
        plan, world = self.plan, self.world
        if plan.setup.webhooks:
            self._desk.register_webhooks(HOOK)
        for event in plan.events:
            worker = int(event.options.get("worker", 0))
            if event.upon:
                world.at(event.at, partial(self._upon.append, event))
            else:
                world.at(event.at, partial(self._happen, event), after=event.after, worker=worker)
        world.run_until(plan.minutes)
        while world.cycles < CYCLES:
            # Outages, pauses and deaths took some.
            world.run_until(world.minutes + plan.interval)
        self._is_over = True
        awake = max(world.minutes, *(each.process.stopped_until / 60 for each in world.workers))
        # For those that a dead worker has started again.
        world.run_until(awake + 5)
        for number in range(2, plan.workers + 1):
            world.kill(number, again=False)
        self._upon.clear()
        world.store.clear_faults()
        for number, diary in self.people.diaries.items():
            if diary.hidden_at is not None:
                world.store.spoil_order(number, "500")
        world.store.set_options(quota=1_000_000, other_apps=0)
        self._act(Event(awake, "deliver"))
        self._act(Event(awake, "settle"))
        world.run_until(world.minutes + plan.interval)
        self._act(Event(awake, "settle"))
        world.run_until(world.minutes + _SWEEP)
        if world.minutes - self._written_at < plan.interval:
            # The next cycle hears of what the last one sent, and goes on where it ended early.
            world.run_until(world.minutes + plan.interval)
        self._check(self.model.quiet)

    # What happens

    def _happen(self, event: Event) -> None:
        if self._is_over:
            # It waited for the middle of a cycle that did not come.
            return
        options = dict(event.options)
        worker = f"worker {options.get('worker')}"
        match event.name:
            case "place":
                self._act(event)
                self._ids[event.order] = max(self.people.diaries)
            case "fail":
                kind, nth, match = options["kind"], options["nth"], options["match"]
                self.world.store.fail(match, kind, at=nth)
                self._tell("the network", f"will answer request {nth} of {match} with {kind}")
            case "outage":
                fault = self.world.store.fail(options["match"], "503", times=1_000_000)
                ends = self.world.minutes + options["minutes"]
                self.world.at(ends, lambda: setattr(fault, "times", 0))
                self._tell("the store", f"answers no {options['match']} till {ends:.0f} minutes")
            case "scarce":
                self.world.store.set_options(quota=options["limit"], other_apps=options["others"])
                self.model.look = LAST_LOOK
                self._tell("the store", f"lets through {options['limit']} requests in 30 seconds")
            case "plenty":
                self.world.store.set_options(quota=1_000_000, other_apps=0)
                self.model.look = LOOK
                self._tell("the store", "lets all requests through again")
            case "set_clock":
                minutes, machine = options["minutes"], options.get("machine", 0)
                who = f"worker {machine}" if machine else "the warehouse"
                books = self.world.workers[machine - 1].books if machine else self.world.books
                books.skew = timedelta(minutes=minutes)
                self._tell(who, f"has a clock {minutes} minutes ahead")
            case "lose_report":
                self._lost += 1
                self._tell("the application", "will fail when it is told of the worklist")
            case "fill_disk":
                self.world.workers[options["worker"] - 1].books.full = options["times"]
                self.model.forget(worker)
                self._tell(worker, f"has a full disk for {options['times']} transactions")
            case "kill":
                self._tell(worker, "dies")
                self.model.forget(worker)
                self.world.kill(options["worker"])
            case "pause":
                self._tell(worker, f"stands still for {options['minutes']} minutes")
                self.world.pause(options["worker"], options["minutes"])
            case _:
                self._act(event)

    def _act(self, event: Event) -> None:
        order_id = self._ids.get(event.order, 0)
        if event.order and not order_id and event.name != "place":
            return
        if self.people.do(event.name, order_id, **event.options):
            self.acts += event.who in ("the merchant", "the warehouse", "AcctVantage")
            if order_id and event.after:
                # In the middle of a cycle: at its end all orders are looked at.
                self._check(partial(self.model.moment, order_id))

    def _tell(self, who: str, words: str, order_id: int = 0) -> None:
        self.people.deeds.append(Deed(self.world.clock.now(), who, words, order_id))

    # What is looked at

    def _check(self, look: Callable[[], object]) -> None:
        look()
        if self.model.found:
            raise Wrong

    def _on_cycle(self, report: CycleReport, worker: Worker) -> None:
        for job in report.jobs:
            if words := _told(job).replace(str(worker.books.engine.url.database), "books.db"):
                self._tell(worker.name, words)
                if "Stopped early" in words:
                    self._written_at = self.world.minutes
                is_bug = job.error is not None and not isinstance(job.error, AvbcError)
                rows = () if job.report is None else job.report.to_dicts()
                if is_bug or "unexpected_error" in f"{words}{rows}":
                    told = f"{worker.name}: {job if is_bug else job.report}"
                    self.model.found.append(Violation("raises_no_error_of_its_own", 0, told))
        self._check(self.model.moment)

    def _on_write(self, request: StoreRequest, worker: Worker) -> None:
        body = as_row(loads(request.body or b"{}"))
        now, self._written_at = self.world.clock.now(), self.world.minutes
        write = Write.of(worker.name, request.method, request.path, body, now)
        if write is not None:
            self._check(partial(self.model.write, write))

    def _on_attention(self, items: list[WorklistItem], worker: Worker) -> None:
        if self._lost:
            self._lost -= 1
            raise OSError("no e-mail can be sent")
        self.model.report(items)
        if worker.books.full:
            # That they were reported is not noted, either.
            self.model.forget(worker.name)

    def _on_answer(self, request: StoreRequest, answer: StoreResponse, worker: Worker) -> None:
        # Nothing is noted of the others, and they need not be read.
        if request.method == "GET" and "/v2/orders" in request.path:
            with suppress(ValueError):
                body = loads(answer.body or b"[]")
                self.model.answered(worker.name, "GET", request.path, body)
        name, number = f"{request.method} {request.path}?{request.query}", worker.number or 1
        for event in self._upon[:]:
            order_id = self._ids.get(event.order, 0)
            is_there = order_id or not event.order
            if is_there and fnmatchcase(name, f"{event.upon.format(id=order_id)}*"):
                self._upon.remove(event)
                who = {"worker": number} if "worker" in event.options else {}
                now = partial(self._happen, attrs.evolve(event, options={**event.options, **who}))
                self.world.at(self.world.minutes, now, after=event.after, worker=number)


def _told(job: JobOutcome) -> str:
    """What a job did, in its own words; nothing where it did nothing."""
    is_news = job.error or any(getattr(job.report, name, ()) for name in _DONE)
    return f"{job.method}: {str(job).splitlines()[0]}" if is_news else ""


# The shortest story


def shortest(plan: Plan, fails: Callable[[Plan], bool], tries: int = 300) -> Plan:
    """Leave out events while the day still fails: `ddmin` of Zeller and Hildebrandt (2002)."""
    events, parts = list(plan.events), 2
    while len(events) > 1 and tries > 0:
        size = -(-len(events) // parts)
        for start in range(0, len(events), size):
            tries -= 1
            rest = events[:start] + events[start + size :]
            if fails(attrs.evolve(plan, events=tuple(rest))):
                events, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts >= len(events):
                break
            parts = min(2 * parts, len(events))
    return attrs.evolve(plan, events=tuple(events))


def breaks(rules: Sequence[str]) -> Callable[[Plan], bool]:
    """Whether a day breaks one of these rules."""
    return lambda plan: any(each.rule in rules for each in live(plan).found)
