"""Carriers: AcctVantage's names for them, and what BigCommerce makes a tracking link of (BigCommerce: orders API, shipments)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from avbc.text import text_key

_WORD = re.compile(r"[^\W_]+")
_INSIDE_WORDS = re.compile("[.'\u2019]")


@attrs.frozen
class Carrier:
    """How BigCommerce calls a carrier: as a `shipping_provider` of its own, or only by AfterShip's short name."""

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


_UPS = Carrier("UPS", "ups", "ups")
_FEDEX = Carrier("FedEx", "fedex", "fedex")
_USPS = Carrier("USPS", "usps", "usps")
_ROYAL_MAIL = Carrier("Royal Mail", "royalmail", "royal-mail")
_AUSTRALIA_POST = Carrier("Australia Post", "auspost", "australia-post")
_DHL = Carrier("DHL Express", "", "dhl")
_DHL_ECOMMERCE = Carrier("DHL eCommerce", "", "dhl-global-mail")
_PARCELFORCE = Carrier("Parcelforce", "", "parcel-force")
_NEW_ZEALAND_POST = Carrier("New Zealand Post", "", "new-zealand-post")
_RL = Carrier("R+L Carriers", "", "rl-carriers")

CARRIERS: Mapping[str, Carrier] = {
    carrier_key(name): carrier
    for name, carrier in {
        "UPS": _UPS,
        "United Parcel Service": _UPS,
        "UPS Mail Innovations": Carrier("UPS Mail Innovations", "", "ups-mi"),
        "FedEx": _FEDEX,
        "Fed Ex": _FEDEX,
        "Federal Express": _FEDEX,
        "USPS": _USPS,
        "US Mail": _USPS,
        "US Postal Service": _USPS,
        "United States Postal Service": _USPS,
        "Endicia": Carrier("Endicia", "endicia", "usps"),
        "Canada Post": Carrier("Canada Post", "canadapost", "canada-post"),
        "Australia Post": _AUSTRALIA_POST,
        "AusPost": _AUSTRALIA_POST,
        "Royal Mail": _ROYAL_MAIL,
        "DHL": _DHL,
        "DHL Express": _DHL,
        "DHL eCommerce": _DHL_ECOMMERCE,
        "DHL Global Mail": _DHL_ECOMMERCE,
        "OnTrac": Carrier("OnTrac", "", "ontrac"),
        "LaserShip": Carrier("LaserShip", "", "lasership"),
        "Purolator": Carrier("Purolator", "", "purolator"),
        "Canpar": Carrier("Canpar", "", "canpar"),
        "Asendia": Carrier("Asendia USA", "", "asendia-usa"),
        "APC Postal Logistics": Carrier("APC Postal Logistics", "", "apc"),
        "Parcelforce": _PARCELFORCE,
        "Parcel Force": _PARCELFORCE,
        "DPD": Carrier("DPD", "", "dpd"),
        "DPD UK": Carrier("DPD UK", "", "dpd-uk"),
        "GLS": Carrier("GLS", "", "gls"),
        "TNT": Carrier("TNT", "", "tnt"),
        "Aramex": Carrier("Aramex", "", "aramex"),
        "StarTrack": Carrier("StarTrack", "", "star-track"),
        "New Zealand Post": _NEW_ZEALAND_POST,
        "NZ Post": _NEW_ZEALAND_POST,
        "Estafeta": Carrier("Estafeta", "", "estafeta"),
        "Estes": Carrier("Estes", "", "estes"),
        "ABF": Carrier("ABF Freight", "", "abf"),
        "AAA Cooper": Carrier("AAA Cooper", "", "aaa-cooper"),
        "R+L": _RL,
        "RL Carriers": _RL,
    }.items()
}
"""Carriers by `carrier_key` of their names. BigCommerce names its providers, AfterShip its short names; the table itself is inferred.

More carriers: `{**CARRIERS, carrier_key("Harbor Couriers"): Carrier("Harbor Couriers",
"carrier_12")}`.
"""


def carrier_named(name: str, carriers: Mapping[str, Carrier] = CARRIERS) -> Carrier | None:
    """The carrier that a text begins with: the longest name in the table, so that a service may follow (inferred).

    >>> carrier_named("UPS Mail Innovations").tracking_carrier, carrier_named("UPS® Next Day Air").shipping_provider
    ('ups-mi', 'ups')
    >>> carrier_named("Upstate Couriers") is None
    True
    """
    words = carrier_key(name).split()
    for count in range(len(words), 0, -1):
        found = carriers.get(" ".join(words[:count]))
        if found is not None:
            return found
    return None
