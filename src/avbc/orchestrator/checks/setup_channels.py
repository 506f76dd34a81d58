"""The setup check: channels whose orders are left alone, and the stock that they sell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from avbc.bigcommerce.models import Order
from avbc.orchestrator.engine.channels import is_of_channels
from avbc.orchestrator.reports import Check
from avbc.settings import Settings

_SETTING = "order_status.channels"


def channel_checks(latest: Sequence[Order], settings: Settings) -> Iterator[Check]:
    """Warn of other channels that sell from the stock that quantities are pushed for."""
    channels = settings.order_status.channels
    if not channels:
        return
    sold = Counter(order.channel_id for order in latest if not is_of_channels(order, settings))
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
            seen=f"{count} of the latest {len(latest)} orders",
        )
