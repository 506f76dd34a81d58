"""Records that are written many at once: a batch that BigCommerce refuses is told apart row by row, so that the good rows go through."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Protocol, TypeAlias, TypeVar

from avbc.bigcommerce import RequestRefused
from avbc.bigcommerce.answers import field_errors
from avbc.bigcommerce.body import Json
from avbc.bigcommerce.call import Call
from avbc.bigcommerce.endpoints.writes import record_of
from avbc.bigcommerce.models.base import Draft
from avbc.errors import AvbcError
from avbc.mapping import Problem
from avbc.orchestrator.engine.run import CONCERNS_ALL, CallbackStep, PushRun, Step, problem_of
from avbc.orchestrator.reports import Change

_HALVINGS = 200
"""How often a run halves batches in which BigCommerce names no row: where very many are at fault, each by itself would take hours."""
_NOT_TOLD = (
    "The batch that it was in was refused, and BigCommerce does not say for which of its "
    "rows; so many were that it was given up."
)


class Row(Protocol):
    """A record on its way: what is sent, and the change that it makes."""

    @property
    def change(self) -> Change:
        """The change that it makes."""
        ...


R = TypeVar("R", bound=Row)
T = TypeVar("T")

Named: TypeAlias = Callable[[RequestRefused, Sequence[R]], Mapping[int, str]]
"""Which rows of a batch a refusal names, from 0, and what it says of each."""


def send_batches(
    run: PushRun,
    rows: Iterable[R],
    *,
    size: int,
    make: Callable[[Sequence[R]], Call[T]],
    saved: Callable[[Sequence[R], T], Iterable[R] | None],
    refused: Callable[[R, RequestRefused, str], object],
    named: Named[R],
    at_once: int,
) -> None:
    """Send rows in batches until each has come to its end, or the run is over.

    Of a batch that is refused the rows that the refusal names are taken out, and the rest is sent
    again. Where it names none, the batch is sent in halves, down to the row that is at fault. A row
    that could not be sent for anybody's fault but its own is postponed.

    Args:
        run: The run.
        rows: What is to be sent; taken as it is needed.
        size: How many rows one request takes.
        make: Makes the request of some rows. A `ValueError` of it refuses them.
        saved: Tells the run how the rows of a request that was accepted ended; returns those that
            are to be sent again, each alone.
        refused: Tells the run of one row that was refused, and why.
        named: Finds the rows that a refusal names.
        at_once: Requests in flight.

    Raises:
        AvbcError: An error that concerns every row, such as a refused token.
    """
    rest = iter(rows)
    again: deque[Sequence[R]] = deque()
    halvings = 0

    def halve(batch: Sequence[R]) -> None:
        middle = len(batch) // 2
        again.extend([batch[:middle], batch[middle:]])

    def steps() -> Iterator[Step[T]]:
        while batch := again.popleft() if again else list(islice(rest, size)):
            try:
                call = make(batch)
            except ValueError as error:
                if len(batch) > 1:
                    halve(batch)
                else:
                    run.refuse(
                        batch[0].change,
                        Problem("not_sendable", "", "", f"It cannot be sent: {error}."),
                    )
                continue
            yield CallbackStep(call, tuple(row.change for row in batch), partial(settle, batch))

    def settle(batch: Sequence[R], answer: T | AvbcError) -> None:
        nonlocal halvings
        if not isinstance(answer, AvbcError):
            again.extend([row] for row in saved(batch, answer) or ())
        elif not isinstance(answer, RequestRefused):
            _fail(run, batch, answer)
        elif len(batch) == 1:
            refused(batch[0], answer, "")
        elif faulty := named(answer, batch):
            for index, message in faulty.items():
                refused(batch[index], answer, message)
            again.extend(
                [good]
                if (good := [row for index, row in enumerate(batch) if index not in faulty])
                else []
            )
        elif halvings < _HALVINGS:
            halvings += 1
            halve(batch)
        else:
            for row in batch:
                run.postpone(
                    row.change, problem_of(answer), Problem("batch_refused", "", "", _NOT_TOLD)
                )

    while True:
        run.send(steps(), at_once=at_once)
        if run.is_over() or not again:
            break
    for batch in again:
        for row in batch:
            run.postpone(
                row.change,
                Problem("run_stopped", "", "", f"The run stopped before it: {run.report.stopped}"),
            )


def _fail(run: PushRun, batch: Sequence[Row], error: AvbcError) -> None:
    """No row is at fault: whether it was carried out may not be known, and the next run looks."""
    if isinstance(error, CONCERNS_ALL):
        for row in batch:
            run.postpone(row.change, Problem("run_stopped", "", "", str(error)))
        raise error
    for row in batch:
        run.postpone(row.change, problem_of(error))


def named_drafts(error: RequestRefused, drafts: Sequence[Draft]) -> dict[int, str]:
    """Which drafts of a batch a refusal names, from 0, and what it says of each.

    By position or id where a field begins with it (`3.email`), otherwise by what tells the record
    from others: its id, SKU, email or name (inferred: BigCommerce documents no form).

    >>> from avbc.bigcommerce.models import CustomerDraft
    >>> drafts = [CustomerDraft(email="ana@example.com"), CustomerDraft(email="bo@example.com")]
    >>> error = RequestRefused("refused")
    >>> error.errors = {".customer_create": "email bo@example.com already in use"}
    >>> named_drafts(error, drafts)
    {1: 'email bo@example.com already in use'}
    """
    ids: list[object] = [getattr(draft, "id", None) for draft in drafts]
    found: dict[int, list[str]] = {}
    for field, message in error.errors.items():
        index, rest = record_of(field, ids)
        if index is not None and index < len(drafts):
            found.setdefault(index, []).append(f"{rest}: {message}" if rest else message)
            continue
        for index in _mentioned(f"{field} {message}", drafts):
            found.setdefault(index, []).append(message)
    for report in error.rows:
        told = _told(report)
        for index in _mentioned(told, drafts):
            found.setdefault(index, []).append(told)
    return {index: "; ".join(dict.fromkeys(messages)) for index, messages in sorted(found.items())}


_OF_THEIR_OWN = ("sku", "email", "name")


def _mentioned(text: str, drafts: Sequence[Draft]) -> list[int]:
    """The drafts that a text is about: by the longest of what it mentions, since "Big mug" is not "Mug"."""
    found: list[tuple[int, str]] = []
    for index, draft in enumerate(drafts):
        number = getattr(draft, "id", None)
        patterns = [("id", rf"\bid\W{{1,3}}{number}\b")] if isinstance(number, int) else []
        texts = [getattr(draft, name, None) for name in _OF_THEIR_OWN]
        patterns += [
            (own, rf"(?<![\w@.-]){re.escape(own)}(?![\w@-])")
            for own in texts
            if isinstance(own, str) and own
        ]
        found += [
            (index, own.casefold())
            for own, pattern in patterns
            if re.search(pattern, text, re.IGNORECASE)
        ]
    owns = {own for _, own in found}
    return sorted(
        {
            index
            for index, own in found
            if not any(own != longer and own in longer for longer in owns)
        }
    )


def _told(report: Mapping[str, Json]) -> str:
    fields = [
        f"{name}: {text}" if name else text
        for name, text in field_errors(report.get("errors")).items()
    ]
    return "; ".join(
        [*(str(report[key]) for key in ("title", "message", "detail") if report.get(key)), *fields]
    )
