"""What an orchestrator works with: settings, store, books and journal, opened and closed."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from types import TracebackType
from typing import Concatenate, NoReturn, ParamSpec, Self, TypeVar

from avbc.acctvantage.gateway import ImportGateway
from avbc.acctvantage.records import Client, Product
from avbc.bigcommerce import BigCommerce
from avbc.clock import Clock
from avbc.errors import without_own_frames
from avbc.logs import working_for
from avbc.mapping import ADDRESS_FIELDS, CLIENT_FIELDS, PRODUCT_FIELDS, FieldRule
from avbc.orchestrator.engine.arguments import (
    call_checked,
    checked_arguments,
    require_call,
    require_client,
    require_database_url,
    require_function,
    require_functions,
    require_kind,
    require_list,
    require_settings,
)
from avbc.orchestrator.engine.customising import Customisation, OrderCustomisation
from avbc.orchestrator.engine.failures import LOOKS, noted
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.progress import Progress
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.run import Task
from avbc.orchestrator.engine.stopping import Stop
from avbc.orchestrator.worklist import OnAttention
from avbc.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")


class Connected:
    """A store joined to the books: what `Orchestrator` works with."""

    def __init_subclass__(cls, **options: object) -> None:
        """Have all that is logged in a public method name the store."""
        super().__init_subclass__(**options)
        for name, method in list(vars(cls).items()):
            if inspect.isfunction(method) and not name.startswith("_"):
                setattr(cls, name, cls._naming_store(method))

    @staticmethod
    def _naming_store(method: Callable[Concatenate[Connected, P], T]) -> Callable[..., T]:
        @wraps(method)
        def naming(self: Connected, *arguments: P.args, **named: P.kwargs) -> T:
            with (
                checked_arguments,
                without_own_frames,
                working_for(self._integration.store_name),
            ):
                require_call(method, (self, *arguments), named)
                if method.__name__ not in LOOKS:
                    return method(self, *arguments, **named)
                with noted(self._integration, method.__name__):
                    return method(self, *arguments, **named)

        return naming

    @call_checked
    def __init__(
        self,
        settings: Settings,
        books: ImportGateway,
        *,
        store: BigCommerce | None = None,
        journal: str | None = None,
        on_progress: Progress | None = None,
        on_attention: OnAttention | None = None,
        customise: Sequence[Customisation] = (),
        customise_order: Sequence[OrderCustomisation] = (),
        product_fields: Sequence[FieldRule[Product]] = PRODUCT_FIELDS,
        client_fields: Sequence[FieldRule[Client]] = CLIENT_FIELDS,
        address_fields: Sequence[FieldRule[Client]] = ADDRESS_FIELDS,
        clock: Clock = Clock(),  # noqa: B008 - frozen
    ) -> None:
        """Join a store to the books.

        Args:
            settings: The screens of the manual.
            books: AcctVantage's side: `SqlGateway`, or your own class with the methods of
                `ImportGateway`, and those of the other parts of `Gateway` that you want.
            store: The store's client; by default the one that the settings name is opened, and
                closed by `close`.
            journal: The journal's database URL; by default it is kept in the database of
                `SqlGateway`, and in memory with other books.
            on_progress: Called with how many orders are done, how many there are (None while that
                is not known) and what is being done.
            on_attention: Called at the end of a run with the items of the worklist that are new or
                have changed, as a list.
            customise: Functions from (order, bundle) to bundle, applied one after another to each
                mapped order. Their changes are in the explanation, and are proved again.
            customise_order: Functions from an order of the store to an order, applied one after
                another before products and clients are looked up. Texts may change, not amounts.
            product_fields: Which fields of the store's products are filled, and from what:
                `avbc.mapping.PRODUCT_FIELDS`, or your own.
            client_fields: The same for customers.
            address_fields: The same for customers' addresses.
            clock: The time, for tests: `Clock(now=...)` freezes it. The store's client and the
                database have clocks of their own.

        Raises:
            TypeError: An argument is something else, such as the path of the settings file.
            ValueError: The journal is no database URL.
            MethodsMissing: The books lack a method that an import needs.
        """
        with checked_arguments:
            require_settings(settings, "settings")
            require_client(store, "store")
            require_database_url(journal, "journal")
            require_kind(clock, "clock", Clock, "an avbc.Clock")
            require_function(on_progress, "on_progress")
            require_function(on_attention, "on_attention")
            self._customisations = require_functions(customise, "customise")
            customise_order = require_functions(customise_order, "customise_order")
            self._product_fields = require_list(product_fields, "product_fields", "rules")
            self._client_fields = require_list(client_fields, "client_fields", "rules")
            self._address_fields = require_list(address_fields, "address_fields", "rules")
        self._integration = Integration(
            settings,
            books,
            store=store,
            journal=journal,
            on_progress=on_progress,
            on_attention=on_attention,
        )
        self._integration.clock = clock
        self._integration.order_customisations = customise_order

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._integration.settings

    @property
    def books(self) -> ImportGateway:
        """AcctVantage's side."""
        return self._integration.parts.given

    @property
    def store(self) -> BigCommerce:
        """The store's client.

        Raises:
            SettingsError: The settings hold no access token.
        """
        return self._integration.store

    @property
    def clock(self) -> Clock:
        """The time, as the jobs and the timer read it."""
        return self._integration.clock

    @property
    def stop_request(self) -> Stop:
        """Whether `run` was asked to stop."""
        return self._integration.stop

    def close(self) -> None:
        """Close the store's client and the journal, if opened here. The books stay open.

        A method that is called afterwards opens what it needs once more: close it again then.
        """
        self._integration.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        setup, code = self.settings.store, self._integration.source_code
        return f"<Orchestrator {code} {setup.description!r}: {setup.api_url} to {self.books!r}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "an orchestrator is never pickled, since it holds connections and a token: make "
            "another one where it is needed"
        )

    def _push(self, name: str, doing: str, *, preview: bool, progress: bool | None) -> PushRun:
        return PushRun(self._integration, Task(name, doing, preview=preview, progress=progress))
