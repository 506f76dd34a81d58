"""Every ability of the fake store is reached in three ways, and answers the same in each."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import httpx
import pytest

from avbc.testing import (
    Event,
    FakeOrder,
    FakeStore,
    Payment,
    Person,
    StoreProcess,
    WebhookCall,
    item,
    order_of_shape,
)
from avbc.testing.fakestore.abilities import Abilities
from avbc.testing.fakestore.control import abilities, request_for, written

# One after the other, each on the store that the calls before left behind.
CALLS: list[tuple[str, tuple[object, ...], dict[str, object]]] = [
    ("set_options", (), {"scopes": ["store_v2_orders"], "settle_after": None}),
    ("add_order", (order_of_shape("two_consignments"),), {}),
    ("add_orders", ([order_of_shape("everything").to_json(), order_of_shape("registered")],), {}),
    (
        "place_order",
        ([item("MUG-BLUE", 2)],),
        {"buyer": Person("Ana", "Rivera", email="ana@example.com"), "payment": Payment("PayPal")},
    ),
    ("place_order", (), {"store_credit": Decimal("1.50")}),
    (
        "place_order",
        ([item("LAMP-01")],),
        {
            "payment": Payment(state="captured", captured=Decimal("31.50"), test=True),
            "payment_status": None,
            "staff_notes": None,
            "form_fields": [("Wholesale ID", 4711), ("Note", "Back door.")],
            "without": ["customer_locale"],
            "body": "2013",
            "channel_id": 2,
        },
    ),
    ("order", (1001,), {}),
    ("edit_order", (1001,), {"status_id": 9, "staff_notes": "Zoë: 名"}),
    ("remove_line", (1001, 100101), {}),
    ("add_transaction", (1001, "capture", Decimal("2.50")), {"test": True}),
    ("refund", (1001,), {"amount": Decimal("1.50"), "payments": [("custom", Decimal("1.50"))]}),
    ("add_refund", ({"order_id": 1001, "id": 77, "payments": []},), {}),
    ("refunds", (), {}),
    ("set_payment_result", (1002, "declined"), {}),
    ("payments", (), {}),
    ("shipments", (), {}),
    ("delete_order", (1003,), {}),
    ("place_order", (), {"payment": Payment(state="authorized")}),
    ("place_order", (), {"payment": Payment(state="authorized")}),
    ("capture_payment", (1005,), {}),
    ("void_payment", (1006,), {}),
    ("ship_order", (1005,), {"tracking_number": "1Z"}),
    ("ship_order", (1006,), {"items": {100601: 1}}),
    ("cancel_order", (1006,), {}),
    ("reset_order", (1005,), {"status_id": 9}),
    ("summary", (), {}),
    ("add_customer", ({"email": "b@example.com"},), {}),
    ("customers", (), {}),
    ("add_product", ({"sku": "MUG", "inventory_tracking": "product"}, {1: 5}), {}),
    ("add_products", (2,), {"quantity": 3}),
    ("add_location", ("WEST", "West"), {"enabled": False}),
    ("locations", (), {}),
    ("set_inventory", ("mug", 4), {"location_id": 2}),
    ("set_backorders", ("mug", 10), {"location_id": 2}),
    ("inventory", (2,), {}),
    ("products", (), {}),
    ("settle", (), {}),
    ("hooks", (), {}),
    ("deactivate_hook", (1,), {}),
    ("webhook_calls", (), {"since": 0}),
    ("block_domain", ("https://example.com",), {"seconds": 60}),
    (
        "set_options",
        (),
        {"time_zone": "Europe/Berlin", "information": {"weight_units": "KGS"}},
    ),
    ("fail", ("PUT *", "slow_body"), {"times": 2, "seconds": 0.5}),
    ("fail", (), {"times": None}),
    ("pass_time", (0.5,), {}),
    ("counts", (), {}),
    ("spoil_order", (1001, "html_502"), {"only_included": True}),
    ("heal_order", (1001,), {}),
    ("clear_faults", (), {}),
    ("clear_log", (), {}),
]
PROPERTIES = ["events", "faults", "log"]


_TIMES = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.+Z-]+"  # ISO 8601
    r"|\w{3}, \d\d \w{3} \d{4} [\d:]+ \+0000"  # RFC 2822
    r"|(?<=\"created_at\": )\d+"
    r"|(?<=\"updated_at\": )\d+"
    r"|v1,[\w+/=]+"  # a signature covers its time
)


def plain(value: object) -> object:
    """A result as JSON, without times, which differ by as long as the test takes."""
    return json.loads(_TIMES.sub("0", written(value).decode()))


def test_every_ability_is_called_here() -> None:
    assert {name for name, _, _ in CALLS} | {*PROPERTIES, "webhook"} == set(abilities())


def test_every_public_method_is_an_ability() -> None:
    public = {name for name in dir(Abilities) if not name.startswith("_")}
    assert public - set(abilities()) == {"perform", "mend"}


def test_all_three_ways_answer_the_same() -> None:
    here = FakeStore()
    with (
        FakeStore().serve() as server,
        StoreProcess(orders=0, plain=True) as process,
        httpx.Client(trust_env=False) as client,
    ):
        hook = {"scope": "store/order/created", "destination": "https://example.com/h"}
        assert here.request("POST", "/v3/hooks", body=json.dumps(hook).encode()).status == 200
        for api_url in (server.api_url, process.api_url):
            token = {"X-Auth-Token": "example-token"}
            client.post(f"{api_url}hooks", json=hook, headers=token).raise_for_status()
        for each in (here, process):
            each.clear_log()
        assert client.post(f"{server.url}/_fake/clear_log").status_code == 200
        for name, args, named in CALLS:
            result = plain(getattr(here, name)(*args, **named))
            assert plain(getattr(process, name)(*args, **named)) == result, name
            address, body = request_for(abilities()[name], args, named)
            answer = client.post(f"{server.url}{address}", content=body)
            assert (answer.status_code, plain(answer.json())) == (200, result), name
            for seen in PROPERTIES:
                assert plain(getattr(process, seen)) == plain(getattr(here, seen)), name
                answer = client.get(f"{server.url}/_fake/{seen}")
                assert plain(answer.json()) == plain(getattr(here, seen)), name
        hook = {"destination": "https://example.com/h", "headers": {"own": "x"}}
        args, named = (here.events[0], hook), {"at": 7, "client_secret": "another"}
        assert process.webhook(*args, **named) == here.webhook(*args, **named)
        address, body = request_for(abilities()["webhook"], args, named)
        answer = client.post(f"{server.url}{address}", content=body)
        assert answer.content == written(here.webhook(*args, **named))


def test_results_from_elsewhere_have_the_types_that_are_promised() -> None:
    with StoreProcess(orders=0, plain=True) as process:
        assert isinstance(process.place_order(), FakeOrder)
        assert isinstance(process.events[0], Event)
        assert isinstance(process.webhook(process.events[0]), WebhookCall)
        assert process.add_products(2, quantity=1) == range(101, 103)
        assert process.fail("GET *", "503").kind == "503"
        assert process.clear_faults() is None
        with pytest.raises(TypeError, match="unexpected keyword argument 'color'"):
            process.settle(color="red")
