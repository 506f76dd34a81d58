"""The parts of the books: which are there, which each job needs, and what their methods return."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from pathlib import Path
from traceback import extract_tb
from typing import Any, cast

import attrs

from avbc.acctvantage.errors import BooksUnreachable, BooksUnusable
from avbc.acctvantage.gateway import (
    ClientGateway,
    CreditGateway,
    FollowGateway,
    ImportGateway,
    PaymentGateway,
    ProductGateway,
    ShipmentGateway,
    StatusGateway,
    StockGateway,
)
from avbc.acctvantage.optional import (
    ClockGateway,
    JournalGateway,
    OrderGroupGateway,
    StagingGateway,
    TurnGateway,
)
from avbc.acctvantage.pickups import Pickup
from avbc.acctvantage.records import Credit, Shipment
from avbc.acctvantage.sql.gateway import SqlGateway
from avbc.bigcommerce.models import OrderStatus
from avbc.documentation import see
from avbc.errors import AvbcError, FinalError
from avbc.logs import get_logger
from avbc.mapping import MappingRules
from avbc.orchestrator.engine.returned import Check, check_of, must_be
from avbc.settings import Settings
from avbc.settings.settings import with_screens

_OF_ONE_RECORD = frozenset(
    {
        "create_order",
        "create_orders",
        "update_order",
        "update_receipt",
        "set_to_ship",
        "offer_again",
        "set_order_status",
        "bind_client",
        "record_capture",
        "record_void",
        "create_credit",
    }
)
"""Methods whose exceptions concern the record that they write."""
_LASTING_OS_ERRORS = (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError)

_log = get_logger("avbc.orchestrator")

END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)
"""After every order, in every time zone."""


class MethodsMissing(FinalError):
    """The books lack methods that an import, or the job that was called, needs.

    `job` is the method of the orchestrator, `part` the protocol, and `methods` are the names of
    those that are missing.

    >>> MethodsMissing("push_shipments", "MyBooks", "ShipmentGateway", ("shipments",)).short
    'MyBooks lacks shipments (ShipmentGateway)'
    """

    def __init__(self, job: str, books: str, part: str, methods: tuple[str, ...]) -> None:
        self.job = job
        self.books = books
        self.part = part
        self.methods = methods
        it = "this method" if len(methods) == 1 else "these methods"
        lines = [f"{job} needs {part}, and {books} lacks {it} of it:"]
        lines += [f"  {_signature(name)}" for name in methods]
        lines.append(self.fix)
        super().__init__("\n".join(lines))

    def __reduce__(self) -> tuple[type[MethodsMissing], tuple[str, str, str, tuple[str, ...]]]:
        return type(self), (self.job, self.books, self.part, self.methods)

    @property
    def short(self) -> str:
        """The methods that are missing, in one line."""
        return f"{self.books} lacks {named(self.methods)} ({self.part})"

    @property
    def left_out(self) -> str:
        """What the timer reports where the settings ask for the job."""
        row = NEEDS[self.job].row
        fix = f"{self.fix[:-1]}, or set {row}." if row else self.fix
        return f"{self.job} is left out: {self.short}. {fix}"

    @property
    def fix(self) -> str:
        """What to do about it."""
        it = "this method" if len(self.methods) == 1 else "these methods"
        return f"Add {it} to {self.books} ({see('gateway')})."


@attrs.frozen
class Need:
    """The part of the books that a job needs, in addition to `ImportGateway`."""

    part: type[object]
    key: str = ""
    """The setting that asks for the job; empty where none does."""
    on: object = True
    """The value with which it asks."""
    off: object = None
    """The value that turns off the job and nothing else; None where there is none."""

    def is_on(self, settings: Settings) -> bool:
        """Whether the settings ask for the job, or leave it to the books."""
        return not self.key or attrgetter(self.key)(settings) == self.on

    @property
    def row(self) -> str:
        """The row of the settings file that turns the job off; empty where there is none.

        >>> NEEDS["push_order_statuses"].row
        'order_status.updates = "off"'
        """
        return "" if self.off is None else f"{self.key} = {json.dumps(self.off)}"


NEEDS: Mapping[str, Need] = {
    "import_refunds": Need(CreditGateway, "gl.import_refunds", off=False),
    "push_order_statuses": Need(StatusGateway, "order_status.updates", "push", "off"),
    "pull_order_statuses": Need(StatusGateway, "order_status.updates", "pull", "off"),
    # Its setting says how payments are booked, too.
    "capture_payments": Need(PaymentGateway, "gl.credit_card_transactions_are_preauthorizations"),
    "push_shipments": Need(ShipmentGateway, "shipping.push_shipments", off=False),
    "push_inventory": Need(StockGateway, "shipping.sync_inventory_levels", off=False),
    "push_products": Need(ProductGateway, "shipping.sync_product_details", off=False),
    "export_clients": Need(ClientGateway),
    "take_answers": Need(StagingGateway),
    "write_journal": Need(JournalGateway),
}
"""What each job needs. Jobs that are not named do with `ImportGateway`."""

PARTS: tuple[type[object], ...] = (
    ImportGateway,
    FollowGateway,
    StatusGateway,
    ShipmentGateway,
    ProductGateway,
    StockGateway,
    ClientGateway,
    PaymentGateway,
    CreditGateway,
    StagingGateway,
    JournalGateway,
    OrderGroupGateway,
    TurnGateway,
    ClockGateway,
)
"""Every part, `ImportGateway` first."""


def named(methods: Sequence[str]) -> str:
    """Return names as a sentence has them.

    >>> named(["shipments", "shipments_of"])
    'shipments and shipments_of'
    """
    *first, last = methods
    return f"{', '.join(first)} and {last}" if first else last


def methods_of(part: type[object]) -> list[str]:
    """Return the names of a part's methods, in the order of its source.

    >>> methods_of(ShipmentGateway)
    ['shipments', 'shipments_of']
    """
    # Since Python 3.12 a protocol also has a class method, which is not abstract and says so.
    return [
        name for name, value in vars(part).items() if getattr(value, "__isabstractmethod__", False)
    ]


class Parts:
    """The books of an application, and which parts of the Gateway they have.

    A property is the part of this name, and raises `MethodsMissing` where the books lack it. A
    method that returns something else than its definition says raises `BooksUnusable`, and so does
    one that raises what is no `AvbcError`; an `OSError` such as a `ConnectionError` is an outage,
    `BooksUnreachable`. Methods that write one record raise all others as they are.

    Args:
        books: AcctVantage's side, as the application gave it.

    Raises:
        TypeError: These are no books.
        MethodsMissing: They lack a method that an import needs.
    """

    def __init__(self, books: ImportGateway) -> None:
        self.given = books
        self._missing: dict[type[object], list[str]] = {}
        _require_books(books)
        self._answers = _Answers(books)
        self._part("import_orders", ImportGateway)

    def missing(self, part: type[object]) -> list[str]:
        """Return the names of the methods of a part that the books lack."""
        if part not in self._missing:
            lacking = [name for name in methods_of(part) if not _has_method(self.given, name)]
            self._missing[part] = lacking
        return self._missing[part]

    def has(self, part: type[object]) -> bool:
        """Whether the books have every method of a part."""
        return not self.missing(part)

    def lacks(self, job: str, part: type[object]) -> MethodsMissing | None:
        """Return what of a part the books lack for a job; None where they have all of it."""
        missing = self.missing(part)
        if not missing:
            return None
        return MethodsMissing(job, type(self.given).__name__, part.__name__, tuple(missing))

    def lacks_for(self, job: str) -> MethodsMissing | None:
        """Return what the books lack for a job; None where they have all that it needs."""
        return self.lacks(job, NEEDS[job].part) if job in NEEDS else None

    def require(self, job: str) -> None:
        """Make sure that the books have what a job needs.

        Raises:
            MethodsMissing: They lack a method of it.
        """
        if (error := self.lacks_for(job)) is not None:
            raise error

    def settings_in_force(self, settings: Settings) -> Settings:
        """Return the settings without the jobs that the books cannot do.

        What these jobs would do is then left to a person, as where the settings do not ask for it.
        """
        for need in NEEDS.values():
            if need.off is not None and need.is_on(settings) and not self.has(need.part):
                screen, _, name = need.key.partition(".")
                off: dict[str, Any] = {name: need.off}
                screens = {screen: attrs.evolve(getattr(settings, screen), **off)}
                settings = with_screens(settings, screens)
        return settings

    @property
    def loads_files(self) -> bool:
        """Whether the books are filled from files: other books have what AcctVantage has."""
        return isinstance(self.given, SqlGateway)

    def rules(
        self, settings: Settings, statuses: tuple[OrderStatus, ...] = (), language: str = ""
    ) -> MappingRules:
        """Return what the mapping rules look up.

        Raises:
            BooksUnreachable: The books' reference data cannot be read.
        """
        reference = self.importing.reference_data()
        return MappingRules(settings, reference, statuses, language, self.loads_files)

    # The parts

    @property
    def importing(self) -> ImportGateway:
        """What an import needs: every books have it."""
        return cast("ImportGateway", self._answers)

    @property
    def following(self) -> FollowGateway:
        """What becomes of an imported order in the store."""
        return cast("FollowGateway", self._part("follow_orders", FollowGateway))

    @property
    def statuses(self) -> StatusGateway:
        """Order statuses."""
        return cast("StatusGateway", self._part("push_order_statuses", StatusGateway))

    @property
    def shipments(self) -> ShipmentGateway:
        """Shipments for the store."""
        return cast("ShipmentGateway", self._part("push_shipments", ShipmentGateway))

    @property
    def products(self) -> ProductGateway:
        """Products for the store."""
        return cast("ProductGateway", self._part("push_products", ProductGateway))

    @property
    def stock(self) -> StockGateway:
        """Quantities for the store."""
        return cast("StockGateway", self._part("push_inventory", StockGateway))

    @property
    def clients(self) -> ClientGateway:
        """Clients for the store."""
        return cast("ClientGateway", self._part("export_clients", ClientGateway))

    @property
    def payments(self) -> PaymentGateway:
        """Captures and voids."""
        return cast("PaymentGateway", self._part("capture_payments", PaymentGateway))

    @property
    def credits(self) -> CreditGateway:
        """Credits for refunds."""
        return cast("CreditGateway", self._part("import_refunds", CreditGateway))

    @property
    def staging(self) -> StagingGateway:
        """How far AcctVantage is with the orders that it picks up."""
        return cast("StagingGateway", self._part("take_answers", StagingGateway))

    @property
    def journal(self) -> JournalGateway:
        """What was journaled on which day."""
        return cast("JournalGateway", self._part("write_journal", JournalGateway))

    @property
    def order_groups(self) -> OrderGroupGateway | None:
        """Groups of new orders; None where the books write each by itself.

        Where `create_order` was overridden alone, it is to see each order.
        """
        if not self.has(OrderGroupGateway) or _is_overridden(
            self.given, "create_order", by="create_orders"
        ):
            return None
        return cast("OrderGroupGateway", self._answers)

    @property
    def turns(self) -> TurnGateway | None:
        """Turns of processes; None where the books have none."""
        return cast("TurnGateway", self._answers) if self.has(TurnGateway) else None

    def _part(self, job: str, part: type[object]) -> object:
        if (error := self.lacks(job, part)) is not None:
            raise error
        return self._answers

    # What other jobs read in passing

    def now(self, otherwise: datetime) -> datetime:
        """Return the present by the clock of the books; `otherwise` where they have none.

        Raises:
            BooksUnusable: They return a time without a time zone.
        """
        if not self.has(ClockGateway):
            return otherwise
        now = cast("ClockGateway", self._answers).now()
        if now.tzinfo is None:
            raise BooksUnusable(
                f"{type(self.given).__name__}.now returned {now}: return the present as an aware "
                "datetime."
            )
        return now

    def known_credits(self, order_import_ids: Collection[str]) -> list[Credit]:
        """Return the credits on orders; none where the books keep no credits."""
        return self.credits.credits(order_import_ids) if self.has(CreditGateway) else []

    def known_pickups(self, order_import_ids: Collection[str]) -> dict[str, Pickup]:
        """Return how far AcctVantage is with orders; nothing where it picks none up here."""
        if not (order_import_ids and self.has(StagingGateway)):
            return {}
        return {each.order_import_id: each for each in self.staging.pickups(order_import_ids)}

    def known_shipments(self, order_import_ids: Collection[str]) -> list[Shipment]:
        """Return the shipments of orders; none where the books keep no shipments."""
        return self.shipments.shipments_of(order_import_ids) if self.has(ShipmentGateway) else []

    def known_in_status(
        self, source_code: str, statuses: Collection[str], lately: datetime
    ) -> list[str]:
        """Return the Import IDs of a source's orders that have one of these statuses now.

        Books without `StatusGateway` are asked for the orders that were ordered lately: to read all
        of them would cost more every day.
        """
        if self.has(StatusGateway):
            return self.statuses.orders_in_status(source_code, statuses)
        orders = self.importing.sales_orders_ordered(source_code, lately, END_OF_TIME)
        return [order.import_id for order in orders if order.status in statuses]


class _Answers:
    """Books whose calls are checked: what they return, an `async def`, a wrong signature."""

    def __init__(self, books: object) -> None:
        for name, (result, check) in _RESULTS.items():
            if _has_method(books, name):
                setattr(self, name, partial(_checked, books, name, result, check))


def _checked(
    books: object, name: str, result: str, check: Check, *arguments: object, **named: object
) -> object:
    method = cast("Callable[..., object]", getattr(books, name))
    whose = type(books).__name__
    try:
        answer = method(*arguments, **named)
    except AvbcError:
        raise
    except Exception as error:
        if isinstance(error, TypeError) and not _takes(method, arguments, named):
            raise BooksUnusable(
                f"{whose}.{name} does not take the arguments it is called with: give it the "
                f"signature {_signature(name)}."
            ) from None
        if name in _OF_ONE_RECORD and not _is_outage(error):
            # The run goes on with the other records, and reports this one.
            error.add_note(f"{whose}.{name}{_place(error)}".rstrip(","))
            raise
        raise _raised(whose, name, error) from error
    if inspect.iscoroutine(answer) or inspect.isasyncgen(answer):
        if inspect.iscoroutine(answer):
            answer.close()  # or Python warns that it was never awaited
        raise BooksUnusable(
            f"{whose}.{name} is async, and must return {result}: define it with def, without async."
        )

    def refuse(what: str) -> BooksUnusable:
        is_read = what == "None" and "[" in result
        return BooksUnusable(
            f"{whose}.{name} returned {must_be(what, result)}: correct it in {whose}."
            + (" A read that finds nothing returns an empty list." if is_read else "")
        )

    checked = check(answer, refuse)
    if result.startswith("Iterator["):
        return _taken(cast("Iterator[object]", checked), whose, name)
    return checked


def _taken(items: Iterator[object], whose: str, name: str) -> Iterator[object]:
    """Yield what a method yields: its code runs only now."""
    try:
        yield from items
    except AvbcError:
        raise
    except Exception as error:
        raise _raised(whose, name, error) from error


def _is_outage(error: Exception) -> bool:
    """Whether an exception of books says that something did not answer, which passes by itself."""
    return isinstance(error, OSError) and not isinstance(error, _LASTING_OS_ERRORS)


def _place(error: Exception) -> str:
    """Return where an exception is from: the last line of the books' own file says most."""
    # The first frame is that of this module.
    frames = extract_tb(error.__traceback__)[1:]
    own = [each for each in frames if each.filename == frames[0].filename]
    return f", line {own[-1].lineno} of {Path(own[-1].filename).name}," if own else ""


def _raised(whose: str, name: str, error: Exception) -> BooksUnreachable | BooksUnusable:
    """Return what an exception of a method of the books means: an outage, or a defect of them."""
    what = f"{whose}.{name}{_place(error)} raised {type(error).__name__}: {error}"
    if _is_outage(error):
        return BooksUnreachable(what)
    _log.debug("%s", what, exc_info=error)
    told = BooksUnusable(f"{what}. Correct it in {whose}.")
    told.is_defect = True
    return told


def _takes(
    method: Callable[..., object], arguments: Sequence[object], named: Mapping[str, object]
) -> bool:
    """Whether a method can be called with these arguments, as far as Python can say."""
    try:
        signature = inspect.signature(method)
    except (TypeError, ValueError):
        return True
    try:
        signature.bind(*arguments, **named)
    except TypeError:
        return False
    return True


def _has_method(books: object, name: str) -> bool:
    # A class has it, or an object that passes calls on.
    return any(callable(getattr(each, name, None)) for each in (type(books), books))


def _is_overridden(books: object, name: str, *, by: str) -> bool:
    """Whether a method is defined nearer to the object than another that does the same work."""
    places = [getattr(books, "__dict__", {}), *map(vars, type(books).__mro__)]
    nearest = next((place for place in places if name in place or by in place), None)
    return nearest is not None and name in nearest and by not in nearest


def _require_books(books: object) -> None:
    """Make sure that an argument is an object that can be books.

    Raises:
        TypeError: It is None, a class, a text, or another object without a single method of them.
    """
    if isinstance(books, type):
        raise TypeError(f"books: {books.__name__} is a class: pass an instance, {books.__name__}()")
    if not any(_has_method(books, name) for name in methods_of(ImportGateway)):
        # Without its repr: a database URL holds a password.
        what = "None" if books is None else f"an object of the class {type(books).__name__}"
        raise TypeError(
            "books: must be avbc.SqlGateway(url) or an object of your own class with the methods "
            f"of avbc.ImportGateway, not {what}"
        )


def _signature(name: str) -> str:
    """Return a method as its definition writes it.

    >>> _signature("shipments_of")
    'shipments_of(order_import_ids: Collection[str]) -> list[Shipment]'
    """
    home = next(each for each in PARTS if name in methods_of(each))
    text = str(inspect.signature(getattr(home, name))).replace("'", "")
    return name + text.replace("(self, ", "(", 1).replace("(self)", "()", 1)


_RESULTS: Mapping[str, tuple[str, Check]] = {
    name: (
        inspect.get_annotations(getattr(part, name)).get("return", "None"),
        check_of(getattr(part, name)),
    )
    for part in PARTS
    for name in methods_of(part)
}
"""What each method returns, as its definition writes it, and the check of it."""
