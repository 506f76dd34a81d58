"""The drift that BigCommerce is known for, and what must never be read in silence."""

import copy
import json
import math
import pickle
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avbc.bigcommerce import decoding, models, values
from avbc.bigcommerce.body import shortened
from avbc.bigcommerce.decoding import read_object, read_page, read_rows
from avbc.bigcommerce.errors import UnexpectedData
from avbc.bigcommerce.models import (
    Consignments,
    Customer,
    Fee,
    Model,
    Order,
    OrderProduct,
    OrderStatus,
    Transaction,
)
from avbc.bigcommerce.values import BadValue, amount, flag, integer, moment, text
from avbc.errors import FinalError

LINE: dict[str, Any] = {
    "id": 7001,
    "order_id": 1042,
    "product_id": 77,
    "variant_id": 70,
    "sku": "MUG-1",
    "name": "Mug ☕ Zürich",
    "type": "physical",
    "quantity": 2,
    "price_ex_tax": "10.0000",
    "price_inc_tax": "10.8000",
    "price_tax": "0.8000",
    "total_ex_tax": "20.0000",
    "total_inc_tax": "21.6000",
    "total_tax": "1.6000",
    "applied_discounts": [
        {
            "id": "total-coupon",
            "amount": "5.0000",
            "name": "5 off",
            "code": "SAVE5",
            "target": "order",
        }
    ],
    "discounted_total_inc_tax": "16.6000",
    "order_address_id": 51,
    "wrapping_name": None,
    "wrapping_cost_ex_tax": "0.0000",
    "product_options": [
        {
            "id": 45,
            "display_name": "Size",
            "display_value": "S",
            "value": "69",
            "type": "Multiple choice",
        }
    ],
    "configurable_fields": [],
    "parent_order_product_id": None,
    "is_bundled_product": False,
    "gift_certificate_id": None,
    "event_date": None,
}
CONSIGNMENT: dict[str, Any] = {
    "id": 51,
    "first_name": "Ana",
    "city": "Austin",
    "zip": 78751,
    "shipping_method": "UPS Ground",
    "items_total": 2,
    "cost_ex_tax": 5,
    "cost_inc_tax": 5.4,
    "cost_tax": 0.4,
    "line_items": [LINE],
}
ORDER: dict[str, Any] = {
    "id": 1042,
    "customer_id": 20,
    "date_created": "Tue, 05 Mar 2019 21:40:11 +0000",
    "date_modified": "Mon, 11 Mar 2019 15:17:25 +0000",
    "date_shipped": "",
    "status_id": 11,
    "status": "Awaiting Fulfillment",
    **{
        name: "0.0000"
        for part in ("shipping_cost", "handling_cost", "wrapping_cost")
        for name in (f"{part}_ex_tax", f"{part}_inc_tax", f"{part}_tax")
    },
    "subtotal_ex_tax": "20.0000",
    "subtotal_inc_tax": "21.6000",
    "subtotal_tax": "1.6000",
    "total_ex_tax": "20.0000",
    "total_inc_tax": "16.6000",
    "total_tax": "1.6000",
    "discount_amount": "0.0000",
    "coupon_discount": "5.0000",
    "store_credit_amount": "0.0000",
    "gift_certificate_amount": "0.0000",
    "refunded_amount": "0.0000",
    "is_tax_inclusive_pricing": False,
    "items_total": 2,
    "items_shipped": 0,
    "payment_method": "Credit Card",
    "payment_provider_id": "ch_1",
    "payment_status": "captured",
    "currency_code": "USD",
    "default_currency_code": "USD",
    "store_default_currency_code": "",
    "store_default_to_transactional_exchange_rate": "1.0000000000",
    "billing_address": {
        "first_name": "Ana",
        "last_name": "Rivera",
        "email": "ana@example.com",
        "form_fields": [],
    },
    "credit_card_type": None,
    "products": {
        "url": "https://api.bigcommerce.com/stores/abc/v2/orders/1042/products",
        "resource": "/orders/1042/products",
    },
    "coupons": {
        "url": "https://api.bigcommerce.com/stores/abc/v2/orders/1042/coupons",
        "resource": "/orders/1042/coupons",
    },
    "consignments": {
        "shipping": [CONSIGNMENT],
        "pickups": [],
        "downloads": [],
        "email": {"gift_certificates": []},
    },
    "fees": [
        {
            "id": 1,
            "type": "custom_fee",
            "cost_ex_tax": "1.0000",
            "cost_inc_tax": "1.0000",
            "cost_tax": "0.0000",
        }
    ],
}
ABSENT = [None, "", [], {}]
LINK = {
    "url": "https://api.bigcommerce.com/stores/abc/v2/orders/1042/x",
    "resource": "/orders/1042/x",
}


def order(**changes: Any) -> Order:
    return read_object({**copy.deepcopy(ORDER), **changes}, Order, "order")


def refused(row: Any, model: Any = Order, path: str = "order") -> UnexpectedData:
    with pytest.raises(UnexpectedData) as caught:
        read_object(row, model, path)
    return caught.value


def order_with_line(**changes: Any) -> dict[str, Any]:
    row = copy.deepcopy(ORDER)
    row["consignments"]["shipping"][0]["line_items"][0].update(changes)
    return row


# --- a usual order ---


def test_a_usual_order():
    read = order()
    assert read.id == 1042
    assert read.total_inc_tax == Decimal("16.6000")
    assert str(read.total_inc_tax) == "16.6000"
    assert read.date_created == datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)
    assert read.date_shipped is None
    assert read.billing_address.email == "ana@example.com"
    assert read.billing_address.form_fields == ()
    assert read.billing_address.extra == {}
    assert read.products is None
    assert read.coupons is None
    assert read.fees == (Fee(id=1, cost_ex_tax=Decimal(1), cost_inc_tax=Decimal(1)),)
    assert read.extra == {"credit_card_type": None}
    assert read.external_id is None
    (line,) = read.lines
    assert line.sku == "MUG-1"
    assert line.name == "Mug ☕ Zürich"
    assert line.applied_discounts[0].code == "SAVE5"
    assert line.product_options[0].value == "69"
    assert read.lines_complete
    (consignment,) = read.consignments.shipping
    assert consignment.cost_inc_tax == Decimal("5.4")
    assert consignment.zip == "78751"


def test_the_raw_row_is_the_one_that_came():
    row = copy.deepcopy(ORDER)
    assert read_object(row, Order, "order").raw is row


# --- values, by table ---


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("361.9500", "361.9500"),
        ("-5", "-5"),
        ("0", "0"),
        (0, "0"),
        (8, "8"),
        (924.47, "924.47"),
        (1e-05, "0.00001"),
        ("999999999999999.9999", None),
    ],
)
def test_amounts(value, expected):
    assert amount(value) == Decimal(expected or value)


NO_AMOUNTS = [
    None,
    True,
    False,
    "",
    [],
    {},
    ["5"],
    math.nan,
    math.inf,
    -math.inf,
    10**15,
    1e300,
    10**400,
]
NO_AMOUNTS += [
    "NaN",
    "Infinity",
    "-inf",
    "1,000.00",
    "1e3",
    "1_000",
    " 5",
    "5 ",
    "5.",
    ".5",
    "+5",
    "$5",
    "\u0663",
    "5\n",
]
NO_AMOUNTS += ["1234567890123456", "0." + "1" * 13]


@pytest.mark.parametrize("value", NO_AMOUNTS)
def test_what_is_no_amount(value):
    with pytest.raises(BadValue, match="amount"):
        amount(value)


@pytest.mark.parametrize(
    ("value", "expected"), [(17, 17), ("17", 17), ("-1", -1), (0, 0), (3.0, 3), ("007", 7)]
)
def test_whole_numbers(value, expected):
    read = integer(value)
    assert read == expected
    assert type(read) is int


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        "",
        1.9,
        "1.9",
        "1.0",
        math.nan,
        math.inf,
        "1e3",
        " 1",
        "1\n",
        "\u0663",
        [],
        {},
        10**18,
        "9" * 5000,
        2.0**60,
    ],
)
def test_what_is_no_whole_number(value):
    with pytest.raises(BadValue, match="whole number"):
        integer(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, True), (False, False), (1, True), (0, False), ("true", True), ("false", False)],
)
def test_flags(value, expected):
    assert flag(value) is expected


@pytest.mark.parametrize("value", [None, "", "yes", "True", "1", 2, -1, 1.0, 0.0, [], {}, ["true"]])
def test_what_is_no_flag(value):
    with pytest.raises(BadValue, match="true or false"):
        flag(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Zoë 🎁 <b>&amp;", "Zoë 🎁 <b>&amp;"), ("  ", "  "), (78751, "78751"), ("", "")],
)
def test_texts(value, expected):
    assert text(value) == expected


@pytest.mark.parametrize("value", [None, True, 1.5, math.nan, [], {}, ["a"], {"a": 1}])
def test_what_is_no_text(value):
    with pytest.raises(BadValue, match="text"):
        text(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Tue, 05 Mar 2019 21:40:11 +0000", datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)),
        ("Tue, 5 Mar 2019 21:40:11 +0000", datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)),
        ("Tue, 05 Mar 2019 15:40:11 -0600", datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)),
        ("Tue, 05 Mar 2019 21:40:11 GMT", datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)),
        ("Tue, 05 Mar 2019 21:40:11 -0000", datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)),
        ("2019-03-05T21:40:11Z", datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)),
        ("2019-03-05T21:40:11+00:00", datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)),
        ("2019-03-05T23:40:11.250+02:00", datetime(2019, 3, 5, 21, 40, 11, 250000, tzinfo=UTC)),
        ("2019-03-05T21:40:11", datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)),
        ("Thu, 29 Feb 2024 00:00:00 +0000", datetime(2024, 2, 29, tzinfo=UTC)),
        ("Fri, 31 Dec 9999 23:59:59 +0000", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times(value, expected):
    read = moment(value)
    assert read == expected
    assert read.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "value",
    [
        None, 1551822011, True, "", "soon", "0000-00-00T00:00:00Z", "Tue, ", [], {},
        "Wed, 30 Feb 2019 00:00:00 +0000", "Tue, 05 Mrz 2019 21:40:11 +0000",
        "Tue, 05 Mar 2019 25:40:11 +0000", "x" * 25 + " +0000",
        "9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00",
        "Mon, 05 Jan 26 00:00:00 -0600", "Mon, 05 Jan 0026 00:00:00 -0600",
    ],
)  # fmt: skip
def test_what_is_no_time(value):
    with pytest.raises(BadValue, match="date and time"):
        moment(value)


@settings(deadline=None)
@given(
    st.integers(min_value=-(10**9), max_value=10**10).map(
        lambda seconds: datetime.fromtimestamp(seconds, UTC)
    )
)
def test_every_time_comes_back_from_both_forms(time):
    day, month = (
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][time.weekday()],
        "JanFebMarAprMayJunJulAugSepOctNovDec",
    )
    written = (
        f"{day}, {time.day:02} {month[time.month * 3 - 3 : time.month * 3]} {time.year} "
        f"{time:%H:%M:%S} +0000"
    )
    assert moment(written) == moment(time.isoformat()) == time


# --- values, by hypothesis: never another number than the one written ---

JSON_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.from_regex(r"-?[0-9]{1,20}(\.[0-9]{0,14})?", fullmatch=True)
    | st.decimals().map(str)
)
JSON = st.recursive(
    JSON_SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(deadline=None)
@given(JSON)
def test_an_amount_is_exactly_what_was_written_or_refused(value):
    try:
        read = amount(value)
    except BadValue:
        return
    assert type(value) in {str, int, float}
    assert read.is_finite()
    assert read == Decimal(str(value))
    assert +read == read, "it would be rounded as soon as it is computed with"


@settings(deadline=None)
@given(JSON)
def test_a_whole_number_is_exactly_what_was_written_or_refused(value):
    try:
        read = integer(value)
    except BadValue:
        return
    assert type(value) in {str, int, float}
    assert Decimal(read) == Decimal(str(value))


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=10**17))
def test_ids_come_back_from_both_forms(number):
    assert integer(number) == integer(str(number)) == number


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=10**14 - 1), st.integers(min_value=0, max_value=9999))
def test_money_in_four_decimals_keeps_every_digit(whole, fraction):
    assert str(amount(f"{whole}.{fraction:04}")) == f"{whole}.{fraction:04}"


# --- fields ---


def all_fields(model):
    return decoding._fields(model, decoding._CONVERTER)


def fields(model, kind):
    return [field for field in all_fields(model) if field.kind is kind]


REQUIRED_OF_ORDERS = [field.key for field in all_fields(Order) if field.required]
OPTIONAL_SCALARS = [
    (model, field.key)
    for model in (Order, OrderProduct, Transaction, Customer)
    for kind in (str, int, bool, Decimal, datetime)
    for field in fields(model, kind)
    if not field.required
]
SMALLEST: dict[Any, dict[str, Any]] = {
    Order: ORDER,
    OrderProduct: LINE,
    Transaction: {
        "id": 1,
        "order_id": "1042",
        "event": "purchase",
        "method": "custom",
        "amount": 5,
        "status": "ok",
        "date_created": "2019-03-05T21:40:11Z",
    },
    Customer: {"id": 20, "email": "ana@example.com"},
}


def test_money_and_identity_of_an_order_are_required():
    assert {
        "id",
        "customer_id",
        "status_id",
        "items_total",
        "default_currency_code",
        "total_inc_tax",
        "coupon_discount",
    } < set(REQUIRED_OF_ORDERS)
    assert (
        len(
            [
                key
                for key in REQUIRED_OF_ORDERS
                if fields(Order, Decimal) and key in {f.key for f in fields(Order, Decimal)}
            ]
        )
        == 19
    )


@pytest.mark.parametrize("absent", ABSENT)
@pytest.mark.parametrize("key", REQUIRED_OF_ORDERS)
def test_a_required_field_is_never_filled_in(key, absent):
    error = refused({**ORDER, key: absent}, path="orders[3]")
    assert error.path == f"orders[3].{key}"
    assert "a value is required" in str(error)


@pytest.mark.parametrize("key", REQUIRED_OF_ORDERS)
def test_a_required_field_may_not_be_left_out(key):
    row = {name: value for name, value in ORDER.items() if name != key}
    assert refused(row).path == f"order.{key}"


@pytest.mark.parametrize("absent", ABSENT)
@pytest.mark.parametrize(("model", "key"), OPTIONAL_SCALARS)
def test_an_absent_optional_field_has_its_default(model, key, absent):
    row = copy.deepcopy(SMALLEST[model])
    row.pop(key, None)
    without = read_object(row, model, "row")
    assert read_object({**row, key: absent}, model, "row") == without


@pytest.mark.parametrize("value", [{"a": 1}, ["x"]])
@pytest.mark.parametrize(("model", "key"), OPTIONAL_SCALARS)
def test_a_container_is_never_read_as_a_scalar(model, key, value):
    assert refused({**SMALLEST[model], key: value}, model, "row").path == f"row.{key}"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("id", "1042", 1042),
        ("items_total", "2", 2),
        ("items_total", 2.0, 2),
        ("total_inc_tax", 16.6, Decimal("16.6")),
        ("total_inc_tax", 17, Decimal(17)),
        ("is_deleted", "false", False),
        ("is_deleted", 1, True),
        ("payment_provider_id", 4711, "4711"),
        ("payment_provider_id", "", None),
        ("payment_provider_id", None, None),
        ("external_id", {}, None),
        ("external_order_id", "PO 7", "PO 7"),
        ("store_default_to_transactional_exchange_rate", "100.0000000000", Decimal(100)),
        ("store_default_to_transactional_exchange_rate", "", None),
        ("staff_notes", None, ""),
        ("payment_status", None, ""),
        ("date_created", "2019-03-05T21:40:11+00:00", datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)),
        ("date_shipped", "Wed, 06 Mar 2019 00:00:00 +0000", datetime(2019, 3, 6, tzinfo=UTC)),
        ("billing_address", [], models.Address()),
        ("billing_address", None, models.Address()),
        ("fees", LINK, None),
        ("fees", None, None),
        ("fees", [], ()),
        ("fees", {"fees": []}, ()),
        ("consignments", LINK, None),
        ("consignments", None, None),
        ("consignments", [], None),
        ("products", [], ()),
        ("products", "", None),
        ("products", [LINK], None),
    ],
)
def test_drift_of_order_fields(key, value, expected):
    assert getattr(order(**{key: value}), key) == expected


REFUSED = {
    "id": [1042.5, True, "x", 10**18],
    "customer_id": ["guest", -0.5],
    "total_inc_tax": ["NaN", True, "16,60"],
    "is_deleted": ["no", 2],
    "status": [1.5, True],
    "payment_provider_id": [1.5, ["x"]],
    "date_shipped": [0, False],
    "billing_address": ["Austin", [{}], 5],
    "consignments": ["x", 5],
    "fees": ["x", 5],
    "products": ["x", 5, {"id": 1}],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in REFUSED.items() for value in values]
)
def test_what_is_refused_in_order_fields(key, value):
    error = refused({**ORDER, key: value})
    assert error.path == f"order.{key}"
    assert error.value_repr == shortened(value)
    assert isinstance(error, FinalError)


# --- places ---


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda row: row["billing_address"].update(zip=1.5), ".billing_address.zip"),
        (lambda row: row["fees"][0].update(cost_tax=None), ".fees[0].cost_tax"),
        (lambda row: row["fees"].append(7), ".fees[1]"),
        (
            lambda row: row["consignments"]["shipping"][0].update(cost_ex_tax=[]),
            ".consignments.shipping[0].cost_ex_tax",
        ),
        (
            lambda row: row["consignments"]["shipping"].append(dict(CONSIGNMENT, id=None)),
            ".consignments.shipping[1].id",
        ),
        (
            lambda row: row["consignments"]["shipping"][0]["line_items"].append(
                dict(LINE, quantity=1.5)
            ),
            ".consignments.shipping[0].line_items[1].quantity",
        ),
        (
            lambda row: row["consignments"].update(
                email={"gift_certificates": [{"line_items": [{**LINE, "total_ex_tax": "x"}]}]}
            ),
            ".consignments.email.gift_certificates[0].line_items[0].total_ex_tax",
        ),
        (
            lambda row: row["consignments"]["shipping"][0]["line_items"][0]["applied_discounts"][
                0
            ].update(amount="5 USD"),
            ".consignments.shipping[0].line_items[0].applied_discounts[0].amount",
        ),
    ],
)
def test_a_bad_value_names_its_place(change, path):
    row = copy.deepcopy(ORDER)
    change(row)
    page = read_page([ORDER, ORDER, ORDER, row], Order, "orders")
    (unreadable,) = page.unreadable
    assert unreadable.error.path == f"orders[3]{path}"
    assert str(unreadable.error).startswith(f"orders[3]{path}: ")
    assert "1042" in str(unreadable.error)


def test_the_error_shows_the_value_shortened():
    error = refused({**ORDER, "total_inc_tax": "9" * 500})
    assert len(error.value_repr) == 80
    assert error.value_repr.endswith("...")


def test_the_error_survives_pickling():
    error = refused({**ORDER, "total_inc_tax": None})
    again = pickle.loads(pickle.dumps(error))
    assert (again.path, again.value_repr, again.message, str(again)) == (
        error.path,
        error.value_repr,
        error.message,
        str(error),
    )


@pytest.mark.parametrize("row", [None, [], "order", 5, [ORDER]])
def test_what_is_no_row(row):
    assert "expected an object" in str(refused(row))


# --- pages ---


def test_one_bad_order_never_sinks_a_page():
    bad, worse = {**ORDER, "id": "8", "total_inc_tax": None}, {"id": "x"}
    page = read_page([ORDER, bad, worse, "nonsense", {**ORDER, "id": 9}], Order, "orders")
    assert [one.id for one in page.items] == [1042, 9]
    assert page.count == 5
    assert [(row.index, row.id, row.row) for row in page.unreadable] == [
        (1, 8, bad),
        (2, None, worse),
        (3, None, "nonsense"),
    ]
    assert [row.error.path for row in page.unreadable] == [
        "orders[1].total_inc_tax",
        "orders[2].id",
        "orders[3]",
    ]


def test_a_list_raises_at_the_first_bad_row():
    with pytest.raises(UnexpectedData, match=r"^order_statuses\[1\]\.id: "):
        read_rows([{"id": 1}, {"id": None}, {"id": []}], OrderStatus, "order_statuses")


def test_unusual_but_good_rows_do_not_disturb_the_page():
    rows = [
        {**ORDER, "id": str(number), "total_inc_tax": 16.6, "date_created": "2019-03-05T21:40:11Z"}
        for number in range(1, 251)
    ]
    page = read_page(rows, Order, "orders")
    assert not page.unreadable
    assert [one.id for one in page.items] == list(range(1, 251))


# --- consignments and lines ---


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Leave in backyard", "Leave in backyard"),
        ("line 1\nline 2", "line 1\nline 2"),
        ("line1\\line2", "line1\\line2"),
        (12345566, "12345566"),
        (123.2, "123.2"),
        (True, "yes"),
        (False, "no"),
        (["Morning", "Evening"], "Morning, Evening"),
        ({"day": 1}, '{"day": 1}'),
        *((absent, "") for absent in ABSENT),
    ],
)
def test_form_fields_of_every_kind_of_answer(value, expected):
    fields = [{"name": "Question", "value": value}]
    row = copy.deepcopy(ORDER)
    row["billing_address"]["form_fields"] = fields
    row["consignments"]["shipping"][0]["form_fields"] = fields
    read = read_object(row, Order, "order")
    (billing,), (shipping,) = (
        read.billing_address.form_fields,
        read.consignments.shipping[0].form_fields,
    )
    assert (billing.name, billing.value) == ("Question", expected)
    assert shipping == billing


@pytest.mark.parametrize("absent", [*ABSENT, LINK])
def test_no_form_fields(absent):
    assert order(billing_address={"form_fields": absent}).billing_address.form_fields == ()


def test_the_locale_of_the_shopper():
    assert order(customer_locale="de").customer_locale == "de"
    assert order(customer_locale=None).customer_locale == ""


def test_the_old_array_of_consignments_is_refused_with_what_to_do():
    error = refused({**ORDER, "consignments": [{"id": 51, "line_items": []}]})
    assert error.path == "order.consignments"
    assert "consignment_structure=object" in str(error)


@pytest.mark.parametrize("links", [[LINK, LINK], LINK, [], None, ""])
def test_lines_that_are_only_linked_are_no_lines(links):
    row = copy.deepcopy(ORDER)
    row["consignments"]["shipping"][0]["line_items"] = links
    read = read_object(row, Order, "order")
    assert read.lines == ()
    assert not read.lines_complete


@pytest.mark.parametrize("absent", [{}, {"order_address_id": None}, {"order_address_id": 0}])
def test_embedded_lines_get_the_address_of_their_consignment(absent):
    row = order_with_line()
    line = row["consignments"]["shipping"][0]["line_items"][0]
    del line["order_address_id"]
    line.update(absent)
    assert read_object(row, Order, "order").lines[0].order_address_id == 51


def test_a_line_keeps_its_own_address():
    assert (
        read_object(order_with_line(order_address_id=52), Order, "order").lines[0].order_address_id
        == 52
    )


@pytest.mark.parametrize(
    ("warning", "expected"),
    [
        ({"message": "Not all line items are shown"}, "Not all line items are shown"),
        ({"code": 7}, "some lines are missing"),
        ({"message": None}, "some lines are missing"),
        ("cut", "cut"),
        (None, ""),
        ([], ""),
    ],
)
@pytest.mark.parametrize("kind", ["shipping", "pickups", "downloads"])
def test_cut_consignments_say_so(kind, warning, expected):
    row = {
        "shipping": [],
        "pickups": [],
        "downloads": [],
        kind: [{**CONSIGNMENT, "__warning__": warning}],
    }
    (consignment,) = getattr(read_object(row, Consignments, "consignments"), kind)
    assert consignment.warning == expected
    assert "__warning__" not in consignment.extra


@pytest.mark.parametrize(
    "email", [None, [], {}, {"gift_certificates": []}, {"gift_certificates": None}]
)
def test_no_email_consignments(email):
    assert read_object({"email": email}, Consignments, "consignments") == Consignments()


# --- fees ---


FEE = {"id": 1, "cost_ex_tax": "4.0000", "cost_inc_tax": "12.0000", "cost_tax": 8}


@pytest.mark.parametrize("fees", [[FEE], {"fees": [FEE]}, FEE])
def test_fees_in_their_three_shapes(fees):
    assert order(fees=fees).fees == (
        Fee(id=1, cost_ex_tax=Decimal(4), cost_inc_tax=Decimal(12), cost_tax=Decimal(8)),
    )


def test_fees_with_the_misspelt_key():
    row = {"id": 1, "cost_exc_tax": "12.3000", "cost_inc_tax": "12.3000", "cost_tax": "0.0000"}
    assert read_object(row, Fee, "fee").cost_ex_tax == Decimal("12.3000")


# --- transactions ---


@pytest.mark.parametrize(
    ("reference", "expected"), [({}, None), (None, None), ("", None), (17, 17), ("17", 17)]
)
def test_transactions(reference, expected):
    row = {
        **SMALLEST[Transaction],
        "reference_transaction_id": reference,
        "gateway": "squarev2",
        "credit_card": {},
        "offline": None,
    }
    read = read_object(row, Transaction, "transaction")
    assert read.order_id == 1042
    assert read.reference_transaction_id == expected
    assert read.gateway == "squarev2"
    assert read.credit_card is None
    assert read.date_created == datetime(2019, 3, 5, 21, 40, 11, tzinfo=UTC)


# --- generated code reads what a field reads ---


def both(row: Any, model: Any) -> tuple[object, object]:
    """By the function that is generated for a model, and field by field."""

    def field_by_field(row: Any, _: Any) -> object:
        if not isinstance(row, dict):
            raise BadValue(row, "expected an object")
        read = {field.name: field.read(row.get(field.key)) for field in all_fields(model)}
        return model(raw=row, **read)

    def attempt(hook: Any) -> object:
        try:
            return hook(row, model)
        except BadValue:
            return "refused"

    around = decoding._AROUND.get(model, lambda hook, row, kind: hook(row, kind))
    generated = decoding._CONVERTER.get_structure_hook(model)
    return attempt(generated), attempt(partial(around, field_by_field))


PLACES = [
    *[((), key) for key in ORDER],
    *[(("billing_address",), key) for key in ("zip", "email")],
    *[(("consignments", "shipping", 0), key) for key in CONSIGNMENT],
    *[(("consignments", "shipping", 0, "line_items", 0), key) for key in LINE],
    *[
        (("consignments", "shipping", 0, "line_items", 0, "applied_discounts", 0), key)
        for key in ("id", "amount", "code")
    ],
    *[(("fees", 0), key) for key in ("id", "cost_ex_tax")],
]


@pytest.mark.no_cover
@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), JSON | st.sampled_from([*ABSENT, LINK, [LINK], "0.0000", "true"]))
def test_whatever_is_in_a_field_generated_code_reads_what_the_field_reads(place, value):
    row = copy.deepcopy(ORDER)
    holder: Any = row
    for step in place[0]:
        holder = holder[step]
    holder[place[1]] = value
    generated, expected = both(row, Order)
    assert generated == expected
    page = read_page([row], Order, "orders")
    assert list(page.items) == ([] if expected == "refused" else [expected])
    assert all(unreadable.error.path.startswith("orders[0].") for unreadable in page.unreadable)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [kind for name in models.__all__ if issubclass(kind := getattr(models, name), Model)]
    ),
    st.data(),
)
def test_any_row_for_any_model_is_read_alike_or_refused(model, data):
    keys = [field.key for field in all_fields(model)] if model is not models.Model else ["id"]
    row = data.draw(JSON | st.dictionaries(st.sampled_from(keys or ["id"]), JSON))
    generated, expected = both(row, model)
    assert generated == expected


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(
        [kind for name in models.__all__ if issubclass(kind := getattr(models, name), Model)]
    ),
    st.data(),
)
def test_any_row_that_can_be_read_is_read_alike_from_its_dict(model, data):
    keys = [field.key for field in all_fields(model)] if model is not models.Model else ["id"]
    row = data.draw(st.dictionaries(st.sampled_from(keys or ["id"]) | st.just("new"), JSON))
    try:
        found = read_object(row, model, "row")
    except UnexpectedData:
        return
    again = read_object(found.to_dict(), model, "row")
    assert again == found
    assert again.to_dict() == found.to_dict()
    assert again.extra == found.extra


@pytest.mark.parametrize(
    ("key", "value"),
    [(key, value) for key in ORDER for value in (*ABSENT, LINK, [LINK])],
)
def test_a_dict_has_what_was_sent(key, value):
    row = {**ORDER, key: value, "new": {"of": "BigCommerce"}}
    page = read_page([row], Order, "orders")
    for order in page.items:
        assert order.to_dict() == {
            **row,
            # Lines that are embedded lack the address that they get from their consignment.
            "consignments": order.to_dict()["consignments"],
        }


def test_amounts_are_remembered_within_bounds():
    memo = values.Amounts()
    for number in range(values.Amounts.SIZE + 10):
        assert memo[f"{number}.0000"] == number
    assert len(memo) <= values.Amounts.SIZE
    assert memo["5.0000"] is memo["5.0000"]


def test_a_remembered_amount_never_answers_for_a_boolean():
    memo = values.Amounts()
    assert memo[1] == memo["1"] == memo[1.0] == 1
    with pytest.raises(BadValue):
        memo[True]


def test_what_the_standard_parser_lets_pass_is_refused_here():
    row = json.loads(json.dumps(ORDER).replace('"16.6000"', "NaN"))
    assert refused(row).path == "order.total_inc_tax"


def test_all_declared_fields_of_a_decoded_model_are_set():
    read = order()
    for field in attrs.fields(Order):
        getattr(read, field.name)
    assert repr(read).startswith("Order(id=1042, ")


@settings(deadline=None)
@given(
    st.text(max_size=40)
    | st.text("0123456789:-+TZ, ", max_size=32)
    | st.tuples(
        st.sampled_from(["Tue, ", ",", "x,"]), st.text("0123456789:+- MarGT", max_size=28)
    ).map("".join)
)
def test_any_text_is_a_time_in_utc_or_refused(value):
    try:
        read = moment(value)
    except BadValue:
        return
    assert read.utcoffset() == timedelta(0)


def test_an_error_carries_no_model_that_is_half_read():
    with pytest.raises(UnexpectedData) as caught:
        read_object({**ORDER, "total_inc_tax": None}, Order, "order")
    assert caught.value.__context__ is None
