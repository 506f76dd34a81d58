"""Carriers: AcctVantage's names, and BigCommerce's for tracking links (orders API, shipments)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from avbc.shown import Shown
from avbc.text import text_key

_WORD = re.compile(r"[^\W_]+")
_INSIDE_WORDS = re.compile("[.'\u2019]")


@attrs.frozen
class Carrier(Shown):
    """BigCommerce's name for a carrier: a `shipping_provider`, or only AfterShip's short name."""

    name: str
    shipping_provider: str = ""
    """Empty where the carrier is none of BigCommerce's own providers."""
    tracking_carrier: str = ""


def carrier_key(name: str) -> str:
    """The key by which carriers compare: that of `text_key`, without signs.

    People write carriers with trademarks, dots and hyphens, and without.

    >>> carrier_key("U.S. Postal Service"), carrier_key("FedEx® Ground")
    ('us postal service', 'fedex ground')
    """
    return " ".join(_WORD.findall(_INSIDE_WORDS.sub("", text_key(name))))


_KNOWN: tuple[tuple[Carrier, tuple[str, ...]], ...] = (
    (Carrier("UPS", "ups", "ups"), ("UPS", "United Parcel Service")),
    (Carrier("UPS Mail Innovations", "", "ups-mi"), ("UPS Mail Innovations",)),
    (Carrier("FedEx", "fedex", "fedex"), ("FedEx", "Fed Ex", "Federal Express")),
    (
        Carrier("USPS", "usps", "usps"),
        ("USPS", "US Mail", "US Postal Service", "United States Postal Service"),
    ),
    (Carrier("Endicia", "endicia", "usps"), ("Endicia",)),
    (Carrier("Canada Post", "canadapost", "canada-post"), ("Canada Post",)),
    (Carrier("Australia Post", "auspost", "australia-post"), ("Australia Post", "AusPost")),
    (Carrier("Royal Mail", "royalmail", "royal-mail"), ("Royal Mail",)),
    (Carrier("DHL Express", "", "dhl"), ("DHL", "DHL Express")),
    (Carrier("DHL eCommerce", "", "dhl-global-mail"), ("DHL eCommerce", "DHL Global Mail")),
    (Carrier("OnTrac", "", "ontrac"), ("OnTrac",)),
    (Carrier("LaserShip", "", "lasership"), ("LaserShip",)),
    (Carrier("Purolator", "", "purolator"), ("Purolator",)),
    (Carrier("Canpar", "", "canpar"), ("Canpar",)),
    (Carrier("Asendia USA", "", "asendia-usa"), ("Asendia",)),
    (Carrier("APC Postal Logistics", "", "apc"), ("APC Postal Logistics",)),
    (Carrier("Parcelforce", "", "parcel-force"), ("Parcelforce", "Parcel Force")),
    (Carrier("DPD", "", "dpd"), ("DPD",)),
    (Carrier("DPD UK", "", "dpd-uk"), ("DPD UK",)),
    (Carrier("GLS", "", "gls"), ("GLS",)),
    (Carrier("TNT", "", "tnt"), ("TNT",)),
    (Carrier("Aramex", "", "aramex"), ("Aramex",)),
    (Carrier("StarTrack", "", "star-track"), ("StarTrack",)),
    (Carrier("New Zealand Post", "", "new-zealand-post"), ("New Zealand Post", "NZ Post")),
    (Carrier("Estafeta", "", "estafeta"), ("Estafeta",)),
    (Carrier("Estes", "", "estes"), ("Estes",)),
    (Carrier("ABF Freight", "", "abf"), ("ABF",)),
    (Carrier("AAA Cooper", "", "aaa-cooper"), ("AAA Cooper",)),
    (Carrier("R+L Carriers", "", "rl-carriers"), ("R+L", "RL Carriers")),
)

CARRIERS: Mapping[str, Carrier] = {
    carrier_key(name): carrier for carrier, names in _KNOWN for name in names
}
"""Carriers by `carrier_key` of their names (the table is inferred).

BigCommerce has names for its own providers, AfterShip short names. To add carriers: `{**CARRIERS,
carrier_key("Harbor Couriers"): Carrier("Harbor Couriers", "carrier_12")}`.
"""


def carrier_named(name: str, carriers: Mapping[str, Carrier] = CARRIERS) -> Carrier | None:
    """The carrier that a text begins with, by the longest name; a service may follow (inferred).

    >>> carrier_named("UPS Mail Innovations").name, carrier_named("UPS® Next Day Air").name
    ('UPS Mail Innovations', 'UPS')
    >>> carrier_named("Upstate Couriers") is None
    True
    """
    words = carrier_key(name).split()
    keys = (" ".join(words[:count]) for count in range(len(words), 0, -1))
    return next((carriers[key] for key in keys if key in carriers), None)
