"""Each rule of the model sees what it is for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import attrs
import model
import pytest
from life import Life
from model import Model, One, Setup, Write
from people import FAULTS

from avbc.acctvantage.pickups import Acknowledgement, Pickup
from avbc.acctvantage.records import Credit

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def life() -> Iterator[Life]:
    """An order that was imported, edited, refunded in part and shipped in part."""
    with Life(Setup()) as life:
        order_id = life.place(payment="paid")
        life.cycle()
        life.people.do("ship", order_id)
        life.people.do("reach", order_id, status="Picked")
        life.people.do("refund", order_id, units=1)
        life.cycle()
        life.cycle()
        life.model.quiet()
        assert life.model.found == []
        yield life


@pytest.fixture
def one(life: Life) -> One:
    return next(life.model._each())


def header(one: One, **fields: Any) -> One:
    assert one.order is not None
    return attrs.evolve(one, order=attrs.evolve(one.order, header={**one.header, **fields}))


def diary(one: One, **fields: Any) -> One:
    return attrs.evolve(one, diary=attrs.evolve(one.diary, **fields))


def order(one: One, **fields: Any) -> One:
    assert one.booked is not None
    return attrs.evolve(one, orders=[attrs.evolve(one.booked, **fields)])


def receipt(one: One, **fields: Any) -> One:
    return attrs.evolve(one, receipts=[attrs.evolve(one.receipts[0], **fields)])


def on_list(one: One, *codes: str, times: int = 1) -> One:
    return attrs.evolve(one, items=Counter({(code, "WEB1001", "x"): times for code in codes}))


def shipments(one: One, times: int) -> One:
    assert one.order is not None
    return attrs.evolve(one, order=attrs.evolve(one.order, shipments=one.order.shipments * times))


def setup(one: One, **fields: Any) -> One:
    return attrs.evolve(one, setup=attrs.evolve(one.setup, **fields))


CREDIT = Credit("WEB1001-CM1", "WEB1001", 1, (), Decimal(0), Decimal(5), "USD")
BROKEN: dict[str, Callable[[One], One]] = {
    "is_in_the_books_once": lambda one: attrs.evolve(one, orders=[*one.orders] * 2),
    "is_booked_to_the_cent": lambda one: order(one, total=one.orders[0].total + Decimal("0.01")),
    "is_imported_when_it_may_be": lambda one: setup(one, channels=(2,)),
    "is_importable": lambda one: diary(one, fault="an unknown SKU"),
    "has_received_what_the_books_say": lambda one: receipt(one, amount=Decimal(999)),
    "ships_no_more_than_was_ordered": lambda one: shipments(one, 5),
    "ships_each_shipment_once": lambda one: shipments(one, 2),
    "says_why_it_was_refused": lambda one: header(one, status_id=12),
    "is_refused_with_cause": lambda one: diary(header(one, status_id=12), acts={}),
    "is_in_the_books_where_downloaded": lambda one: attrs.evolve(
        diary(header(one, status_id=9), status=0), orders=[]
    ),
    "is_moved_by_the_warehouse_alone": lambda one: order(one, status="Packed"),
    "keeps_what_the_accountant_left": lambda one: diary(
        one, receipts={"WEB1001-1": ("captured", Decimal(1), Decimal(0), True)}
    ),
    "keeps_what_the_warehouse_wants": lambda one: diary(
        receipt(one, state="pre_authorized"), wants={"WEB1001-1": "void_wanted"}
    ),
    "keeps_what_people_wrote": lambda one: header(one, staff_notes="Ours alone."),
    "has_left_to_ship_what_is_left": lambda one: order(
        one, lines=[attrs.evolve(line, to_ship=line.quantity) for line in one.orders[0].lines]
    ),
    "is_on_the_worklist_once": lambda one: on_list(one, "refund_not_booked", times=2),
    "is_on_the_worklist_for_a_cause": lambda one: on_list(one, "order_gone_from_store"),
    "is_imported": lambda one: header(one, status_id=11),
    "says_what_money_differs": lambda one: receipt(one, amount=Decimal(1)),
    "has_its_status_in_the_store": lambda one: diary(
        header(one, status_id=9), status_at=None, booked_at=NOW
    ),
    "has_its_status_in_the_books": lambda one: setup(header(one, status_id=2), updates="pull"),
    "has_its_shipments_in_the_store": lambda one: shipments(one, 0),
    "is_on_the_worklist_where_stopped": lambda one: header(one, status_id=5),
    "is_on_the_worklist_where_gone": lambda one: header(one, is_deleted=True),
    "is_as_in_the_store": lambda one: header(one, billing_address={"city": "Elsewhere"}),
    "has_its_refunds_in_the_books": lambda one: on_list(attrs.evolve(one, credits=[CREDIT])),
    "has_what_was_asked_of_its_payment": lambda one: on_list(
        receipt(one, state="pre_authorized", capture_wanted=True)
    ),
    "has_a_cause_still": lambda one: on_list(one, "not_in_store"),
}


@pytest.mark.parametrize("rule", model.QUIET, ids=lambda rule: rule.__name__)
def test_a_rule_sees_what_it_is_for(one: One, rule: model.Rule) -> None:
    assert rule(one) == ""
    assert rule(BROKEN[rule.__name__](one)) != ""


def test_what_acctvantage_refused(one: One) -> None:
    assert model.says_what_acctvantage_refused(one, []) == ""
    assert model.says_what_acctvantage_refused(one, ["WEB1001"])
    assert model.says_what_acctvantage_refused(on_list(one, "refused_by_acctvantage"), [])


@pytest.mark.parametrize("offered", [[1001], []])
def test_what_is_offered_to_acctvantage_and_what_is_not(one: One, offered: list[int]) -> None:
    answered = Pickup("WEB1001", 1, answers=(Acknowledgement("WEB1001", 1, "SO-1"),))
    waiting = attrs.evolve(answered, answers=())
    says = partial(model.goes_on_with_acctvantage, offered=offered)
    refused = on_list(header(one, status_id=12))
    assert ("not on the worklist" in says(refused, {})) == (offered == [])
    words = [says(one, {1001: each}) for each in (answered, waiting)]
    assert [bool(each) for each in words] == [bool(offered), not offered]


def test_what_was_refused_and_goes_on(one: One) -> None:
    refused = Acknowledgement("WEB1001", 1, refused_code="P17")
    pickups = {1001: Pickup("WEB1001", 1, answers=(refused,))}
    again = diary(header(one, status_id=9), status=11, status_at=NOW)
    assert "not offered again" in model.goes_on_with_acctvantage(again, pickups, [])
    entered = Acknowledgement("WEB1001", 1, "SO-1")
    pickups = {1001: Pickup("WEB1001", 1, answers=(refused, entered))}
    still = diary(header(one, status_id=12), refusals=["No such part."], acts={})
    assert "still Import Error" in model.goes_on_with_acctvantage(still, pickups, [])


def test_what_does_not_balance_and_what_is_about_nothing() -> None:
    with Life(Setup()) as life:
        life.people.do("place", fault=FAULTS[0])
        life.place(payment="paid")
        life.cycle()
        with life.books.engine.begin() as connection:
            connection.exec_driver_sql("update sales_orders set tax = '0.01'")
            connection.exec_driver_sql("update avbc_worklist set order_id = 7")
        life.model.quiet()
        rules = {each.rule for each in life.model.found}
        assert rules >= {"balances", "is_on_the_worklist_for_a_cause"}


def test_what_is_sent_for_a_stopped_order() -> None:
    with Life(Setup()) as life:
        order_id = life.place(payment="held")
        life.cycle()
        life.people.do("set_status", order_id, status=5)
        stopped = life.people.diaries[order_id].stopped_at
        assert stopped is not None
        for what in ("status", "shipment", "capture"):
            for worker, seconds, wrong in [("a", 0, True), ("b", 4, False), ("b", 6, True)]:
                watching = Model(life.people, life.setup, list)
                watching.answered("a", "GET", "/v2/orders", [{"id": order_id, "status_id": 5}])
                body: dict[str, object] = {"status_id": 2}
                sent = stopped + timedelta(seconds=seconds)
                watching.write(Write(worker, what, order_id, body, sent))
                assert ("is_not_stopped" in {each.rule for each in watching.found}) == wrong


def test_what_is_sent_twice() -> None:
    with Life(Setup()) as life:
        order_id = life.place(payment="held")
        life.cycle()
        life.people.do("ship", order_id)
        life.people.do("want_capture", order_id)
        life.cycle(settle=False)
        for what in ("shipment", "capture"):
            body = {"comments": "AcctVantage shipment 1"} if what == "shipment" else {}
            life.model.write(Write("another", what, order_id, body, NOW))
        assert [each.rule for each in life.model.found] == ["is_sent_once"] * 2


@pytest.mark.parametrize(
    ("rule", "seen", "what", "status"),
    [
        ("goes_forward", 2, "status", 8),
        ("takes_its_place", 8, "status", 12),
        ("takes_its_place", 11, "status", 9),
        ("is_written_down", 11, "capture", 0),
    ],
)
def test_what_is_sent_as_it_must_not_be(rule: str, seen: int, what: str, status: int) -> None:
    with Life(Setup()) as life:
        order_id = life.place(payment="held")
        life.model.answered("a", "GET", "/v2/orders", [{"id": order_id, "status_id": seen}])
        body: dict[str, object] = {"status_id": status} if status else {}
        life.model.write(Write("a", what, order_id, body, NOW))
        assert [each.rule for each in life.model.found] == [rule]


@pytest.mark.parametrize(("act", "rule"), [("archive", "is_not_stopped"), ("hide", "is_seen")])
def test_what_is_sent_for_an_order_that_nobody_sees(act: str, rule: str) -> None:
    with Life(Setup()) as life:
        order_id = life.place(payment="paid")
        life.people.do(act, order_id)
        sent = life.people.now() + timedelta(minutes=1)
        life.model.write(Write("a", "status", order_id, {"status_id": 2}, sent))
        assert [each.rule for each in life.model.found] == [rule]


def test_what_is_reported_twice_and_never() -> None:
    with Life(Setup()) as life:
        life.people.do("place", fault=FAULTS[0])
        life.cycle()
        (item,) = life.web.worklist()
        life.model.quiet()
        assert life.model.found == []
        life.model.report([item])
        life.model.forget("the process")
        life.model.report([item])
        life.model.report([attrs.evolve(item, fix="Do something else.")])
        life.model.quiet()
        assert [each.rule for each in life.model.found] == ["is_reported_once", "is_reported"]


def test_what_was_shipped_for_a_sales_order_that_was_deleted(one: One) -> None:
    assert model.ships_each_shipment_once(diary(one, shipments={}))
    with Life(Setup()) as life:
        order_id = life.place(payment="cash")
        life.cycle()
        life.people.do("ship", order_id)
        life.cycle()
        life.people.do("set_status", order_id, status=13)
        life.cycle()
        assert life.people.do("delete", order_id)
        life.people.do("set_status", order_id, status=11)
        life.cycle()
        life.cycle()
        assert [str(each) for each in life.model.found] == []
        (again,) = life.model._each()
        assert again.booked is not None
        assert model.ships_each_shipment_once(again) == ""
