"""What an import relies on: an order with all its parts is written once, completely and exactly."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial

import pytest
from attrs import evolve

from avbc.acctvantage.gateway import BooksRefused, ImportGateway
from avbc.acctvantage.records import (
    COMMITTED,
    PACKED,
    PICKED,
    POSTED,
    PURCHASE_ORDER,
    SHIPPED,
    Client,
    Contact,
    CreatedOrder,
    OrderBundle,
    Product,
    Promotion,
    ShipVia,
)
from avbc.testing.contract.examples import ANA, MUG, make_bundle, make_edit, make_order, of_store
from avbc.testing.contract.setup import (
    ContractSetup,
    assert_is_one_of,
    at_once,
    content,
    create_orders,
    refused,
    tried_at_once,
)


class ImportContract(ContractSetup):
    """Orders from the store."""

    part = ImportGateway

    def test_purchase_order_is_always_a_receipt_type(self, gateway: ImportGateway) -> None:
        """The Receipt Type list has the item Purchase Order (manual 2.2.3)."""
        assert PURCHASE_ORDER in gateway.reference_data().receipt_types

    def test_what_is_written_is_read_back(self, gateway: ImportGateway) -> None:
        """Every field of an order and of its receipts is kept to the last decimal, with ids."""
        bundle = make_bundle(1)
        answer = gateway.create_order(bundle)
        (order,) = gateway.sales_orders(["WEB1"])
        assert answer == CreatedOrder(order, created=True)
        assert order.id is not None
        assert order.client_id is not None
        assert order.contact_id is not None
        assert content(order) == bundle.order
        assert [evolve(receipt, id=None) for receipt in gateway.receipts(["WEB1"])] == list(
            bundle.receipts
        )

    def test_a_second_call_writes_nothing(self, gateway: ImportGateway) -> None:
        """The same Import ID again returns the order in the books, and leaves one of everything."""
        first = gateway.create_order(make_bundle(1))
        assert gateway.create_order(make_bundle(1)) == CreatedOrder(first.order, created=False)
        self._assert_one_of_everything(gateway)

    def test_a_second_call_with_other_content_answers_what_stands(
        self, gateway: ImportGateway
    ) -> None:
        """An order edited in the store does not overwrite the books by `create_order`."""
        first = gateway.create_order(make_bundle(1))
        assert gateway.create_order(make_edit(2)) == CreatedOrder(first.order, created=False)
        assert gateway.sales_orders() == [first.order]

    def test_concurrent_calls_create_one_order(self, gateway: ImportGateway) -> None:
        """Eight threads with the same order: one creates it, all answer with it."""
        answers = at_once([lambda: gateway.create_order(make_bundle(1))] * 8)
        assert [answer.created for answer in answers].count(True) == 1
        assert len({answer.order.id for answer in answers}) == 1
        self._assert_one_of_everything(gateway)

    def test_concurrent_orders_of_one_new_client_share_the_client(
        self, gateway: ImportGateway
    ) -> None:
        """Orders of one new customer create one client, contact, promotion and ship via."""
        answers = at_once(
            [
                partial(gateway.create_order, evolve(make_bundle(number), new_client=ANA))
                for number in range(1, 9)
            ]
        )
        assert all(answer.created for answer in answers)
        (client,) = gateway.find_clients(["WEB7"], [])
        assert {answer.order.client_id for answer in answers} == {client.id}
        assert {answer.order.contact_id for answer in answers} == {client.contacts[0].id}
        reference = gateway.reference_data()
        assert [promotion.code for promotion in reference.promotions] == ["SAVE"]
        assert [ship_via.name for ship_via in reference.ship_vias] == ["UPS Ground"]

    def test_a_refusal_leaves_nothing(self, gateway: ImportGateway) -> None:
        """A receipt whose Import ID is taken refuses the whole bundle, and nothing of it stays."""
        gateway.create_order(make_bundle(1))
        before = gateway.reference_data()
        first, second = make_bundle(2).receipts
        clash = evolve(
            make_bundle(2),
            receipts=(first, evolve(second, import_id="WEB1-1")),
            new_client=evolve(ANA, import_id="WEB-new", email="new@example.com"),
            new_promotions=(Promotion("NEW", "%", Decimal(10), "40200-000-000"),),
            new_ship_vias=(ShipVia("Courier", "Freight"),),
        )
        refused(gateway.create_order, clash)
        assert not [*gateway.sales_orders(["WEB2"]), *gateway.receipts(["WEB2"])]
        assert gateway.find_clients(["WEB-new"], ["new@example.com"]) == []
        assert gateway.reference_data() == before
        assert len(gateway.receipts(["WEB1"])) == 2

    def test_an_unknown_client_is_refused(self, gateway: ImportGateway) -> None:
        """An order on a client that is not in the books leaves nothing."""
        refused(
            gateway.create_order,
            evolve(make_bundle(1), new_client=None, client_id=4711, new_contact=None),
        )
        assert gateway.sales_orders() == []

    def test_reads_take_many_keys_and_leave_out_unknown_ones(self, gateway: ImportGateway) -> None:
        """Two thousand Import IDs at once, of which a few are there; none at all gives none."""
        create_orders(gateway, *map(make_bundle, (3, 1, 2)))
        many = [f"WEB{number}" for number in range(1, 2001)]
        emails = [f"{key}@example.com" for key in many]
        for found in (
            gateway.sales_orders(many),
            gateway.sales_orders(),
            gateway.find_clients(many, emails),
        ):
            assert [record.import_id for record in found] == ["WEB3", "WEB1", "WEB2"]
        assert [receipt.import_id for receipt in gateway.receipts(many)] == [
            f"WEB{number}-{n}" for number in (3, 1, 2) for n in (1, 2)
        ]
        assert len(gateway.receipts()) == 6
        assert gateway.find_products(many) == []
        assert not any(
            [
                gateway.sales_orders([]),
                gateway.receipts([]),
                gateway.find_clients([], []),
                gateway.find_products([]),
            ]
        )

    def test_clients_are_found_by_import_id_and_by_email(self, gateway: ImportGateway) -> None:
        """Emails of clients and contacts compare trimmed, without case; an empty one finds none."""
        guest = Client(name="Guest", address=ANA.address)
        create_orders(
            gateway,
            evolve(make_bundle(1), new_contact=Contact("Rivera", "Ben", "ben@example.com")),
            evolve(make_bundle(2), new_client=guest, new_contact=None),
        )
        (client,) = gateway.find_clients(["WEB1"], [])
        assert evolve(client, id=None, contacts=()) == evolve(ANA, import_id="WEB1")
        assert gateway.find_clients([], [" ANA@Example.com"]) == [client]
        assert gateway.find_clients([], ["Ben@example.com "]) == [client]
        assert gateway.find_clients(["WEB1"], ["ana@example.com", "ben@example.com"]) == [client]
        assert gateway.find_clients(["WEB9", "web1"], ["", " ", "nobody@example.com"]) == []

    def test_guests_without_import_id_are_clients_of_their_own(
        self, gateway: ImportGateway
    ) -> None:
        """Clients without an Import ID are never taken for each other."""
        guest = Client(name="Guest", email="guest@example.com")
        for number in (1, 2):
            gateway.create_order(evolve(make_bundle(number), new_client=guest, new_contact=None))
        assert len(gateway.find_clients([], ["guest@example.com"])) == 2

    def test_products_are_found_by_part_number_and_alias(self, gateway: ImportGateway) -> None:
        """Part numbers and aliases compare without case, and every field of a product survives."""
        mug = evolve(MUG, sync_to_webstore=False)
        box = Product(part_number="Straße", name="Box", product_class="Goods", kind="non_inventory")
        self.add_products(gateway, [mug, box])
        assert gateway.find_products(["mug-1"]) == [mug]
        assert gateway.find_products(["BECHER", "MUG-1", "unknown"]) == [mug]
        assert gateway.find_products(["STRASSE"]) == [box]

    def test_promotions_and_ship_vias_are_taken_as_they_stand(self, gateway: ImportGateway) -> None:
        """What exists under the same name in any case is neither changed nor created twice."""
        other = evolve(
            make_bundle(2),
            new_promotions=(Promotion("save", "%", Decimal(50), "99999-000-000"),),
            new_ship_vias=(ShipVia("UPS GROUND", "Other"),),
        )
        create_orders(gateway, make_bundle(1), other)
        reference = gateway.reference_data()
        assert reference.promotions == make_bundle(1).new_promotions
        assert reference.ship_vias == make_bundle(1).new_ship_vias

    def test_an_import_id_is_bound_to_a_client_that_has_none(self, gateway: ImportGateway) -> None:
        """A client found by email gets the Import ID, once; another one never replaces it."""
        guest = Client(name="Rivera", first_name="Ana", email="ana@example.com")
        client_id = gateway.create_order(evolve(make_bundle(1), new_client=guest)).order.client_id
        bundle = evolve(make_bundle(2), new_client=None, client_id=client_id, bind_import_id="WEB7")
        gateway.create_order(bundle)
        assert [client.id for client in gateway.find_clients(["WEB7"], [])] == [client_id]
        gateway.create_order(
            evolve(bundle, order=make_order(3), receipts=(), bind_import_id="WEB8")
        )
        assert [client.import_id for client in gateway.find_clients(["WEB7", "WEB8"], [])] == [
            "WEB7"
        ]

    def test_contacts_are_created_or_taken(self, gateway: ImportGateway) -> None:
        """A contact is one record in any case of its name; an order can name it by its id."""
        first = gateway.create_order(make_bundle(1)).order
        same, by_id, other = [
            gateway.create_order(
                evolve(
                    make_bundle(number),
                    new_client=None,
                    client_id=first.client_id,
                    new_contact=contact,
                    contact_id=None if contact else first.contact_id,
                )
            ).order
            for number, contact in [
                (2, Contact("RIVERA", "ana", "ANA@example.com")),
                (3, None),
                (4, Contact("Rivera", "Ben")),
            ]
        ]
        assert same.contact_id == by_id.contact_id == first.contact_id
        assert other.contact_id not in {None, first.contact_id}
        (client,) = gateway.find_clients(["WEB1"], [])
        assert [(contact.first_name, contact.id) for contact in client.contacts] == [
            ("Ana", first.contact_id),
            ("Ben", other.contact_id),
        ]

    def test_an_open_order_is_replaced(self, gateway: ImportGateway) -> None:
        """`update_order` replaces lines, amounts, addresses and receipts of the same record."""
        first = gateway.create_order(make_bundle(1)).order
        edit = make_edit(3)
        updated = gateway.update_order(edit)
        assert updated == evolve(
            edit.order, id=first.id, client_id=first.client_id, contact_id=first.contact_id
        )
        assert gateway.sales_orders() == [updated]
        assert [evolve(receipt, id=None) for receipt in gateway.receipts()] == list(edit.receipts)

    def test_an_order_that_went_on_is_not_replaced(self, gateway: ImportGateway) -> None:
        """An order is not changed once its status is past Open."""
        for number, status in enumerate((COMMITTED, PICKED, PACKED, SHIPPED, POSTED), 1):
            bundle = make_bundle(number)
            gateway.create_order(evolve(bundle, order=evolve(bundle.order, status=status)))
            self._assert_update_refused(
                gateway, evolve(bundle, order=make_order(number, lines=1), receipts=())
            )

    def test_concurrent_updates_leave_one_of_them_whole(self, gateway: ImportGateway) -> None:
        """Eight threads with an edit each: order and receipts come from the same edit."""
        gateway.create_order(make_bundle(1))
        edits = [make_edit(number) for number in range(1, 9)]
        updated = at_once([partial(gateway.update_order, edit) for edit in edits])
        assert {order.id for order in updated} == {gateway.sales_orders()[0].id}
        assert_is_one_of(gateway, edits)

    def test_an_order_with_a_posted_receipt_is_not_replaced(self, gateway: ImportGateway) -> None:
        """What is in the General Ledger cannot be deleted (manual, Posting Sessions)."""
        bundle = make_bundle(1)
        gateway.create_order(
            evolve(bundle, receipts=(bundle.receipts[0], evolve(bundle.receipts[1], posted=True)))
        )
        self._assert_update_refused(
            gateway, evolve(bundle, order=make_order(1, lines=1), receipts=())
        )

    def test_an_order_that_is_not_there_is_not_replaced(self, gateway: ImportGateway) -> None:
        """`update_order` never creates."""
        refused(gateway.update_order, make_bundle(1))
        assert gateway.sales_orders() == []

    def test_a_refused_update_leaves_everything(self, gateway: ImportGateway) -> None:
        """A receipt whose Import ID is taken undoes the whole update."""
        create_orders(gateway, make_bundle(1), make_bundle(2))
        taken = evolve(make_bundle(2).receipts[0], import_id="WEB1-2")
        self._assert_update_refused(
            gateway, evolve(make_bundle(2), order=make_order(2, lines=5), receipts=(taken,))
        )

    def test_large_orders_survive(self, gateway: ImportGateway) -> None:
        """Five hundred lines, ten-digit amounts with four decimals, 64 KB of text in any script."""
        amount = Decimal("9999999999.9999")
        text = "Ünïcødé 漢字 🎁 \u202e\u05e2\u05d1\u05e8\u202c <b>\"'%s?:x\r\n\t" * 1700
        order = make_order(1, lines=500)
        lines = (
            *order.lines[1:],
            evolve(order.lines[0], amount=amount, unit_price=amount, description=text, memo=text),
        )
        order = evolve(
            order, lines=lines, memo=text, total=order.total - order.lines[0].amount + amount
        )
        gateway.create_order(evolve(make_bundle(1), order=order, receipts=()))
        assert content(gateway.sales_orders(["WEB1"])[0]) == order

    def test_orders_of_a_period_come_by_their_number(self, gateway: ImportGateway) -> None:
        """Both ends of the period are included, other sources are not; orders are read lazily."""
        first = datetime(2026, 3, 1, tzinfo=UTC)
        for number, days, source in [
            (12, 3, "WEB"),
            (9, 1, "WEB"),
            (10, 2, "WEB"),
            (11, 2, "POS"),
            (8, 0, "WEB"),
            (13, 4, "WEB"),
        ]:
            order = evolve(
                make_order(number), ordered_at=first + timedelta(days=days), source_code=source
            )
            gateway.create_order(evolve(make_bundle(number), order=order))
        for since, until, numbers in [(1, 3, [9, 10, 12]), (5, 9, [])]:
            found = gateway.sales_orders_ordered(
                "WEB", first + timedelta(days=since), first + timedelta(days=until)
            )
            assert list(found) == [
                order for number in numbers for order in gateway.sales_orders([f"WEB{number}"])
            ]

    def test_times_come_back_in_utc(self, gateway: ImportGateway) -> None:
        """A time of any zone is the same moment, in UTC."""
        abroad = datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-6)))
        gateway.create_order(evolve(make_bundle(1), order=evolve(make_order(1), ordered_at=abroad)))
        read = gateway.sales_orders(["WEB1"])[0].ordered_at
        assert read == abroad
        assert read is not None
        assert read.utcoffset() == timedelta(0)

    def test_the_day_of_an_order_is_the_store_s_and_not_that_of_utc(
        self, gateway: ImportGateway
    ) -> None:
        """The day is kept beside the time, also where it is not known, and an edit replaces it."""
        evening = datetime(2026, 2, 1, 1, 30, tzinfo=UTC)  # January 31, 19:30 in Chicago
        first = evolve(make_order(1), ordered_at=evening, ordered_on=date(2026, 1, 31))
        gateway.create_order(evolve(make_bundle(1), order=first))
        gateway.create_order(evolve(make_bundle(2), order=evolve(make_order(2), ordered_on=None)))
        read = gateway.sales_orders(["WEB1", "WEB2"])
        assert [order.ordered_on for order in read] == [date(2026, 1, 31), None]
        (first,) = gateway.sales_orders_ordered("WEB", evening, evening)
        assert first.ordered_on == date(2026, 1, 31)
        gateway.update_order(
            evolve(make_bundle(2), order=evolve(make_order(2), ordered_on=date(2026, 12, 31)))
        )
        assert gateway.sales_orders(["WEB2"])[0].ordered_on == date(2026, 12, 31)

    def test_the_stores_of_a_source(self, gateway: ImportGateway) -> None:
        """Each once; orders of which the store is not known count for none."""
        assert gateway.source_stores("WEB") == frozenset()
        for number, store_hash in enumerate(("abc123", "", "xyz789", "abc123"), 1):
            gateway.create_order(of_store(store_hash, number))
        assert gateway.source_stores("WEB") == {"abc123", "xyz789"}
        assert gateway.source_stores("ABC") == gateway.source_stores("web") == frozenset()

    def test_an_order_of_another_store_is_refused(self, gateway: ImportGateway) -> None:
        """Two configurations must not share an Import Source Code; the refusal names the store."""
        gateway.create_order(of_store("abc123"))
        before = gateway.sales_orders(), gateway.receipts(), gateway.reference_data()
        for write in (gateway.create_order, gateway.update_order):
            with pytest.raises(BooksRefused, match="abc123"):
                write(of_store("xyz789"))
        assert (gateway.sales_orders(), gateway.receipts(), gateway.reference_data()) == before

    def test_an_order_of_which_the_store_is_not_known(self, gateway: ImportGateway) -> None:
        """It is the same order; an update notes its store, and never loses one that is known."""
        gateway.create_order(of_store(""))
        assert gateway.create_order(of_store("abc123")).order.store_hash == ""
        for store_hash in ("abc123", ""):
            assert gateway.update_order(of_store(store_hash)).store_hash == "abc123"
            assert gateway.create_order(of_store(store_hash)).order.store_hash == "abc123"
        refused(gateway.update_order, of_store("xyz789"))

    def test_of_two_stores_at_once_one_has_the_order(self, gateway: ImportGateway) -> None:
        """The other one is refused, however many times it asks."""
        bundles = [of_store("abc123"), of_store("xyz789")] * 4
        tried = tried_at_once([partial(gateway.create_order, bundle) for bundle in bundles])
        (order,) = gateway.sales_orders()
        assert [isinstance(one, BooksRefused) for one in tried] == [
            bundle.order.store_hash != order.store_hash for bundle in bundles
        ]

    def _assert_one_of_everything(self, gateway: ImportGateway) -> None:
        assert len(gateway.sales_orders()) == 1
        assert len(gateway.receipts()) == 2
        (client,) = gateway.find_clients(["WEB1"], ["ana@example.com"])
        assert len(client.contacts) == 1
        reference = gateway.reference_data()
        assert len(reference.promotions) == len(reference.ship_vias) == 1

    def _assert_update_refused(self, gateway: ImportGateway, edit: OrderBundle) -> None:
        before = gateway.sales_orders(), gateway.receipts()
        refused(gateway.update_order, edit)
        assert (gateway.sales_orders(), gateway.receipts()) == before
