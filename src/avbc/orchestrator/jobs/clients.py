"""Clients for the store, as customers (manual, BigCommerce - Clients & Contacts).

A customer is looked up by email before it is created, and the client is bound to it last. So a run
can die anywhere: a client that is not bound yet is exported again, finds its customer by email, and
is sent what is still missing there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import chain

import attrs

from avbc.acctvantage import BooksRefused, Client
from avbc.acctvantage.import_ids import client_import_id
from avbc.bigcommerce import Call, WriteResult
from avbc.bigcommerce.endpoints.customers import ADDRESSES_AT_ONCE, CUSTOMERS_AT_ONCE
from avbc.bigcommerce.models import Customer, CustomerAddress, CustomerAddressDraft, CustomerDraft
from avbc.errors import AvbcError
from avbc.mapping import (
    FieldRule,
    Problem,
    customer_for,
    export_client,
    plain,
    store_customer_id,
)
from avbc.orchestrator.engine.batches import Batches, Row, url_lists
from avbc.orchestrator.engine.changes import record_problem
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.reports import Change
from avbc.text import quoted, text_key
from avbc.unset import UNSET

KIND = "customer"
"""What the journal remembers under a customer's id: the client that it was bound to."""

_LOT = 250
"""Clients that are looked up and sent together."""

_MERGE = "Merge the two clients in AcctVantage, or correct the email of one of them."


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
    clients = run.parts.clients.clients_to_export(run.source_code, client_ids)
    for missing in sorted(set(client_ids or ()) - {client.id for client in clients}):
        message = f"The books have no client {missing}."
        problem = Problem("client_unknown", "id", str(missing), message, "Check the number.")
        run.refuse(Change(str(missing), "customer"), problem)
    emails = Counter(text_key(client.email) for client in clients)
    shared = {email for email, count in emails.items() if email and count > 1}
    run.total = len(clients)
    for chunk in run.chunks(clients, _LOT):
        _Lot(run, shared, fields, address_fields).export(chunk)


class _Lot:
    """Some clients: what the store has of them is looked up, and what it lacks is sent."""

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
        self._new, self._updates = _NewCustomers(run), _CustomerUpdates(run)
        self._addresses = _NewAddresses(run)
        self._bindings: list[tuple[Client, int, Change]] = []

    def export(self, clients: Sequence[Client]) -> None:
        """Look them up, create and update them, then their addresses, and bind them."""
        customers = self._look_up(clients)
        owners = self._owners(customers)
        for client in clients:
            self._sort(client, customers, owners)
        self._new.send(self._new.rows)
        before = len(self._run.report.sent)
        self._updates.send(self._updates.rows)
        self._addresses.send(self._addresses.rows)
        unsent = Counter(row.change.key for row in (*self._updates.rows, *self._addresses.rows))
        unsent -= Counter(change.key for change in self._run.report.sent[before:])
        for client, customer_id, change in self._bindings:
            if not unsent[change.key]:
                _bind(self._run, client, customer_id, change)

    # Who is who

    def _look_up(self, clients: Sequence[Client]) -> list[Customer]:
        """The customers with the emails of these clients, and those that they are bound to."""
        run, list_customers = self._run, self._run.store.customers.list.call
        emails = dict.fromkeys(plain(client.email) for client in clients)
        bound = {store_customer_id(client, run.source_code) for client in clients} - {None}
        by_email = url_lists((email for email in emails if email and "," not in email), _LOT)
        by_id = url_lists(map(str, sorted(filter(None, bound))), _LOT)
        calls = [
            *(list_customers(email_in=each, include=["addresses"]) for each in by_email),
            *(list_customers(id_in=list(map(int, each)), include=["addresses"]) for each in by_id),
        ]
        found = chain.from_iterable(run.store.map(calls))
        return list({customer.id: customer for customer in found}.values())

    def _owners(self, customers: Collection[Customer]) -> dict[int, str]:
        """The clients that these customers are already, by the customers' ids; as numbers."""
        if not customers:
            return {}
        run, code = self._run, self._run.source_code
        remembered = run.known(KIND, [str(customer.id) for customer in customers])
        owners = {int(customer_id): client_id for customer_id, client_id in remembered.items()}
        import_ids = {client_import_id(code, customer.id) for customer in customers}
        emails = {text_key(customer.email) for customer in customers}
        for client in run.books.find_clients(set(filter(None, import_ids)), emails - {""}):
            if (bound := store_customer_id(client, code)) is not None:
                owners[bound] = str(client.id)
        return owners

    def _sort(
        self, client: Client, customers: Collection[Customer], owners: dict[int, str]
    ) -> None:
        """Decide what is to be sent for a client."""
        run = self._run
        who = customer_for(client, run.source_code, customers)
        customer, decisions = who.value, who.decisions
        problems = [*self._email_problems(client), *who.problems]
        if customer is not None and customer.id != store_customer_id(client, run.source_code):
            owner = owners.get(customer.id, str(client.id))
            if owner != str(client.id):
                problems.append(
                    Problem(
                        "customer_of_other_client",
                        "email",
                        customer.email,
                        f"The store's customer {customer.id}, with the email of "
                        f"{quoted(client.name)}, is client {owner} in the books.",
                        _MERGE,
                    )
                )
        if problems:
            run.refuse(Change(str(client.id), "customer", decisions=decisions), *problems)
            return
        ruling = export_client(client, customer, self._fields, self._address_fields)
        binding = Change(str(client.id), "binding", decisions=decisions)
        decisions += ruling.decisions
        change = Change(str(client.id), "customer", decisions=decisions, problems=ruling.problems)
        if ruling.value is None:
            run.refuse(change)
            return
        draft, address = ruling.value.customer, ruling.value.address
        if customer is None:
            if draft is not None:
                self._new.rows.append(Row(draft, attrs.evolve(change, after="new"), client))
            return
        if draft is not None:
            names = ", ".join(name for name in draft.given() if name != "id")
            self._updates.rows.append(Row(draft, attrs.evolve(change, after=names), client))
        if address is not None:
            change = attrs.evolve(change, what="address", after="new", problems=())
            self._addresses.rows.append(Row(address, change, client))
        if customer.id != store_customer_id(client, run.source_code):
            binding = attrs.evolve(binding, after=f"customer {customer.id}")
            self._bindings.append((client, customer.id, binding))
        elif draft is None and address is None:
            run.unchanged()

    def _email_problems(self, client: Client) -> Iterator[Problem]:
        email = plain(client.email)
        if text_key(client.email) in self._shared:
            yield Problem(
                "client_email_shared",
                "email",
                email,
                f"Several clients to be exported have the email {quoted(email)}, and a customer "
                "can be only one of them.",
                "Merge the clients in AcctVantage, or give each its own email.",
            )
        elif "," in email:
            # A comma would end it in the list of emails that is asked for.
            message = f"The email {quoted(email)} cannot be looked up."
            yield Problem("email_invalid", "email", email, message, "Correct it in AcctVantage.")


def _bind(run: PushRun, client: Client, customer_id: int, change: Change) -> None:
    """Note in the books which customer a client is."""
    try:
        if not run.preview:
            run.writes.require_turn(f"{change.key} was not written")
            run.parts.clients.bind_client(client.id or 0, run.source_code, customer_id)
    except BooksRefused as error:
        problem = Problem("customer_of_other_client", "id", str(customer_id), str(error), _MERGE)
        run.refuse(change, problem)
    except AvbcError as error:
        run.fail(change, error)
    else:
        run.know(KIND, str(customer_id), str(client.id or 0))
        run.sent(change)


# What is sent


class _NewCustomers(Batches[Row[CustomerDraft, Client], WriteResult[Customer]]):
    size = CUSTOMERS_AT_ONCE

    def call(self, rows: Sequence[Row[CustomerDraft, Client]]) -> Call[WriteResult[Customer]]:
        return self.run.store.customers.create_many.call([row.draft for row in rows])

    def saved(
        self, rows: Sequence[Row[CustomerDraft, Client]], answer: WriteResult[Customer], /
    ) -> None:
        ids = {text_key(customer.email): customer.id for customer in answer.saved}
        for row in rows:
            email = row.draft.email
            customer_id = None if email is UNSET else ids.get(text_key(email))
            if customer_id is None:
                problem = record_problem(
                    "try_again",
                    "The store created the customer, but its answer has no id; the next export "
                    "finds the customer by email.",
                )
                self.run.postpone(row.change, problem)
            else:
                change = attrs.evolve(row.change, after=f"new, customer {customer_id}")
                _bind(self.run, row.source, customer_id, change)


class _CustomerUpdates(Batches[Row[CustomerDraft, Client], WriteResult[Customer]]):
    size = CUSTOMERS_AT_ONCE

    def call(self, rows: Sequence[Row[CustomerDraft, Client]]) -> Call[WriteResult[Customer]]:
        return self.run.store.customers.update_many.call([row.draft for row in rows])


class _NewAddresses(Batches[Row[CustomerAddressDraft, Client], WriteResult[CustomerAddress]]):
    # An address that is missing in the answer is one that the customer has already (BigCommerce:
    # customers API), so all of them count as sent.
    size = ADDRESSES_AT_ONCE

    def call(
        self, rows: Sequence[Row[CustomerAddressDraft, Client]]
    ) -> Call[WriteResult[CustomerAddress]]:
        return self.run.store.customer_addresses.create_many.call([row.draft for row in rows])
