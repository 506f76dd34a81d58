"""Orders of channels that the settings do not name are left alone, wherever orders are read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import attrs
import pytest

from avbc.acctvantage import SqlGateway
from avbc.orchestrator import ImportReport, Orchestrator
from avbc.orchestrator.engine.open_webhooks import OpenWebhooks
from avbc.settings import Settings
from avbc.testing import FakeStore, OrderFactory

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]
Add = Callable[..., int]

NEW, DOWNLOADED, IMPORT_ERROR = 11, 9, 12
SINCE = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def of_channel(add: Add, factory: OrderFactory) -> Add:
    """Put an order of a channel into the store; returns its id."""
    return lambda channel, **header: add(factory.plain(), channel_id=channel, **header)


@pytest.fixture
def joined(join: Join, change: Change) -> Callable[..., Orchestrator]:
    """Join with these channels."""
    return lambda *channels, **screens: join(
        settings=change(order_status={"channels": channels}, **screens)
    )


def imported(report: ImportReport) -> list[int]:
    return sorted(outcome.order_id for outcome in report.imported)


@pytest.mark.parametrize("channels", [(1,), (1, 4)])
def test_orders_of_other_channels_are_left_alone_and_unmarked(
    joined: Join, store: FakeStore, of_channel: Add, channels: tuple[int, ...]
) -> None:
    """Whether the store filters them, by one channel, or the rows are: nothing is written."""
    numbers = {channel: of_channel(channel) for channel in (1, 4, 7)}
    before = {channel: dict(store.order(number).header) for channel, number in numbers.items()}
    web = joined(*channels)
    report = web.import_orders()
    assert imported(report) == [numbers[channel] for channel in channels]
    assert [report.refused, report.postponed, report.waiting] == [[], [], []]
    for channel in {1, 4, 7} - {*channels}:
        assert store.order(numbers[channel]).header == before[channel]
    assert web.worklist().items == ()


def test_all_channels_are_imported_where_none_is_named(web: Orchestrator, of_channel: Add) -> None:
    numbers = [of_channel(channel) for channel in (1, 4, 7)]
    assert imported(web.import_orders()) == numbers


def test_one_channel_is_a_filter_of_the_list_and_several_are_not(
    joined: Join, store: FakeStore, of_channel: Add
) -> None:
    """BigCommerce takes one channel. Neither costs a request more than without channels."""
    of_channel(7)
    for channels, expected in [((), False), ((4,), True), ((1, 4), False)]:
        store.clear_log()
        joined(*channels).import_orders(preview=True)
        (listed,) = [entry for entry in store.log if entry.path == "/v2/orders"]
        assert ("channel_id=4" in listed.query) == expected


def test_an_order_of_another_channel_says_why_it_is_left_by_its_id(
    joined: Join, store: FakeStore, of_channel: Add
) -> None:
    own, other = of_channel(4), of_channel(7)
    web = joined(4)
    report = web.import_orders(ids=[own, other])
    assert imported(report) == [own]
    (left,) = report.postponed
    assert [problem.code for problem in left.problems] == ["order_of_other_channel"]
    assert "channel 7" in left.problems[0].message
    assert "next run" not in str(report)
    for only_new in (True, False):
        (left,) = web.import_order(other, only_new=only_new).postponed
        assert [problem.code for problem in left.problems] == ["order_of_other_channel"]
    assert store.order(other).header["status_id"] == NEW
    # What its fix says is followed: then it is imported.
    web.use(
        attrs.evolve(
            web.settings, order_status=attrs.evolve(web.settings.order_status, channels=(4, 7))
        )
    )
    assert imported(web.import_order(other)) == [other]


def test_a_period_and_retries_are_of_the_channels_only(
    joined: Join, store: FakeStore, of_channel: Add
) -> None:
    own, other = of_channel(4), of_channel(7)
    for channels in ((4,), (4, 5)):
        report = joined(*channels).import_orders(since=SINCE, preview=True)
        assert imported(report) == [own]
        assert report.postponed == []
    refused = [of_channel(channel, default_currency_code="EUR") for channel in (4, 7)]
    web = joined()
    assert {outcome.order_id for outcome in web.import_orders().refused} == set(refused)
    for number in refused:
        store.edit_order(number, default_currency_code="USD")
    assert imported(joined(4, 5).import_orders(retry_errors=True)) == refused[:1]
    assert store.order(refused[1]).header["status_id"] == IMPORT_ERROR
    assert other


def test_an_unreadable_order_of_another_channel_is_not_marked(
    joined: Join, store: FakeStore, of_channel: Add
) -> None:
    own, other = (of_channel(channel, total_inc_tax=None) for channel in (4, 7))
    report = joined(4, 5).import_orders()
    assert [outcome.order_id for outcome in report.refused] == [own]
    assert store.order(other).header["status_id"] == NEW


def test_a_webhook_about_another_channel_is_closed(
    joined: Join, store: FakeStore, books: SqlGateway, of_channel: Add
) -> None:
    """The order is not imported; one that was, before the setting, is followed."""
    web = joined(4)
    number = store.place_order().id
    store.edit_order(number, channel_id=7)
    call = store.webhook(store.events[0])
    report = web.handle_webhook(call.body, call.headers)
    assert report.is_done
    assert OpenWebhooks.of(web._integration).read() == []
    assert books.sales_orders() == []
    assert store.order(number).header["status_id"] == NEW


def test_an_order_that_was_imported_before_is_followed_all_the_same(
    joined: Join, store: FakeStore, of_channel: Add
) -> None:
    number = of_channel(7)
    joined().import_orders()
    web = joined(4)
    web.follow_orders()
    store.edit_order(number, status_id=5)
    web.follow_orders()
    assert [item.order_id for item in web.worklist()] == [number]


def test_money_for_an_incomplete_order_is_an_item_of_the_channels_only(
    joined: Join, change: Change, store: FakeStore, of_channel: Add
) -> None:
    web = joined(1)
    web.import_orders()
    web.follow_orders()
    of_channel(1)
    web.import_orders()
    web.follow_orders()
    ours, other = (of_channel(channel) for channel in (1, 7))
    for number in (ours, other):
        store.edit_order(number, status_id=0, payment_status="captured")
    web.follow_orders()
    found = [(each.code, each.order_id) for each in web.worklist()]
    assert found == [("payment_without_order", ours)]
    web.use(change(order_status={"channels": (7,)}))
    web.follow_orders()
    assert ours not in [each.order_id for each in web.worklist()]


def test_reconciling_and_backtesting_leave_other_channels_out(
    joined: Join, store: FakeStore, of_channel: Add
) -> None:
    own, other = (of_channel(channel, status_id=10) for channel in (4, 7))
    web = joined(4)
    assert imported(web.import_orders(ids=[own])) == [own]
    report = web.reconcile(since=date(2020, 1, 1))
    assert (report.same, list(report)) == (1, [])
    assert sum(report.not_due.values()) == 1
    assert web.worklist().items == ()
    everything = joined().settings
    changed = web.backtest(everything, since=date(2020, 1, 1)).changed
    assert [(each.order_id, each.before, each.after) for each in changed] == [
        (other, "left out", "imported")
    ]


def test_the_setup_check_warns_of_channels_that_sell_the_same_stock(
    joined: Join, of_channel: Add
) -> None:
    of_channel(4, payment_method="Bitcoin")
    for _ in range(2):
        of_channel(7, payment_method="Beads")
    checks = [check for check in joined(4).check_setup().checks if check.area == "channel"]
    (warning,) = [check for check in checks if check.state == "warning"]
    assert "orders of channel 7, which is not named" in warning.found
    assert warning.seen == "2 of the latest 3 orders"
    assert "Add 7 to order_status.channels" in warning.fix
    for web in (joined(4, 7), joined(4, shipping={"sync_inventory_levels": False})):
        assert {check.state for check in web.check_setup().checks if check.area == "channel"} == {
            "ok"
        }
    # What other channels' orders show is nothing to set up.
    text = str(joined(4).check_setup())
    assert "Bitcoin" in text
    assert "Beads" not in text


def test_an_explanation_says_that_an_order_is_left_alone(
    joined: Join, join: Join, change: Change, of_channel: Add
) -> None:
    number = of_channel(4)
    (problem,) = joined(1).explain(number).problems
    assert (problem.code, problem.severity) == ("order_of_other_channel", "warning")
    assert joined(4).explain(number).problems == ()
    late = change(order_status={"import_orders_created_since": datetime(2099, 1, 1, tzinfo=UTC)})
    (problem,) = join(settings=late).explain(number).problems
    assert (problem.code, problem.severity) == ("order_too_old", "warning")


def test_a_channel_that_no_order_is_of(joined: Join, of_channel: Add) -> None:
    """Nothing would ever be imported, and nothing else would say so."""
    off = {"sync_inventory_levels": False}

    def warned(*channels: int) -> dict[str, str]:
        report = joined(*channels, shipping=off).check_setup()
        assert report.errors == []
        return {
            check.item: check.seen
            for check in report.warnings
            if check.area == "channel" and "is of channel" in check.found
        }

    assert warned(999) == {}
    for channel in (1, 1, 4):
        of_channel(channel)
    assert warned(999) == {
        "order_status.channels: 999": "Of the latest 3 orders, these are of channels that are not "
        "named: 1 (2), 4 (1)."
    }
    assert warned(1, 999).keys() == {"order_status.channels: 999"}
    # A channel without orders is no mistake where all orders are of named channels.
    assert warned(1, 4, 999) == warned(1, 4) == warned(1) == {}


def test_an_import_says_that_it_leaves_other_channels_alone(joined: Join, of_channel: Add) -> None:
    for channel in (1, 4, 7, 7):
        of_channel(channel)
    report = joined(999).import_orders()
    assert str(report).startswith("No new orders of channel 999.")
    report = joined(1, 4).import_orders()
    assert report.other_channels == 2
    assert "2 orders of other channels were left alone." in str(report)
    assert str(joined(1, 4).import_orders()).startswith("No new orders of channels 1, 4. 2 orders")
    assert "channel" not in str(joined().import_orders())
