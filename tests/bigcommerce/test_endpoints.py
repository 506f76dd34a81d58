"""What each endpoint function asks for, and how it reads the answer."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from avbc.bigcommerce.call import ListCall, Paging
from avbc.bigcommerce.endpoints import customers, orders, payments, scopes, store
from avbc.bigcommerce.endpoints.parts import query
from avbc.bigcommerce.errors import UnexpectedData
from avbc.bigcommerce.models import Consignments
from avbc.unset import UNSET, Unset

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
NAIVE = NOON.replace(tzinfo=None)

# Every call, with all its parameters in use, against the request that BigCommerce's documentation
# describes.
CALLS = [
    (
        orders.list_orders(
            status_id=11,
            min_id=5,
            max_id=900,
            min_date_created=NOON,
            max_date_created=NOON,
            min_date_modified=NOON,
            max_date_modified=datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=-6))),
            min_total=Decimal("0.10"),
            max_total=Decimal("1E+3"),
            customer_id=0,
            email="ana+shop@example.com",
            payment_method="Credit Card",
            channel_id=1,
            cart_id="c-1",
            external_order_id="PO 7",
            sort="date_modified:desc",
            include=["consignments.line_items", "fees"],
        ),
        "GET /v2/orders",
        {
            "status_id": "11",
            "min_id": "5",
            "max_id": "900",
            "min_date_created": "2024-05-01T12:00:00+00:00",
            "max_date_created": "2024-05-01T12:00:00+00:00",
            "min_date_modified": "2024-05-01T12:00:00+00:00",
            "max_date_modified": "2024-05-01T12:00:00-06:00",
            "min_total": "0.10",
            "max_total": "1000",
            "customer_id": "0",
            "email": "ana+shop@example.com",
            "payment_method": "Credit Card",
            "channel_id": "1",
            "cart_id": "c-1",
            "external_order_id": "PO 7",
            "sort": "date_modified:desc",
            "include": "consignments.line_items,fees",
            "consignment_structure": "object",
        },
        "Orders: read-only",
    ),
    (orders.list_orders(), "GET /v2/orders", {}, "Orders: read-only"),
    (
        orders.list_orders(include=["fees"]),
        "GET /v2/orders",
        {"include": "fees"},
        "Orders: read-only",
    ),
    (
        orders.waiting_orders(11, min_id=100, min_date_created=NOON),
        "GET /v2/orders",
        {
            "status_id": "11",
            "min_id": "100",
            "min_date_created": "2024-05-01T12:00:00+00:00",
            "sort": "id:asc",
            "include": "consignments.line_items,fees",
            "consignment_structure": "object",
        },
        "Orders: read-only",
    ),
    (orders.get_order(218), "GET /v2/orders/218", {}, "Orders: read-only"),
    (
        orders.get_order(218, include=["consignments"]),
        "GET /v2/orders/218",
        {"include": "consignments", "consignment_structure": "object"},
        "Orders: read-only",
    ),
    (orders.count_orders(), "GET /v2/orders/count", {}, "Orders: read-only"),
    (orders.list_order_products(218), "GET /v2/orders/218/products", {}, "Orders: read-only"),
    (
        orders.list_order_shipping_addresses(218),
        "GET /v2/orders/218/shipping_addresses",
        {},
        "Orders: read-only",
    ),
    (
        orders.get_order_consignments(218),
        "GET /v2/orders/218/consignments",
        {},
        "Orders: read-only",
    ),
    (
        orders.get_order_consignments(218, line_items=True),
        "GET /v2/orders/218/consignments",
        {"include": "consignments.line_items"},
        "Orders: read-only",
    ),
    (orders.list_order_coupons(218), "GET /v2/orders/218/coupons", {}, "Orders: read-only"),
    (orders.list_order_taxes(218), "GET /v2/orders/218/taxes", {}, "Orders: read-only"),
    (
        orders.list_order_taxes(218, details=True),
        "GET /v2/orders/218/taxes",
        {"details": "true"},
        "Orders: read-only",
    ),
    (orders.list_order_fees(218), "GET /v2/orders/218/fees", {}, "Orders: read-only"),
    (orders.list_order_statuses(), "GET /v2/order_statuses", {}, "Orders: read-only"),
    (orders.update_order(218, status_id=9), "PUT /v2/orders/218", {}, "Orders: modify"),
    (
        payments.list_transactions(218),
        "GET /v3/orders/218/transactions",
        {},
        "Order Transactions: read-only",
    ),
    (
        payments.list_refunds(
            order_id_in=[218, 247],
            id_in=[1],
            created_min=NOON,
            created_max=NOON,
            transaction_id="17",
        ),
        "GET /v3/orders/payment_actions/refunds",
        {
            "order_id:in": "218,247",
            "id:in": "1",
            "created:min": "2024-05-01T12:00:00+00:00",
            "created:max": "2024-05-01T12:00:00+00:00",
            "transaction_id": "17",
        },
        "Orders: read-only",
    ),
    (payments.list_payment_methods(), "GET /v2/payments/methods", {}, "Get accepted methods"),
    (
        payments.list_accepted_payment_methods(218),
        "GET /v3/payments/methods",
        {"order_id": "218"},
        "Get accepted methods",
    ),
    (
        customers.list_customers(
            id_in=[11, 20],
            email_in=["ana@example.com"],
            company_in=["Acme"],
            customer_group_id_in=[3],
            name_in=["Ana Rivera"],
            name_like=["Riv"],
            phone_in=["555-0100"],
            date_created=NOON,
            date_created_min=NOON,
            date_created_max=NOON,
            date_modified=NOON,
            date_modified_min=NOON,
            date_modified_max=NOON,
            sort="last_name:asc",
            include=["addresses", "formfields"],
        ),
        "GET /v3/customers",
        {
            "id:in": "11,20",
            "email:in": "ana@example.com",
            "company:in": "Acme",
            "customer_group_id:in": "3",
            "name:in": "Ana Rivera",
            "name:like": "Riv",
            "phone:in": "555-0100",
            "date_created": "2024-05-01T12:00:00+00:00",
            "date_created:min": "2024-05-01T12:00:00+00:00",
            "date_created:max": "2024-05-01T12:00:00+00:00",
            "date_modified": "2024-05-01T12:00:00+00:00",
            "date_modified:min": "2024-05-01T12:00:00+00:00",
            "date_modified:max": "2024-05-01T12:00:00+00:00",
            "sort": "last_name:asc",
            "include": "addresses,formfields",
        },
        "Customers: read-only",
    ),
    (customers.list_customers(), "GET /v3/customers", {}, "Customers: read-only"),
    (
        customers.list_customer_addresses(
            customer_id_in={11}, id_in=[7], company_in=["Acme"], name_in=["Ana Rivera"]
        ),
        "GET /v3/customers/addresses",
        {"customer_id:in": "11", "id:in": "7", "company:in": "Acme", "name:in": "Ana Rivera"},
        "Customers: read-only",
    ),
    (store.get_store(), "GET /v2/store", {}, "Information & Settings: read-only"),
    (store.get_time(), "GET /v2/time", {}, "Information & Settings: read-only"),
    (store.list_currencies(), "GET /v2/currencies", {}, "Information & Settings: read-only"),
    (store.list_zones(), "GET /v2/shipping/zones", {}, "Information & Settings: read-only"),
    (
        store.list_shipping_methods(3),
        "GET /v2/shipping/zones/3/methods",
        {},
        "Information & Settings: read-only",
    ),
]


@pytest.mark.parametrize(("call", "name", "params", "scope"), CALLS)
def test_calls(call, name, params, scope):
    assert call.name == name
    assert dict(call.params) == params
    assert call.scope == scope
    assert call.repeatable
    assert call.cap is None


LISTS = [call for call, *_ in CALLS if isinstance(call, ListCall)]


@pytest.mark.parametrize("call", LISTS)
def test_lists_ask_for_250_rows_and_take_204_for_empty(call):
    assert call.limit == 250
    assert call.empty() == []
    assert call.read([]) == []
    assert call.page([]).count == 0


@pytest.mark.parametrize("call", LISTS)
def test_a_bad_row_is_kept_apart_in_pages_and_raised_by_read(call):
    body = [{"id": {}}] if call.path.startswith("/v2") else {"data": [{"id": {}}], "meta": {}}
    place = f"{call.path[4:]}[0]."
    (unreadable,) = call.page(body).unreadable
    assert unreadable.error.path.startswith(place)
    with pytest.raises(UnexpectedData) as caught:
        call.read(body)
    assert caught.value.path == unreadable.error.path


@pytest.mark.parametrize(
    "call", [call for call, *_ in CALLS if call.method == "GET" and call.path != "/v2/time"]
)
@pytest.mark.parametrize("body", ["<html>", 5, ["x"], [[]]])
def test_an_answer_of_another_shape_is_unexpected_data(call, body):
    with pytest.raises(UnexpectedData):
        call.read(body)


def test_how_lists_go_on():
    assert orders.list_orders().paging is Paging.V2
    assert orders.waiting_orders(11).paging is Paging.MIN_ID
    assert customers.list_customers().paging is Paging.CURSOR
    assert payments.list_refunds().paging is Paging.V3


# --- parameters ---


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: orders.list_orders(min_date_created=NAIVE), "min_date_created"),
        (lambda: orders.list_orders(max_date_modified=NAIVE), "max_date_modified"),
        (lambda: orders.waiting_orders(11, min_date_created=NAIVE), "min_date_created"),
        (lambda: payments.list_refunds(created_min=NAIVE), "created:min"),
        (lambda: customers.list_customers(date_modified_min=NAIVE), "date_modified:min"),
    ],
)
def test_a_time_without_a_time_zone_is_refused(call, name):
    with pytest.raises(ValueError, match=f"^{name}: .*no time zone"):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: payments.list_refunds(order_id_in=[]),
        lambda: customers.list_customers(id_in=()),
        lambda: customers.list_customers(email_in=set()),
        lambda: customers.list_customer_addresses(customer_id_in=[]),
    ],
)
def test_an_empty_list_never_asks_for_everything(call):
    with pytest.raises(ValueError, match="empty list"):
        call()


def test_a_value_with_a_comma_is_refused():
    with pytest.raises(ValueError, match="'Acme, Inc' holds a comma"):
        customers.list_customers(company_in=["Acme, Inc"])


def test_a_list_that_no_url_holds_is_refused():
    assert customers.list_customers(id_in=range(1_000_000, 1_000_500)).params
    with pytest.raises(ValueError, match="2000 values are too many"):
        customers.list_customers(id_in=range(2000))


@pytest.mark.parametrize(
    ("value", "written"),
    [(True, "true"), (False, "false"), ("a,b", "a,b"), (Decimal("1E-7"), "0.0000001")],
)
def test_how_values_are_written(value, written):
    assert query({"name": value}) == {"name": written}


# --- the write ---


@pytest.mark.parametrize(
    ("given", "body"),
    [
        ({"status_id": 9}, {"status_id": 9}),
        ({"status_id": 0}, {"status_id": 0}),
        ({"staff_notes": ""}, {"staff_notes": ""}),
        (
            {"status_id": 12, "staff_notes": "Zoë: ☎", "external_order_id": "WEB218"},
            {"status_id": 12, "staff_notes": "Zoë: ☎", "external_order_id": "WEB218"},
        ),
    ],
)
def test_only_what_is_given_is_written(given, body):
    assert orders.update_order(218, **given).body == body


def test_an_update_of_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing to update"):
        orders.update_order(218)
    with pytest.raises(ValueError, match="nothing to update"):
        orders.update_order(218, status_id=UNSET)


@pytest.mark.parametrize("body", [None, {}, {"id": 218, "total_inc_tax": None}, []])
def test_an_order_that_cannot_be_read_can_be_written(body):
    assert orders.update_order(218, status_id=12).read(body) is None


def test_unset_is_falsy_and_not_none():
    assert not UNSET
    assert UNSET is Unset.UNSET
    assert repr(UNSET) == "UNSET"


# --- answers ---


def test_fees_come_in_three_shapes():
    fee = {"id": 1, "cost_ex_tax": "4", "cost_inc_tax": "5", "cost_tax": "1"}
    call = orders.list_order_fees(218)
    assert call.read([fee]) == call.read({"fees": [fee]}) == call.read(fee)
    assert call.read({"fees": []}) == call.read([]) == call.empty() == []


def test_no_consignments():
    assert orders.get_order_consignments(218).empty() == Consignments()


@pytest.mark.parametrize(
    "body",
    [{"time": "soon"}, {"time": None}, {}, [], {"time": 1e300}, {"time": 10**17}, {"time": True}],
)
def test_a_clock_that_cannot_be_read(body):
    with pytest.raises(UnexpectedData, match="seconds since 1970"):
        store.get_time().read(body)


def test_the_path_of_a_sub_resource_names_its_order():
    money = {
        f"{kind}_{tax}": "0.0000"
        for kind in ("price", "total")
        for tax in ("ex_tax", "inc_tax", "tax")
    }
    good = {"id": 1, "product_id": 2, "quantity": 1, **money}
    with pytest.raises(UnexpectedData, match=r"^orders/218/products\[1\]\.quantity: ") as caught:
        orders.list_order_products(218).read([good, good | {"quantity": 1.5}])
    assert caught.value.value_repr == "1.5"


# --- scopes ---


@pytest.mark.parametrize("scope", scopes.SCOPES)
def test_probes_change_nothing(scope):
    call = scopes.probe_scope(scope)
    assert call.scope == scope
    assert (call.method == "PUT") == scope.endswith("modify")
    if call.method == "PUT":
        assert not call.body or call.body == {"items": []}
        assert call.body is not None
    assert call.read({"anything": [1]}) is None
    assert call.empty() is None


def test_every_scope_that_a_call_needs_can_be_probed():
    assert {scope for *_, scope in CALLS} <= set(scopes.SCOPES)


def test_an_unknown_scope():
    with pytest.raises(ValueError, match=r"'Orders'; .* Orders: read-only, Orders: modify"):
        scopes.probe_scope("Orders")
