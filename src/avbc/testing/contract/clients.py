"""What exporting clients relies on: a client is exported once, as one customer."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from functools import partial
from typing import Protocol

from attrs import evolve

from avbc.acctvantage.gateway import BooksRefused, ClientGateway, ImportGateway
from avbc.acctvantage.records import Client, OrderBundle
from avbc.testing.contract.examples import make_bundle, of_source
from avbc.testing.contract.setup import ContractSetup, refused, tried_at_once


class _Books(ImportGateway, ClientGateway, Protocol): ...


class ClientContract(ContractSetup):
    """Clients for the store."""

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
        ids = [self._client_id(gateway, bundle) for bundle in bundles]
        assert [client.id for client in gateway.clients_to_export("WEB")] == ids[2:4]
        assert [client.id for client in gateway.clients_to_export("ABC")] == ids[:2]
        assert [
            client.id for client in gateway.clients_to_export("WEB", [*ids[::-1], 10**9])
        ] == ids
        assert gateway.clients_to_export("WEB", []) == []
        assert gateway.clients_to_export("XYZ", ids[:1]) == gateway.find_clients(["WEB1"], [])

    def test_a_client_is_bound_to_a_customer(self, gateway: _Books) -> None:
        """One customer for each source; the same one again changes nothing, another replaces it."""
        client_id = self._client_id(gateway, make_bundle(1))
        for customer_id in (7, 7, 8):
            gateway.bind_client(client_id, "ABC", customer_id)
            gateway.bind_client(client_id, "XYZ", 7)
            (client,) = gateway.find_clients(["WEB1"], [])
            assert dict(client.store_customer_ids) == {"ABC": customer_id, "XYZ": 7}
        assert client_id not in {client.id for client in gateway.clients_to_export("ABC")}

    def test_one_customer_is_one_client(self, gateway: _Books) -> None:
        """A customer that is bound or imported as one client is never bound to another."""
        one = self._client_id(gateway, make_bundle(1))
        other = self._client_id(gateway, make_bundle(2))
        gateway.bind_client(one, "ABC", 7)
        for source_code, customer_id in (("ABC", 7), ("WEB", 1), ("ABC", 0), ("ABC", -1)):
            refused(gateway.bind_client, other, source_code, customer_id)
        refused(gateway.bind_client, 10**9, "ABC", 9)
        gateway.bind_client(one, "WEB", 1)
        assert [
            dict(client.store_customer_ids) for client in gateway.find_clients(["WEB1", "WEB2"], [])
        ] == [{"ABC": 7, "WEB": 1}, {}]

    def test_concurrent_bindings_of_one_customer_leave_one(self, gateway: _Books) -> None:
        """Eight clients at once: one is the customer, seven are refused."""
        ids = [self._client_id(gateway, make_bundle(number)) for number in range(1, 9)]
        tried = tried_at_once([partial(gateway.bind_client, one, "ABC", 7) for one in ids])
        assert sum(isinstance(result, BooksRefused) for result in tried) == 7
        bound = [
            client.store_customer_ids.get("ABC")
            for client in gateway.find_clients([f"WEB{n}" for n in range(1, 9)], [])
        ]
        assert sorted(bound, key=str) == [7, *[None] * 7]

    def _client_id(self, gateway: _Books, bundle: OrderBundle) -> int:
        client_id = gateway.create_order(bundle).order.client_id
        assert client_id is not None
        return client_id
