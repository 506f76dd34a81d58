"""What an import relies on where the books write several new orders in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Protocol, cast

import pytest
from attrs import evolve

from avbc.acctvantage.errors import ClientTaken
from avbc.acctvantage.gateway import ImportGateway
from avbc.acctvantage.optional import OrderGroupGateway
from avbc.acctvantage.records import Client, OrderBundle, Promotion
from avbc.money import ZERO
from avbc.testing.contract.checks import at_once, content, refused, same, taken
from avbc.testing.contract.examples import make_bundle, make_order
from avbc.testing.contract.setup import ContractSetup


class _Books(ImportGateway, OrderGroupGateway, Protocol): ...


class OrderGroups(ContractSetup):
    """Groups of orders; skipped where the books write each order by itself."""

    def test_a_group_is_written_like_its_orders(self, gateway: ImportGateway) -> None:
        """Each with all its parts, in one sequence, and the answers too."""
        bundles = [_of_guest(2), make_bundle(3), _of_guest(1)]
        created = _groups(gateway).create_orders(bundles)
        same("the answers", [each.created for each in created], [True] * 3)
        same("the orders", gateway.sales_orders(), [each.order for each in created])
        same("their content", [content(each.order) for each in created], _orders(bundles))
        receipts = [evolve(receipt, id=None) for receipt in gateway.receipts()]
        same("their receipts", receipts, [one for each in bundles for one in each.receipts])
        for bundle, each in zip(bundles, created, strict=True):
            (client,) = gateway.find_clients([], [bundle.client_email or "ana@example.com"])
            same(f"the client of {each.order.import_id}", each.order.client_id, client.id)

    def test_of_a_group_with_an_order_that_is_refused_nothing_is_written(
        self, gateway: ImportGateway
    ) -> None:
        """Also where it is in the books, or its client came meanwhile, and wherever it is."""
        books = _groups(gateway)
        gateway.create_order(_of_guest(1))
        unbalanced = evolve(make_bundle(5), order=evolve(make_order(5), total=ZERO))
        unknown = evolve(make_bundle(5), new_client=None, client_id=999_999)
        late = _of_guest(5, _of_guest(1).client_email)
        for row, wrong, fails in [
            ("an order that does not balance", unbalanced, refused),
            ("an order of an unknown client", unknown, refused),
            ("an order that is in the books", _of_guest(1), refused),
            ("an order whose client came meanwhile", late, taken),
        ]:
            for place in range(3):
                group = [_of_guest(2), make_bundle(3)]
                group.insert(place, wrong)
                before = [gateway.reference_data(), gateway.sales_orders(), gateway.receipts()]
                fails(row, books.create_orders, group)
                after = [gateway.reference_data(), gateway.sales_orders(), gateway.receipts()]
                same(f"the books after {row}", after, before)
                emails = [_of_guest(2).client_email, "ana@example.com"]
                same(f"new clients after {row}", gateway.find_clients([], emails), [])

    def test_groups_at_once_that_share_emails_and_names(self, gateway: ImportGateway) -> None:
        """One writes its group, and the other looks the clients up again."""
        books = _groups(gateway)
        for turn in range(3):
            emails = [f"guest{turn}.{number}@example.com" for number in range(4)]
            groups = [
                [_of_guest(first + place, email) for place, email in enumerate(sequence)]
                for first, sequence in [(10 * turn + 1, emails), (10 * turn + 6, emails[::-1])]
            ]
            tried = at_once([partial(_tried, books, group) for group in groups])
            same(f"of two groups of turn {turn}, those written", tried.count(True), 1)
            for email in emails:
                same(f"clients with {email}", len(gateway.find_clients([], [email])), 1)

    def test_groups_at_once_that_create_the_same_promotions(self, gateway: ImportGateway) -> None:
        """In another sequence: both are written."""
        books = _groups(gateway)
        for turn in range(3):
            codes = [f"CODE{turn}{letter}" for letter in "ABCD"]
            groups = [
                [
                    evolve(
                        _of_guest(first + place),
                        new_promotions=(Promotion(code, "$", ZERO, "40200-000-000"),),
                    )
                    for place, code in enumerate(sequence)
                ]
                for first, sequence in [(10 * turn + 1, codes), (10 * turn + 6, codes[::-1])]
            ]
            tried = at_once([partial(_tried, books, group) for group in groups])
            same(f"of two groups of turn {turn}, those written", tried.count(True), 2)
            found = [each.code for each in gateway.reference_data().promotions]
            same(f"the promotions of turn {turn}", sorted(found)[-4:], codes)


def _groups(gateway: ImportGateway) -> _Books:
    if not isinstance(gateway, OrderGroupGateway):
        pytest.skip("these books write each order by itself")
    return cast("_Books", gateway)


def _of_guest(number: int, email: str = "") -> OrderBundle:
    email = email or f"guest{number}@example.com"
    guest = Client(name="Guest", email=email)
    return evolve(make_bundle(number), new_client=guest, new_contact=None, client_email=email)


def _orders(bundles: Sequence[OrderBundle]) -> list[object]:
    return [bundle.order for bundle in bundles]


def _tried(books: _Books, group: Sequence[OrderBundle]) -> bool:
    try:
        return len(books.create_orders(group)) == len(group)
    except ClientTaken:
        return False
