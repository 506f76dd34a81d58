"""What pushing and pulling statuses relies on: a change is stamped once and reported."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from attrs import evolve

from avbc.acctvantage.gateway import ImportGateway, StatusGateway
from avbc.acctvantage.records import COMMITTED, OPEN, SalesOrder
from avbc.testing.contract.checks import (
    answers,
    assert_is_one_of,
    at_once,
    create_orders,
    refused,
    same,
    stamped,
    tried_at_once,
)
from avbc.testing.contract.examples import DAY, make_bundle, make_edit, of_source
from avbc.testing.contract.setup import ContractSetup


class _Books(ImportGateway, StatusGateway, Protocol): ...


class StatusContract(ContractSetup):
    """Order statuses.

    >>> import pytest
    >>> from avbc.testing import StatusContract, MemoryGateway
    >>> class TestMyBooks(StatusContract):
    ...     @pytest.fixture
    ...     def gateway(self):
    ...         return MemoryGateway()
    """

    part = StatusGateway

    def test_a_change_of_status_is_stamped_once(self, gateway: _Books) -> None:
        """The same status again changes nothing, not even the time."""
        order = gateway.create_order(make_bundle(1)).order
        changed = gateway.set_order_status("WEB1", COMMITTED)
        at = stamped("order WEB1, given a status,", gateway, changed.status_changed_at)
        same(
            "order WEB1, given a status",
            changed,
            evolve(order, status=COMMITTED, status_changed_at=at),
        )
        same("given the same status again", gateway.set_order_status("WEB1", COMMITTED), changed)
        same("the orders after it", gateway.sales_orders(), [changed])

    def test_a_status_that_an_order_has_is_not_stamped(self, gateway: _Books) -> None:
        """An order that was never changed has no time of a change."""
        order = gateway.create_order(make_bundle(1)).order
        same(
            "order WEB1, given the status that it has",
            gateway.set_order_status("WEB1", order.status),
            order,
        )
        same("its status_changed_at", order.status_changed_at, None)

    def test_concurrent_calls_change_a_status_once(self, gateway: _Books) -> None:
        """Eight threads answer with the same order."""
        gateway.create_order(make_bundle(1))
        changed = at_once([lambda: gateway.set_order_status("WEB1", COMMITTED)] * 8)
        for call, order in enumerate(changed, 1):
            same(f"call {call} of 8 at once", [order], gateway.sales_orders())

    def test_an_unknown_status_or_order_is_refused(self, gateway: _Books) -> None:
        """Nothing changes."""
        order = gateway.create_order(make_bundle(1)).order
        for row, import_id, status in [
            ("an unknown status", "WEB1", "no such status"),
            ("an empty status", "WEB1", ""),
            ("an unknown order", "WEB2", COMMITTED),
            ("an empty Import ID", "", COMMITTED),
        ]:
            refused(row, gateway.set_order_status, import_id, status)
            same(f"the orders after {row}", gateway.sales_orders(), [order])

    def test_changed_orders_are_listed(self, gateway: _Books) -> None:
        """Those of the source whose status changed at or after a time."""
        create_orders(gateway, *map(make_bundle, (1, 2, 3)), of_source("ABC", 4))
        changed = gateway.set_order_status("WEB2", COMMITTED)
        other = gateway.set_order_status("ABC4", COMMITTED)
        at = stamped("order WEB2, given a status,", gateway, changed.status_changed_at)
        for row, source_code, since, listed in [
            ("since its stamp itself", "WEB", at, [changed]),
            ("since a day before its stamp", "WEB", at.astimezone(UTC) - DAY, [changed]),
            ("since a second after its stamp", "WEB", at + timedelta(seconds=1), []),
            ("of another source", "ABC", at - DAY, [other]),
            ("of a source in other letters", "web", at - DAY, []),
        ]:
            answers(
                f"orders changed, {row}", listed, gateway.sales_orders_changed, source_code, since
            )

    def test_changed_orders_come_as_they_were_inserted(self, gateway: _Books) -> None:
        """Whichever was changed first."""
        create_orders(gateway, *map(make_bundle, (3, 1, 2)))
        for number in (1, 2, 3):
            gateway.set_order_status(f"WEB{number}", COMMITTED)
        since = datetime.now(UTC) - DAY
        same("orders changed", gateway.sales_orders_changed("WEB", since), gateway.sales_orders())

    def test_orders_by_their_status(self, gateway: _Books) -> None:
        """Those of the source that have one of the statuses now, changed or not."""
        create_orders(gateway, *map(make_bundle, (1, 2, 3)), of_source("ABC", 4))
        gateway.set_order_status("WEB2", COMMITTED)
        gateway.set_order_status("ABC4", COMMITTED)
        for source_code, statuses, listed in [
            ("WEB", [OPEN], ["WEB1", "WEB3"]),
            ("WEB", [COMMITTED], ["WEB2"]),
            ("WEB", [OPEN, COMMITTED, "Picked"], ["WEB1", "WEB2", "WEB3"]),
            ("ABC", [OPEN, COMMITTED], ["ABC4"]),
            ("web", [OPEN, COMMITTED], []),
            ("WEB", [], []),
        ]:
            same(
                f"orders of {source_code} in {statuses}",
                sorted(gateway.orders_in_status(source_code, statuses)),
                listed,
            )

    def test_an_update_never_reaches_an_order_that_went_on_meanwhile(self, gateway: _Books) -> None:
        """The edit came first and is in the books, or second and is refused; never half of it."""
        gateway.create_order(make_bundle(1))
        edit = make_edit(3)
        updated, committed = tried_at_once(
            [
                lambda: gateway.update_order(edit),
                lambda: gateway.set_order_status("WEB1", COMMITTED),
            ]
        )
        assert isinstance(committed, SalesOrder), f"order WEB1, Committed meanwhile: {committed}"
        same("the status of WEB1 returned", committed.status, COMMITTED)
        same("the status of WEB1 in the books", gateway.sales_orders()[0].status, COMMITTED)
        in_books = edit if isinstance(updated, SalesOrder) else make_bundle(1)
        assert_is_one_of(gateway, [in_books])
