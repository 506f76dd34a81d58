"""What can be changed of a store while it runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import TypedDict
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from avbc.testing.fakestore.core import Core
from avbc.testing.values import as_row, require_number
from avbc.text import quoted


class StoreOptions(TypedDict, total=False):
    """What can be changed of a store while it runs."""

    latency: float
    """Seconds before each answer."""
    quota: int
    other_apps: int
    scopes: Collection[str]
    settle_after: int | None
    shipments_move_status: bool
    """Whether a new shipment makes its order Partially Shipped or Shipped."""
    embeds: bool
    """Whether orders include what is asked for; otherwise they have links only."""
    names_faulty_items: bool
    """Whether a refused inventory adjustment names the faulty items."""
    flat_inventory_settings: bool
    """Whether stock levels have their settings, such as `safety_stock`, among the quantities."""
    time_zone: str
    """The merchant's time zone, by its name in the time zone database: "America/Chicago"."""
    information: Mapping[str, object]
    """Fields of the store information: `{"is_price_entered_with_tax": True}`."""


_NUMBERS = {"latency", "quota", "other_apps"}
_OF_STATE = [
    "settle_after",
    "shipments_move_status",
    "embeds",
    "names_faulty_items",
    "flat_inventory_settings",
]


def set_options(core: Core, options: StoreOptions) -> None:
    """Change options; raises `ValueError` for one that is unknown."""
    unknown = options.keys() - StoreOptions.__annotations__.keys()
    if unknown:
        raise ValueError(
            f"no option {quoted(min(unknown))}: there are {', '.join(StoreOptions.__annotations__)}"
        )
    for name in _NUMBERS & options.keys():
        require_number(as_row(options)[name], name, 0, is_whole=name != "latency")
    core.latency = options.get("latency", core.latency)
    core.quota.limit = options.get("quota", core.quota.limit)
    core.quota.others = options.get("other_apps", core.quota.others)
    core.scopes = set(options.get("scopes", core.scopes))
    given = as_row(options)
    for key in _OF_STATE:
        if key in given:
            setattr(core.state, key, given[key])
    core.state.information.update(options.get("information", {}))
    if "time_zone" in options:
        _set_time_zone(core, options["time_zone"])


def _set_time_zone(core: Core, name: str) -> None:
    """Name the time zone, with its offsets in seconds; they stay where the name is unknown."""
    zone = as_row(core.state.information["timezone"])
    zone["name"] = name
    try:
        known = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return
    offsets = {
        int((datetime(2026, month, 1, tzinfo=known).utcoffset() or timedelta()).total_seconds())
        for month in (1, 7)
    }
    zone.update(raw_offset=min(offsets), dst_offset=max(offsets), dst_correction=len(offsets) == 2)
