"""The setup check: channels whose orders are left alone, and the stock that they sell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from avbc.bigcommerce.models import Order
from avbc.orchestrator.engine.channels import is_of_channels
from avbc.orchestrator.reports import Check
from avbc.report import counted
from avbc.settings import Settings

_SETTING = "order_status.channels"


def channel_checks(latest: Sequence[Order], settings: Settings) -> Iterator[Check]:
    """Warn of channels that no order is of, and of others that sell from the same stock."""
    channels = settings.order_status.channels
    if not channels:
        return
    sold = Counter(order.channel_id for order in latest if not is_of_channels(order, settings))
    yield from _without_orders(latest, sold, channels)
    if not (sold and settings.shipping.sync_inventory_levels):
        yield Check("channel", _SETTING, "ok", ", ".join(map(str, channels)))
        return
    for channel, count in sorted(sold.items()):
        yield Check(
            "channel",
            _SETTING,
            "warning",
            f"The store has orders of channel {channel}, which is not named and may sell from the "
            "same location. Quantities that are pushed are not net of its orders: until "
            "AcctVantage has them, what they sold is on sale again.",
            f"Add {channel} to {_SETTING}, or have its orders in AcctVantage before quantities "
            "are pushed, or let it sell from a location of its own.",
            seen=f"{count} of the latest {counted(len(latest), 'order')}",
        )


def _without_orders(
    latest: Sequence[Order], others: Mapping[int, int], channels: Sequence[int]
) -> Iterator[Check]:
    """Warn of named channels without orders where channels that are not named have some."""
    if not others:
        return
    theirs = ", ".join(f"{channel} ({count})" for channel, count in sorted(others.items()))
    for channel in sorted({*channels} - {order.channel_id for order in latest}):
        yield Check(
            "channel",
            f"{_SETTING}: {channel}",
            "warning",
            f"None of the latest orders is of channel {channel}, and orders of channels that are "
            "not named are never imported.",
            f"Correct {_SETTING}. If the channel was just opened, wait for its first order.",
            seen=f"Of the latest {counted(len(latest), 'order')}, these are of channels that are "
            f"not named: {theirs}.",
        )
