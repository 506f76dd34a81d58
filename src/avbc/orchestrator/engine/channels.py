"""Which orders are those of the channels that the settings name (`order_status.channels`)."""

from __future__ import annotations

from collections.abc import Mapping

from avbc.bigcommerce import UnreadableRow
from avbc.bigcommerce.models import Order
from avbc.mapping import Problem
from avbc.settings import Settings

OTHER_CHANNEL = "order_of_other_channel"
"""The problem of an order that is left alone, since another system imports those of its channel."""
_UNKNOWN = 0
"""The channel of an order whose channel cannot be read: it is not left to another system."""


def is_of_channels(order: Order, settings: Settings) -> bool:
    """Whether an order is of the channels whose orders are imported."""
    channels = settings.order_status.channels
    return not channels or order.channel_id in channels or order.channel_id == _UNKNOWN


def only_channel(settings: Settings) -> int | None:
    """Return the channel that orders can be listed by: BigCommerce takes one, and no list."""
    channels = settings.order_status.channels
    return channels[0] if len(channels) == 1 else None


def channel_of(row: UnreadableRow) -> int:
    """Return the channel of an order that cannot be read."""
    found = row.row.get("channel_id") if isinstance(row.row, Mapping) else None
    return found if isinstance(found, int) else _UNKNOWN


def other_channel(order: Order, settings: Settings) -> Problem | None:
    """Say that an order is of another channel, so it is left alone; None where it is not."""
    if is_of_channels(order, settings):
        return None
    named = ", ".join(map(str, settings.order_status.channels))
    return Problem(
        OTHER_CHANNEL,
        "channel_id",
        str(order.channel_id),
        f"The order is of channel {order.channel_id}, and only orders of channels {named} are "
        "imported. It is left as it is.",
        f"If it is to be imported, add {order.channel_id} to order_status.channels.",
    )
