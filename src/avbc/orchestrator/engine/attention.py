"""What a run finds for a person: gathered, written with the journal, reported once at its end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

import attrs

from avbc.logs import get_logger
from avbc.mapping import Problem
from avbc.mapping.waiting import WAITS_FOR_PAYMENT
from avbc.orchestrator.engine.changes import UNEXPECTED
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import JOURNAL_ERRORS
from avbc.orchestrator.engine.open_items import ItemChange, ItemKey, OpenItems, Raised, Settled
from avbc.orchestrator.worklist import WorklistItem
from avbc.text import some_of

STOPPED = "order_stopped_in_store"
"""The code of an order that was stopped in the store after its import."""
GONE = "order_gone_from_store"
"""The code of an imported order that was archived or deleted in the store."""
FOLLOWING = "follow_orders"
"""The area of what became of orders after their import, whichever run finds it."""
IMPORTING = "import_orders"
"""The area of orders that were refused."""
ORDER_EDITED = "order_edited"
"""The code of an edited order whose sales order the import must not change."""
EDITED_AFTER_IMPORT = "order_edited_after_import"
"""The code of an order that was edited after its import."""
STATUS_KEPT = "status_kept"
"""The code of an order that was asked for by its id and refused, and keeps its status."""
_FIXED_TO_THE_END = frozenset({STATUS_KEPT, "order_edited", WAITS_FOR_PAYMENT, UNEXPECTED})
"""Problems of orders that were not imported whose advice says itself how the item goes."""
RECONCILE = "reconcile"
"""The area of what a reconciliation found."""
NOT_IN_BOOKS = "order_missing_in_books"
"""The code of an order that should have been imported."""

_NONE = frozenset[str]()

_log = get_logger("avbc.orchestrator")


class Attention:
    """The items of one run, or of one check.

    Args:
        integration: Whose worklist it is, and who is called.
        area: The job whose items they are.
    """

    def __init__(self, integration: Integration, area: str) -> None:
        self._integration = integration
        self._area = area
        self._changes: list[ItemChange | _Only] = []
        self._confirmed: set[ItemKey] = set()
        self._open: dict[str, frozenset[str]] | None = None
        """The codes of the job's open items by key, as the first flush found them and left them."""

    def add(
        self,
        problem: Problem,
        *,
        key: str,
        order_id: int = 0,
        import_id: str = "",
        area: str = "",
    ) -> None:
        """Put a problem on the worklist; one that is there in the same words stays as it is."""
        area = area or self._area
        now = self._integration.clock.now()
        item = WorklistItem(
            problem.code,
            key,
            order_id,
            import_id,
            now,
            _message(problem),
            _fix(problem, area, order_id),
            area,
        )
        self._confirmed.add((area, problem.code, key))
        self._changes.append(Raised(item))

    def settle(
        self, keys: Iterable[str], *, area: str = "", codes: Collection[str] | None = None
    ) -> None:
        """Take the items of these keys off the worklist: their cause is gone."""
        of_codes = None if codes is None else frozenset(codes)
        if of_keys := tuple(keys):
            self._changes.append(Settled(area or self._area, of_keys, of_codes))

    def settle_rest(self, area: str = "") -> None:
        """Take off the items of an area that this run did not confirm: it looked at everything."""
        area = area or self._area
        but = frozenset(place for place in self._confirmed if place[0] == area)
        self._changes.append(Settled(area, but=but))

    def replace(
        self, key: str, problems: Collection[Problem], *, order_id: int, import_id: str
    ) -> None:
        """Have these problems of the job's, and no others, on the worklist for one key.

        There is one item for each code: problems of one code are joined.
        """
        codes = _NONE
        if problems:
            problems = joined(problems)
            codes = frozenset(problem.code for problem in problems)
        for problem in problems:
            self.add(problem, key=key, order_id=order_id, import_id=import_id)
        self._changes.append(_Only(key, codes))

    def since(self, place: ItemKey) -> datetime | None:
        """Return when an item was first seen, as far as it is written."""
        item = self._items().find(place)
        return None if item is None else item.since

    @property
    def is_due(self) -> bool:
        """Whether something is not written yet."""
        return bool(self._changes)

    def flush(self) -> None:
        """Write what was found; what could not be written is written with the next flush.

        Raises:
            JournalUnreachable: Nothing was written.
        """
        if not self._changes:
            return
        try:
            items = self._items()
            if needed := list(self._needed(items)):
                items.apply(needed)
                self._integration.unkept = ""
        except JOURNAL_ERRORS as error:
            self._open = None
            self._integration.unkept = str(error)
            raise
        self._changes = []

    def report(self) -> str:
        """Call the application with what is new or has changed; a run is not harmed by errors.

        What it raises, or a death before the items are marked, has them reported again: they are
        reported at least once. Returns why it did not take them, or nothing.
        """
        call = self._integration.on_attention
        if call is None:
            return ""
        try:
            items = self._items()
            if not items.unreported():
                return ""
            # The worklist belongs to the journal, and so does the turn to report it.
            name = f"attention {self._integration.scope}"
            with self._integration.journal.take_turn(name) as turn:
                # Another process that has the turn reports them.
                if not turn.check() and (news := items.unreported()):
                    call(news)
                    items.set_reported(news)
        except JOURNAL_ERRORS as error:
            _log.warning("the worklist could not be reported: %s", error)
            return str(error)
        except Exception as error:  # noqa: BLE001  # a bug of the application
            _log.exception("on_attention failed; the next run reports the same items")
            # Its message may hold a password of the application's.
            return f"on_attention raised {type(error).__name__}, which the log shows"
        return ""

    def _needed(self, items: OpenItems) -> Iterator[ItemChange]:
        """Yield the changes that change something: most keys have nothing on the worklist."""
        if self._open is None:
            self._open = {}
            for key, code in items.keys(self._area):
                self._open[key] = self._open.get(key, frozenset()) | {code}
        gone: dict[str, list[str]] = {}
        """Keys whose items go together, by code."""
        for change in self._changes:
            if isinstance(change, _Only):
                if codes := self._open.get(change.key):
                    for code in codes - change.codes:
                        gone.setdefault(code, []).append(change.key)
                    self._open[change.key] = codes & change.codes
                continue
            if isinstance(change, Settled):
                if change.area == self._area and not self._open:
                    continue
                yield from self._settled(gone)
            elif change.item.area == self._area:
                key, code = change.item.key, change.item.code
                if key in gone.get(code, ()):
                    yield from self._settled(gone)
                self._open[key] = self._open.get(key, frozenset()) | {code}
            yield change
        yield from self._settled(gone)

    def _settled(self, gone: dict[str, list[str]]) -> Iterator[ItemChange]:
        yield from (Settled(self._area, tuple(gone[code]), frozenset({code})) for code in gone)
        gone.clear()

    def _items(self) -> OpenItems:
        return OpenItems.of(self._integration)


@attrs.frozen
class _Only:
    """Of the job's items of a key only these codes stay."""

    key: str
    codes: frozenset[str]


def joined(problems: Iterable[Problem]) -> list[Problem]:
    """Join problems of one code: every message, and each piece of advice once."""
    by_code: dict[str, list[Problem]] = {}
    for problem in problems:
        by_code.setdefault(problem.code, []).append(problem)
    return [
        first
        if not others
        else attrs.evolve(
            first,
            message=" ".join(dict.fromkeys(map(_message, (first, *others)))),
            fix=" ".join(dict.fromkeys(each.fix for each in (first, *others) if each.fix)),
            candidates=(),
        )
        for first, *others in by_code.values()
    ]


def kept_problem(kept: Problem, errors: Collection[Problem], order_id: int) -> Problem:
    """Join why an order was refused that keeps its status: only its id has it imported."""
    (problem,) = joined(attrs.evolve(each, code=STATUS_KEPT) for each in (*errors, kept))
    by_hand = any("by hand" in each.fix for each in errors)
    if any(f"import_order({order_id})" in each.fix for each in errors):
        fix = " ".join(dict.fromkeys(each.fix for each in errors))
    else:
        fix = f"{problem.fix}{_or_settle(order_id)}" if by_hand else problem.fix
    return attrs.evolve(problem, fix=fix)


def _message(problem: Problem) -> str:
    if not problem.candidates:
        return problem.message
    return f"{problem.message} Candidates: {some_of(problem.candidates, problem.value)}."


def _or_settle(order_id: int) -> str:
    return f" If you entered it by hand, call settle({order_id})."


def _fix(problem: Problem, area: str, order_id: int) -> str:
    """What to do, to its end: an order that was refused is not looked at again by itself."""
    if area != IMPORTING or problem.code in _FIXED_TO_THE_END:
        return problem.fix
    then = f"Then give the order its New Order Status again, or call import_order({order_id})"
    by_hand = "by hand" in problem.fix
    then += f"; if you entered it by hand, call settle({order_id})." if by_hand else "."
    # One that comes back with its order has it already.
    return problem.fix if problem.fix.endswith(then) else f"{problem.fix} {then}".strip()


def stopped_problem(
    order_id: int, import_id: str, happened: str, held: str = "", *, is_credited: bool = False
) -> Problem:
    """Say that an order was stopped in the store, and is in the books.

    Args:
        order_id: BigCommerce's id of the order.
        import_id: The Import ID.
        happened: What stopped it.
        held: What money of it is still held (`money_held`).
        is_credited: Whether the settings ask for refunds as credits.
    """
    by_hand = (
        f"elete {import_id} in AcctVantage; where it is posted, reverse it there and call "
        f"settle({order_id})."
    )
    fix = f"D{by_hand} If the order goes on, give it another status in BigCommerce."
    if happened == "disputed":
        fix = (
            "Ship nothing until the dispute is decided. If it is won, give the order another "
            f"status in BigCommerce. If it is lost, d{by_hand}"
        )
    elif happened == "refunded" and is_credited:
        fix = (
            "Ship nothing. import_refunds writes the credit of the refund, and the item goes. If "
            f"nothing was refunded in BigCommerce, d{by_hand}"
        )
    elif held:
        fix = f"Refund or void it in BigCommerce first. {fix}"
    return Problem(
        STOPPED,
        "status_id",
        happened,
        f"Order {order_id} was {happened} in the store, and is in the books as {import_id}. "
        f"{held}{' ' if held else ''}No status, shipment or capture is sent for it any more.",
        fix,
    )
