"""Records sent or looked up many at once.

Where BigCommerce refuses a batch that is sent, its good rows go through.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import ClassVar, Generic, TypeVar
from urllib.parse import quote

import attrs

from avbc.bigcommerce import Call, RequestRefused, UnsendableRequest
from avbc.bigcommerce.answers import field_errors
from avbc.bigcommerce.body import Json
from avbc.bigcommerce.endpoints.parts import record_of
from avbc.bigcommerce.models.base import Draft
from avbc.errors import AvbcError
from avbc.mapping import Problem
from avbc.orchestrator.engine.changes import problem_of, record_problem
from avbc.orchestrator.engine.push_run import PushRun, Step
from avbc.orchestrator.reports import Change
from avbc.text import text_key

_HALVINGS = 200
"""How often batches are halved in which BigCommerce names no row: 200 requests, not thousands."""

_LONGEST_URL = 6000
"""Characters of a URL: enough for 250 part numbers, and below what servers take."""

D_co = TypeVar("D_co", bound=Draft, covariant=True)
S_co = TypeVar("S_co", covariant=True)
T = TypeVar("T")


@attrs.frozen
class Row(Generic[D_co, S_co]):
    """A record to be sent, the change that it makes, and what it was made from."""

    draft: D_co
    change: Change
    source: S_co


R = TypeVar("R", bound=Row[Draft, object])


class Batches(Generic[R, T]):
    """Rows to be sent by one kind of request that takes many: jobs override how, and how they end.

    When BigCommerce refuses a batch, the rows that the refusal names are taken out and the rest is
    sent again. Where it names none, the batch is sent in halves, down to the row at fault.
    """

    size: ClassVar[int]
    """How many rows one request takes."""
    fix: ClassVar[str] = ""
    """What to do about a row that a refusal names."""

    def __init__(self, run: PushRun) -> None:
        self.run = run
        self.rows: list[R] = []
        """Rows collected to be sent."""
        self.again: deque[Sequence[R]] = deque()
        """Batches to be sent again."""
        self.halvings = 0

    def call(self, rows: Sequence[R]) -> Call[T]:
        """Return the request that sends these rows.

        Raises:
            ValueError: A row cannot be sent; it is refused.
        """
        raise NotImplementedError

    def saved(self, rows: Sequence[R], _answer: T, /) -> None:
        """Report how the rows of an accepted request ended: all were sent."""
        self.run.sent(*(row.change for row in rows))

    def refused(self, row: R, problem: Problem, _error: RequestRefused, /) -> None:
        """Report a row that BigCommerce refused."""
        self.run.refuse(row.change, problem)

    def named(self, error: RequestRefused, rows: Sequence[R]) -> Mapping[int, str]:
        """Find the rows that a refusal names, from 0, and what it says of each."""
        return named_drafts(error, [row.draft for row in rows])

    def send(self, rows: Iterable[R]) -> None:
        """Send rows, taken as they are needed, until each has ended or the run is over.

        Rows that could not be sent through no fault of their own are postponed.

        Raises:
            AvbcError: An error that concerns every row, such as a refused token.
        """
        rest, self.halvings = iter(rows), 0
        self.run.send(self._steps(rest))
        while self.again and not self.run.is_over():
            self.run.send(self._steps(rest))
        self.postpone(row for batch in self.again for row in batch)

    def postpone(self, rows: Iterable[R]) -> None:
        """Postpone rows that were not sent before the run stopped."""
        message = f"The run stopped before it: {self.run.report.stopped}"
        for row in rows:
            self.run.postpone(row.change, record_problem("run_stopped", message))

    def halve(self, rows: Sequence[R]) -> None:
        """Have rows sent again in two halves."""
        self.again += rows[: len(rows) // 2], rows[len(rows) // 2 :]

    def _steps(self, rest: Iterator[R]) -> Iterator[Step[T]]:
        while rows := self.again.popleft() if self.again else list(islice(rest, self.size)):
            try:
                yield _Batch(self.call(rows), tuple(row.change for row in rows), self, rows)
            except ValueError as error:
                if len(rows) > 1:
                    self.halve(rows)
                else:
                    problem = record_problem("not_sendable", f"It cannot be sent: {error}.")
                    self.run.refuse(rows[0].change, problem)


@attrs.frozen
class _Batch(Step[T], Generic[R, T]):
    """One request, and the rows that it sends."""

    job: Batches[R, T]
    rows: Sequence[R]

    def settle(self, run: PushRun, answer: T | AvbcError) -> None:
        job, rows = self.job, self.rows
        if not isinstance(answer, AvbcError):
            job.saved(rows, answer)
        elif not isinstance(answer, RequestRefused):
            # No row is at fault. Whether it was carried out may not be known: the next run looks.
            for row in rows:
                run.postpone(row.change, problem_of(answer))
        elif len(rows) == 1:
            job.refused(rows[0], problem_of(answer), answer)
        elif faulty := job.named(answer, rows):
            problem = problem_of(answer)
            is_unsent = isinstance(answer, UnsendableRequest)
            what = "It cannot be sent" if is_unsent else "The store refuses it"
            for index, reason in faulty.items():
                message, fix = f"{what}: {reason}.", job.fix or problem.fix
                job.refused(rows[index], attrs.evolve(problem, message=message, fix=fix), answer)
            if good := [row for index, row in enumerate(rows) if index not in faulty]:
                job.again.append(good)
        elif job.halvings < _HALVINGS:
            job.halvings += 1
            job.halve(rows)
        else:
            given_up = record_problem(
                "batch_refused",
                "Its batch was refused, and BigCommerce does not say for which rows. Too many "
                "batches were refused this way to send each row alone.",
            )
            for row in rows:
                run.postpone(row.change, problem_of(answer), given_up)


def url_lists(values: Iterable[str], most: int) -> Iterator[list[str]]:
    """Cut values into lists of at most so many, each of which one URL takes.

    >>> list(url_lists(["MUG-1", "MUG-2", "MUG-3"], 2))
    [['MUG-1', 'MUG-2'], ['MUG-3']]
    """
    taken: list[str] = []
    length = 0
    for value in values:
        size = len(quote(value, safe="")) + len("%2C")
        length += size
        if taken and (len(taken) == most or length > _LONGEST_URL):
            yield taken
            taken, length = [], size
        taken.append(value)
    if taken:
        yield taken


def id_lists(ids: Iterable[int], most: int) -> Iterator[list[int]]:
    """Cut ids into such lists.

    >>> list(id_lists([107, 108, 109], 2))
    [[107, 108], [109]]
    """
    return (list(map(int, texts)) for texts in url_lists(map(str, ids), most))


def named_drafts(error: RequestRefused, drafts: Sequence[Draft]) -> dict[int, str]:
    """Find the drafts of a batch that a refusal names, from 0, and what it says of each.

    By position or id where a field begins with it (`3.email`), otherwise by what identifies the
    record: its id, SKU, email or name (inferred: BigCommerce documents no form).

    >>> from avbc.bigcommerce.models import CustomerDraft
    >>> drafts = [CustomerDraft(email="ana@example.com"), CustomerDraft(email="bo@example.com")]
    >>> error = RequestRefused("refused")
    >>> error.errors = {".customer_create": "email bo@example.com already in use"}
    >>> named_drafts(error, drafts)
    {1: 'email bo@example.com already in use'}
    """
    ids: list[object] = [getattr(draft, "id", None) for draft in drafts]
    found: dict[int, dict[str, None]] = {}
    rows = [("", _row_message(report)) for report in error.rows]
    for field, message in (*error.errors.items(), *rows):
        index, rest = record_of(field, ids)
        if index is not None:
            found.setdefault(index, {})[f"{rest}: {message}" if rest else message] = None
        else:
            for index in _mentioned(f"{field} {message}", drafts):
                found.setdefault(index, {})[message] = None
    return {index: "; ".join(messages) for index, messages in sorted(found.items())}


def _row_message(report: Mapping[str, Json]) -> str:
    """What BigCommerce says of one row of a refused batch."""
    fields = field_errors(report.get("errors")).items()
    return "; ".join(
        [
            *(str(report[key]) for key in ("title", "message", "detail") if report.get(key)),
            *(f"{name}: {text}" if name else text for name, text in fields),
        ]
    )


def _mentioned(text: str, drafts: Sequence[Draft]) -> set[int]:
    """The drafts that a text mentions, by the longest name: "Big mug" is not "Mug"."""
    text = text_key(text)
    found = {
        (index, name)
        for index, draft in enumerate(drafts)
        for name, pattern in _names(draft)
        if re.search(pattern, text)
    }
    names = {name for _, name in found}
    return {
        index
        for index, name in found
        if not any(name != longer and name in longer for longer in names)
    }


def _names(draft: Draft) -> Iterator[tuple[str, str]]:
    """What identifies a record, each with the pattern that finds it in a text."""
    if isinstance(number := getattr(draft, "id", None), int):
        yield "id", rf"\bid\W{{1,3}}{number}\b"
    for field in ("sku", "email", "name"):
        value = getattr(draft, field, None)
        if isinstance(value, str) and (name := text_key(value)):
            yield name, rf"(?<![\w@.-]){re.escape(name)}(?![\w@-])"
