"""What users hold is one line in a REPL and a table in IPython."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

import avbc
from avbc.acctvantage.records import Parcel, Shipment, ShippedItem, TrialBalance
from avbc.bigcommerce import models
from avbc.mapping import Problem
from avbc.shown import Shown, full_text
from avbc.testing import FakeStore, OrderFactory, example
from avbc.testing.contract import make_bundle


class IPythonPrinter:
    """As IPython's own, inside of so many things."""

    def __init__(self, depth: int) -> None:
        self.stack = [0] * depth
        self.printed = ""

    def text(self, text: str) -> None:
        self.printed += text


IPythonPrinter.__module__ = "IPython.lib.pretty"


def public_records() -> list[Any]:
    named = [getattr(module, name) for module in (avbc, models) for name in module.__all__]
    classes = [one for one in named if inspect.isclass(one) and attrs.has(one)]
    return [one for one in classes if one not in (avbc.Fault, avbc.Clock)]


@pytest.mark.parametrize("record", public_records(), ids=lambda one: one.__name__)
def test_every_public_record_has_the_one_repr(record: type) -> None:
    assert record.__repr__ is Shown.__repr__


def test_a_class_of_the_application_keeps_its_own_repr() -> None:
    @attrs.define(kw_only=True)
    class Mine(models.Order):
        extra_note: str = ""

        def __repr__(self) -> str:
            return f"<{self.id}>"

    @attrs.define(kw_only=True)
    class Plain(models.Order):
        extra_note: str = ""

    assert repr(Mine(id=7)) == "<7>"
    assert repr(Plain(id=7, extra_note="x")).startswith("Plain(id=7, ")


def test_lines_are_short_and_say_what_it_is() -> None:
    bundle = make_bundle(1042)
    settings = avbc.Settings.from_dict(
        example.settings_dict("https://api.bigcommerce.com/stores/abc123/v3/")
    )
    store = FakeStore()
    store.add_order(OrderFactory().plain())
    order = models.Order(id=1042, status="Shipped", total_inc_tax=Decimal("57.3700"))
    lines = [
        repr(each)
        for each in (
            bundle.order,
            bundle,
            settings,
            settings.gl,
            store,
            order,
            Problem("sku_unknown", "lines[0].sku", "X\n" * 40, "There is no X. " * 20),
            TrialBalance("WEB1", *[Decimal("4.3700")] * 7, Decimal(0)),
            avbc.ImportReport(stopped="x" * 500),
        )
    ]
    assert [line for line in lines if "\n" in line] == []
    assert max(map(len, lines[:-1])) < 160
    assert len(lines[-1]) < 340
    assert lines[0].startswith("SalesOrder(import_id='WEB1042', client=")
    assert lines[2] == (
        "<Settings WEB 'Example store': https://api.bigcommerce.com/stores/abc123/v3/>"
    )
    assert lines[4].startswith("<FakeStore abc123: 1 order, ")
    assert lines[5].startswith("Order(id=1042, status='Shipped', total_inc_tax=57.37")
    assert "tax=4.37" in lines[7]


def test_a_report_that_failed_says_in_its_line_why() -> None:
    bad = Problem("sku_unknown", "lines[0].sku", "X", "There is no X.", "Create it.")
    report = avbc.ImportReport(refused=[avbc.Outcome(3, "WEB3", None, (bad,))])
    with pytest.raises(AssertionError, match=r"<ImportReport: Refused 1 order.*There is no X\."):
        assert report.ok, repr(report)


def test_ipython_shows_a_table_and_lines_in_a_list() -> None:
    order = make_bundle(1042).order
    alone, inside = IPythonPrinter(1), IPythonPrinter(2)
    order._repr_pretty_(alone, cycle=False)
    order._repr_pretty_(inside, cycle=False)
    assert "bill_to.city" in alone.printed
    assert inside.printed == repr(order)
    assert '<td class="short" data-column="field">import_id</td>' in order._repr_html_()
    report = avbc.ImportReport(imported=[avbc.Outcome(1, "WEB1")])
    printer = IPythonPrinter(1)
    report._repr_pretty_(printer, cycle=False)
    assert printer.printed == str(report)


def test_ipython_itself_shows_it() -> None:
    pretty = pytest.importorskip("IPython.lib.pretty").pretty
    order = make_bundle(1042).order
    assert "bill_to.city" in pretty(order)
    assert pretty([order]) == f"[{order!r}]"
    report = avbc.ImportReport(imported=[avbc.Outcome(1, "WEB1")])
    assert pretty(report) == str(report)


def test_a_digest_is_of_all_that_is_in_a_record() -> None:
    """As attrs writes it: what was pushed by earlier versions is known by digests of that."""
    item = ShippedItem(7, Decimal("2.0"))
    shipment = Shipment(
        1, "WEB1", (item,), (Parcel("1Z", ()),), shipped_at=datetime(2026, 1, 2, tzinfo=UTC)
    )
    assert full_text(shipment) == (
        "Shipment(number=1, order_import_id='WEB1', items=(ShippedItem(store_line_id=7, "
        "quantity=Decimal('2.0')),), parcels=(Parcel(tracking_number='1Z', items=()),), "
        "ship_via='', carrier='', tracking_link='', comments='', "
        "shipped_at=datetime.datetime(2026, 1, 2, 0, 0, tzinfo=datetime.timezone.utc))"
    )
