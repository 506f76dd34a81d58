"""What pushes to the store rely on: changes are reported, results recorded once, reads cheap."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from attrs import evolve

from avbc.acctvantage.gateway import BooksRefused, Gateway
from avbc.acctvantage.import_ids import order_import_id
from avbc.acctvantage.records import (
    COMMITTED,
    OPEN,
    PICKED,
    Client,
    Credit,
    CreditLine,
    CreditTender,
    OrderBundle,
    Parcel,
    Product,
    Receipt,
    Shipment,
    ShippedItem,
)
from avbc.money import ZERO
from avbc.testing.contract.examples import ANA, MUG, make_bundle, make_order
from avbc.testing.contract.setup import (
    ContractSetup,
    at_once,
    create_orders,
    refused,
    tried_at_once,
)

_DAY = timedelta(days=1)
_AT = datetime(2026, 3, 2, 8, 30, 15, 250_000, tzinfo=UTC)
_HIDDEN = Product(
    part_number="Hidden", name="Hidden", product_class="Goods", sync_to_webstore=False
)


class ExportContract(ContractSetup):
    """Statuses, shipments, products, quantities, clients, captures and credits."""

    # Statuses.

    def test_a_change_of_status_is_stamped_once(self, gateway: Gateway) -> None:
        """The same status again changes nothing, not even the time."""
        order = gateway.create_order(make_bundle(1)).order
        changed = gateway.set_order_status("WEB1", COMMITTED)
        at = changed.status_changed_at
        assert at is not None
        assert abs(at - datetime.now(UTC)) < _DAY
        assert changed == evolve(order, status=COMMITTED, status_changed_at=at)
        assert gateway.set_order_status("WEB1", COMMITTED) == changed
        assert gateway.sales_orders() == [changed]

    def test_a_status_that_an_order_has_is_not_stamped(self, gateway: Gateway) -> None:
        """An order that was never changed has no time of a change."""
        order = gateway.create_order(make_bundle(1)).order
        assert gateway.set_order_status("WEB1", order.status) == order
        assert order.status_changed_at is None

    def test_concurrent_calls_change_a_status_once(self, gateway: Gateway) -> None:
        """Eight threads answer with the same order."""
        gateway.create_order(make_bundle(1))
        changed = at_once([lambda: gateway.set_order_status("WEB1", COMMITTED)] * 8)
        assert changed == gateway.sales_orders() * 8

    def test_an_unknown_status_or_order_is_refused(self, gateway: Gateway) -> None:
        """Nothing changes."""
        order = gateway.create_order(make_bundle(1)).order
        refused(gateway.set_order_status, "WEB1", "no such status")
        refused(gateway.set_order_status, "WEB2", COMMITTED)
        assert gateway.sales_orders() == [order]

    def test_changed_orders_are_listed(self, gateway: Gateway) -> None:
        """Those of the source whose status changed at or after a time."""
        create_orders(gateway, *map(make_bundle, (1, 2, 3)), _of_source("ABC", 4))
        changed = gateway.set_order_status("WEB2", COMMITTED)
        other = gateway.set_order_status("ABC4", COMMITTED)
        at = changed.status_changed_at
        assert at is not None
        for source_code, since, listed in [
            ("WEB", at, [changed]),
            ("WEB", at.astimezone(UTC) - _DAY, [changed]),
            ("WEB", at + timedelta(seconds=1), []),
            ("ABC", at - _DAY, [other]),
            ("web", at - _DAY, []),
        ]:
            assert gateway.sales_orders_changed(source_code, since) == listed

    def test_orders_by_their_status(self, gateway: Gateway) -> None:
        """Those of the source that have one of the statuses now, changed or not."""
        create_orders(gateway, *map(make_bundle, (1, 2, 3)), _of_source("ABC", 4))
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
            assert sorted(gateway.orders_in_status(source_code, statuses)) == listed

    # Shipments.

    def test_shipments_are_read_back(self, gateway: Gateway) -> None:
        """Every field survives, in parcels as in the shipment, by the number of the shipment."""
        create_orders(gateway, make_bundle(1), make_bundle(2))
        full = _shipment(12)
        plain = Shipment(3, "WEB2", items=(ShippedItem(2001, Decimal(1)),))
        labels = evolve(_shipment(7), parcels=(Parcel("1Z9"), Parcel()), shipped_at=None)
        for shipment in (full, plain, labels):
            self.add_shipment(gateway, shipment)
        assert gateway.shipments("WEB") == [plain, labels, full]

    def test_shipments_since_a_time(self, gateway: Gateway) -> None:
        """The change in the books counts, not when the goods left; the source is the order's."""
        create_orders(gateway, make_bundle(1), _of_source("ABC", 4))
        now = datetime.now(UTC)
        old = evolve(_shipment(1), shipped_at=now - 90 * _DAY)
        other = Shipment(2, "ABC4", items=(ShippedItem(4000, Decimal(1)),))
        self.add_shipment(gateway, old)
        self.add_shipment(gateway, other)
        for source_code, since, listed in [
            ("WEB", now - _DAY, [old]),
            ("ABC", now - _DAY, [other]),
            ("WEB", now + _DAY, []),
            ("web", None, []),
        ]:
            assert gateway.shipments(source_code, since) == listed

    def test_shipments_of_some_orders(self, gateway: Gateway) -> None:
        """All of each order, whenever they were made; unknown orders are left out."""
        create_orders(gateway, make_bundle(1), make_bundle(2), _of_source("ABC", 4))
        second = Shipment(3, "WEB2", items=(ShippedItem(2001, Decimal(1)),))
        other = Shipment(5, "ABC4", items=(ShippedItem(4000, Decimal(1)),))
        for shipment in (_shipment(12), second, _shipment(1), other):
            self.add_shipment(gateway, shipment)
        assert gateway.shipments_of(["WEB1"]) == [_shipment(1), _shipment(12)]
        assert gateway.shipments_of(["ABC4", "WEB2", "WEB9"]) == [second, other]
        assert gateway.shipments_of([]) == []

    def test_a_shipment_may_change(self, gateway: Gateway) -> None:
        """A tracking number comes later than the shipment, on the same shipment."""
        gateway.create_order(make_bundle(1))
        first = evolve(_shipment(1), parcels=(Parcel(), Parcel(), Parcel()))
        changed = evolve(first, parcels=(Parcel("1Z1"),), items=first.items[:1])
        self.add_shipment(gateway, first)
        self.add_shipment(gateway, changed)
        assert gateway.shipments("WEB") == [changed]

    # Products and quantities.

    def test_products_come_sorted_and_only_those_for_the_store(self, gateway: Gateway) -> None:
        """By part number without case, character by character, in any language of the database."""
        products = [
            Product(part_number=number, name=f"Name of {number}", product_class="Goods")
            for number in (
                *("10", "9", "Apple", "apple-2", "b-1", "B_1"),
                *("Straße", "STRASSEN", "zebra", "Äpfel"),
            )
        ]
        self.add_products(gateway, [*products[1::2], _HIDDEN, *products[::2]])
        assert list(gateway.products_for_store()) == products
        some = gateway.products_for_store(["ZEBRA", "apple", "hidden", "unknown", " 9 "])
        assert [product.part_number for product in some] == ["9", "Apple", "zebra"]
        assert list(gateway.products_for_store([])) == []

    def test_every_field_of_a_product_comes(self, gateway: Gateway) -> None:
        """Aliases too, but a product is not found by them here."""
        self.add_products(gateway, [MUG])
        assert list(gateway.products_for_store()) == [MUG]
        assert list(gateway.products_for_store(["mug-1", "MUG-1"])) == [MUG]
        assert list(gateway.products_for_store(["Becher"])) == []

    def test_what_is_available_is_on_hand_less_what_is_reserved(self, gateway: Gateway) -> None:
        """An imported order lowers it once, by all its lines; it can be negative and a fraction."""
        self._stock(gateway)
        assert list(gateway.quantities_available("Main")) == [
            ("MUG-0", Decimal(12)),
            ("mug-1", Decimal("0.75")),
            ("Straße", ZERO),
        ]
        create_orders(gateway, make_bundle(1), make_bundle(2))
        after = [("MUG-0", Decimal(9)), ("mug-1", Decimal("-2.25")), ("Straße", ZERO)]
        assert list(gateway.quantities_available("Main")) == after
        gateway.set_order_status("WEB1", PICKED)
        assert list(gateway.quantities_available("Main")) == after
        assert next(gateway.quantities_available("Outlet")) == ("MUG-0", Decimal(5))

    def test_quantities_of_some_products(self, gateway: Gateway) -> None:
        """In upper or lower case, in any order; unknown and hidden products are left out."""
        self._stock(gateway)
        some = gateway.quantities_available(
            "Main", ["STRASSE", "Mug-0", "mug-0", "unknown", "HIDDEN", "HOUR"]
        )
        assert list(some) == [("MUG-0", Decimal(12)), ("Straße", ZERO)]
        assert list(gateway.quantities_available("Main", [])) == []

    def test_an_unknown_warehouse_is_refused(self, gateway: Gateway) -> None:
        """Otherwise the store would show its products as sold out."""
        self._stock(gateway)
        with pytest.raises(BooksRefused):
            list(gateway.quantities_available("Nowhere"))

    def test_the_books_can_be_used_while_products_are_read(self, gateway: Gateway) -> None:
        """The caller may take its time with each record, and read and write meanwhile."""
        self._stock(gateway)
        gateway.create_order(make_bundle(1))
        for rows in (gateway.products_for_store(), gateway.quantities_available("Main")):
            next(rows)
            assert len(gateway.find_products(["MUG-0"])) == 1
            gateway.set_order_status("WEB1", COMMITTED)
            assert len(list(rows)) == 2
        next(gateway.products_for_store())
        assert len(gateway.sales_orders()) == 1

    # Clients.

    def test_new_clients_are_exported(self, gateway: Gateway) -> None:
        """Clients that did not come from this store, by id, whichever ids are asked for."""
        guest = Client(name="Guest", email="guest@example.com")
        both = evolve(guest, store_customer_ids={"WEB": 70, "XYZ": 8})
        bundles = [
            make_bundle(1),
            evolve(make_bundle(2), new_client=guest, new_contact=None),
            _of_source("ABC", 3),
            evolve(_of_source("ABC", 4), new_client=evolve(guest, name="Other guest")),
            evolve(_of_source("ABC", 5), new_client=both),
        ]
        ids = [self._client_id(gateway, bundle) for bundle in bundles]
        assert [client.id for client in gateway.clients_to_export("WEB")] == ids[2:4]
        assert [client.id for client in gateway.clients_to_export("ABC")] == ids[:2]
        assert [
            client.id for client in gateway.clients_to_export("WEB", [*ids[::-1], 10**9])
        ] == ids
        assert gateway.clients_to_export("WEB", []) == []
        assert gateway.clients_to_export("XYZ", ids[:1]) == gateway.find_clients(["WEB1"], [])

    def test_a_client_is_bound_to_a_customer(self, gateway: Gateway) -> None:
        """One customer for each source; the same one again changes nothing, another replaces it."""
        client_id = self._client_id(gateway, make_bundle(1))
        for customer_id in (7, 7, 8):
            gateway.bind_client(client_id, "ABC", customer_id)
            gateway.bind_client(client_id, "XYZ", 7)
            (client,) = gateway.find_clients(["WEB1"], [])
            assert dict(client.store_customer_ids) == {"ABC": customer_id, "XYZ": 7}
        assert client_id not in {client.id for client in gateway.clients_to_export("ABC")}

    def test_one_customer_is_one_client(self, gateway: Gateway) -> None:
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

    def test_concurrent_bindings_of_one_customer_leave_one(self, gateway: Gateway) -> None:
        """Eight clients at once: one is the customer, seven are refused."""
        ids = [self._client_id(gateway, make_bundle(number)) for number in range(1, 9)]
        tried = tried_at_once([partial(gateway.bind_client, one, "ABC", 7) for one in ids])
        assert sum(isinstance(result, BooksRefused) for result in tried) == 7
        bound = [
            client.store_customer_ids.get("ABC")
            for client in gateway.find_clients([f"WEB{n}" for n in range(1, 9)], [])
        ]
        assert sorted(bound, key=str) == [7, *[None] * 7]

    # Captures.

    def test_receipts_that_wait_for_the_gateway(self, gateway: Gateway) -> None:
        """The pre-authorized ones of the source that a user wants captured or voided."""
        captured = _wanted(make_bundle(5), capture=True)
        received = evolve(captured.receipts[0], state="captured", amount=Decimal(1))
        create_orders(
            gateway,
            _wanted(make_bundle(1), capture=True),
            _wanted(make_bundle(2), void=True),
            make_bundle(3),
            _wanted(_of_source("ABC", 4), capture=True),
            evolve(captured, receipts=(received,)),
        )
        assert [receipt.import_id for receipt in gateway.receipts_to_capture("WEB")] == [
            "WEB1-1",
            "WEB2-1",
        ]
        assert gateway.receipts_to_capture("ABC") == gateway.receipts(["ABC4"])[:1]
        assert gateway.receipts_to_capture("XYZ") == []

    def test_a_capture_is_recorded_once(self, gateway: Gateway) -> None:
        """The receipt is money received now; the same capture again returns the same receipt."""
        bundle = _wanted(make_bundle(1), capture=True)
        gateway.create_order(bundle)
        held = bundle.receipts[0].pre_auth_amount
        captured = gateway.record_capture("WEB1-1", held, _AT)
        assert evolve(captured, id=None) == evolve(
            bundle.receipts[0], state="captured", amount=held, captured_at=_AT, capture_wanted=False
        )
        assert gateway.record_capture("WEB1-1", held, _AT + _DAY) == captured
        assert evolve(gateway.receipts()[1], id=None) == bundle.receipts[1]
        assert gateway.receipts_to_capture("WEB") == []
        refused(gateway.record_capture, "WEB1-1", held + 1, _AT)
        refused(gateway.record_void, "WEB1-1", _AT)
        assert gateway.receipts()[0] == captured

    def test_a_void_is_recorded_once(self, gateway: Gateway) -> None:
        """The receipt is no longer money; the same void again returns the same receipt."""
        bundle = _wanted(make_bundle(1), void=True)
        gateway.create_order(bundle)
        voided = gateway.record_void("WEB1-1", _AT)
        assert evolve(voided, id=None) == evolve(
            bundle.receipts[0], state="voided", voided_at=_AT, void_wanted=False
        )
        assert gateway.record_void("WEB1-1", _AT + _DAY) == voided
        assert gateway.receipts_to_capture("WEB") == []
        refused(gateway.record_capture, "WEB1-1", Decimal(1), _AT)
        assert gateway.receipts()[0] == voided

    def test_only_what_is_pre_authorized_is_captured_or_voided(self, gateway: Gateway) -> None:
        """A pending, posted or missing receipt and an invalid amount are refused."""
        bundle = make_bundle(1)
        pending = Receipt("WEB1", "Check", ZERO, state="pending", import_id="WEB1-3")
        posted = evolve(bundle.receipts[0], posted=True, import_id="WEB1-4")
        gateway.create_order(evolve(bundle, receipts=(*bundle.receipts, pending, posted)))
        before = gateway.receipts()
        for import_id in ("WEB1-3", "WEB1-4", "WEB1-9"):
            refused(gateway.record_capture, import_id, Decimal(1), _AT)
            refused(gateway.record_void, import_id, _AT)
        for amount in (ZERO, Decimal(-1), Decimal("NaN"), Decimal("Infinity")):
            refused(gateway.record_capture, "WEB1-1", amount, _AT)
        refused(gateway.record_void, "WEB1-2", _AT)
        assert gateway.receipts() == before

    def test_concurrent_captures_and_voids_end_in_one_state(self, gateway: Gateway) -> None:
        """Of four captures and four voids at once, one kind succeeds and the other is refused."""
        gateway.create_order(make_bundle(1))
        tried = tried_at_once(
            [
                lambda: gateway.record_void("WEB1-1", _AT),
                lambda: gateway.record_capture("WEB1-1", Decimal(1), _AT),
            ]
            * 4
        )
        states = [result.state for result in tried if isinstance(result, Receipt)]
        assert states == [gateway.receipts()[0].state] * 4

    # Credits.

    def test_credits_are_read_back(self, gateway: Gateway) -> None:
        """Every field survives, to the last decimal, in the sequence in which they came in."""
        create_orders(gateway, make_bundle(1), make_bundle(2))
        plain = evolve(_credit(1, 89), created_at=None, reason="")
        credits_ = [_credit(1, 91), _credit(2, 90), plain]
        assert all(gateway.create_credit(credit) for credit in credits_)
        assert gateway.credits() == credits_
        assert gateway.credits(["WEB1", "WEB9"]) == credits_[::2]
        assert gateway.credits([]) == []
        assert len(gateway.sales_orders()) == 2

    def test_a_second_credit_writes_nothing(self, gateway: Gateway) -> None:
        """The Import ID decides, whatever the content is; concurrent calls write one."""
        gateway.create_order(make_bundle(1))
        assert at_once([lambda: gateway.create_credit(_credit(1, 91))] * 8).count(True) == 1
        assert not gateway.create_credit(evolve(_credit(1, 91), reason="another one"))
        assert gateway.credits() == [_credit(1, 91)]

    def test_a_credit_that_is_wrong_leaves_nothing(self, gateway: Gateway) -> None:
        """The order is missing, or the lines or the tenders do not add up."""
        gateway.create_order(make_bundle(1))
        credit = _credit(1, 91)
        cent = Decimal("0.01")
        for wrong in (
            evolve(credit, order_import_id="WEB9"),
            evolve(credit, total=credit.total + cent),
            evolve(credit, tax=credit.tax - cent),
            evolve(credit, tenders=credit.tenders[:1]),
            evolve(credit, tenders=()),
            evolve(credit, tax=Decimal("NaN")),
            evolve(credit, import_id=""),
        ):
            refused(gateway.create_credit, wrong)
        assert gateway.credits() == []
        assert gateway.create_credit(credit)

    def _stock(self, gateway: Gateway) -> None:
        """Products of which three are stocked and for the store, in two warehouses."""
        self.add_products(
            gateway,
            [
                Product(part_number="Straße", name="Sign", product_class="Goods"),
                Product(part_number="mug-1", name="Cup", product_class="Goods", kind="assembly"),
                Product(part_number="MUG-0", name="Mug", product_class="Goods"),
                _HIDDEN,
                evolve(_HIDDEN, part_number="HOUR", name="Work", kind="non_inventory"),
            ],
        )
        self.add_quantities(
            gateway, "Main", {"MUG-0": Decimal(12), "mug-1": Decimal("0.75"), "Hidden": Decimal(3)}
        )
        self.add_quantities(gateway, "Outlet", {"MUG-0": Decimal(5)})

    def _client_id(self, gateway: Gateway, bundle: OrderBundle) -> int:
        client_id = gateway.create_order(bundle).order.client_id
        assert client_id is not None
        return client_id


def _of_source(source_code: str, number: int) -> OrderBundle:
    """An order of another import source."""
    order = evolve(
        make_order(number), import_id=order_import_id(source_code, number), source_code=source_code
    )
    bundle = make_bundle(number)
    return evolve(
        bundle,
        order=order,
        receipts=tuple(
            evolve(receipt, order_import_id=order.import_id, import_id=f"{order.import_id}-{place}")
            for place, receipt in enumerate(bundle.receipts, 1)
        ),
        new_client=evolve(ANA, import_id=order.import_id),
    )


def _wanted(bundle: OrderBundle, *, capture: bool = False, void: bool = False) -> OrderBundle:
    first, *others = bundle.receipts
    return evolve(
        bundle, receipts=(evolve(first, capture_wanted=capture, void_wanted=void), *others)
    )


def _shipment(number: int) -> Shipment:
    """A shipment of the order WEB1 that uses every field."""
    one, half = ShippedItem(1000, Decimal("1.5")), ShippedItem(1001, Decimal("0.75"))
    return Shipment(
        number=number,
        order_import_id="WEB1",
        items=(one, half),
        parcels=(Parcel("1Z999AA10123456784", (one,)), Parcel("1Z999AA10123456785", (half,))),
        ship_via="UPS Ground",
        carrier="UPS",
        tracking_link="https://example.com/track/1Z",
        comments="Ünder the mat 🎁",
        shipped_at=_AT,
    )


def _credit(number: int, refund: int) -> Credit:
    """A credit on an order that uses every field."""
    return Credit(
        import_id=f"WEB{number}-CM{refund}",
        order_import_id=f"WEB{number}",
        store_refund_id=refund,
        lines=(
            CreditLine(
                "product",
                Decimal("6.6333"),
                Decimal("0.5472"),
                Decimal("0.5"),
                number * 1000,
                "MUG-0",
                "Mug 0",
            ),
            CreditLine("shipping", Decimal("2.5")),
        ),
        tax=Decimal("0.5472"),
        total=Decimal("9.6805"),
        currency="USD",
        tenders=(
            CreditTender("Visa/MC", Decimal("9.0"), "Credit Card"),
            CreditTender("StoreCredit", Decimal("0.6805")),
        ),
        reason="Broken",
        created_at=_AT,
    )
