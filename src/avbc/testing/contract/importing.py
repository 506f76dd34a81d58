"""What an import relies on: an order with all its parts is written once, completely and exactly."""

# ruff: noqa: S101  # a test suite asserts

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import partial

from attrs import evolve

from avbc.acctvantage.errors import BooksRefused, ClientTaken
from avbc.acctvantage.gateway import ImportGateway
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
    SalesOrder,
    ShipVia,
)
from avbc.testing.contract.checks import (
    answers,
    assert_is_one_of,
    at_once,
    changed,
    content,
    create_orders,
    refused,
    same,
    taken,
    tried_at_once,
)
from avbc.testing.contract.examples import (
    ANA,
    MUG,
    make_bundle,
    make_edit,
    make_order,
    of_source,
    of_store,
    wrong_bundles,
)
from avbc.testing.contract.setup import ContractSetup
from avbc.text import quoted


class ImportContract(ContractSetup):
    """Orders from the store.

    >>> import pytest
    >>> from avbc.testing import ImportContract, MemoryGateway
    >>> class TestMyBooks(ImportContract):
    ...     @pytest.fixture
    ...     def gateway(self):
    ...         return MemoryGateway()
    ...
    ...     def add_products(self, gateway, products):
    ...         gateway.add_products(products)
    """

    part = ImportGateway

    def test_purchase_order_is_always_a_receipt_type(self, gateway: ImportGateway) -> None:
        """The Receipt Type list has the item Purchase Order (manual 2.2.3)."""
        types = gateway.reference_data().receipt_types
        assert PURCHASE_ORDER in types, f"{quoted(PURCHASE_ORDER)} is not among {', '.join(types)}"

    def test_what_is_written_is_read_back(self, gateway: ImportGateway) -> None:
        """Every field of an order and of its receipts is kept to the last decimal, with ids."""
        bundle = make_bundle(1)
        answer = gateway.create_order(bundle)
        (order,) = gateway.sales_orders(["WEB1"])
        same("order WEB1", answer, CreatedOrder(order, created=True))
        for name in ("id", "client_id", "contact_id"):
            assert getattr(order, name) is not None, f"order WEB1 has no {name}"
        same("order WEB1, read back", content(order), bundle.order)
        receipts = [evolve(receipt, id=None) for receipt in gateway.receipts(["WEB1"])]
        same("its receipts", receipts, list(bundle.receipts))

    def test_a_second_call_writes_nothing(self, gateway: ImportGateway) -> None:
        """The same Import ID again returns the order in the books, and leaves one of everything."""
        first = gateway.create_order(make_bundle(1))
        there = CreatedOrder(first.order, created=False)
        answers("order WEB1, written again", there, gateway.create_order, make_bundle(1))
        _assert_one_of_everything(gateway)

    def test_a_second_call_with_other_content_answers_what_stands(
        self, gateway: ImportGateway
    ) -> None:
        """An order edited in the store does not overwrite the books by `create_order`."""
        first = gateway.create_order(make_bundle(1))
        there = CreatedOrder(first.order, created=False)
        answers("order WEB1, with other content", there, gateway.create_order, make_edit(2))
        same("the orders in the books", gateway.sales_orders(), [first.order])

    def test_concurrent_calls_create_one_order(self, gateway: ImportGateway) -> None:
        """Eight threads with the same order: one creates it, all answer with it."""
        answers = at_once([lambda: gateway.create_order(make_bundle(1))] * 8)
        same("of 8 calls with WEB1, those that created it", _created(answers), 1)
        same("the ids of WEB1 that they return", len({each.order.id for each in answers}), 1)
        _assert_one_of_everything(gateway)

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
        same("of 8 calls with an order each, those that created it", _created(answers), 8)
        (client,) = gateway.find_clients(["WEB7"], [])
        for order in (answer.order for answer in answers):
            same(f"the client of {order.import_id}", order.client_id, client.id)
            same(f"the contact of {order.import_id}", order.contact_id, client.contacts[0].id)
        reference = gateway.reference_data()
        same("the promotions", [each.code for each in reference.promotions], ["SAVE"])
        same("the ship vias", [each.name for each in reference.ship_vias], ["UPS Ground"])

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
        refused("order WEB2 with a receipt WEB1-1", gateway.create_order, clash)
        same("the orders after it", [each.import_id for each in gateway.sales_orders()], ["WEB1"])
        same("the receipts of WEB2", gateway.receipts(["WEB2"]), [])
        same("its client", gateway.find_clients(["WEB-new"], ["new@example.com"]), [])
        same("the reference data", gateway.reference_data(), before)
        same("the number of receipts of WEB1", len(gateway.receipts(["WEB1"])), 2)

    def test_an_unknown_client_is_refused(self, gateway: ImportGateway) -> None:
        """An order on a client or contact that is not in the books, or on none, leaves nothing."""
        nameless = evolve(make_bundle(1), new_client=None, new_contact=None)
        for row, bundle in [
            ("an unknown client", evolve(nameless, client_id=4711)),
            ("client 0", evolve(nameless, client_id=0)),
            ("no client", nameless),
        ]:
            refused(row, gateway.create_order, bundle)
            same(f"the orders after {row}", gateway.sales_orders(), [])
        unknown = evolve(make_bundle(1), new_contact=None, contact_id=4711)
        refused("an unknown contact", gateway.create_order, unknown)
        same("the orders after an unknown contact", gateway.sales_orders(), [])
        same("the clients after it", gateway.find_clients(["WEB1"], []), [])

    def test_an_order_that_is_wrong_leaves_nothing(self, gateway: ImportGateway) -> None:
        """It has no Import ID, does not add up, or has an amount that is no number."""
        for row, wrong in wrong_bundles(make_bundle(1)):
            refused(row, gateway.create_order, wrong)
            same(f"the orders after {row}", gateway.sales_orders(), [])
            same(f"the receipts after {row}", gateway.receipts(), [])
            same(f"the clients after {row}", gateway.find_clients(["WEB1", ""], [ANA.email]), [])
        same("the order itself", gateway.create_order(make_bundle(1)).created, True)

    def test_an_update_that_is_wrong_changes_nothing(self, gateway: ImportGateway) -> None:
        """For the same reasons as an order that is created."""
        gateway.create_order(make_bundle(1))
        for row, wrong in wrong_bundles(make_edit(3)):
            _assert_update_refused(row, gateway, wrong)

    def test_reads_take_many_keys_and_leave_out_unknown_ones(self, gateway: ImportGateway) -> None:
        """Two thousand Import IDs at once, of which a few are there; none at all gives none."""
        create_orders(gateway, *map(make_bundle, (3, 1, 2)))
        many = [f"WEB{number}" for number in range(1, 2001)]
        emails = [f"{key}@example.com" for key in many]
        inserted = ["WEB3", "WEB1", "WEB2"]
        for row, orders in [
            ("orders by 2,000 Import IDs", gateway.sales_orders(many)),
            ("orders by Import IDs that are named twice", gateway.sales_orders(inserted * 2)),
            ("all orders", gateway.sales_orders()),
        ]:
            same(row, [order.import_id for order in orders], inserted)
        clients = gateway.find_clients(many, emails)
        same("clients by 2,000 Import IDs", [client.import_id for client in clients], inserted)
        paid = [f"WEB{number}-{n}" for number in (3, 1, 2) for n in (1, 2)]
        for row, receipts in [
            ("receipts by 2,000 Import IDs", gateway.receipts(many)),
            ("all receipts", gateway.receipts()),
        ]:
            same(row, [receipt.import_id for receipt in receipts], paid)
        answers("products by 2,000 part numbers", [], gateway.find_products, many)
        answers("orders by no Import ID", [], gateway.sales_orders, [])
        answers("receipts by no Import ID", [], gateway.receipts, [])
        answers("clients by no Import ID and no email", [], gateway.find_clients, [], [])
        answers("products by no part number", [], gateway.find_products, [])

    def test_clients_are_found_by_import_id_and_by_email(self, gateway: ImportGateway) -> None:
        """Emails of clients and contacts compare trimmed, without case; an empty one finds none."""
        guest = Client(name="Guest", address=ANA.address)
        create_orders(
            gateway,
            evolve(make_bundle(1), new_contact=Contact("Rivera", "Ben", "ben@example.com")),
            evolve(make_bundle(2), new_client=guest, new_contact=None),
        )
        (client,) = gateway.find_clients(["WEB1"], [])
        same("client WEB1", evolve(client, id=None, contacts=()), evolve(ANA, import_id="WEB1"))
        for row, import_ids, emails, listed in [
            ("the client's email", [], [" ANA@Example.com"], [client]),
            ("a contact's email", [], ["Ben@example.com "], [client]),
            ("all three", ["WEB1"], ["ana@example.com", "ben@example.com"], [client]),
            ("an Import ID in other letters", ["WEB9", "web1"], [], []),
            ("an empty Import ID", [""], [], []),
            ("empty and unknown emails", [], ["", " ", "nobody@example.com"], []),
        ]:
            answers(f"clients by {row}", listed, gateway.find_clients, import_ids, emails)

    def test_guests_without_import_id_are_clients_of_their_own(
        self, gateway: ImportGateway
    ) -> None:
        """Clients without an Import ID are never taken for each other."""
        guest = Client(name="Guest", email="guest@example.com")
        for number in (1, 2):
            gateway.create_order(evolve(make_bundle(number), new_client=guest, new_contact=None))
        same("guests of one email", len(gateway.find_clients([], ["guest@example.com"])), 2)

    def test_a_new_client_is_created_while_no_client_has_its_email(
        self, gateway: ImportGateway
    ) -> None:
        """Otherwise nothing is written: neither an order that is new, nor one that was edited."""
        contact = Contact("Rivera", "Ben", "ben@example.com")
        gateway.create_order(evolve(_of_guest(1), new_contact=contact))
        gateway.create_order(_of_guest(2, "other@example.com"))
        before = [gateway.reference_data(), gateway.sales_orders(), gateway.receipts()]
        for row, email in [
            ("an email of a client", "guest@example.com"),
            ("an email of a client in other letters", " Guest@EXAMPLE.com"),
            ("an email of a contact", "ben@example.com"),
        ]:
            client = evolve(ANA, import_id="WEB-new", email="new@example.com")
            for call, number in [(gateway.create_order, 3), (gateway.update_order, 2)]:
                late = evolve(
                    _of_guest(number, email),
                    new_client=client,
                    new_promotions=(Promotion("NEW", "%", Decimal(10), "40200-000-000"),),
                )
                taken(row, call, late)
                after = [gateway.reference_data(), gateway.sales_orders(), gateway.receipts()]
                same(f"the books after {row}", after, before)
                found = gateway.find_clients(["WEB-new"], ["new@example.com"])
                same(f"its client after {row}", found, [])

    def test_an_email_is_taken_only_where_a_client_would_be_created_for_it(
        self, gateway: ImportGateway
    ) -> None:
        """Not where the order or its client is there, or where clients are not matched by email."""
        first = gateway.create_order(evolve(make_bundle(1), client_email=ANA.email)).order
        there = CreatedOrder(first, created=False)
        again = evolve(_of_guest(1, ANA.email), order=make_order(1))
        answers("order WEB1, written again", there, gateway.create_order, again)
        late = evolve(_of_guest(2, ANA.email), new_client=evolve(ANA, import_id="WEB1"))
        for number, row, bundle, is_the_first in [
            (2, "by its Import ID", late, True),
            (3, "by its id", evolve(late, new_client=None, client_id=first.client_id), True),
            (4, "with an email that is free", _of_guest(4, "free@example.com"), False),
            (5, "with no email that must be free", _of_guest(5, ""), False),
        ]:
            named = evolve(bundle, order=make_order(number), receipts=())
            client_id = gateway.create_order(named).order.client_id
            same(f"a client {row} is that of WEB1", client_id == first.client_id, is_the_first)

    def test_concurrent_orders_of_one_new_email_create_one_client(
        self, gateway: ImportGateway
    ) -> None:
        """Of eight threads with a guest of the same email, one creates the client, three times."""
        for turn in range(3):
            email = f"guest{turn}@example.com"

            def created(number: int, email: str = email) -> bool:
                try:
                    return gateway.create_order(_of_guest(number, email)).created
                except ClientTaken:
                    return False

            numbers = range(1 + 8 * turn, 9 + 8 * turn)
            tried = at_once([partial(created, number) for number in numbers])
            same(f"of 8 calls with {email}, those that created an order", tried.count(True), 1)
            same(f"clients with {email}", len(gateway.find_clients([], [email])), 1)

    def test_products_are_found_by_part_number_and_alias(self, gateway: ImportGateway) -> None:
        """Part numbers and aliases compare without case, and every field of a product survives."""
        mug = evolve(MUG, sync_to_webstore=False)
        box = Product(part_number="Straße", name="Box", product_class="Goods", kind="non_inventory")
        self.add_products(gateway, [mug, box])
        for part_numbers, listed in [
            (["mug-1"], [mug]),
            (["BECHER"], [mug]),
            (["BECHER", "MUG-1", "unknown"], [mug]),
            (["STRASSE"], [box]),
            (["", " "], []),
        ]:
            answers(f"products by {part_numbers}", listed, gateway.find_products, part_numbers)

    def test_promotions_and_ship_vias_are_taken_as_they_stand(self, gateway: ImportGateway) -> None:
        """What exists under the same name in any case is neither changed nor created twice."""
        other = evolve(
            make_bundle(2),
            new_promotions=(Promotion("save", "%", Decimal(50), "99999-000-000"),),
            new_ship_vias=(ShipVia("UPS GROUND", "Other"),),
        )
        create_orders(gateway, make_bundle(1), other)
        reference = gateway.reference_data()
        same("the promotions", reference.promotions, make_bundle(1).new_promotions)
        same("the ship vias", reference.ship_vias, make_bundle(1).new_ship_vias)

    def test_an_import_id_is_bound_to_a_client_that_has_none(self, gateway: ImportGateway) -> None:
        """A client found by email gets the Import ID, once; another one never replaces it."""
        guest = Client(name="Rivera", first_name="Ana", email="ana@example.com")
        client_id = gateway.create_order(evolve(make_bundle(1), new_client=guest)).order.client_id
        bundle = evolve(make_bundle(2), new_client=None, client_id=client_id, bind_import_id="WEB7")
        gateway.create_order(bundle)
        found = [client.id for client in gateway.find_clients(["WEB7"], [])]
        same("clients with the Import ID WEB7", found, [client_id])
        gateway.create_order(
            evolve(bundle, order=make_order(3), receipts=(), bind_import_id="WEB8")
        )
        bound = [client.import_id for client in gateway.find_clients(["WEB7", "WEB8"], [])]
        same("its Import ID after another one", bound, ["WEB7"])

    def test_contacts_are_created_or_taken(self, gateway: ImportGateway) -> None:
        """A contact is one record in any case of its name; an order can name it by its id."""
        first = gateway.create_order(make_bundle(1)).order
        by_name, by_id, other = [
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
        same("the contact of WEB2, the same in capitals", by_name.contact_id, first.contact_id)
        same("the contact of WEB3, by its id", by_id.contact_id, first.contact_id)
        (client,) = gateway.find_clients(["WEB1"], [])
        same(
            "the contacts of client WEB1",
            [(contact.first_name, contact.id) for contact in client.contacts],
            [("Ana", first.contact_id), ("Ben", other.contact_id)],
        )

    def test_an_open_order_is_replaced(self, gateway: ImportGateway) -> None:
        """`update_order` replaces lines, amounts, addresses and receipts of the same record."""
        first = gateway.create_order(make_bundle(1)).order
        edit = make_edit(3)
        updated = gateway.update_order(edit)
        order = evolve(
            edit.order, id=first.id, client_id=first.client_id, contact_id=first.contact_id
        )
        same("order WEB1, updated", updated, order)
        same("the orders in the books", gateway.sales_orders(), [updated])
        receipts = [evolve(receipt, id=None) for receipt in gateway.receipts()]
        same("the receipts in the books", receipts, list(edit.receipts))

    def test_an_update_replaces_the_receipts_that_were_read(self, gateway: ImportGateway) -> None:
        """What was entered, captured or removed meanwhile is not overwritten."""
        gateway.create_order(make_bundle(1))
        there = gateway.receipts()
        held, gift = there
        edit = evolve(make_bundle(1), order=make_order(1, lines=3))
        for row, replaced in [
            ("a receipt that is gone", (*there, evolve(gift, import_id="AV-7"))),
            ("one that was entered meanwhile", (held,)),
            ("one of another amount", (held, evolve(gift, amount=Decimal(2)))),
            ("another type", (held, evolve(gift, receipt_type="Check"))),
            ("one in another state", (evolve(held, state="pending"), gift)),
            ("another amount that is held", (evolve(held, pre_auth_amount=Decimal(1)), gift)),
        ]:
            orders = gateway.sales_orders()
            error = changed(row, gateway.update_order, evolve(edit, replaced=replaced))
            assert "WEB1" in str(error), f"{row}: the message does not name WEB1: {error}"
            same(f"the orders after {row}", gateway.sales_orders(), orders)
            same(f"the receipts after {row}", gateway.receipts(), there)
        read = (evolve(gift, posted=True), evolve(held, void_wanted=True, gateway="other"))
        updated = gateway.update_order(evolve(edit, replaced=read))
        same("the lines of WEB1, updated", len(updated.lines), 3)

    def test_an_order_that_went_on_is_not_replaced(self, gateway: ImportGateway) -> None:
        """An order is not changed once its status is past Open."""
        for number, status in enumerate((COMMITTED, PICKED, PACKED, SHIPPED, POSTED), 1):
            bundle = make_bundle(number)
            gateway.create_order(evolve(bundle, order=evolve(bundle.order, status=status)))
            edit = evolve(bundle, order=make_order(number, lines=1), receipts=())
            _assert_update_refused(f"an order that is {status}", gateway, edit)

    def test_concurrent_updates_leave_one_of_them_whole(self, gateway: ImportGateway) -> None:
        """Eight threads with an edit each: order and receipts come from the same edit."""
        gateway.create_order(make_bundle(1))
        edits = [make_edit(number) for number in range(1, 9)]
        updated = at_once([partial(gateway.update_order, edit) for edit in edits])
        same("the ids that they return", {order.id for order in updated}, {_only(gateway).id})
        assert_is_one_of(gateway, edits)

    def test_an_order_with_a_posted_receipt_is_not_replaced(self, gateway: ImportGateway) -> None:
        """What is in the General Ledger cannot be deleted (manual, Posting Sessions)."""
        bundle = make_bundle(1)
        gateway.create_order(
            evolve(bundle, receipts=(bundle.receipts[0], evolve(bundle.receipts[1], posted=True)))
        )
        edit = evolve(bundle, order=make_order(1, lines=1), receipts=())
        _assert_update_refused("an order with a posted receipt", gateway, edit)

    def test_an_order_that_is_not_there_is_not_replaced(self, gateway: ImportGateway) -> None:
        """`update_order` never creates."""
        _assert_update_refused("an unknown order", gateway, make_bundle(1))

    def test_a_refused_update_leaves_everything(self, gateway: ImportGateway) -> None:
        """A receipt whose Import ID is taken undoes the whole update."""
        create_orders(gateway, make_bundle(1), make_bundle(2))
        taken = evolve(make_bundle(2).receipts[0], import_id="WEB1-2")
        edit = evolve(make_bundle(2), order=make_order(2, lines=5), receipts=(taken,))
        _assert_update_refused("order WEB2 with a receipt WEB1-2", gateway, edit)

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
        same("order WEB1 of 500 lines", content(_only(gateway)), order)

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
        undated = evolve(make_order(14), ordered_at=None)
        gateway.create_order(evolve(make_bundle(14), order=undated))
        for since, until, numbers in [(1, 3, [9, 10, 12]), (5, 9, [])]:
            found = gateway.sales_orders_ordered(
                "WEB", first + timedelta(days=since), first + timedelta(days=until)
            )
            same(
                f"orders of March {since + 1} to {until + 1}",
                list(found),
                [order for number in numbers for order in gateway.sales_orders([f"WEB{number}"])],
            )

    def test_times_come_back_in_utc(self, gateway: ImportGateway) -> None:
        """A time of any zone is the same moment, in UTC."""
        abroad = datetime(2026, 3, 1, 23, 30, tzinfo=timezone(timedelta(hours=-6)))
        gateway.create_order(evolve(make_bundle(1), order=evolve(make_order(1), ordered_at=abroad)))
        read = _only(gateway).ordered_at
        same("ordered_at of WEB1", read, abroad)
        same("its zone", read and read.utcoffset(), timedelta(0))

    def test_the_day_of_an_order_is_the_store_s_and_not_that_of_utc(
        self, gateway: ImportGateway
    ) -> None:
        """The day is kept beside the time, also where it is not known, and an edit replaces it."""
        evening = datetime(2026, 2, 1, 1, 30, tzinfo=UTC)  # January 31, 19:30 in Chicago
        first = evolve(make_order(1), ordered_at=evening, ordered_on=date(2026, 1, 31))
        gateway.create_order(evolve(make_bundle(1), order=first))
        gateway.create_order(evolve(make_bundle(2), order=evolve(make_order(2), ordered_on=None)))
        read = gateway.sales_orders(["WEB1", "WEB2"])
        days = [order.ordered_on for order in read]
        same("ordered_on of WEB1 and WEB2", days, [date(2026, 1, 31), None])
        (first,) = gateway.sales_orders_ordered("WEB", evening, evening)
        same("ordered_on of WEB1 in a period", first.ordered_on, date(2026, 1, 31))
        gateway.update_order(
            evolve(make_bundle(2), order=evolve(make_order(2), ordered_on=date(2026, 12, 31)))
        )
        edited = gateway.sales_orders(["WEB2"])[0].ordered_on
        same("ordered_on of WEB2, updated", edited, date(2026, 12, 31))

    def test_the_sources_of_the_orders(self, gateway: ImportGateway) -> None:
        """Each once; orders of which the store is not known count for none."""
        same("the sources without orders", sorted(gateway.order_sources()), [])
        for number, store_hash in enumerate(("abc123", "", "xyz789", "abc123"), 1):
            gateway.create_order(of_store(store_hash, number))
        second = of_source("web", 5)
        gateway.create_order(evolve(second, order=evolve(second.order, store_hash="abc123")))
        sources = [("WEB", "abc123"), ("WEB", "xyz789"), ("web", "abc123")]
        same("the sources", sorted(gateway.order_sources()), sources)

    def test_an_order_of_another_store_is_refused(self, gateway: ImportGateway) -> None:
        """Two configurations must not share an Import Source Code; the refusal names the store."""
        gateway.create_order(of_store("abc123"))
        before = gateway.reference_data()
        refusal = refused("WEB1 of another store", gateway.create_order, of_store("xyz789"))
        assert "abc123" in str(refusal), f"it does not name the store of WEB1, abc123: {refusal}"
        refusal = _assert_update_refused("WEB1 of another store", gateway, of_store("xyz789"))
        assert "abc123" in str(refusal), f"it does not name the store of WEB1, abc123: {refusal}"
        same("the store of WEB1", _only(gateway).store_hash, "abc123")
        same("the reference data", gateway.reference_data(), before)

    def test_an_order_of_which_the_store_is_not_known(self, gateway: ImportGateway) -> None:
        """It is the same order; an update notes its store, and never loses one that is known."""
        gateway.create_order(of_store(""))
        same("the store of WEB1", gateway.create_order(of_store("abc123")).order.store_hash, "")
        for store_hash in ("abc123", ""):
            row = f"the store of WEB1, after one of {quoted(store_hash)},"
            updated = gateway.update_order(of_store(store_hash))
            same(f"{row} updated", updated.store_hash, "abc123")
            there = gateway.create_order(of_store(store_hash)).order
            same(f"{row} written again", there.store_hash, "abc123")
        _assert_update_refused("WEB1 of another store", gateway, of_store("xyz789"))

    def test_of_two_stores_at_once_one_has_the_order(self, gateway: ImportGateway) -> None:
        """The other one is refused, however many times it asks."""
        bundles = [of_store("abc123"), of_store("xyz789")] * 4
        tried = tried_at_once([partial(gateway.create_order, bundle) for bundle in bundles])
        (order,) = gateway.sales_orders()
        for call, (one, bundle) in enumerate(zip(tried, bundles, strict=True), 1):
            other = bundle.order.store_hash != order.store_hash
            row = f"call {call} of 8, of the store {bundle.order.store_hash}, is refused"
            same(row, isinstance(one, BooksRefused), other)


def _of_guest(number: int, email: str = "guest@example.com") -> OrderBundle:
    """An order of a guest, whose client is new while no client has the email."""
    guest = Client(name="Guest", email=email)
    return evolve(make_bundle(number), new_client=guest, new_contact=None, client_email=email)


def _only(gateway: ImportGateway) -> SalesOrder:
    (order,) = gateway.sales_orders()
    return order


def _created(answers: Sequence[CreatedOrder]) -> int:
    return [answer.created for answer in answers].count(True)


def _assert_one_of_everything(gateway: ImportGateway) -> None:
    same("the orders", [order.import_id for order in gateway.sales_orders()], ["WEB1"])
    paid = [receipt.import_id for receipt in gateway.receipts()]
    same("the receipts", paid, ["WEB1-1", "WEB1-2"])
    clients = gateway.find_clients(["WEB1"], ["ana@example.com"])
    same("the clients", [client.import_id for client in clients], ["WEB1"])
    same("the number of contacts of WEB1", len(clients[0].contacts), 1)
    reference = gateway.reference_data()
    same("the number of promotions", len(reference.promotions), 1)
    same("the number of ship vias", len(reference.ship_vias), 1)


def _assert_update_refused(row: str, gateway: ImportGateway, edit: OrderBundle) -> BooksRefused:
    orders, receipts = gateway.sales_orders(), gateway.receipts()
    refusal = refused(row, gateway.update_order, edit)
    same(f"the orders after {row}", gateway.sales_orders(), orders)
    same(f"the receipts after {row}", gateway.receipts(), receipts)
    return refusal
