"""Shipments for the store: by address and parcel, in whole units, never twice (orders API)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

import attrs

from avbc.acctvantage.records import SalesOrder, SalesOrderLine, Shipment, ShippedItem
from avbc.bigcommerce.models import OrderShipment, ShipmentDraft, ShipmentItemDraft
from avbc.mapping.carriers import CARRIERS, Carrier, carrier_named
from avbc.mapping.case import Findings, Ruling
from avbc.mapping.text import plain
from avbc.shown import Shown
from avbc.text import quoted, text_key
from avbc.unset import UNSET

_MOST = Decimal(10) ** 9
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_MARK = re.compile(r"\bAcctVantage shipment (-?\d+)\b")

_Units: TypeAlias = Mapping[int, int]
"""Units by the store's line id."""


@attrs.frozen
class ShipmentPlan(Shown):
    """What to send to the store for a shipment, and what of it the store has already.

    Both are empty where nothing of it is shipped.
    """

    drafts: tuple[ShipmentDraft, ...] = ()
    standing: tuple[OrderShipment, ...] = ()


@attrs.frozen
class _Piece:
    """What goes to one address, in one parcel where the parcels' contents are known."""

    address_id: int
    units: _Units
    tracking_number: str = ""
    also: tuple[str, ...] = ()
    """Further tracking numbers, which only fit into the comments."""


@attrs.define
class _InStore:
    """The store's shipments that are not matched yet, and what is left to ship of each line."""

    shipments: list[OrderShipment]
    left: Counter[int]


def shipment_mark(number: int) -> str:
    """The mark in the comments of a store's shipment that says which of the books' it is.

    >>> shipment_mark(17)
    'AcctVantage shipment 17'
    """
    return f"AcctVantage shipment {number}"


def map_shipments(
    shipments: Sequence[Shipment],
    order: SalesOrder,
    in_store: Iterable[OrderShipment] = (),
    carriers: Mapping[str, Carrier] = CARRIERS,
) -> tuple[Ruling[ShipmentPlan], ...]:
    """What to send to the store for an order's shipments: a ruling for each, in their order.

    One shipment for each address, and for each parcel where the parcels keep their contents.
    Otherwise it has the first tracking number, and its comments the rest; where there are several
    addresses too, all numbers are in the comments (inferred). Whole units only, and never
    more than remains. What the store cannot ship, such as downloads and pickups, is left out.

    `in_store` are the store's shipments of the order, read just before. One of them is the books'
    shipment, and is not sent again, if it goes to the same address with the same contents and
    either has the books' number in its comments (`shipment_mark`) or, where its comments name no
    shipment of the books, the same tracking number. One that has the number and other contents is a
    problem, since the store cannot change a shipment's contents (all inferred).

    The tracking link is the merchant's own if there is one; otherwise BigCommerce makes it of
    provider and number, or of AfterShip's name for the carrier and number. `shipping_provider` is
    "" where it has none, since it would become `custom` if left out.
    """
    lines = {line.store_line_id: line for line in order.lines if line.store_line_id is not None}
    left = Counter({line_id: _whole(line.quantity) for line_id, line in lines.items()})
    store = _InStore(list(in_store), left)
    for row in store.shipments:
        left.subtract(_contents(row))
    return tuple(_map(shipment, lines, store, carriers) for shipment in shipments)


def _map(
    shipment: Shipment,
    lines: Mapping[int, SalesOrderLine],
    store: _InStore,
    carriers: Mapping[str, Carrier],
) -> Ruling[ShipmentPlan]:
    found = Findings()
    pieces = _pieces(shipment, lines, found)
    matched = None if found.failed else _matched(shipment, pieces, store, found)
    if matched is None:
        return found.ruling(None)
    standing, unsent = matched
    _check_left(unsent, lines, store, found)
    drafts = _drafts(shipment, unsent, carriers, found)
    if not found.failed:
        for piece in unsent:
            store.left.subtract(piece.units)
        if not pieces:
            found.note("items", "", "nothing of the shipment is shipped in the store")
    return found.ruling(ShipmentPlan(tuple(drafts), tuple(standing)))


def _contents(row: OrderShipment) -> Counter[int]:
    units = Counter[int]()
    for item in row.items:
        units[item.order_product_id] += item.quantity
    return units


def _whole(quantity: Decimal) -> int:
    return int(quantity) if quantity.is_finite() and abs(quantity) < _MOST else 0


# --- what goes where ---


def _pieces(
    shipment: Shipment, lines: Mapping[int, SalesOrderLine], found: Findings
) -> list[_Piece]:
    packed = [item for parcel in shipment.parcels for item in parcel.items]
    whole = _units(shipment.items or packed, lines, found)
    if not shipment.items and not packed:
        found.error(
            "shipment_empty",
            "items",
            shipment.number,
            f"Shipment {shipment.number} has no items.",
            "Enter in AcctVantage what was shipped.",
        )
    if not shipment.parcels or not all(parcel.items for parcel in shipment.parcels):
        return _by_address_alone(shipment, _by_address(whole, lines, found), found)
    pieces: list[_Piece] = []
    sums = Counter[int]()
    for parcel in shipment.parcels:
        units = _units(parcel.items, lines, found)
        sums.update(units)
        pieces += [
            _Piece(address_id, part, plain(parcel.tracking_number))
            for address_id, part in _by_address(units, lines, found).items()
        ]
    for line_id in whole.keys() | sums.keys():
        if whole[line_id] != sums[line_id]:
            found.error(
                "parcels_differ",
                "parcels",
                sums[line_id],
                f"The parcels of shipment {shipment.number} hold {sums[line_id]} of "
                f"{_called(line_id, lines)}, and the shipment {whole[line_id]}.",
                "Correct the shipment or its parcels in AcctVantage.",
            )
    return pieces


def _by_address_alone(
    shipment: Shipment, by_address: Mapping[int, _Units], found: Findings
) -> list[_Piece]:
    """One piece for each address, where the contents of the parcels are not known."""
    numbers = dict.fromkeys(plain(parcel.tracking_number) for parcel in shipment.parcels)
    first, *rest = [number for number in numbers if number] or [""]
    if first and len(by_address) > 1:
        found.warn(
            "parcels_not_told_apart",
            "parcels",
            ", ".join((first, *rest)),
            f"Shipment {shipment.number} goes to {len(by_address)} addresses, and which parcel "
            "goes where is not known: its tracking numbers are in the comments of each.",
            "Keep the contents of each parcel in AcctVantage.",
        )
        first, rest = "", [first, *rest]
    return [
        _Piece(address_id, units, first, tuple(rest)) for address_id, units in by_address.items()
    ]


def _units(
    items: Iterable[ShippedItem], lines: Mapping[int, SalesOrderLine], found: Findings
) -> Counter[int]:
    units = Counter[int]()
    for item in items:
        line = lines.get(item.store_line_id)
        if line is None:
            found.error(
                "shipped_line_unknown",
                "items",
                item.store_line_id,
                f"The shipment has line {item.store_line_id}, which is not one of the "
                "store's lines on the sales order.",
                "Ship it without the store, or correct the shipment in AcctVantage.",
            )
        elif (
            not item.quantity.is_finite()
            or not 0 <= item.quantity < _MOST
            or item.quantity != item.quantity.to_integral_value()
        ):
            found.error(
                "shipped_quantity_invalid",
                "items",
                str(item.quantity),
                f"{item.quantity} of {_called(item.store_line_id, lines)} were shipped, and the "
                "store ships whole units only.",
                "Notify the customer yourself, or correct the shipment in AcctVantage.",
            )
        elif item.quantity:
            units[item.store_line_id] += int(item.quantity)
    return units


def _by_address(
    units: _Units, lines: Mapping[int, SalesOrderLine], found: Findings
) -> dict[int, dict[int, int]]:
    by_address: dict[int, dict[int, int]] = {}
    for line_id, count in units.items():
        address_id = lines[line_id].store_address_id
        if address_id is None:
            found.note(
                "items",
                count,
                "left out, since it has no shipping address in the store: {}",
                "",
                _called(line_id, lines),
            )
        else:
            by_address.setdefault(address_id, {})[line_id] = count
    return by_address


def _called(line_id: int, lines: Mapping[int, SalesOrderLine]) -> str:
    line = lines[line_id]
    return quoted(line.part_number or line.description)


# --- what the store has already ---


def _matched(
    shipment: Shipment, pieces: Sequence[_Piece], store: _InStore, found: Findings
) -> tuple[list[OrderShipment], list[_Piece]] | None:
    """The store's shipments that are this one, and the pieces it lacks; None if they differ."""
    claimed: list[OrderShipment] = []
    unsent = list(pieces)
    for by_number in (True, False):
        left: list[_Piece] = []
        for piece in unsent:
            row = next(
                (
                    row
                    for row in store.shipments
                    if _is(row, piece, shipment.number, by_number=by_number)
                ),
                None,
            )
            if row is None:
                left.append(piece)
                continue
            store.shipments.remove(row)
            claimed.append(row)
            found.note(
                "items",
                sum(piece.units.values()),
                "the store has it as its shipment {}",
                "",
                row.id,
            )
            if piece.tracking_number and text_key(row.tracking_number) != text_key(
                piece.tracking_number
            ):
                found.warn(
                    "tracking_number_differs",
                    "tracking_number",
                    piece.tracking_number,
                    f"Shipment {shipment.number} is the store's shipment {row.id}, which has "
                    f"tracking number {quoted(row.tracking_number)}; "
                    f"AcctVantage has {quoted(piece.tracking_number)}.",
                    "Correct it in BigCommerce.",
                )
        unsent = left
    for row in store.shipments:
        if _marked(row) == shipment.number:
            found.error(
                "shipment_differs",
                "items",
                row.id,
                f"The store's shipment {row.id} is marked as shipment {shipment.number}, and has "
                "other contents or another address.",
                "Delete it in BigCommerce to have it sent again, or notify the customer yourself.",
            )
            return None
    return claimed, unsent


def _is(row: OrderShipment, piece: _Piece, number: int, *, by_number: bool) -> bool:
    """Whether the store's shipment is this piece; `by_number`: with the same tracking number."""
    mark = _marked(row)
    same_number = text_key(row.tracking_number) == text_key(piece.tracking_number)
    return (
        row.order_address_id == piece.address_id
        and _contents(row) == piece.units
        and (same_number or not by_number)
        and (mark == number or (mark is None and by_number and piece.tracking_number != ""))
    )


def _marked(row: OrderShipment) -> int | None:
    mark = _MARK.search(row.comments)
    # A number that is too long is not from here, and Python refuses to read thousands of digits.
    return int(mark[1]) if mark is not None and len(mark[1]) < 20 else None


def _check_left(
    pieces: Iterable[_Piece], lines: Mapping[int, SalesOrderLine], store: _InStore, found: Findings
) -> None:
    wanted = sum((Counter(piece.units) for piece in pieces), Counter[int]())
    for line_id, count in wanted.items():
        left = max(store.left[line_id], 0)
        if count > left:
            found.error(
                "shipped_more_than_remains",
                "items",
                count,
                f"{count} of {_called(line_id, lines)} were shipped, and {left} of "
                f"{_whole(lines[line_id].quantity)} are left to ship in "
                f"the store: {count - left} too many.",
                "Compare the order's shipments in BigCommerce with those in AcctVantage.",
            )


# --- what is sent ---


def _drafts(
    shipment: Shipment, pieces: Sequence[_Piece], carriers: Mapping[str, Carrier], found: Findings
) -> list[ShipmentDraft]:
    link = found.check_length(plain(shipment.tracking_link), "tracking_link", 500)
    if link and not _LINK.fullmatch(link):
        found.error(
            "tracking_link_invalid",
            "tracking_link",
            link,
            f"The tracking link of shipment {shipment.number} is not a web address.",
            "Correct it in AcctVantage, or leave it out.",
        )
    named = shipment.carrier or shipment.ship_via
    carrier = carrier_named(shipment.carrier, carriers) or carrier_named(
        shipment.ship_via, carriers
    )
    if carrier is None and not link and any(piece.tracking_number for piece in pieces):
        found.warn(
            "carrier_unknown",
            "carrier",
            named,
            (
                f"{quoted(named)} is not a carrier that avbc knows, so the customer gets the "
                "tracking number without a link."
            )
            if named
            else (
                f"Shipment {shipment.number} names no carrier, so the customer gets the tracking "
                "number without a link."
            ),
            "Give the shipment a tracking link, or a carrier that avbc knows, such as UPS.",
        )
    return [_draft(shipment, piece, link, carrier, found) for piece in pieces]


def _draft(
    shipment: Shipment, piece: _Piece, link: str, carrier: Carrier | None, found: Findings
) -> ShipmentDraft:
    number = found.check_length(plain(piece.tracking_number), "tracking_number", 50)
    provider = by_aftership = ""
    if link:
        found.note("tracking_link", link, "the shipment has a link of its own")
    elif number and carrier is not None:
        provider = carrier.shipping_provider
        by_aftership = "" if provider else carrier.tracking_carrier
        found.note(
            "shipping_provider",
            provider,
            "{!r} is {}; it makes the link",
            "",
            shipment.carrier or shipment.ship_via,
            carrier.name,
        )
    also = (
        (
            "Tracking numbers: "
            f"{', '.join(number for number in (piece.tracking_number, *piece.also) if number)}"
        )
        if piece.also
        else ""
    )
    comments = "\n".join(
        part for part in (plain(shipment.comments), also, shipment_mark(shipment.number)) if part
    )
    found.note(
        "order_address_id",
        piece.address_id,
        "the address of {} units",
        "",
        sum(piece.units.values()),
    )
    return ShipmentDraft(
        order_address_id=piece.address_id,
        items=tuple(
            ShipmentItemDraft(order_product_id=line_id, quantity=count)
            for line_id, count in piece.units.items()
        ),
        tracking_number=number or UNSET,
        shipping_provider=provider,
        tracking_carrier=by_aftership or UNSET,
        tracking_link=link or UNSET,
        shipping_method=plain(shipment.ship_via) or UNSET,
        comments=found.check_length(comments, "comments", 65_535),
    )
