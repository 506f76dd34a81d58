"""One Web Integration: the settings, the store, the books and the journal of its runs."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cached_property

import attrs

from avbc.acctvantage.gateway import ImportGateway
from avbc.acctvantage.optional import LendsDatabase, Turn
from avbc.bigcommerce import (
    BadAnswer,
    BigCommerce,
    RequestRefused,
    ScopeMissing,
    StoreUnavailable,
    StoreUnreachable,
)
from avbc.bigcommerce.endpoints.scopes import ORDERS_MODIFY, probe_scope
from avbc.bigcommerce.endpoints.store import get_time
from avbc.bigcommerce.models import OrderStatus
from avbc.bigcommerce.models.base import EPOCH
from avbc.bigcommerce.models.statuses import SYSTEM_STATUSES
from avbc.clock import Clock
from avbc.errors import AvbcError
from avbc.logs import StoreName, get_logger
from avbc.mapping import store_status
from avbc.orchestrator.engine.changed_orders import ChangedOrders
from avbc.orchestrator.engine.customising import OrderCustomisation
from avbc.orchestrator.engine.cycles import name_of
from avbc.orchestrator.engine.journal import Journal
from avbc.orchestrator.engine.parts import END_OF_TIME, Parts
from avbc.orchestrator.engine.progress import Progress
from avbc.orchestrator.engine.statuses import ImportStatuses, import_statuses, mapped_statuses
from avbc.orchestrator.engine.stock_location import StockLocation
from avbc.orchestrator.engine.stopping import Stop
from avbc.orchestrator.engine.store_days import StoreDays
from avbc.orchestrator.worklist import OnAttention
from avbc.secret import Secret
from avbc.settings import Settings
from avbc.stopping import StopRequest, ended_by

_log = get_logger("avbc.orchestrator")


class Integration:
    """The settings, and what they name, opened when it is first used.

    Args:
        settings: The screens of the manual.
        books: AcctVantage's side.
        store: The store's client; by default the one that the settings name is opened.
        journal: The journal's database URL; by default the books' own database, or memory.
        on_progress: Called with the progress of each run.
        on_attention: Called with the items of the worklist that are new or have changed.
    """

    def __init__(
        self,
        settings: Settings,
        books: ImportGateway,
        *,
        store: BigCommerce | None = None,
        journal: str | None = None,
        on_progress: Progress | None = None,
        on_attention: OnAttention | None = None,
    ) -> None:
        self.settings = settings
        self.parts = Parts(books)
        self.books = self.parts.importing
        self.on_progress = on_progress
        self.on_attention = on_attention
        self.clock = Clock()
        """The time, for the jobs, the journal and the timer."""
        self.order_customisations: tuple[OrderCustomisation, ...] = ()
        """Applied to each order of the store before it is mapped."""
        self.stop = Stop(clock=lambda: self.clock.monotonic())  # noqa: PLW0108 - it is replaced
        self.marks_left: dict[str, set[str]] = {}
        """Marks of orders in hand that are to be taken off, by kind: each run tries again."""
        self.may_set_statuses = False
        """Whether the token is known to have the scope that sets order statuses."""
        self.right_code: tuple[str, str] | None = None
        """The Import Source Code and the store that the books have orders of. That they have stays
        so: neither another code of this store nor another store of this code runs from then on."""
        self.clocks_noted: object = None
        """Which clocks were off when that was noted last."""
        self.unkept = ""
        """Why what was found last could not be put on the worklist, or empty."""
        self._first_ordered_at: dict[str, datetime] = {}
        self._given_store = store
        # It may hold a password.
        self._journal_url = None if journal is None else Secret(journal)

    @cached_property
    def store(self) -> BigCommerce:
        """The store's client.

        Raises:
            SettingsError: The settings hold no access token.
        """
        if self._given_store is not None:
            return self._given_store
        setup = self.settings.store
        return BigCommerce(
            setup.api_url,
            self.settings.require_access_token(),
            client_id=setup.client_id,
            client_secret=setup.client_secret,
        )

    @cached_property
    def journal(self) -> Journal:
        """The journal.

        Raises:
            JournalUnreachable: Its database cannot be opened.
        """
        if self._journal_url is not None:
            return Journal(self._journal_url.reveal())
        books = self.parts.given
        return Journal(books.journal_engine if isinstance(books, LendsDatabase) else "sqlite://")

    @cached_property
    def statuses(self) -> ImportStatuses:
        """The three statuses of the import, by id.

        Raises:
            SettingsError: The store has no such statuses.
            StoreError: The store's own status labels cannot be read.
        """
        return import_statuses(self.settings, self.store.order_statuses.list)

    @property
    def new_status_id(self) -> int | None:
        """The id of the New Order Status; None where the store would have to be asked for it."""
        if "statuses" in self.__dict__:
            return self.statuses.new
        named = store_status(self.settings.order_status.new_order_status, SYSTEM_STATUSES).value
        return None if named is None else named.id

    @cached_property
    def mapped_statuses(self) -> tuple[OrderStatus, ...]:
        """The statuses that the Order Status Mapping is read by."""
        return mapped_statuses(self.settings.order_status, self.store.order_statuses.list)

    @cached_property
    def stock_location(self) -> StockLocation:
        """The location that quantities are pushed to."""
        return StockLocation(self.store, self.settings.shipping.bigcommerce_location, self.clock)

    @cached_property
    def changed_orders(self) -> ChangedOrders:
        """The listing of changed orders, which the jobs of a cycle share."""
        return ChangedOrders(self.store, self.clock)

    @cached_property
    def days(self) -> StoreDays:
        """The store's own days."""
        return StoreDays(self.store)

    @cached_property
    def language(self) -> str:
        """The store's language; empty where the token may not read it.

        Raises:
            StoreError: The store does not answer.
        """
        try:
            return self.days.information.language
        except ScopeMissing:
            return ""

    def first_ordered_at(self) -> datetime | None:
        """Return when the first order was made that is in the books; None where there is none.

        It is the one with the lowest number in the store, and is read once.

        Raises:
            BooksUnreachable: The books cannot be read.
        """
        code = self.source_code
        if code not in self._first_ordered_at:
            orders = self.books.sales_orders_ordered(code, EPOCH, END_OF_TIME)
            first = next(iter(orders), None)
            if first is None or first.ordered_at is None:
                return None
            self._first_ordered_at[code] = first.ordered_at
        return self._first_ordered_at[code]

    @property
    def store_name(self) -> StoreName:
        """What the store is called in logs."""
        return name_of(self.settings)

    @property
    def source_code(self) -> str:
        """The Import Source Code."""
        return self.settings.order_status.import_source_code

    @property
    def scope(self) -> str:
        """What the journal's records belong to: another store under the same code has its own."""
        return f"{self.source_code}@{self.store.store_hash}"

    def scoped(self, kind: str) -> str:
        """The kind under which the journal remembers something of this store."""
        return f"{kind} {self.scope}"

    @contextmanager
    def turn(self, kind: str, wait: timedelta) -> Generator[Turn]:
        """Take a turn at something that one process at a time may do for this store.

        It is one of the books, or of the journal where the books have none. It ends with the
        context, or with the process.

        Raises:
            BooksUnreachable: The books could not be asked.
            JournalUnreachable: The journal could not be opened or asked.
        """
        turns = self.parts.turns or self.journal
        turn = turns.take_turn(self.scoped(kind), wait)
        try:
            yield turn
        finally:
            try:
                turn.release()
            except Exception:  # noqa: BLE001
                # Of the application's books: what was done is done, and its report is not lost.
                _log.exception("the turn of %s could not be given back", kind)

    def take_off_marks(self) -> None:
        """Take off the marks of orders that no run has in hand any more (`engine.in_hand`).

        Raises:
            JournalUnreachable: The rest is to be taken off later.
        """
        for kind, marks in list(self.marks_left.items()):
            self.journal.forget_fingerprints(kind, sorted(marks), durable=False)
            del self.marks_left[kind]

    def require_setting_statuses(self, meanwhile: Callable[[], object]) -> None:
        """Probe once the scope that sets statuses: before an order is in the books and still New.

        Args:
            meanwhile: What else is done before an order is in the books.

        Raises:
            ScopeMissing: The token lacks it.
            StoreError: The store does not answer.
        """
        probes = [] if self.may_set_statuses else [probe_scope(ORDERS_MODIFY)]
        begun = self.store.begin(probes)
        try:
            meanwhile()
        except BaseException:
            begun.drop()
            raise
        for answer in begun.results():
            # BigCommerce checks the scope before the request (docs/facts.md, bigcommerce-limits).
            if isinstance(answer, AvbcError) and not isinstance(answer, RequestRefused):
                raise answer
        self.may_set_statuses = True

    def is_answering(self) -> bool:
        """Ask the store once for the time: whether it answers at all.

        A refusal is an answer.
        """
        try:
            self.store.send(attrs.evolve(get_time(), repeatable=False))
        except (StoreUnreachable, StoreUnavailable, BadAnswer):
            return False
        except AvbcError:
            pass
        return True

    def use(self, settings: Settings) -> None:
        """Continue with other settings; a client that was opened here is reopened if it must be."""
        if settings.store != self.settings.store:
            self._close_store()
            self.may_set_statuses = False
        for name in ("statuses", "mapped_statuses", "stock_location", "changed_orders"):
            self.__dict__.pop(name, None)
        self.settings = settings

    def close(self) -> None:
        """Close the store's client and the journal, if opened here. The books stay open."""
        self._close_store()
        # Where they stay, this process counts as one that died. It waits for no lock.
        at_once = StopRequest()
        at_once.ask()
        with suppress(AvbcError), ended_by(at_once):
            self.take_off_marks()
        if "journal" in self.__dict__:
            self.journal.close()
            del self.journal

    def _close_store(self) -> None:
        if self._given_store is None:
            self.__dict__.pop("days", None)
            self.__dict__.pop("language", None)
        if self._given_store is None and "store" in self.__dict__:
            self.store.close()
            del self.store
