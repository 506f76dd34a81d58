"""Carriers by AcctVantage's names."""

import re

import pytest

from avbc.mapping import CARRIERS, Carrier, carrier_key, carrier_named

# BigCommerce: orders API, shipments.
PROVIDERS = {
    "",
    "auspost",
    "canadapost",
    "endicia",
    "usps",
    "fedex",
    "ups",
    "upsready",
    "upsonline",
    "shipperhq",
    "royalmail",
}


@pytest.mark.parametrize(
    ("name", "provider", "slug"),
    [
        ("UPS", "ups", "ups"),
        ("ups ground", "ups", "ups"),
        ("UPS® Next Day Air", "ups", "ups"),
        ("UPS Mail Innovations Expedited", "", "ups-mi"),
        ("FedEx®Ground", "fedex", "fedex"),
        ("Fed Ex 2Day", "fedex", "fedex"),
        ("U.S. Postal Service", "usps", "usps"),
        ("USPS-Priority Mail", "usps", "usps"),
        ("Canada Post Xpresspost", "canadapost", "canada-post"),
        ("DHL", "", "dhl"),
        ("DHL eCommerce", "", "dhl-global-mail"),
        ("R+L Carriers", "", "rl-carriers"),
    ],
)
def test_a_carrier_goes_by_the_longest_name_that_the_text_begins_with(name, provider, slug):
    found = carrier_named(name)
    assert (found.shipping_provider, found.tracking_carrier) == (provider, slug)


@pytest.mark.parametrize(
    "name", ["", "  ", "Upstate Couriers", "Free shipping by UPS", "Drone", "R"]
)
def test_what_is_no_carrier_is_not_guessed(name):
    assert carrier_named(name) is None


def test_the_table_is_data():
    carriers = {
        **CARRIERS,
        carrier_key("Harbor Couriers"): Carrier("Harbor Couriers", "carrier_12"),
    }
    assert carrier_named("harbor couriers overnight", carriers).shipping_provider == "carrier_12"


def test_every_row_can_be_sent():
    for key, carrier in CARRIERS.items():
        assert key == carrier_key(key)
        assert carrier.shipping_provider in PROVIDERS
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", carrier.tracking_carrier)
