"""Each code that can be an item has its advice followed by a test, or a reason why not."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import avbc

SOURCES, TESTS = Path(avbc.__file__).parent, Path(__file__).parent
_MAKES = {"error", "Problem", "record_problem"}

HERE = ("test_fixes.py", "test_fixes_sent.py")
"""The tables of advice."""

_SETUP = "test_setup_faults.py::test_the_run_ends_before_the_first_order_and_nothing_is_marked"
FOLLOWED_IN = {
    "order_differs": (
        "test_reconcile.py::test_a_status_that_is_not_pushed_differs_and_its_fix_is_followed"
    ),
    "order_doubled": "test_reconcile.py::test_a_double_waits_for_a_person",
    "order_missing_in_books": (
        "test_reconcile.py::test_what_is_missing_in_the_books_goes_when_it_is_imported"
    ),
    "order_missing_in_store": (
        "test_reconcile.py::test_what_is_missing_in_the_store_goes_when_it_is_deleted"
    ),
    "payment_not_received": (
        "test_advice.py::test_an_authorization_that_no_one_captures_waits_for_a_person"
    ),
    "payment_declined_after_import": (
        "test_payment_advice.py::test_goods_that_would_go_out_unpaid"
    ),
    "payment_void_after_import": "test_payment_advice.py::test_goods_that_would_go_out_unpaid",
    "payment_method_translated": (
        "test_payments.py::test_a_translated_method_is_found_by_its_id_or_its_name"
    ),
    "payment_partly_captured": (
        "test_payment_advice.py::test_the_rest_of_a_payment_waits_until_it_is_settled"
    ),
    "payment_status_missing": (
        "test_payments.py::test_a_payment_of_which_nothing_is_known_waits_for_a_person"
    ),
    "test_transaction": "test_payments.py::test_a_test_is_refused_except_in_a_rehearsal",
    "receipt_amount_differs": "test_payment_advice.py::test_a_capture_of_another_amount",
    "receipt_changed_by_edit": (
        "test_edited_receipts.py::test_money_received_offline_that_an_edit_changes_is_reported"
    ),
    "receipt_missing": "test_payment_advice.py::test_a_payment_after_a_void",
    "receipt_not_backed": (
        "test_payment_advice.py::test_money_that_a_person_recorded_and_the_store_gave_back"
    ),
    "authorization_old": (
        "test_captures.py::test_an_old_authorization_waits_for_a_person_until_it_is_used"
    ),
    "shipment_missing": (
        "test_shipments.py::test_an_order_that_is_named_and_has_no_shipment_is_reported"
    ),
    "check_failed": (
        "test_worklist.py::test_what_check_setup_finds_is_on_the_worklist_until_it_is_corrected"
    ),
    "hook_inactive": (
        "test_hooks.py::test_a_deactivated_hook_waits_for_a_person_until_it_is_repaired"
    ),
    "hook_missing": (
        "test_hooks.py::test_a_deleted_hook_waits_for_a_person_until_it_is_there_again"
    ),
    "left_to_ship_differs": (
        "test_follow_orders.py::test_quantities_that_the_books_refuse_wait_for_a_person"
    ),
    "not_in_store": "test_status_sync.py::test_a_restored_order_gets_its_status",
    "order_settled": (
        "test_backfills.py::test_an_order_that_a_person_settled_is_imported_only_by_its_id"
    ),
    "order_edited": (
        "test_backfills.py::"
        "test_an_edit_that_the_policy_refuses_goes_when_a_person_has_made_it_in_acctvantage"
    ),
    "order_edited_after_import": "test_follow_orders.py::test_an_edited_order_waits_for_a_person",
    "order_gone_from_store": (
        "test_follow_orders.py::test_an_order_that_leaves_the_list_waits_for_a_person"
    ),
    "order_gone_from_books": (
        "test_follow_orders.py::test_an_order_that_goes_on_and_was_deleted_is_imported_again"
    ),
    "order_not_shown": (
        "test_order_pages.py::test_the_item_goes_though_no_import_asks_for_the_order_any_more"
    ),
    "order_stopped_in_store": (
        "test_status_sync.py::test_a_canceled_order_gets_no_status_until_it_goes_on"
    ),
    "payment_without_order": (
        "test_follow_orders.py::test_money_for_an_order_that_was_never_completed_waits_for_a_person"
    ),
    "receipt_cannot_follow": (
        "test_follow_orders.py::test_a_receipt_that_the_books_refuse_waits_for_a_person"
    ),
    "refund_of_edit_unclear": (
        "test_edited_orders.py::test_offline_money_given_back_without_a_line_is_for_a_person"
    ),
    "refused_by_acctvantage": (
        "test_offered_again.py::test_a_refusal_is_on_the_worklist_until_it_is_offered_again"
    ),
    "refund_not_booked": (
        "test_follow_orders.py::test_the_fix_of_a_refund_that_is_not_booked_is_followed"
    ),
    "order_ended_process": (
        "test_ended_process.py::test_the_third_import_leaves_it_out_and_imports_the_others"
    ),
    "clock_off": (
        "test_clocks.py::test_a_machine_whose_clock_is_off_is_on_the_worklist_until_it_is_set"
    ),
    "run_failed": (
        "test_failed_runs.py::test_a_fault_of_the_setup_waits_for_a_person_until_a_run_works"
    ),
    "product_mapped": (
        "test_product_rows_pushed.py::test_no_product_is_created_for_what_rows_book_otherwise"
    ),
    "shipment_before_stop": (
        "test_shipments.py::test_a_shipment_that_left_before_the_stop_is_sent_when_a_person_says_so"
    ),
    "shipments_not_pushed": (
        "test_shipments.py::test_those_who_relied_on_shipments_are_notified_once"
    ),
    "status_backwards": (
        "test_status_sync.py::test_a_status_that_would_go_back_is_sent_when_the_row_lets_it"
    ),
    "order_status_unknown": _SETUP,
    "tax_area_is_avatax": _SETUP,
    "tax_area_unknown": "test_setup_faults.py::test_it_ends_when_the_record_is_there",
    "warehouse_unknown": _SETUP,
    "webhook_open": "test_open_webhooks.py::test_a_webhook_that_stays_open_waits_for_a_person",
}
"""Where the advice of other codes is followed."""

_PASSES = "it is postponed and no item: the next run takes it without a person"
NOT_FOLLOWED = {
    **dict.fromkeys(
        [
            "order_changed",
            "order_imported_meanwhile",
            "payment_pending",
            "payment_unconfirmed",
            "run_stopped",
            "shipment_unconfirmed",
            "status_not_set",
            "store_failed",
            "try_again",
            "unexpected_error",
        ],
        _PASSES,
    ),
    "batch_refused": "the store's own reason comes with it, and only the store knows what it takes",
    "capture_is_partial": "an import makes one receipt at the gateway, so it is always the whole",
    "client_bound_elsewhere": "only for a client that is exported by its number; two are to merge",
    "client_unknown": "a number that the caller gave and that no client has",
    "consignments_missing": "an import reads them itself: only a caller of avbc.mapping gets it",
    "customer_ambiguous": "BigCommerce lets no two customers of a channel have one email",
    "not_sendable": "the field map is a program of the caller's",
    "order_unknown": "a number that the caller gave and that no order in the books has",
    "order_not_new": "a run that was asked for the order reports it: it is no item",
    "order_of_other_channel": "a run that was asked for the order reports it: it is no item",
    "order_too_old": "a run that was asked for the order reports it: it is no item",
    "partly_saved": "the store's own reason comes with it: the next push sends the product again",
    "receipt_not_from_store": "it asks to act at the gateway",
    "receipt_not_preauthorized": "it asks to act at the gateway, or to look at the payment",
    "shipped_line_unknown": "SqlGateway refuses such a shipment; only other books can have one",
    "status_ambiguous": "the settings of a pull are refused before it, with the rows",
}
"""Why no program can follow the advice of a code."""


def constants(tree: ast.Module) -> dict[str, object]:
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def codes() -> set[str]:
    """The codes of all problems of severity error that the sources report by name."""
    found: set[object] = set()
    for folder in ("mapping", "orchestrator"):
        for path in sorted((SOURCES / folder).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            named = constants(tree)
            for node in ast.walk(tree):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
                name = node.func.id if isinstance(node.func, ast.Name) else name
                is_warning = any(each.arg == "severity" for each in node.keywords)
                code = node.args[0]
                if name in _MAKES and not is_warning:
                    found.add(code.value if isinstance(code, ast.Constant) else None)
                    found.add(named.get(code.id) if isinstance(code, ast.Name) else None)
    return {code for code in found if isinstance(code, str) and re.fullmatch(r"[a-z_]+", code)}


def followed() -> set[str]:
    """The codes of the tables."""
    texts = [(TESTS / file).read_text(encoding="utf-8") for file in HERE]
    return {code for text in texts for code in re.findall(r'"([a-z]+(?:_[a-z]+)+)"', text)}


def test_each_code_has_its_advice_followed_or_a_reason_why_not() -> None:
    assert codes() - followed() - FOLLOWED_IN.keys() - NOT_FOLLOWED.keys() == set()
    assert not NOT_FOLLOWED.keys() & (followed() | FOLLOWED_IN.keys())


@pytest.mark.parametrize("place", FOLLOWED_IN.values())
def test_the_other_tests_are_there(place: str) -> None:
    file, test = place.split("::")
    assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8")
