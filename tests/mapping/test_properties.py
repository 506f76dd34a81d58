"""What holds for every order, good or bad."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from avbc.acctvantage.records import Client, Contact, Product, Promotion
from avbc.bigcommerce.models import AppliedDiscount, Order, OrderCoupon, Transaction
from avbc.mapping import difference, fingerprint

D = Decimal

HALF = D("0.005")
SKUS = ["MUG", "TOWEL", "LAMP", "SET", "EBOOK"]

few = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def money(low: str, high: str):
    return st.decimals(D(low), D(high), places=2, allow_nan=False, allow_infinity=False).map(str)


@st.composite
def orders(draw, make_order):
    """Orders that foot, of many shapes, by any of the readings."""
    item = make_order.item
    shipping = draw(
        st.lists(
            st.tuples(st.sampled_from(["UPS Ground", "Store pickup", ""]), money("0", "30")),
            min_size=1,
            max_size=3,
        )
    )
    # A discount's tax is the builder's rate of it, which is only right where everything is taxed.
    discounted = draw(st.booleans())
    items = draw(
        st.lists(
            st.builds(
                item,
                sku=st.sampled_from(SKUS),
                price=money("1", "400"),
                quantity=st.integers(1, 9),
                address=st.integers(51, 50 + len(shipping)),
                taxable=st.just(True) if discounted else st.booleans(),
                wrapping=st.sampled_from(["0", "0", "2.50"]),
            ),
            min_size=1,
            max_size=6,
        )
    )
    lines_over = sum(D(one.price) * one.quantity for one in items)
    taken = [
        make_order.taken(
            str(amount),
            code=code,
            id=code or f"auto-{number}",
            name=code or "Sale",
            on_lines=(draw(st.booleans()) and not code) or bool(code),
        )
        for number, (amount, code) in enumerate(
            draw(
                st.lists(
                    st.tuples(
                        st.decimals(D("0.01"), lines_over / 8, places=2),
                        st.sampled_from(["", "SAVE5", "NEW"]),
                    ),
                    max_size=3 if discounted else 0,
                )
            )
        )
    ]
    return make_order(
        items,
        shipping=shipping,
        handling=draw(money("0", "9")),
        fees=draw(st.lists(money("0.01", "20"), max_size=2)),
        fees_on_top=draw(st.booleans()),
        discounts=taken,
        store_credit=draw(st.sampled_from(["0", "0", "0.37"])),
        gift_certificate=draw(st.sampled_from(["0", "0", "0.23"])),
        net=draw(st.booleans()),
        customer_id=draw(st.sampled_from([0, 20])),
        payment_status=draw(st.sampled_from(["", "authorized", "captured", "pending"])),
        payment_method=draw(st.sampled_from(["Credit Card", "Manual"])),
        payment_provider_id=None,
    )


def check(mapped):
    """A bundle foots exactly, or there is an error: never both, never neither."""
    assert (mapped.bundle is None) == bool(mapped.errors)
    assert str(mapped)
    assert mapped._repr_html_()
    for problem in mapped.problems:
        assert problem.fix
        assert str(problem)
    if mapped.bundle is None:
        return
    order = mapped.bundle.order
    assert (
        order.total
        == order.subtotal + order.freight + order.tax - order.discount + order.rounding
        == mapped.total
    )
    assert abs(order.rounding) < HALF
    received = sum(one.amount for one in mapped.bundle.receipts)
    held = sum(one.pre_auth_amount for one in mapped.bundle.receipts)
    open_ar = order.total - received
    assert received + open_ar == order.total
    assert 0 <= received <= received + held <= order.total
    assert all(one.amount >= 0 for one in order.discounts)
    assert sum(one.amount for one in order.discounts) == (
        mapped.proof.discount if order.discounts else 0
    )
    assert len({one.import_id for one in mapped.bundle.receipts}) == len(mapped.bundle.receipts)
    assert (mapped.bundle.client_id is None) != (mapped.bundle.new_client is None)


@pytest.mark.no_cover
@few
@given(data=st.data())
def test_an_order_that_foots_is_imported_and_foots_in_the_books(data, make_order, map_it):
    order = data.draw(orders(make_order))
    mapped = map_it(order)
    check(mapped)
    assert {problem.code for problem in mapped.errors} <= {"reading_ambiguous"}


@pytest.mark.no_cover
@few
@given(data=st.data())
def test_the_order_of_lines_does_not_matter(data, make_order, map_it):
    order = data.draw(orders(make_order))
    turned = attrs.evolve(order, products=tuple(data.draw(st.permutations(order.products))))
    one, other = map_it(order), map_it(turned)
    assert one.total == other.total
    assert {problem.code for problem in one.problems} == {
        problem.code for problem in other.problems
    }
    if one.bundle is not None:
        for name in ("total", "tax", "freight", "subtotal", "discount", "rounding", "fingerprint"):
            assert getattr(one.bundle.order, name) == getattr(other.bundle.order, name)
        assert (
            difference(one.bundle.order, one.bundle.receipts, other.bundle) == ()
            or one.bundle.order.discounts
        )


@pytest.mark.no_cover
@few
@given(data=st.data())
def test_a_line_that_was_taken_off_changes_nothing(data, make_order, map_it):
    order = data.draw(orders(make_order))
    place = data.draw(st.integers(0, len(order.products)))
    gone = make_order.line(90, make_order.item(data.draw(st.sampled_from(SKUS)), "7.00", 0))
    lines = (*order.products[:place], gone, *order.products[place:])
    one, other = map_it(order), map_it(attrs.evolve(order, products=lines))
    assert other.bundle == one.bundle
    assert other.problems == one.problems


CENTS = [D("0.01"), D("-0.01")]
TIED = (
    "subtotal_ex_tax",
    "subtotal_inc_tax",
    "shipping_cost_ex_tax",
    "shipping_cost_inc_tax",
    "handling_cost_ex_tax",
    "handling_cost_inc_tax",
    "wrapping_cost_ex_tax",
    "wrapping_cost_inc_tax",
    "total_ex_tax",
    "total_inc_tax",
    "total_tax",
    "discount_amount",
    "coupon_discount",
)


@pytest.mark.no_cover
@few
@given(data=st.data())
def test_an_order_off_by_a_cent_is_refused(data, make_order, map_it):
    order = data.draw(orders(make_order))
    off = data.draw(st.sampled_from(CENTS))
    place = data.draw(st.sampled_from(["order", "line", "unit", "consignment", "transaction"]))
    transactions = ()
    if place == "order":
        field = data.draw(st.sampled_from(TIED))
        setattr(order, field, getattr(order, field) + off)
    elif place == "line":
        field = data.draw(st.sampled_from(["total_ex_tax", "total_inc_tax"]))
        line = data.draw(st.sampled_from(order.products))
        setattr(line, field, getattr(line, field) + off)
    elif place == "unit":
        field = data.draw(st.sampled_from(["price_ex_tax", "price_inc_tax"]))
        line = data.draw(st.sampled_from(order.products))
        setattr(line, field, getattr(line, field) + off)
    elif place == "consignment":
        field = data.draw(st.sampled_from(["cost_ex_tax", "cost_inc_tax"]))
        consignment = data.draw(st.sampled_from(order.consignments.shipping))
        setattr(consignment, field, getattr(consignment, field) + off)
    else:
        order.payment_status = "captured"
        proof = map_it(order).proof
        transactions = (Transaction(id=1, amount=proof.gateway_amount + off),) if proof else ()
    mapped = map_it(order, transactions=transactions)
    assert mapped.bundle is None
    assert any(
        "off by" in problem.message or problem.code in ("amount_negative", "reading_ambiguous")
        for problem in mapped.errors
    )


amounts = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True),
    st.sampled_from(
        [
            D("sNaN"),
            D("-0"),
            D("0.00"),
            D("19.80"),
            D("1E+20"),
            D("1E-20"),
            D("-5"),
            D("0.005"),
            D("9999999999.99"),
        ]
    ),
    st.decimals(-100, 100, places=4),
)
texts = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=12),
    st.sampled_from(
        [
            "",
            "&amp;",
            "MUG",
            "captured",
            "authorized",
            "Credit Card",
            "StoreCredit",
            "{0}",
            "{",
            "%s",
            "a" * 3000,
        ]
    ),
)
integers = st.one_of(st.integers(-3, 3), st.integers(), st.sampled_from([51, 101, 102]))


def value_like(value):
    """Another value of the same kind, nonsense included."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return integers
    if isinstance(value, D):
        return amounts
    if isinstance(value, str):
        return texts
    if isinstance(value, datetime):
        return st.sampled_from(
            [datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)]
        )
    return None


def mutate(data, thing):
    """Change some fields of a model, and of the models in it; drop or double parts."""
    changes = {}
    for field in attrs.fields(type(thing)):
        value = getattr(thing, field.name)
        if field.name == "raw" or data.draw(st.integers(0, 5)):
            continue
        strategy = value_like(value)
        if strategy is not None:
            changes[field.name] = data.draw(strategy)
        elif isinstance(value, tuple) and value:
            kept = data.draw(st.lists(st.sampled_from(value), max_size=3))
            changes[field.name] = tuple(mutate(data, one) for one in kept)
        elif attrs.has(type(value)):
            changes[field.name] = mutate(data, value)
    return attrs.evolve(thing, **changes)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
@pytest.mark.no_cover
def test_no_order_makes_it_raise(data, make_order, map_it):
    order = mutate(data, data.draw(orders(make_order)))
    for name in ("fees", "consignments", "products", "payment_provider_id"):
        if data.draw(st.integers(0, 9)) == 0:
            setattr(order, name, None)
    transactions = tuple(
        mutate(
            data,
            Transaction(
                id=number,
                event=event,
                amount=order.total_inc_tax,
                currency="USD",
                reference_transaction_id=1,
            ),
        )
        for number, event in enumerate(
            data.draw(
                st.lists(
                    st.sampled_from(["purchase", "authorization", "capture", "void", "odd"]),
                    max_size=4,
                )
            )
        )
    )
    coupons = tuple(
        mutate(data, OrderCoupon(id=1, code=code, amount=D(5), type=2, discount=D(5)))
        for code in data.draw(st.lists(st.sampled_from(["SAVE5", "NEW", ""]), max_size=2))
    )
    clients = (
        mutate(
            data,
            Client(
                "Rivera",
                "Ana",
                email="ana@example.com",
                import_id="WEB20",
                id=1,
                contacts=(Contact("Rivera", "Ana"),),
            ),
        ),
        mutate(data, Client("Rivera", "Ana", email="ana@example.com", id=2)),
    )[: data.draw(st.integers(0, 2))]
    products = {
        sku.casefold(): (mutate(data, Product(sku, sku, "Goods")),) * data.draw(st.integers(0, 2))
        for sku in SKUS
    }
    promotion = mutate(data, Promotion("SAVE5", "$", D(5), "40300-000-000"))
    inputs = {
        "transactions": transactions,
        "coupons": coupons,
        "clients": clients,
        "products": products,
        "promotions": (promotion,),
    }
    mapped = map_it(order, **inputs)
    check(mapped)
    assert repr(mapped) == repr(map_it(order, **inputs))


def test_an_empty_order_is_refused_with_reasons(map_it):
    mapped = map_it(Order())
    assert {problem.code for problem in mapped.errors} >= {"order_empty", "client_name_missing"}


@pytest.mark.parametrize("places", ["0.0001", "0.00005"])
def test_a_discount_of_next_to_nothing(make_order, map_it, places):
    order = make_order(discount_amount=D(places))
    order.products[0].applied_discounts = (AppliedDiscount(id="x", amount=D(places)),)
    check(map_it(order))


def test_the_fingerprint_of_any_order_that_is_imported_is_hexadecimal(make_order, map_it):
    mapped = map_it(make_order())
    assert mapped.bundle.order.fingerprint == fingerprint(make_order())
    int(mapped.bundle.order.fingerprint, 16)
