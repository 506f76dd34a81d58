"""Walks of the store's orders, around those that spoil every answer that contains them.

An order may make the answer that contains it unreadable: a truncated body, a 502, more than the
client takes. Its page-mates must not wait for it. So a page that fails in two runs, while the store
answers something else, is read in windows of ids, down to the order. That one is remembered, gets
an item of the worklist, and is asked for alone in each later run, until it is shown.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Generator, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Protocol

import attrs

from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce import (
    AnswerTooLarge,
    BadAnswer,
    BigCommerce,
    ListCall,
    Page,
    Paging,
    StoreError,
    StoreUnavailable,
    StoreUnreachable,
    UnexpectedData,
    UnreadableRow,
)
from avbc.bigcommerce.endpoints.orders import EVERYTHING, Include
from avbc.bigcommerce.models import Order
from avbc.errors import AvbcError
from avbc.logs import get_logger
from avbc.mapping import Problem
from avbc.orchestrator.engine.changes import order_extra
from avbc.orchestrator.engine.journal import JOURNAL_ERRORS

NOT_SHOWN = "order_not_shown"
"""The code of an order that spoils every answer that contains it."""
READING = "order_pages"
"""The area of what was found while orders were read, whichever run found it."""

_FAILED = "order pages failed"
"""Which page of a list failed last, by the list's filter."""
_SPOILING = "orders not shown"
"""The orders that spoil answers, by id: always, or only where their parts are included."""
_ALWAYS, _INCLUDED = "always", "included"
_OWED = "orders not shown to"
"""The orders that a job has not seen though its watermark may be past them, by id."""

_REQUESTS = 20
"""Requests of one run that look for such orders, at most."""
_ORDERS = 20
"""Such orders that are known at once, at most: each costs every walk that meets it requests."""
_MEMORY = timedelta(days=1)
"""For how long a page that failed counts as the same one."""
_END = sys.maxsize
_FOR_ONE = 4
"""Requests that show whether one order is at fault, or the store is down."""
_RECENT = 1024
"""Ids from the newest order back, in which orders that spoil answers are looked for first."""

_Walk = Generator[Page[Order], None, int]

_log = get_logger("avbc.orchestrator")


class OrderNotShown(UnexpectedData):
    """An order spoils every answer that contains it, so nothing of it can be read."""

    @classmethod
    def of(cls, number: int, error: StoreError) -> OrderNotShown:
        """Return it as the answer for an order shows it."""
        return cls("id", str(number), _why(error))

    @property
    def problem(self) -> Problem:
        """What a person can do."""
        number = self.value_repr
        return Problem(
            NOT_SHOWN,
            self.path,
            number,
            f"Order {number} cannot be read: {self.message} All other orders are read without it.",
            f"Open order {number} in BigCommerce, and correct what it cannot show. Otherwise send "
            "BigCommerce's support this message. Each run asks for the order again, and goes on "
            "with it when it is shown. If it is not in AcctVantage and must not wait, enter it by "
            "hand, and archive it in BigCommerce.",
        )


class _Memory(Protocol):
    """What a walk needs of its run."""

    started: datetime
    preview: bool
    source_code: str

    def all_known(self, kind: str) -> Iterator[tuple[str, str]]: ...
    def know(self, kind: str, key: str, text: str) -> None: ...
    def forget(self, kind: str, keys: Collection[str] | None = None) -> None: ...
    def settle(
        self, keys: Iterable[str], *, area: str = "", codes: Collection[str] | None = None
    ) -> None: ...
    def add_item(
        self, problem: Problem, *, key: str, order_id: int = 0, import_id: str = "", area: str = ""
    ) -> None: ...


@attrs.frozen
class _Failed:
    """A page that failed, and between which ids the order was looked for last."""

    at: datetime
    first: int
    low: int
    high: int | None = None
    since: str = ""
    """From when on the list was asked for: one of later times need not have the order."""

    def __str__(self) -> str:
        return f"{self.at.isoformat()} {self.first} {self.low} {self.high or 0} {self.since}"

    @classmethod
    def read(cls, text: str) -> _Failed:
        parts = text.split(" ", 4)
        # Earlier versions wrote less.
        at, first, low, high, since = parts + ["0", ""][len(parts) - 3 :]
        return cls(datetime.fromisoformat(at), int(first), int(low), int(high) or None, since)


class OrderPages:
    """The pages of one run.

    Args:
        store: The store's client.
        run: What remembers, and has the worklist.
    """

    def __init__(self, store: BigCommerce, run: _Memory) -> None:
        self.store = store
        self._run = run
        self._is_answered = False
        """Whether the store answered something in this run."""
        self._requests = 0
        """What was spent on looking for orders that spoil answers."""
        self._highest = 0
        """An id that no order is above, once it was asked for."""
        self._failed: dict[str, _Failed] = {}
        self._spoiling: dict[int, str] = {}
        self._is_known = False
        self._is_there: dict[int, bool] = {}
        """Orders that were asked for alone in this run: whether they were shown."""
        self._paid: dict[str, set[str]] = {}
        self.gone: set[int] = set()
        """Orders that were owed to the job, and that the store lists no more."""

    def walk(self, listed: ListCall[Order]) -> Iterator[Page[Order]]:
        """Yield the pages of a list of orders, by ascending id.

        Each next page asks for ids above the last one, so no order is skipped when others leave the
        list. One that spoils every answer that contains it is an unreadable row: `OrderNotShown`.

        Raises:
            StoreError: The store does not answer, or a page failed for the first time.
        """
        if not self._run.preview:
            self._know()
        listed = attrs.evolve(listed, paging=Paging.MIN_ID)
        last = listed.params.get("max_id")
        first = int(listed.params.get("min_id", 1))
        yield from self._around(listed, first, None if last is None else int(last))

    def of_ids(
        self, first: int, last: int, include: Collection[Include] = ()
    ) -> Iterator[Page[Order]]:
        """Yield the orders within ids, in any status, archived ones excepted.

        Raises:
            StoreError: As `walk` does.
        """
        return self.walk(self.store.orders.list.call(min_id=first, max_id=last, include=include))

    def owing(self, reader: str, pages: Iterator[Page[Order]]) -> Iterator[Page[Order]]:
        """Yield pages, then the orders that earlier pages should have had and did not show.

        A job reads changed orders up to a time that moves on. What it was not shown it gets when it
        is shown, whatever the time.

        Args:
            reader: The job.
            pages: The pages that it reads.
        """
        kind = f"{_OWED} {reader}"
        owed = {int(key) for key, _ in self._run.all_known(kind)}
        rest = set(owed)
        for page in pages:
            self._note_owed(kind, page, owed)
            rest -= {order.id for order in page.items} | {row.id or 0 for row in page.unreadable}
            yield page
        for number in sorted(rest):
            for page in self.of_ids(number, number, EVERYTHING):
                self._note_owed(kind, page, owed)
                yield page
                if not page.count:
                    # It was deleted or archived.
                    self.gone.add(number)
                    self._paid.setdefault(kind, set()).add(str(number))

    def settle_owed(self) -> None:
        """Forget what jobs were owed and have got: their watermark moves, nothing is left."""
        for kind, keys in self._paid.items():
            self._run.forget(kind, keys)
        self._paid.clear()

    def look_again(self) -> None:
        """Ask again for orders that were not shown, and that no walk of this run has met.

        Raises:
            StoreError: The store refuses to answer at all.
        """
        self._know()
        for number in sorted(self._spoiling.keys() - self._is_there.keys()):
            listed = self.store.orders.list.call(include=EVERYTHING)
            self._alone(listed, number)

    # What is known

    def _know(self) -> None:
        if self._is_known:
            return
        self._is_known = True
        try:
            self._spoiling = {int(key): text for key, text in self._run.all_known(_SPOILING)}
            failed = {key: _Failed.read(text) for key, text in self._run.all_known(_FAILED)}
        except JOURNAL_ERRORS:
            # Without it, pages are read as if nothing had ever failed.
            return
        since = self._run.started - _MEMORY
        self._failed = {key: each for key, each in failed.items() if each.at >= since}

    def _note_failed(
        self, listed: ListCall[Order], first: int, low: int | None = None, high: int | None = None
    ) -> None:
        failed = _Failed(self._run.started, first, low or first, high, _since(listed))
        self._run.know(_FAILED, _filter_of(listed), str(failed))

    def _forget_failed(self, key: str) -> None:
        self._failed.pop(key, None)
        self._run.forget(_FAILED, [key])

    def _note_owed(self, kind: str, page: Page[Order], owed: set[int]) -> None:
        for row in page.unreadable:
            if row.id is not None and row.id not in owed and isinstance(row.error, OrderNotShown):
                self._run.know(kind, str(row.id), _ALWAYS)
        if got := owed & {order.id for order in page.items}:
            self._paid.setdefault(kind, set()).update(map(str, got))

    # Pages

    def _around(
        self, listed: ListCall[Order], first: int, last: int | None
    ) -> Iterator[Page[Order]]:
        """Yield the pages of a stretch of ids, and each order that is known to spoil them alone."""
        for number in sorted(self._spoiling):
            if first <= number and (last is None or number <= last):
                yield from self._stretch(listed, first, number - 1)
                page = self._alone(listed, number)
                if page.count:
                    yield page
                first = number + 1
        yield from self._stretch(listed, first, last)

    def _stretch(
        self, listed: ListCall[Order], first: int, last: int | None
    ) -> Iterator[Page[Order]]:
        """Yield the pages of a stretch of ids in which no order is known to spoil them."""
        key, is_patient = _filter_of(listed), True
        while last is None or first <= last:
            failed = self._failed.get(key)
            if failed is not None and not self._is_answered:
                # A store that is down says so here, and costs no more than it did.
                self.store.orders.count()
                self._is_answered = True
            try:
                for page in self.store.pages(_within(listed, first, last, is_patient=is_patient)):
                    self._is_answered = True
                    if page.count < listed.limit:
                        done = _END if last is None else last
                    else:
                        done = _behind(page, first) - 1
                    if (
                        failed is not None
                        and first <= failed.first <= done
                        # A shorter stretch need not have the order.
                        and (failed.high or 0) <= done
                        and _since(listed) <= failed.since
                    ):
                        self._forget_failed(key)
                        failed = None
                    first = done + 1
                    yield page
            except _SPOILED as error:
                if not may_be_the_order(error):
                    raise
                if not self._is_known:
                    # A preview opens the journal no sooner than it needs it.
                    self._know()
                    if self._spoiling or self._failed:
                        yield from self._around(listed, first, last)
                        return
                is_same = (
                    failed is not None
                    and first <= failed.first
                    and (last is None or failed.first <= last)
                )
                is_due = (is_same or not is_patient) and len(self._spoiling) < _ORDERS
                if not (is_due and self._is_answered):
                    self._note_failed(listed, first, high=last)
                    raise
                begin = failed if is_same and is_patient else None
                narrowed = self._narrow(listed, first, last, begin, error)
            else:
                return
            first, is_patient = (yield from narrowed), False

    def _narrow(
        self,
        listed: ListCall[Order],
        first: int,
        last: int | None,
        begin: _Failed | None,
        error: StoreError,
    ) -> _Walk:
        """Yield what can be read up to the order that spoils a page; returns where to go on.

        Args:
            listed: The list.
            first: The first id of the page.
            last: The last id that is asked for.
            begin: Where an earlier run left off.
            error: How the page failed.
        """
        key, low, high, reach = _filter_of(listed), first, last, _RECENT
        end = begin.high if begin is not None else None
        if begin is not None and end is not None and first <= begin.low <= (last or end):
            low, high = begin.low, min(end, last or end)
            if first < low:
                yield from self.store.pages(_within(listed, first, low - 1, is_patient=False))
        if high is None:
            high = max(self._newest(error), low)
        while low < high:
            self._spend(listed, first, error, low, high)
            middle = max((low + high) // 2, high - reach)
            page = self._probe(_within(listed, low, middle, is_patient=False))
            if not isinstance(page, Page):
                high, reach = middle, reach * 32
            else:
                low = _behind(page, low) if page.count >= listed.limit else middle + 1
                if page.count:
                    yield page
        for _ in range(_FOR_ONE):
            self._spend(listed, first, error, low, high)
        page = self._probe(_within(listed, low, low, is_patient=False))
        if not isinstance(page, Page):
            self._forget_failed(key)
            page = self._once_more(listed, low, error)
            if not isinstance(page, Page):
                page = self._spoiled(listed, low, page)
        if page.count:
            yield page
        return low + 1

    def _spend(
        self, listed: ListCall[Order], first: int, error: StoreError, low: int, high: int
    ) -> None:
        """Count a request; raises the page's error where there were enough of them."""
        if self._requests >= _REQUESTS:
            self._note_failed(listed, first, low, high)
            raise error
        self._requests += 1

    def _newest(self, error: StoreError) -> int:
        """Return an id that no order is above."""
        if self._highest:
            return self._highest
        for number in (1, 2):
            self._requests += 1
            listed = self.store.orders.list.call(sort="id:desc")
            params = {**listed.params, "page": str(number)}
            page = self._probe(attrs.evolve(listed, limit=1, params=params, repeatable=False))
            if isinstance(page, Page):
                # Where the newest one spoils its answer, it is not far above the one before.
                self._highest = _behind(page, 1) - 1 + (_RECENT if number > 1 else 0)
                return self._highest
        raise error

    def _probe(self, call: ListCall[Order]) -> Page[Order] | StoreError:
        """Ask for a page once; returns the error where the answer cannot be read."""
        try:
            page = next(self.store.pages(call))
        except _SPOILED as error:
            if not may_be_the_order(error):
                raise
            return error
        self._is_answered = True
        return page

    # One order

    def _alone(self, listed: ListCall[Order], number: int) -> Page[Order]:
        """Ask for an order that spoils answers by itself, and without its parts."""
        call = _within(listed, number, number, is_patient=False)
        page = self._probe(call)
        if not isinstance(page, Page):
            return self._spoiled(listed, number, page)
        if page.count or not call.params.keys() - {"min_id", "max_id", "sort", *_INCLUDING}:
            # It is shown, or there is no such order any more.
            self._is_there[number] = True
            is_bare = page.count and not _is_full(listed)
            if is_bare and self._spoiling.get(number) == _INCLUDED:
                # Without its parts it is shown anyway.
                return page
            if self._spoiling.pop(number, ""):
                # Its item goes first: once it is forgotten, no run looks for it again.
                self._run.settle([self._import_id(number)], area=READING)
                self._run.forget(_SPOILING, [str(number)])
        return page

    def _once_more(
        self, listed: ListCall[Order], number: int, error: StoreError, *, is_bare: bool = False
    ) -> Page[Order] | StoreError:
        """Ask for an order again, once another one is shown: lists that were down may be back.

        Raises:
            StoreError: The given one, as no other is shown: the fault is the store's.
        """
        for step in (-1, 1):
            near = number + step
            while near in self._spoiling:
                near += step
            other = _within(listed, near, near, is_patient=False, is_bare=is_bare)
            if near and isinstance(self._probe(other), Page):
                break
        else:
            raise error
        return self._probe(_within(listed, number, number, is_patient=False, is_bare=is_bare))

    def _spoiled(self, listed: ListCall[Order], number: int, error: StoreError) -> Page[Order]:
        """Return the page of an order that spoils the answer for it alone."""
        page: Page[Order] | StoreError = error
        is_included = self._spoiling.get(number) == _INCLUDED
        is_asked = self._is_there.get(number) is False
        if _is_full(listed) and not is_asked and (self._is_answered or is_included):
            page = self._probe(_within(listed, number, number, is_patient=False, is_bare=True))
        if is_included and not isinstance(page, Page):
            page = self._once_more(listed, number, page, is_bare=True)
        if isinstance(page, Page):
            # Its parts are read one by one, from lists of their own.
            self._note_spoiling(number, _INCLUDED)
            self._run.settle([self._import_id(number)], area=READING)
            return page
        self._is_there[number] = False
        found = OrderNotShown.of(number, error)
        if self._note_spoiling(number, _ALWAYS):
            key = self._import_id(number)
            self._run.add_item(found.problem, key=key, order_id=number, import_id=key, area=READING)
            _log.warning(
                "order %d spoils every answer that contains it: %s (request %s)",
                number,
                _why(error),
                error.request_id or "unknown",
                extra=order_extra(number, key),
            )
        return Page([], (UnreadableRow(0, number, {"id": number}, found),))

    def _note_spoiling(self, number: int, how: str) -> bool:
        """Note that an order spoils answers; returns whether that is new."""
        is_new = self._spoiling.get(number) != how
        self._spoiling[number] = how
        if is_new:
            self._run.know(_SPOILING, str(number), how)
        return is_new

    def _import_id(self, number: int) -> str:
        return order_import_id(self._run.source_code, number)


_SPOILED = (BadAnswer, StoreUnavailable, StoreUnreachable, AnswerTooLarge)
_INCLUDING = ("include", "consignment_structure")
_OF_A_PAGE = ("min_id", "max_id", "limit", "page")


def _why(error: StoreError) -> str:
    """Return how an answer is spoiled, in the same words each time."""
    if isinstance(error, AnswerTooLarge):
        return "its answer is larger than the client takes (largest_answer)."
    if isinstance(error, StoreUnavailable):
        return f"BigCommerce answers {error.status} where it is asked for."
    if isinstance(error, BadAnswer):
        return "BigCommerce's answer for it is not whole."
    return "BigCommerce's answer for it breaks off, or does not come."


def may_be_the_order(error: AvbcError) -> bool:
    """Whether an error may be the answer to what was asked for: without a connection, it is not."""
    if isinstance(error, StoreUnreachable):
        return error.sent
    return isinstance(error, _SPOILED)


def _filter_of(listed: ListCall[Order]) -> str:
    """Return which orders are listed, without the ids and the times, which move on."""
    return " ".join(
        name if "_date_" in name else f"{name}={value}"
        for name, value in sorted(listed.params.items())
        if name not in _OF_A_PAGE
    )


def _since(listed: ListCall[Order]) -> str:
    """Return from when on orders are listed; nothing where no time is asked for."""
    return " ".join(
        str(value) for name, value in sorted(listed.params.items()) if name.startswith("min_date_")
    )


def _is_full(listed: ListCall[Order]) -> bool:
    """Whether the orders of a list include their parts."""
    return "include" in listed.params


def _within(
    listed: ListCall[Order],
    first: int,
    last: int | None,
    *,
    is_patient: bool,
    is_bare: bool = False,
) -> ListCall[Order]:
    """Return a list within ids; where it is not patient, it is not sent again when it fails."""
    left_out = _INCLUDING if is_bare else ()
    params = {name: value for name, value in listed.params.items() if name not in left_out}
    if first > 1 or "min_id" in params:
        params["min_id"] = str(first)
    if last is not None:
        params["max_id"] = str(last)
    return attrs.evolve(listed, params=params, repeatable=is_patient and listed.repeatable)


def _behind(page: Page[Order], first: int) -> int:
    """Return the id behind the last order of a page."""
    ids = [order.id for order in page.items] + [row.id or 0 for row in page.unreadable]
    return max([first - 1, *ids]) + 1
