"""Clients on their way to the store as customers (manual, BigCommerce - Clients & Contacts).

A customer is looked up by email before it is created, and the client is bound to it last. So a run
can die anywhere: a client that is not bound yet is exported again, finds its customer by email, and
is sent what is still missing there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Generic, TypeVar

import attrs

from avbc.acctvantage.gateway import BooksRefused
from avbc.acctvantage.import_ids import client_import_id
from avbc.acctvantage.records import Client
from avbc.bigcommerce import RequestRefused
from avbc.bigcommerce.call import Call, WriteResult
from avbc.bigcommerce.endpoints.customers import ADDRESSES_AT_ONCE, CUSTOMERS_AT_ONCE
from avbc.bigcommerce.models import Customer, CustomerAddress, CustomerAddressDraft, CustomerDraft
from avbc.errors import AvbcError
from avbc.mapping import (
    Decision,
    FieldRule,
    Problem,
    customer_for,
    export_client,
    store_customer_id,
)
from avbc.mapping.text import plain
from avbc.orchestrator.engine.batches import named_drafts, send_batches
from avbc.orchestrator.engine.run import PushRun, problem_of
from avbc.orchestrator.engine.url_lists import url_lists
from avbc.orchestrator.reports import Change
from avbc.text import text_key
from avbc.unset import UNSET

D = TypeVar("D", CustomerDraft, CustomerAddressDraft)
M = TypeVar("M", Customer, CustomerAddress)

KIND = "customer"
"""What the journal knows by a customer's id: the client that it was bound to."""

_LOT = 250
"""Clients that are looked up and sent together."""
_AT_ONCE = 3
"""Requests in flight: so many updates of customers BigCommerce takes at once (BigCommerce: customers API)."""


@attrs.frozen
class _Row(Generic[D]):
    """A customer or an address on its way."""

    client: Client
    draft: D
    change: Change


@attrs.frozen
class _Binding:
    """A client that is to be bound to a customer."""

    client: Client
    customer_id: int
    change: Change


@attrs.define
class _Lot:
    """What is to be done for some clients."""

    new: list[_Row[CustomerDraft]] = attrs.field(factory=list[_Row[CustomerDraft]])
    changed: list[_Row[CustomerDraft]] = attrs.field(factory=list[_Row[CustomerDraft]])
    addresses: list[_Row[CustomerAddressDraft]] = attrs.field(
        factory=list[_Row[CustomerAddressDraft]]
    )
    bindings: list[_Binding] = attrs.field(factory=list[_Binding])


def export_clients(
    run: PushRun,
    client_ids: Collection[int] | None,
    fields: Sequence[FieldRule[Client]],
    address_fields: Sequence[FieldRule[Client]],
) -> None:
    """Export clients to the store: those with these ids, or all who are new to it.

    Raises:
        AvbcError: The books or the store cannot be read.
    """
    clients = run.books.clients_to_export(run.source_code, client_ids)
    for missing in sorted(set(client_ids or ()) - {client.id for client in clients}):
        run.refuse(
            Change(str(missing), "customer"),
            Problem("client_unknown", "id", str(missing), f"The books have no client {missing}."),
        )
    shared = {
        email
        for email, count in Counter(text_key(client.email) for client in clients).items()
        if email and count > 1
    }
    run.total = len(clients)
    for start in range(0, len(clients), _LOT):
        if run.is_over():
            return
        _Export(run, shared, fields, address_fields).export(clients[start : start + _LOT])


class _Export:
    """Some clients: which of them the store has, and then what it lacks of them."""

    def __init__(
        self,
        run: PushRun,
        shared: Collection[str],
        fields: Sequence[FieldRule[Client]],
        address_fields: Sequence[FieldRule[Client]],
    ) -> None:
        self._run = run
        self._shared = shared
        self._fields = fields
        self._address_fields = address_fields
        self._unsent: Counter[int | None] = Counter()
        """How much is still to be sent of each client whom the store has."""

    def export(self, clients: Sequence[Client]) -> None:
        """Look them up, create and update them, then their addresses, and bind them."""
        customers = self._look_up(clients)
        owners = self._owners(customers)
        lot = _Lot()
        for client in clients:
            self._sort(client, customers, owners, lot)
        self._send(lot.new, CUSTOMERS_AT_ONCE, self._create, self._created)
        self._send(lot.changed, CUSTOMERS_AT_ONCE, self._update, self._saved)
        self._send(lot.addresses, ADDRESSES_AT_ONCE, self._add_addresses, self._saved)
        for binding in lot.bindings:
            if self._run.preview or not self._unsent[binding.client.id]:
                self._bind(binding)

    # Who is who

    def _look_up(self, clients: Iterable[Client]) -> list[Customer]:
        """The customers with the emails of these clients, and those that they are bound to."""
        emails = dict.fromkeys(plain(client.email) for client in clients)
        ids = {
            bound
            for client in clients
            if (bound := store_customer_id(client, self._run.source_code)) is not None
        }
        list_customers = self._run.store.customers.list.call
        by_email = url_lists((email for email in emails if _can_be_asked_for(email)), _LOT)
        by_id = url_lists(map(str, sorted(ids)), _LOT)
        calls = [
            *(list_customers(email_in=lot, include=["addresses"]) for lot in by_email),
            *(
                list_customers(id_in=[int(number) for number in lot], include=["addresses"])
                for lot in by_id
            ),
        ]
        found = {
            customer.id: customer
            for page in self._run.store.map(calls, limit=_AT_ONCE)
            for customer in page
        }
        return list(found.values())

    def _owners(self, customers: Collection[Customer]) -> dict[int, str]:
        """The clients that these customers are already, by the customers' ids; as numbers."""
        if not customers:
            return {}
        code = self._run.source_code
        noted = self._run.known(KIND, [str(customer.id) for customer in customers])
        owners = {int(customer_id): client_id for customer_id, client_id in noted.items()}
        import_ids = {
            import_id
            for customer in customers
            if (import_id := client_import_id(code, customer.id))
        }
        for client in self._run.books.find_clients(
            import_ids, {text_key(customer.email) for customer in customers} - {""}
        ):
            bound = store_customer_id(client, code)
            if bound is not None:
                owners[bound] = str(client.id)
        return owners

    def _sort(
        self, client: Client, customers: Collection[Customer], owners: dict[int, str], lot: _Lot
    ) -> None:
        """Decide what is to be done for a client."""
        who = customer_for(client, self._run.source_code, customers)
        problems = [*self._faults(client), *who.problems]
        customer = who.value
        bound = store_customer_id(client, self._run.source_code)
        if (
            customer is not None
            and customer.id != bound
            and owners.get(customer.id, str(client.id)) != str(client.id)
        ):
            message = (
                f"The store's customer {customer.id}, with the email of {client.name!r}, is "
                f"client {owners[customer.id]} in the books."
            )
            problems.append(
                Problem("customer_of_other_client", "email", customer.email, message, _MERGE)
            )
        if problems:
            self._run.refuse(
                _change(client, "customer", problems=tuple(problems), decisions=who.decisions)
            )
            return
        ruling = export_client(client, customer, self._fields, self._address_fields)
        decisions = (*who.decisions, *ruling.decisions)
        if ruling.value is None:
            self._run.refuse(
                _change(client, "customer", problems=ruling.problems, decisions=decisions)
            )
            return
        draft, address = ruling.value.customer, ruling.value.address
        if customer is None:
            if draft is not None:
                lot.new.append(
                    _Row(
                        client,
                        draft,
                        _change(client, "customer", "new", ruling.problems, decisions),
                    )
                )
            return
        if draft is not None:
            names = ", ".join(name for name in draft.given() if name != "id")
            lot.changed.append(
                _Row(client, draft, _change(client, "customer", names, ruling.problems, decisions))
            )
        if address is not None:
            lot.addresses.append(
                _Row(client, address, _change(client, "address", "new", decisions=decisions))
            )
        self._unsent[client.id] = (draft is not None) + (address is not None)
        if customer.id != bound:
            lot.bindings.append(
                _Binding(
                    client,
                    customer.id,
                    _change(client, "binding", f"customer {customer.id}", decisions=who.decisions),
                )
            )
        elif draft is None and address is None:
            self._run.unchanged()

    def _faults(self, client: Client) -> list[Problem]:
        email = plain(client.email)
        if text_key(client.email) in self._shared:
            message = (
                f"Several clients to be exported have the email {email!r}, and a customer "
                "can be only one of them."
            )
            fix = "Merge the clients in AcctVantage, or give them emails of their own."
            return [Problem("client_email_shared", "email", email, message, fix)]
        if email and not _can_be_asked_for(email):
            return [
                Problem(
                    "email_invalid",
                    "email",
                    email,
                    f"The email {email!r} cannot be looked up.",
                    "Correct it in AcctVantage.",
                )
            ]
        return []

    def _bind(self, binding: _Binding) -> None:
        """Note in the books which customer a client is."""
        client_id, customer_id = binding.client.id or 0, binding.customer_id
        try:
            if not self._run.preview:
                self._run.books.bind_client(client_id, self._run.source_code, customer_id)
        except BooksRefused as error:
            self._run.refuse(
                binding.change,
                Problem("customer_of_other_client", "id", str(customer_id), str(error), _MERGE),
            )
        except AvbcError as error:
            self._run.fail(binding.change, error)
        else:
            self._run.know(KIND, str(customer_id), str(client_id))
            self._run.sent(binding.change)

    # What is sent

    def _send(
        self,
        rows: Sequence[_Row[D]],
        size: int,
        make: Callable[[Sequence[_Row[D]]], Call[WriteResult[M]]],
        saved: Callable[[Sequence[_Row[D]], WriteResult[M]], None],
    ) -> None:
        send_batches(
            self._run,
            rows,
            size=size,
            make=make,
            saved=saved,
            refused=self._refused,
            named=lambda error, batch: named_drafts(error, [row.draft for row in batch]),
            at_once=_AT_ONCE,
        )

    def _create(self, batch: Sequence[_Row[CustomerDraft]]) -> Call[WriteResult[Customer]]:
        return self._run.store.customers.create_many.call([row.draft for row in batch])

    def _update(self, batch: Sequence[_Row[CustomerDraft]]) -> Call[WriteResult[Customer]]:
        return self._run.store.customers.update_many.call([row.draft for row in batch])

    def _add_addresses(
        self, batch: Sequence[_Row[CustomerAddressDraft]]
    ) -> Call[WriteResult[CustomerAddress]]:
        return self._run.store.customer_addresses.create_many.call([row.draft for row in batch])

    # How it ends

    def _created(self, batch: Sequence[_Row[CustomerDraft]], result: WriteResult[Customer]) -> None:
        ids = {text_key(customer.email): customer.id for customer in result.saved}
        for row in batch:
            email = row.draft.email
            customer_id = None if email is UNSET else ids.get(text_key(email))
            if customer_id is None:
                message = (
                    "The store took the customer and does not tell its id; the next export "
                    "finds it by email."
                )
                self._run.postpone(row.change, Problem("try_again", "", "", message))
            else:
                self._bind(
                    _Binding(
                        row.client,
                        customer_id,
                        attrs.evolve(row.change, after=f"new, customer {customer_id}"),
                    )
                )

    def _saved(self, batch: Sequence[_Row[D]], _: WriteResult[M]) -> None:
        # An address that the store says nothing of is one that the customer has already
        # (BigCommerce: customers API).
        self._run.sent(*(row.change for row in batch))
        for row in batch:
            self._unsent[row.client.id] -= 1

    def _refused(self, row: _Row[D], error: RequestRefused, message: str) -> None:
        problem = problem_of(error)
        self._run.refuse(
            row.change,
            attrs.evolve(problem, message=f"The store refuses it: {message}.")
            if message
            else problem,
        )


_MERGE = "Merge the two clients in AcctVantage, or correct the email of one of them."


def _change(
    client: Client,
    what: str,
    after: str = "",
    problems: tuple[Problem, ...] = (),
    decisions: tuple[Decision, ...] = (),
) -> Change:
    return Change(str(client.id), what, after=after, problems=problems, decisions=decisions)


def _can_be_asked_for(email: str) -> bool:
    """A comma would end it in the list of emails that is asked for."""
    return bool(email) and "," not in email
