"""What exporting clients relies on: a client is exported once, as one customer."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from attrs import evolve

from avbc.acctvantage.errors import BooksRefused
from avbc.acctvantage.gateway import ClientGateway, ImportGateway
from avbc.acctvantage.records import Client, OrderBundle
from avbc.testing.contract.checks import answers, refused, same, tried_at_once
from avbc.testing.contract.examples import make_bundle, of_source
from avbc.testing.contract.setup import ContractSetup


class _Books(ImportGateway, ClientGateway, Protocol): ...


class ClientContract(ContractSetup):
    """Clients for the store.

    >>> import pytest
    >>> from avbc.testing import ClientContract, MemoryGateway
    >>> class TestMyBooks(ClientContract):
    ...     @pytest.fixture
    ...     def gateway(self):
    ...         return MemoryGateway()
    """

    part = ClientGateway

    def test_new_clients_are_exported(self, gateway: _Books) -> None:
        """Clients that did not come from this store, by id, whichever ids are asked for."""
        guest = Client(name="Guest", email="guest@example.com")
        both = evolve(guest, store_customer_ids={"WEB": 70, "XYZ": 8})
        bundles = [
            make_bundle(1),
            evolve(make_bundle(2), new_client=guest, new_contact=None),
            of_source("ABC", 3),
            evolve(of_source("ABC", 4), new_client=evolve(guest, name="Other guest")),
            evolve(of_source("ABC", 5), new_client=both),
        ]
        ids = [_client_id(gateway, bundle) for bundle in bundles]
        for row, source_code, client_ids, listed in [
            ("new to WEB", "WEB", None, ids[2:4]),
            ("new to ABC", "ABC", None, ids[:2]),
            ("with ids, unknown ones among them", "WEB", [*ids[::-1], 10**9], ids),
            ("with no ids", "WEB", [], []),
        ]:
            found = gateway.clients_to_export(source_code, client_ids)
            same(f"clients {row}", [client.id for client in found], listed)
        same(
            "the first client, every field",
            gateway.clients_to_export("XYZ", ids[:1]),
            gateway.find_clients(["WEB1"], []),
        )

    def test_a_client_is_bound_to_a_customer(self, gateway: _Books) -> None:
        """One customer for each source; the same one again changes nothing, another replaces it."""
        client_id = _client_id(gateway, make_bundle(1))
        for row, customer_id in [("first", 7), ("the same again", 7), ("another one", 8)]:
            gateway.bind_client(client_id, "ABC", customer_id)
            gateway.bind_client(client_id, "XYZ", 7)
            (client,) = gateway.find_clients(["WEB1"], [])
            bound = {"ABC": customer_id, "XYZ": 7}
            same(f"customers of a client, {row}", dict(client.store_customer_ids), bound)
        new = [client.id for client in gateway.clients_to_export("ABC")]
        same("clients new to ABC once the only one is bound", new, [])

    def test_one_customer_is_one_client(self, gateway: _Books) -> None:
        """A customer that is bound or imported as one client is never bound to another."""
        one = _client_id(gateway, make_bundle(1))
        other = _client_id(gateway, make_bundle(2))
        gateway.bind_client(one, "ABC", 7)
        for row, client_id, source_code, customer_id in [
            ("a customer bound to another client", other, "ABC", 7),
            ("a customer imported as another client", other, "WEB", 1),
            ("customer 0", other, "ABC", 0),
            ("customer -1", other, "ABC", -1),
            ("an unknown client", 10**9, "ABC", 9),
        ]:
            refused(row, gateway.bind_client, client_id, source_code, customer_id)
        gateway.bind_client(one, "WEB", 1)
        bound = [
            dict(client.store_customer_ids) for client in gateway.find_clients(["WEB1", "WEB2"], [])
        ]
        same("customers of the two clients", bound, [{"ABC": 7, "WEB": 1}, {}])

    def test_a_customer_is_the_client_that_it_is_bound_to(self, gateway: _Books) -> None:
        """The client is found by the Import ID of the customer, whose orders are the client's."""
        client_id = _client_id(gateway, make_bundle(1))
        _client_id(gateway, make_bundle(2))
        gateway.bind_client(client_id, "ABC", 7)
        clients = gateway.find_clients(["WEB1"], [])
        for import_ids, listed in [
            (["ABC7"], clients),
            (["ABC7", "WEB1"], clients),
            (["ABC70", "ABC07", "abc7", "XYZ7", "7"], []),
        ]:
            answers(f"clients by {import_ids}", listed, gateway.find_clients, import_ids, [])
        bundle = of_source("ABC", 7)
        taken = evolve(bundle, client_email="ana@example.com", new_contact=None)
        same("the client of an order of customer ABC7", _client_id(gateway, taken), client_id)
        same("the client after it", gateway.find_clients(["ABC7"], []), clients)

    def test_a_customer_is_bound_and_imported_at_once_as_one_client(self, gateway: _Books) -> None:
        """Either its first order is the client's, or the client is refused: four times."""
        client_id = _client_id(gateway, make_bundle(1))
        for number in range(1, 5):
            bundle = evolve(of_source("ABC", number), new_contact=None)
            calls: list[Callable[[], object]] = [
                partial(gateway.create_order, bundle),
                partial(gateway.bind_client, client_id, "ABC", number),
            ]
            tried_at_once(calls)
            (order,) = gateway.sales_orders([bundle.order.import_id])
            found = [client.id for client in gateway.find_clients([f"ABC{number}"], [])]
            same(f"clients of customer ABC{number}, whose order is there", found, [order.client_id])

    def test_concurrent_bindings_of_one_customer_leave_one(self, gateway: _Books) -> None:
        """Eight clients at once: one is the customer, seven are refused."""
        ids = [_client_id(gateway, make_bundle(number)) for number in range(1, 9)]
        tried = tried_at_once([partial(gateway.bind_client, one, "ABC", 7) for one in ids])
        same(
            "clients refused of 8 at once",
            sum(isinstance(result, BooksRefused) for result in tried),
            7,
        )
        bound = [
            client.store_customer_ids.get("ABC")
            for client in gateway.find_clients([f"WEB{n}" for n in range(1, 9)], [])
        ]
        same("customers of the 8 clients", sorted(bound, key=str), [7, *[None] * 7])


def _client_id(gateway: ImportGateway, bundle: OrderBundle) -> int:
    order = gateway.create_order(bundle).order
    assert order.client_id is not None, f"order {order.import_id} has no client_id"
    return order.client_id
