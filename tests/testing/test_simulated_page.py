"""docs/simulated.md: what it says is simulated is, and no more is left out than it says."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

from avbc.testing import FakeStore
from avbc.testing.fakestore.core import ROUTES
from avbc.testing.fakestore.options import StoreOptions
from avbc.testing.fakestore.routes import Route

HERE = Path(__file__).parent
TEXT = (HERE.parents[1] / "docs" / "simulated.md").read_text(encoding="utf-8")
TRIED = {
    "A wrong token is a 401": ["test_store.py::test_a_wrong_token_is_a_401"],
    "A missing scope is a 403 before the body is looked at": [
        "test_store.py::test_scopes_are_judged_before_the_body"
    ],
    "401, 403 and 429 are objects on v2 paths too": [
        "test_store.py::test_a_missing_scope_is_the_object_of_v3_on_every_path",
        "test_store_faults.py::test_errors_come_in_the_shape_of_the_version",
    ],
    "Every answer has the headers of the quota": [
        "test_quota.py::test_every_answer_carries_the_window",
        "test_quota.py::test_overuse_is_a_429_until_the_window_ends",
    ],
    "Other applications use their share of the window": [
        "test_quota.py::test_other_applications_use_their_share_over_the_window"
    ],
    "Too many requests of one kind at once are a 429 without the headers": [
        "test_at_once.py::test_one_request_too_many_is_a_429_without_a_window",
        "test_at_once.py::test_stock_and_bulk_writes_to_the_catalog_do_not_go_together",
    ],
    "An empty v2 list is a 204": [
        "test_store.py::test_a_list_is_ordered_by_id_and_ends_with_204",
        "test_store.py::test_too_high_a_limit_is_a_413_with_the_maximum",
    ],
    "The orders list has every filter and sort": ["test_store.py::test_filters"],
    "Pages of a filtered list shift when a status changes": [
        "test_store.py::test_paging_a_filtered_list_while_statuses_change_skips_orders"
    ],
    "v3 lists page by number": ["test_store.py::test_v3_lists_page_by_number_and_by_cursor"],
    "A written status shows in lists": [
        "test_store.py::test_a_status_write_shows_in_lists_counts_and_dates"
    ],
    "Archived orders leave the lists and can still be read": [
        "test_store.py::test_archived_orders_leave_the_lists_but_can_be_read"
    ],
    "`include` embeds consignments": [
        "test_store.py::test_embedded_and_separate_parts_agree",
        "test_openapi.py::test_an_order_and_its_parts",
    ],
    "Amounts of orders are text with four decimals": [
        "test_openapi.py::test_an_order_and_its_parts"
    ],
    "What a transaction lacks is `{}`": [
        "test_order_forms.py::test_transactions_are_those_of_live_stores"
    ],
    "Bodies have the fields of real stores' bodies": [
        "test_live_bodies.py::test_every_field_is_there"
    ],
    "Products set to quantity 0 are taken off": [
        "test_edits.py::test_a_line_that_is_taken_off_stays_with_quantity_0",
        "test_edits.py::test_an_edit_moves_no_money_and_staff_refund_the_price_apart",
    ],
    "A shipment goes to one address": [
        "test_shipments.py::test_no_more_can_be_shipped_than_remains",
        "test_shipments.py::test_a_store_may_move_the_status_with_each_shipment",
    ],
    "A capture or a void is a 201 and shows later": [
        "test_payments.py::test_the_answer_only_schedules_and_a_later_read_shows",
        "test_payments.py::test_only_an_authorized_payment_can_be_changed",
    ],
    "Refunds go back to the gateway": [
        "test_refunds.py::test_the_gateway_is_paid_back_first_then_store_credit_then_the_certificate"
    ],
    "Customers embed ten addresses": [
        "test_store.py::test_customers_filter_and_cut_their_addresses",
        "test_customers.py::test_a_batch_holds_ten_customers",
    ],
    "A duplicate address is a 200 and missing in the answer": [
        "test_customers.py::test_a_duplicate_address_is_answered_200_and_is_absent",
        "test_customers.py::test_addresses_that_are_refused",
    ],
    "`channel_ids` of a customer is null": [
        "test_customers.py::test_customers_are_those_of_live_stores"
    ],
    "Ten products or fifty variants are written at once": [
        "test_products.py::test_a_batch_holds_ten_products_and_fifty_variants",
        "test_products.py::test_one_faulty_row_refuses_the_batch",
        "test_products.py::test_an_update_keeps_what_is_not_sent",
    ],
    "Names and SKUs are unique without case": [
        "test_products.py::test_products_that_are_refused",
        "test_products.py::test_products_are_filtered_and_their_skus_are_not_those_of_variants",
    ],
    "Stock that cannot be written with a product is a 207": [
        "test_products.py::test_stock_in_an_update_fails_at_the_wrong_level_and_the_rest_is_saved"
    ],
    "Stock is adjusted by 2,000 items at the level that tracks it": [
        "test_inventory.py::test_two_thousand_items_are_the_most",
        "test_inventory.py::test_a_read_right_after_shows_the_old_level",
    ],
    "One bad item refuses the batch and is named in the title": [
        "test_inventory.py::test_one_bad_item_refuses_the_batch_and_is_named",
        "test_inventory.py::test_all_bad_items_are_named_unless_the_store_is_terse",
    ],
    "A placed order takes its stock": [
        "test_inventory.py::test_an_order_takes_its_stock_when_it_is_placed_unless_the_settings_say_otherwise"
    ],
    "Hooks are https on port 443": [
        "test_hooks.py::test_hooks_that_are_refused",
        "test_hooks.py::test_one_hook_for_a_scope_and_destination_and_ten_for_a_scope",
    ],
    "Calls to hooks are signed by Standard Webhooks": [
        "test_hooks.py::test_the_signature_is_that_of_standard_webhooks",
        "test_hooks.py::test_duplicates_are_the_same_call",
    ],
    "`GET /v3/hooks/admin` says which hooks are inactive and which destinations are blocked": [
        "test_hooks.py::test_the_administration_of_hooks_says_what_became_of_them"
    ],
    "An unknown path is a 404": [
        "test_store.py::test_writes_that_it_does_not_do_are_not_pretended",
        "test_store.py::test_addresses_outside_the_store_and_unknown_ones",
    ],
}
"""The tests that try each row of the first table, by its first words."""
SOURCE = re.compile(
    r"\*([Oo]bserved|[Ii]nferred)\*|\*Documented\*: (`(docs|reference)/|the limits)"
)
METHODS = ("get", "post", "put", "delete", "patch")


def table(head: str) -> list[list[str]]:
    """The rows of the table with this first cell of its head."""
    _, _, rest = TEXT.partition(f"\n| {head} |")
    assert rest, head
    rows = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def known_tests() -> set[str]:
    return {
        f"{path.name}::{node.name}"
        for path in HERE.glob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }


def test_each_behavior_has_a_source_and_a_test() -> None:
    rows, there = table("what it does"), known_tests()
    for (what, source), (words, tests) in zip(rows, TRIED.items(), strict=True):
        assert what.startswith(words)
        assert all(SOURCE.match(part) for part in source.split("; ")), what
        assert set(tests) <= there, what


def limit(route: Route) -> str:
    if route.cap is None:
        return "-"
    most = [f"{route.cap.most} at once"] if route.cap.most else []
    apart = [f"none beside a write to the {group}" for group in route.cap.apart_from]
    return ", ".join(most + apart)


def scopes(route: Route) -> str:
    full = [f"`{scope}`" for scope in sorted(route.scopes) if not scope.endswith("_read_only")]
    return " or ".join(full) + " (or read-only)" * (len(full) < len(route.scopes)) or "none"


def test_each_call_has_its_row() -> None:
    assert {call.strip("`"): rest for call, _, *rest in table("call")} == {
        route.name: [scopes(route), limit(route)] for route in ROUTES
    }


def calls_of(spec: Path) -> set[str]:
    version = spec.stem.rpartition(".")[2]
    return {
        f"{method.upper()} /{version}{re.sub(r'{[^}]+}', '{id}', path.removeprefix(f'/{version}'))}"
        for path, item in json.loads(spec.read_text(encoding="utf-8"))["paths"].items()
        for method in METHODS
        if method in item
    }


def test_the_files_describe_these_calls_and_so_many_others(specs: Path) -> None:
    simulated: dict[str, set[str]] = {}
    for call, file, *_ in table("call"):
        simulated.setdefault(file, set()).add(call.strip("`"))
    others = {file: int(number) for file, number, _ in table("of this file")}
    assert set(others) <= set(simulated)
    for file, calls in simulated.items():
        stem = Path(file.strip("`")).name.removesuffix(".yml").removesuffix(".oas2")
        described = calls_of(specs / f"{stem}.json")
        assert calls <= described, file
        assert len(described - calls) == others.get(file, 0), file


def test_what_helps_instead_is_there() -> None:
    for what, instead in table("not simulated"):
        for name in re.findall(r"`(\w+)", instead):
            assert hasattr(FakeStore, name) or name in (
                *StoreOptions.__annotations__,
                "channel_id",
            ), what
