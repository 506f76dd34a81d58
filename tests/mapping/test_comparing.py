"""Names compare in one Unicode form, without case, and with any number of spaces as one."""

import attrs
import pytest

from avbc.acctvantage.records import ShipVia, TaxArea
from avbc.mapping import (
    MappingRules,
    receipt_type_for,
    ship_via_for,
    status_for_store,
    store_status,
    tax_area_for,
)
from avbc.settings import PaymentMethodMapping, StatusMapping

COMPOSED, DECOMPOSED = "Caf\u00e9  Run", " CAFE\u0301 RUN"
APART = "CaféRun"


@pytest.fixture
def lookups(settings, reference, statuses):
    """Settings and books that have everything by the one name."""

    def build(name):
        changed = attrs.evolve(
            settings,
            order_status=attrs.evolve(
                settings.order_status,
                mapping=(StatusMapping(acctvantage=name, bigcommerce="Shipped"),),
            ),
            gl=attrs.evolve(
                settings.gl,
                tax_area=name,
                payment_methods=(PaymentMethodMapping(bigcommerce=name, receipt_type=name),),
            ),
        )
        books = attrs.evolve(
            reference,
            receipt_types=(DECOMPOSED,),
            tax_areas=(TaxArea(DECOMPOSED),),
            ship_vias=(ShipVia(DECOMPOSED, "Freight"),),
        )
        return MappingRules(changed, books, statuses)

    return build


def test_two_ways_to_write_a_name_are_one_name(lookups):
    rules = lookups(COMPOSED)
    assert receipt_type_for(DECOMPOSED, rules).value == DECOMPOSED
    assert tax_area_for(rules).value == DECOMPOSED
    assert ship_via_for(COMPOSED, rules).value.name == DECOMPOSED
    assert status_for_store(DECOMPOSED, rules).value.name == "Shipped"


def test_a_name_without_its_space_is_another_name(lookups):
    rules = lookups(APART)
    assert receipt_type_for(COMPOSED, rules).value is None
    assert tax_area_for(rules).value is None
    assert ship_via_for(APART, rules).value is None
    assert status_for_store(COMPOSED, rules).value is None


def test_a_label_of_the_store_compares_alike(statuses):
    named = (*statuses, attrs.evolve(statuses[0], id=40, name="", custom_label=COMPOSED))
    assert store_status(DECOMPOSED, named).value.id == 40


@pytest.mark.parametrize(
    ("row", "method"),
    [
        ("Store Credit", "storecredit"),
        ("StoreCredit", "store  credit"),
        ("GiftCard", "Gift Card"),
        ("Gift Certificate", "giftcertificate"),
        ("Credit Card", "CreditCard"),
        ("PayPal", "Pay Pal"),
        ("Cash on Delivery", "CashOnDelivery"),
        ("Bank Deposit", "bankdeposit"),
        ("Money Order", "moneyorder"),
        ("Pay in Store", "payinstore"),
    ],
)
def test_well_known_payment_methods_need_no_spaces(settings, reference, row, method):
    for written, used in ((row, method), (method, row)):
        gl = attrs.evolve(
            settings.gl,
            payment_methods=(PaymentMethodMapping(bigcommerce=written, receipt_type="Check"),),
        )
        rules = MappingRules(attrs.evolve(settings, gl=gl), reference)
        assert receipt_type_for(used, rules).value == "Check"


@pytest.mark.parametrize("written", ["Purchase Order", "PurchaseOrder", "purchase  order"])
def test_purchase_order_is_meant_however_it_is_written(settings, reference, written):
    gl = attrs.evolve(
        settings.gl,
        payment_methods=(PaymentMethodMapping(bigcommerce="Invoice", receipt_type=written),),
    )
    rules = MappingRules(attrs.evolve(settings, gl=gl), reference)
    assert receipt_type_for("Invoice", rules).value == "Purchase Order"
