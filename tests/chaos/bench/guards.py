"""What guards a promise, and the tests that fail when it is removed.

Each guard is really removed, in a copy of the package, and its tests are run on the copy: they must
fail. `docs/promises.md` lists them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import attrs

import avbc
from bench.guarded_kinds import GUARDED
from bench.tally import Damage, Row

ROOT = Path(__file__).parents[3]
PACKAGE = Path(avbc.__file__).parent

_TOKEN = re.compile(r"\w+|[^\w\s]")
_TRAILING_COMMA = re.compile(r",(?=\s*[)\]}])")


@attrs.frozen
class Removal:
    """A text of the package, wherever it is in the file, and what is left when it is gone.

    Quoted from column 0. White space, line breaks and trailing commas of the source do not matter.
    """

    path: str
    text: str
    left: str = ""

    def removed_from(self, source: str) -> str | None:
        """The source without the text, or None where the text is not in it."""
        tokens = _TOKEN.findall(_TRAILING_COMMA.sub("", self.text))
        pattern = r"\s*".join(
            rf"(?:,\s*)?{re.escape(token)}" if token in ")]}" else re.escape(token)
            for token in tokens
        )
        found = re.compile(rf"(?P<indent>^ *)?{pattern}", re.MULTILINE)

        def left(match: re.Match[str]) -> str:
            indent = match["indent"] or ""
            return indent + self.left.replace("\n", f"\n{indent}")

        changed, count = found.subn(left, source)
        return changed if count else None


@attrs.frozen
class Guard:
    """A piece of code without which a promise would not be kept."""

    name: str
    tests: tuple[str, ...]
    """Each of them fails without it."""
    removals: tuple[Removal, ...]


_CONTRACT = "tests/acctvantage/test_contract.py::TestSqlGateway"
_STAMPS = "tests/acctvantage/test_stamps.py"
_CLOCKS = "tests/orchestrator/test_clocks.py"
_HANDSHAKE = "tests/acctvantage/test_handshake.py"
_ANSWERS = "tests/orchestrator/test_answers.py"
_OFFERED = "tests/orchestrator/test_offered_again.py"
_IMPORTING = "tests/orchestrator/test_importing.py"
_FAULTS = "tests/chaos/test_faults.py"
_STATUSES = "tests/orchestrator/test_status_sync.py"
_SHIPMENTS = "tests/orchestrator/test_shipments.py"
_CAPTURES = "tests/orchestrator/test_captures.py"
_PAGES = "tests/orchestrator/test_order_pages.py"
_LOOK = "tests/orchestrator/test_second_look.py"
_LATE = "tests/orchestrator/test_late_writes.py"
_TURNS = "tests/orchestrator/test_turns.py"
_PROCESSES = "tests/orchestrator/test_many_processes.py"
_RUN = "tests/orchestrator/test_run.py"
_FOLLOWING = "tests/orchestrator/test_follow_orders.py"
_EDITED = "tests/orchestrator/test_edited_receipts.py"
_WORKLIST = "tests/orchestrator/test_worklist.py"
_JOURNAL_ROWS = "tests/orchestrator/test_journal_rows.py"
_PRUNED = "tests/orchestrator/test_journal_pruned.py"
_RIGHTS = "tests/orchestrator/test_journal_rights.py"
_SETUP_PRODUCTS = "tests/orchestrator/test_setup_products.py"
_CONNECTION = "tests/orchestrator/test_connection.py"
_LIMITS = "tests/bigcommerce/test_limits.py"
_UNSENDABLE = "tests/bigcommerce/test_unsendable.py"
_SETUP = "tests/orchestrator/test_setup_check.py"
_PRODUCTS = "tests/orchestrator/test_products.py"
_SETUP_FAULTS = "tests/orchestrator/test_setup_faults.py"
_FAILED = "tests/orchestrator/test_failed_runs.py"
_DAYS = "tests/orchestrator/test_days.py"
_CHANNELS = "tests/orchestrator/test_channels.py"
_UNBOOKED = "tests/orchestrator/test_unbooked.py"
_JOURNAL_FILES = "tests/orchestrator/test_journal_files.py"
_WAITING = "tests/orchestrator/test_waiting.py"
_PAYMENTS = "tests/orchestrator/test_payments.py"
_PAID_STATUSES = "tests/orchestrator/test_paid_statuses.py"
_PAYMENT_ADVICE = "tests/orchestrator/test_payment_advice.py"
_RECEIPTS = "tests/mapping/test_payment.py"
_ROWS = "tests/orchestrator/test_product_rows.py"
_ROWS_PUSHED = "tests/orchestrator/test_product_rows_pushed.py"
_METHODS = "tests/orchestrator/test_shipping_methods.py"
_FIELDS = "tests/orchestrator/test_form_fields.py"
_ORDERS = "tests/orchestrator/test_customising_orders.py"
_GENERATED = (
    "tests/chaos/test_bad_data.py::"
    "test_generated_orders_are_imported_right_or_refused_with_a_reason"
)
_HABITS = "tests/chaos/test_habits.py::test_a_kind_of_orders_ends_as_it_must"

_UNIQUE = 'sa.Column("import_id", sa.Text, nullable=False, unique=True),'
_NOT_UNIQUE = 'sa.Column("import_id", sa.Text, nullable=False),'
_CREATE = "created = self._run.books.create_order(mapped.bundle)"
_RELINK = "if each.existing is not None and each.is_unchanged:\n    return "

_GUARDS = (
    Guard(
        "the unique constraint on a sales order's Import ID",
        (
            f"{_CONTRACT}::test_a_second_call_writes_nothing",
            f"{_CONTRACT}::test_concurrent_calls_create_one_order",
        ),
        (
            Removal(
                "acctvantage/sql/schema.py",
                f'sa.Column("updated_at", Moment),\n{_UNIQUE}',
                f'sa.Column("updated_at", Moment),\n{_NOT_UNIQUE}',
            ),
            # A foreign key refers to something unique.
            Removal("acctvantage/sql/schema.py", "sa.ForeignKey(sales_orders.c.import_id), "),
            Removal(
                "acctvantage/sql/orders.py",
                'taken=["import_id"], stamped=["imported_at"]',
                'stamped=["imported_at"]',
            ),
        ),
    ),
    Guard(
        "the unique constraint on a credit's Import ID",
        (f"{_CONTRACT}::test_a_second_credit_writes_nothing",),
        (
            Removal(
                "acctvantage/sql/schema.py",
                f'sa.Column("imported_at", Moment, nullable=False),\n{_UNIQUE}',
                f'sa.Column("imported_at", Moment, nullable=False),\n{_NOT_UNIQUE}',
            ),
            Removal(
                "acctvantage/sql/credits.py",
                'taken=["import_id"], stamped=["imported_at"]',
                'stamped=["imported_at"]',
            ),
        ),
    ),
    Guard(
        "the relink rule: an order that is in the books with the same content gets its status only",
        (
            f"{_IMPORTING}::test_an_order_reset_without_an_edit_is_relinked",
            f"{_IMPORTING}::test_a_status_that_cannot_be_set_is_set_by_the_next_run",
        ),
        (
            Removal(
                "orchestrator/jobs/import_orders.py",
                f'{_RELINK}self._endings.of("relinked", each, self._offer_again(each))',
                f"{_RELINK}None",
            ),
        ),
    ),
    Guard(
        "a stamp of the books never goes back",
        (
            f"{_STAMPS}::test_what_changes_later_has_no_earlier_stamp",
            f"{_STAMPS}::test_a_shipment_that_changes_later_has_no_earlier_stamp",
            f"{_CLOCKS}::test_changes_reach_the_store_whatever_the_clocks_show",
        ),
        (
            Removal(
                "acctvantage/sql/handshake.py",
                """f"max({now}, COALESCE(({last}), ''))\"""",
                "now",
            ),
        ),
    ),
    Guard(
        "a watermark from the future says nothing",
        (f"{_CLOCKS}::test_a_watermark_from_the_future_hides_nothing",),
        (
            Removal(
                "orchestrator/engine/books_changes.py",
                "done is None or done - STAMPED_LATE > self._now",
                "done is None",
            ),
        ),
    ),
    Guard(
        "refused by AcctVantage is offered again",
        (f"{_OFFERED}::test_an_order_that_is_new_again_is_offered_again_unchanged",),
        (
            Removal(
                "orchestrator/jobs/import_orders.py",
                "offered = self._run.parts.staging.offer_again(each.import_id)",
                "offered = each.pickup",
            ),
        ),
    ),
    Guard(
        "an answer to an old version changes nothing",
        (f"{_HANDSHAKE}::test_an_edit_is_another_version_and_an_old_answer_changes_nothing",),
        (
            Removal(
                "acctvantage/sql/handshake.py",
                "import_id = NEW.import_id AND version = NEW.version",
                "import_id = NEW.import_id",
            ),
        ),
    ),
    Guard(
        "what AcctVantage refuses gets the Import Error Status only in place of Downloaded",
        (
            f"{_ANSWERS}::test_an_order_that_was_moved_is_left_alone",
            f"{_ANSWERS}::test_an_order_that_is_moved_while_the_books_are_read_is_left_alone",
        ),
        (
            Removal(
                "orchestrator/jobs/answers.py",
                "if now.status_id == run.statuses.downloaded:",
                "if now.status_id:",
            ),
        ),
    ),
    Guard(
        "books before status: an order is set to Downloaded only when it is in the books",
        (
            "tests/orchestrator/test_bad_input.py::test_books_that_go_away_in_the_middle_postpone_the_rest",
        ),
        (
            Removal(
                "orchestrator/jobs/import_orders.py",
                _CREATE,
                "self._run.store.orders.update(each.order.id, "
                "status_id=self._run.statuses.downloaded)\n" + _CREATE,
            ),
        ),
    ),
    Guard(
        "the min_id walk: a list filtered by status is never walked by page",
        (f"{_IMPORTING}::test_requests_are_the_floor",),
        (
            Removal(
                "bigcommerce/endpoints/orders.py",
                "Paging.MIN_ID",
                "Paging.V2",
            ),
        ),
    ),
    Guard(
        "the read before a shipment is sent again",
        (
            "tests/orchestrator/test_shipments.py::test_an_answer_that_is_lost_is_looked_for",
            "tests/orchestrator/test_shipments.py::test_a_push_may_die_anywhere",
        ),
        (
            Removal(
                "orchestrator/jobs/shipments.py",
                "(self.shipments, self.order, in_store)",
                "(self.shipments, self.order)",
            ),
        ),
    ),
    Guard(
        "the read before a payment is captured again",
        (
            "tests/orchestrator/test_captures.py::test_what_a_person_captured_in_the_store_is_recorded_and_not_sent",
            "tests/orchestrator/test_captures.py::test_a_run_may_die_anywhere",
        ),
        (
            Removal(
                "mapping/capture.py",
                "status = text_key(order.payment_status)\nstep = ",
                'status = "authorized"\nstep = ',
            ),
        ),
    ),
    Guard(
        "no second sending of what must not take effect twice",
        (
            "tests/bigcommerce/test_shipments.py::test_a_shipment_is_never_sent_twice",
            "tests/bigcommerce/test_payment_actions.py::test_neither_is_sent_twice",
        ),
        (
            Removal(
                "bigcommerce/endpoints/orders.py",
                "scope=ORDERS_MODIFY, repeatable=False)",
                "scope=ORDERS_MODIFY)",
            ),
            Removal("bigcommerce/endpoints/payments.py", "repeatable=False, empty=", "empty="),
        ),
    ),
    Guard(
        "the proof of an order's total",
        (
            "tests/mapping/test_proof.py::test_an_order_off_by_a_cent_is_refused",
            "tests/orchestrator/test_bad_input.py::test_the_cent_is_named_with_its_place",
            _GENERATED,
        ),
        (
            Removal(
                "mapping/proof.py",
                "if not rules.rounds_to_zero(residue):",
                "if False:",
            ),
            Removal("mapping/proof.py", "residue=residue,", "residue=ZERO,"),
        ),
    ),
    Guard(
        "the proof of an order's lines",
        ("tests/mapping/test_proof.py::test_lines_that_miss_the_subtotal_say_where",),
        (
            Removal(
                "mapping/proof.py",
                "if not case.rules.rounds_to_zero(difference - fee):",
                "if False:",
            ),
        ),
    ),
    Guard(
        "a line that was taken off is no line",
        ("tests/mapping/test_real_sums.py::test_a_line_with_quantity_0_is_no_line",),
        (
            Removal(
                "bigcommerce/models/orders.py",
                "return self.quantity == 0 and not any(",
                "return False and not any(",
            ),
        ),
    ),
    Guard(
        "a line of quantity 0 with money on it is a problem",
        ("tests/mapping/test_real_sums.py::test_money_on_it_or_less_than_nothing_is_a_problem",),
        (
            Removal(
                "bigcommerce/models/orders.py",
                "return self.quantity == 0 and not any(",
                "return self.quantity == 0 or not any(",
            ),
        ),
    ),
    Guard(
        "the tax that discounts saved is the lines' own",
        ("tests/mapping/test_real_sums.py::test_near_misses_of_more_than_one_field",),
        (
            Removal(
                "mapping/proof.py",
                'and _saved_by_lines(order, saved, rules, with_tax=discounts == "with tax")',
                "",
            ),
        ),
    ),
    Guard(
        "what was paid for a line is read as its order's discounts are",
        ("tests/mapping/test_real_sums.py::test_what_was_paid_for_the_line_by_the_same_reading",),
        (
            Removal(
                "mapping/discount.py",
                "paid, _ = after_discounts(line, off, proof)",
                "paid = line.total_inc_tax - off",
            ),
        ),
    ),
    Guard(
        "a refund is read as its order's discounts are",
        ("tests/mapping/test_real_sums.py::test_a_refund_of_a_discounted_line",),
        (
            Removal(
                "mapping/refund.py",
                'if proof is not None and proof.discounts != "none":',
                "if False:",
            ),
        ),
    ),
    Guard(
        "no promotion is made of one order's amount",
        (
            "tests/mapping/test_real_sums.py::test_a_code_of_the_promotions_engine_makes_no_promotion",
        ),
        (
            Removal(
                "mapping/discount.py",
                "return self.coupon is not None and self.coupon.type not in _KINDS",
                "return False",
            ),
        ),
    ),
    Guard(
        "a coupon on shipping is booked against freight",
        ("tests/mapping/test_real_sums.py::test_a_coupon_on_shipping_is_booked_against_freight",),
        (
            Removal(
                "mapping/order.py",
                "freight=order.shipping_cost_ex_tax - discounts.off_freight,",
                "freight=order.shipping_cost_ex_tax,",
            ),
        ),
    ),
    Guard(
        "a coupon on shipping is not more than the shipping cost",
        ("tests/mapping/test_real_sums.py::test_a_coupon_on_shipping_that_is_more_than_it",),
        (
            Removal(
                "mapping/discount.py",
                "if off >= without + case.rules.half_minor_unit or (",
                "if False and (",
            ),
        ),
    ),
    Guard(
        "strict decoding: what is required is never taken for nothing",
        ("tests/bigcommerce/test_decoding.py", _GENERATED),
        (
            Removal(
                "bigcommerce/decoding.py",
                'if self.required:\n    raise BadValue(value, "a value is required")',
            ),
        ),
    ),
    Guard(
        "an answer in place of another is not the order's fault",
        (f"{_FAULTS}::test_an_answer_that_is_not_the_stores_is_not_the_orders_fault",),
        (
            Removal(
                "bigcommerce/wire.py", 'error.path == "answer" or received.body is None', "False"
            ),
        ),
    ),
    Guard(
        "an empty list that cannot be is asked for twice",
        (f"{_FAULTS}::test_lines_and_coupons_are_not_taken_for_none",),
        (
            Removal(
                "orchestrator/engine/store_orders.py",
                "in enumerate(found) if rows == []]",
                "in enumerate(found) if rows is None]",
            ),
        ),
    ),
    Guard(
        "a pull of statuses never posts an order",
        ("tests/orchestrator/test_status_sync.py::test_a_pull_never_posts",),
        (
            Removal(
                "posting.py",
                '_POSTED = frozenset({"posted", "completed", "posted/completed", '
                '"posted / completed"})',
                "_POSTED = frozenset[str]()",
            ),
        ),
    ),
    Guard(
        "quantities are net of what waits to be imported",
        ("tests/orchestrator/test_inventory.py::test_sold_units_never_go_back_on_sale",),
        (
            Removal(
                "orchestrator/jobs/inventory.py", "sold = waiting.get(key, ZERO)", "sold = ZERO"
            ),
        ),
    ),
    Guard(
        "a sale has the day of the store's time zone",
        (f"{_DAYS}::test_the_day_is_in_both_databases",),
        (
            Removal(
                "mapping/days.py",
                "return at.astimezone(zone).date()",
                "return at.date()",
            ),
        ),
    ),
    Guard(
        "dates without a time are days of the store",
        (
            f"{_DAYS}::test_a_date_from_which_orders_are_imported_is_the_store_s_day",
            f"{_DAYS}::test_a_period_of_days_has_its_last_day_to_the_end",
        ),
        (
            Removal(
                "mapping/days.py",
                "return datetime.combine(when, time.min, zone).astimezone(UTC)",
                "return datetime.combine(when, time.min, UTC)",
            ),
        ),
    ),
    Guard(
        "a period has its last day to the end",
        (f"{_DAYS}::test_a_period_of_days_has_its_last_day_to_the_end",),
        (
            Removal(
                "mapping/days.py",
                "return start_of(when + timedelta(days=1), zone) - _MICROSECOND",
                "return start_of(when, zone)",
            ),
        ),
    ),
    Guard(
        "orders of other channels are left alone",
        (
            f"{_CHANNELS}::test_orders_of_other_channels_are_left_alone_and_unmarked",
            f"{_CHANNELS}::test_an_unreadable_order_of_another_channel_is_not_marked",
        ),
        (
            Removal(
                "orchestrator/engine/choosing.py",
                "other_channel(each.order, self._run.settings)\nor",
            ),
            Removal(
                "orchestrator/engine/channels.py",
                "channels[0] if len(channels) == 1 else None",
                "None",
            ),
        ),
    ),
    Guard(
        "only orders of the channels are netted",
        (f"{_UNBOOKED}::test_only_orders_of_the_channels_are_netted",),
        (
            Removal(
                "orchestrator/engine/unbooked.py",
                "if is_of_channels(order, run.settings)",
            ),
            Removal(
                "orchestrator/engine/channels.py",
                "channels[0] if len(channels) == 1 else None",
                "None",
            ),
        ),
    ),
    Guard(
        "every placed order that has not left is netted",
        (f"{_UNBOOKED}::test_every_placed_order_that_has_not_left_is_netted",),
        (
            Removal(
                "orchestrator/engine/unbooked.py",
                "if first is None else _UNSHIPPED",
                "",
            ),
        ),
    ),
    Guard(
        "orders are netted from the first one in the books on",
        (f"{_UNBOOKED}::test_orders_count_from_the_first_one_in_the_books_on",),
        (
            Removal(
                "orchestrator/engine/unbooked.py",
                "**dict.fromkeys(map(int, others), first)",
                "**dict.fromkeys(map(int, others), since)",
            ),
        ),
    ),
    Guard(
        "units that were shipped or refunded are not netted",
        (f"{_UNBOOKED}::test_units_that_were_shipped_or_refunded_have_left",),
        (
            Removal(
                "mapping/to_ship.py",
                "- max(0, line.quantity_refunded) - max(0, line.quantity_shipped)",
            ),
        ),
    ),
    Guard(
        "waiting orders are read again if fewer come than were counted",
        ("tests/orchestrator/test_inventory.py::test_orders_and_lines_are_not_taken_for_none",),
        (
            Removal(
                "orchestrator/engine/unbooked.py",
                "found if listed >= expected else _unbooked(run, call)[1]",
                "found",
            ),
        ),
    ),
    Guard(
        "a stopped order stays stopped",
        (
            "tests/orchestrator/test_status_sync.py::test_an_order_that_was_stopped_in_the_store_stays_so",
            "tests/orchestrator/test_shipments.py::test_nothing_is_shipped_for_a_canceled_order_until_it_goes_on",
            "tests/orchestrator/test_captures.py::test_nothing_is_captured_for_a_canceled_order_until_it_goes_on",
        ),
        (
            Removal(
                "orchestrator/engine/push_run.py",
                "(happened := stopped(order.status_id))",
                "(happened := stopped(0))",
            ),
        ),
    ),
    Guard(
        "a status asks whether its order was stopped",
        (
            f"{_STATUSES}::test_an_order_that_was_stopped_in_the_store_stays_so",
            f"{_STATUSES}::test_a_canceled_order_gets_no_status_until_it_goes_on",
        ),
        (
            Removal(
                "orchestrator/jobs/order_statuses.py",
                "return _SetStatus(call, (change,), due, self)",
                "return _SetStatus(call, (change,), due, self, even_if_stopped=True)",
            ),
        ),
    ),
    Guard(
        "a shipment asks whether its order was stopped",
        (
            f"{_SHIPMENTS}::test_nothing_is_shipped_for_a_canceled_order_until_it_goes_on",
            f"{_SHIPMENTS}::test_a_canceled_order_stays_canceled_in_both_kinds_of_store",
        ),
        (
            Removal(
                "orchestrator/jobs/shipments.py",
                "even_if_stopped=self.even_if_stopped",
                "even_if_stopped=True",
            ),
        ),
    ),
    Guard(
        "a capture asks whether its order was stopped",
        (f"{_CAPTURES}::test_nothing_is_captured_for_a_canceled_order_until_it_goes_on",),
        (
            Removal(
                "orchestrator/jobs/captures.py",
                'even_if_stopped=action.action == "void"',
                "even_if_stopped=True",
            ),
        ),
    ),
    Guard(
        "a void is sent for a stopped order, too",
        (f"{_CAPTURES}::test_the_payment_of_a_canceled_order_is_voided",),
        (
            Removal(
                "orchestrator/jobs/captures.py",
                'even_if_stopped=action.action == "void"',
                "even_if_stopped=False",
            ),
        ),
    ),
    Guard(
        "an import looks once more before it writes",
        (
            f"{_LOOK}::test_what_is_canceled_between_the_list_and_the_write_stays_canceled",
            f"{_LOOK}::test_an_edit_between_the_list_and_the_write_is_in_the_books",
        ),
        (
            Removal("orchestrator/jobs/import_orders.py", "self._look.refresh(chunk)", "pass"),
            Removal("orchestrator/engine/endings.py", "self._leave_changed(endings)", "pass"),
        ),
    ),
    Guard(
        "an import looks before it sets statuses where the books were slow",
        (f"{_LOOK}::test_where_the_books_are_slow_the_store_is_looked_at_before_the_statuses",),
        (Removal("orchestrator/engine/endings.py", "self._leave_changed(endings)", "pass"),),
    ),
    Guard(
        "an empty list of shipments is asked for once more where the order has some",
        (f"{_SHIPMENTS}::test_an_empty_list_in_place_of_a_shipment_is_asked_for_once_more",),
        (
            Removal(
                "orchestrator/jobs/shipments.py",
                "is not None and order.items_shipped",
                "is not None and False",
            ),
        ),
    ),
    Guard(
        "the turn is asked for right before each write",
        (f"{_TURNS}::test_a_lease_that_is_lost_ends_the_run",),
        (
            Removal(
                "orchestrator/engine/writes.py",
                'self.require_turn(f"{call.name} was not sent")',
            ),
        ),
    ),
    Guard(
        "an order is written to the books while the run has its turn",
        (f"{_TURNS}::test_an_order_is_not_written_once_the_turn_was_lost",),
        (
            Removal(
                "orchestrator/jobs/import_orders.py",
                'self._run.writes.require_turn(f"{each.import_id} was not written")',
                "pass",
            ),
        ),
    ),
    Guard(
        "each turn has a fence",
        (f"{_PROCESSES}::test_a_deleted_folder_of_locks_is_noticed",),
        (Removal("turns.py", 'return "" if last == self.number else _TAKEN_OVER', 'return ""'),),
    ),
    Guard(
        "a turn is kept while its holder works",
        (
            f"{_TURNS}::test_a_turn_is_kept_for_an_hour_of_a_holder_that_does_not_ask",
            f"{_PROCESSES}::test_reads_may_take_longer_than_a_lease",
        ),
        (
            Removal(
                "turns.py",
                'threading.Thread(target=self._keep, name="avbc-turn", daemon=True).start()',
            ),
        ),
    ),
    Guard(
        "a turn belongs to the store and the books",
        (f"{_PROCESSES}::test_two_journals_over_the_same_books_are_one_turn[sqlite]",),
        (
            Removal(
                "orchestrator/engine/integration.py",
                "turns = self.parts.turns or self.journal",
                "turns = self.journal",
            ),
        ),
    ),
    Guard(
        "a forked process has no turn",
        (f"{_TURNS}::test_a_forked_process_has_no_turn_and_ends_none",),
        (Removal("turns.py", "if os.getpid() != self._process:\n    return _FORKED"),),
    ),
    Guard(
        "what a run found is not remembered once it has lost its turn",
        (f"{_TURNS}::test_what_is_found_after_the_turn_was_lost_is_not_remembered",),
        (
            Removal(
                "orchestrator/engine/run.py", "is_ours = not self.writes.lost()", "is_ours = True"
            ),
        ),
    ),
    Guard(
        "what must not be repeated is in the journal as begun right before it is sent",
        (f"{_LATE}::test_what_is_canceled_while_its_shipment_waits_gets_none",),
        (
            Removal(
                "orchestrator/engine/writes.py", "self._integration.journal.write([begun])", "pass"
            ),
        ),
    ),
    Guard(
        "no write goes out by a look that is older than 5 seconds",
        (
            f"{_LATE}::test_what_is_canceled_while_its_shipment_waits_gets_none",
            f"{_LATE}::test_an_order_that_is_canceled_while_its_status_waits_stays_canceled",
        ),
        (
            Removal(
                "orchestrator/engine/writes.py",
                "if looked_at is not None and not is_fresh(looked_at, self._integration.clock):",
                "if False:",
            ),
        ),
    ),
    Guard(
        "what was read 5 seconds before is read again",
        (f"{_RUN}::test_an_order_counts_as_read_for_five_seconds",),
        (
            Removal(
                "orchestrator/engine/order_reads.py",
                " if is_fresh(seen[0], self._clock)",
            ),
        ),
    ),
    Guard(
        "a page that failed once is not searched for an order",
        (f"{_PAGES}::test_a_page_that_fails_once_is_not_looked_into",),
        (
            Removal(
                "orchestrator/engine/order_pages.py",
                "is_due = (is_same or not is_patient) and",
                "is_due =",
            ),
        ),
    ),
    Guard(
        "no order is accused while the store answers nothing else",
        (f"{_PAGES}::test_lists_that_are_down_accuse_no_order",),
        (
            Removal(
                "orchestrator/engine/order_pages.py",
                "if not any(isinstance(self._probe(call), Page) for call in near):",
                "if False:",
            ),
        ),
    ),
    Guard(
        "a store that is down is not searched for an order",
        (f"{_PAGES}::test_a_store_that_is_down_costs_no_more_requests_than_before",),
        (
            Removal(
                "orchestrator/engine/order_pages.py",
                "if failed is not None and not self._is_answered:",
                "if False:",
            ),
            Removal(
                "orchestrator/engine/order_pages.py",
                "if not (is_due and self._is_answered)",
                "if not is_due",
            ),
        ),
    ),
    Guard(
        "20 requests of a run search for orders that spoil pages",
        (f"{_PAGES}::test_it_is_found_wherever_it_is[last]",),
        (
            Removal(
                "orchestrator/engine/order_pages.py",
                "if self._requests >= _REQUESTS:",
                "if False:",
            ),
        ),
    ),
    Guard(
        "what was not shown to a job is asked for whatever its watermark",
        (f"{_PAGES}::test_what_is_followed_goes_around_it_and_comes_back_to_it_whatever_the_time",),
        (
            Removal(
                "orchestrator/engine/order_pages.py",
                "for number in sorted(rest):",
                "for number in ():",
            ),
        ),
    ),
    Guard(
        "nothing is sent for an order that nobody can see",
        (f"{_PAGES}::test_nothing_is_sent_for_one_that_nobody_can_see",),
        (
            Removal(
                "orchestrator/engine/push_run.py",
                "isinstance(order.error, OrderNotShown)",
                "False",
            ),
        ),
    ),
    Guard(
        "an order that is not shown is marked as no import error",
        (
            f"{_PAGES}::test_its_page_mates_are_imported_in_the_second_run_and_it_waits_for_a_person",
        ),
        (
            Removal(
                "orchestrator/jobs/import_orders.py",
                "not isinstance(error, OrderNotShown)",
                "True",
            ),
        ),
    ),
    Guard(
        "an item of an order that is not shown goes though no list has it",
        (f"{_PAGES}::test_the_item_goes_though_no_import_asks_for_the_order_any_more",),
        (
            Removal(
                "orchestrator/jobs/import_orders.py",
                "run.order_pages.look_again()",
                "pass",
            ),
        ),
    ),
    Guard(
        "a push never moves an order backwards",
        (f"{_STATUSES}::test_a_push_does_not_move_an_order_back",),
        (Removal("mapping/status.py", "and not row.may_move_backwards", "and False"),),
    ),
    Guard(
        "a receipt is changed only while it is as avbc last wrote it",
        (f"{_CONTRACT}::test_a_receipt_that_differs_is_not_updated",),
        (
            Removal(
                "acctvantage/sql/receipts.py",
                "differences = _differences(receipt, before)",
                "differences: list[str] = []",
            ),
        ),
    ),
    Guard(
        "a receipt follows what the store says of the payment",
        (
            f"{_FOLLOWING}::test_a_payment_that_is_captured_by_hand_is_received",
            f"{_FOLLOWING}::test_a_payment_that_was_awaited_and_is_captured_is_received",
        ),
        (
            Removal(
                "orchestrator/engine/follower.py",
                "problems += self._follow_receipts(each)",
            ),
        ),
    ),
    Guard(
        "the order's status says what was received offline",
        (
            f"{_PAYMENTS}::test_an_offline_order_is_received_when_its_status_says_so",
            f"{_RECEIPTS}::test_the_order_s_status_says_what_was_received_offline",
        ),
        (
            Removal(
                "mapping/worth.py",
                "is_outside = is_offline(method, rules) or is_owed(method, rules)",
                "is_outside = False",
            ),
        ),
    ),
    Guard(
        "a status that avbc wrote is no word about money",
        (
            f"{_PAID_STATUSES}::test_what_awaits_its_payment_is_received_when_a_person_says_so",
            f"{_PAYMENTS}::test_an_offline_order_is_received_when_its_status_says_so",
        ),
        (
            Removal(
                "orchestrator/engine/paid_statuses.py",
                "return {key: int(before.get(key, SystemStatus.AWAITING_PAYMENT)) for key in ours}",
                "return {}",
            ),
        ),
    ),
    Guard(
        "nothing is received in Awaiting Payment without a transaction",
        (f"{_RECEIPTS}::test_nothing_is_received_in_awaiting_payment_without_transactions",),
        (
            Removal(
                "mapping/worth.py",
                "not status or (status in RECEIVED and transactions is not None)",
                "not status",
            ),
        ),
    ),
    Guard(
        "transactions are read unless the method is known to be offline",
        (f"{_PAYMENTS}::test_transactions_are_read_unless_the_method_is_known_to_be_offline",),
        (
            Removal(
                "orchestrator/engine/incoming.py",
                "has_gateway_payments(each.order, rules)",
                "each.order.payment_status",
            ),
        ),
    ),
    Guard(
        "a payment of which nothing is known is refused",
        (f"{_PAYMENTS}::test_a_payment_of_which_nothing_is_known_waits_for_a_person",),
        (Removal("mapping/worth.py", "return MISSING", "return status"),),
    ),
    Guard(
        "a test of the gateway is refused",
        (f"{_PAYMENTS}::test_a_test_is_refused_except_in_a_rehearsal",),
        (
            Removal(
                "mapping/worth.py",
                "if case.rules.settings.gl.import_test_transactions:",
                "if True:",
            ),
        ),
    ),
    Guard(
        "a payment that was captured in part is received in part",
        (f"{_RECEIPTS}::test_a_payment_that_was_captured_in_part_is_received_in_part",),
        (Removal("mapping/worth.py", "if left and transacted < due:", "if False:"),),
    ),
    Guard(
        "the rest of a payment that was captured in part is on the worklist",
        (f"{_PAYMENT_ADVICE}::test_the_rest_of_a_payment_waits_until_it_is_settled",),
        (Removal("mapping/receipts.py", "self._check_uncaptured()", "pass"),),
    ),
    Guard(
        "an order that was edited down is received net of its refund",
        (f"{_RECEIPTS}::test_refunds_are_off_the_receipt_only_where_the_total_was_edited_down",),
        (
            Removal(
                "mapping/worth.py",
                "edited_away = _edit_away(alive, transacted - due, case.rules)",
                "edited_away = ZERO",
            ),
        ),
    ),
    Guard(
        "the refund of an edit makes no credit",
        (f"{_PAYMENTS}::test_the_refund_of_an_edit_makes_no_credit",),
        (Removal("orchestrator/jobs/refunds.py", "elif refund.id in of_edit:", "elif False:"),),
    ),
    Guard(
        "a payment method that may be a translation is no new one",
        (f"{_PAYMENTS}::test_a_translated_method_is_found_by_its_id_or_its_name",),
        (
            Removal(
                "mapping/payment.py",
                "elif not mapped and may_be_translated(locale, rules.language):",
                "elif False:",
            ),
        ),
    ),
    Guard(
        "a posted receipt stays",
        (f"{_CONTRACT}::test_a_posted_receipt_stays",),
        (
            Removal(
                "acctvantage/sql/receipts.py",
                "if differences or receipt.posted:",
                "if differences:",
            ),
        ),
    ),
    Guard(
        "an item is in the journal before what it is about is remembered",
        (f"{_RUN}::test_what_waits_for_a_person_is_written_before_what_is_known",),
        (
            Removal(
                "orchestrator/engine/run.py",
                "if is_ours:\n    self._kept(self._attention.flush)",
            ),
            Removal(
                "orchestrator/engine/run.py",
                "if is_ours and not self._attention.is_due:\n"
                "    known, self._known = self._known, known",
                "known, self._known = self._known, {}",
            ),
            Removal(
                "orchestrator/engine/run.py",
                "if known:\n"
                "    self._kept(partial(self.integration.journal.remember_together, known))",
                "if known:\n"
                "    self._kept(partial(self.integration.journal.remember_together, known))\n"
                "self._kept(self._attention.flush)",
            ),
        ),
    ),
    Guard(
        "what the worklist could not take does not count as dealt with",
        (f"{_RUN}::test_what_the_worklist_could_not_take_is_not_remembered",),
        (
            Removal(
                "orchestrator/engine/run.py",
                "if is_ours and not self._attention.is_due:\n"
                "    known, self._known = self._known, known",
                "known, self._known = self._known, known",
            ),
        ),
    ),
    Guard(
        "an item counts as reported when the application was called",
        (
            f"{_WORKLIST}::test_what_the_callback_raises_loses_nothing",
            f"{_WORKLIST}::test_a_death_between_the_report_and_its_mark_has_it_reported_again",
        ),
        (
            Removal(
                "orchestrator/engine/attention.py",
                "call(news)\nitems.set_reported(news)",
                "items.set_reported(news)\ncall(news)",
            ),
        ),
    ),
    Guard(
        "an item in the same words is no news",
        (f"{_WORKLIST}::test_an_item_is_news_once_and_again_when_it_changes",),
        (
            Removal(
                "orchestrator/engine/open_items.py",
                "if at not in before or (message, fix) != (item.message, item.fix):",
                "if True:",
            ),
        ),
    ),
    Guard(
        "what each run finds again is in the journal once",
        (
            f"{_JOURNAL_ROWS}::test_quiet_cycles_add_no_rows",
            f"{_JOURNAL_ROWS}::test_a_state_is_said_once_and_again_when_its_words_change",
        ),
        (
            Removal(
                "orchestrator/engine/states.py",
                "if self.is_news(each):\n    entries.append(each.entry)",
                "entries.append(each.entry)",
            ),
        ),
    ),
    Guard(
        "what was done ends what was found before",
        (f"{_JOURNAL_ROWS}::test_what_was_done_ends_a_state",),
        (
            Removal(
                "orchestrator/engine/states.py",
                "if not each.lasts:\n    self._before[key] = []\n    now.clear()\n"
                "elif text not in now:",
                "if text not in now:",
            ),
        ),
    ),
    Guard(
        "an order's own history stays in the journal",
        (
            f"{_PRUNED}::test_an_orders_own_history_stays_whatever_its_age",
            f"{_PRUNED}::test_a_state_that_came_back_after_something_else_is_history",
        ),
        (
            Removal(
                "orchestrator/jobs/prune_journal.py",
                "if row.outcome != POSTPONED:\n    words.clear()\nelif row.detail not in words:",
                "if row.detail not in words:",
            ),
        ),
    ),
    Guard(
        "what is not old stays in the journal",
        (f"{_PRUNED}::test_only_old_entries_go",),
        (Removal("orchestrator/jobs/prune_journal.py", "elif aware(row.at) < before:", "else:"),),
    ),
    Guard(
        "a clock that is ahead removes only what is old",
        (f"{_PRUNED}::test_a_process_whose_clock_is_ahead_removes_only_what_is_old",),
        (
            Removal(
                "orchestrator/jobs/prune_journal.py",
                "min(run.clock.now(), _database_time(journal))",
                "run.clock.now()",
            ),
        ),
    ),
    Guard(
        "a right that is missing in the journal is final",
        (
            f"{_RIGHTS}::test_a_role_that_may_only_read_reads_and_cannot_write",
            f"{_RIGHTS}::test_a_file_that_may_only_be_read_is_read_and_not_written",
        ),
        (
            Removal(
                "orchestrator/engine/journal.py",
                '"unusable": JournalUnusable',
                '"unusable": JournalUnreachable',
            ),
        ),
    ),
    Guard(
        "a webhook that was received before asks for nothing",
        ("tests/orchestrator/test_webhooks.py::test_a_repetition_asks_for_nothing",),
        (
            Removal(
                "orchestrator/engine/open_webhooks.py",
                "return bool(connection.scalar(_is_open(webhook.keys)))",
                "pass",
            ),
            Removal(
                "orchestrator/webhooks.py",
                "if OpenWebhooks.of(integration).is_done(webhook.keys):",
                "if not webhook.keys:",
            ),
        ),
    ),
    Guard(
        "a webhook is open until what it asks for is done",
        (
            "tests/orchestrator/test_open_webhooks.py::test_a_process_that_is_killed_between_accepting_and_acting_loses_nothing",
            "tests/orchestrator/test_open_webhooks.py::test_what_failed_stays_open_and_the_next_import_closes_it",
        ),
        (
            Removal(
                "orchestrator/engine/open_webhooks.py",
                "connection.execute(_open.insert(), [row])",
                "pass",
            ),
        ),
    ),
    Guard(
        "a webhook is verified by its signature",
        (
            "tests/orchestrator/test_webhooks.py::test_a_bad_signature_is_refused",
            "tests/orchestrator/test_webhooks.py::test_nothing_is_done_for_a_bad_signature",
        ),
        (
            Removal(
                "orchestrator/webhooks.py",
                "if not any(hmac.compare_digest(",
                "if not signatures and not any(hmac.compare_digest(",
            ),
        ),
    ),
    Guard(
        "the merchant's own staff notes are kept",
        (
            "tests/orchestrator/test_staff_notes.py",
            f"{_IMPORTING}::test_refused_orders_say_why_in_the_staff_notes_once",
        ),
        (
            Removal(
                "orchestrator/engine/staff_notes.py",
                'return f"{notes}\\n{line}" if notes else line',
                "return line",
            ),
        ),
    ),
    Guard(
        "import_when: an order whose payment does not allow its import stays New",
        (
            (
                f"{_WAITING}::"
                "test_an_order_that_waits_stays_new_and_unmarked_and_is_imported_when_it_is_paid"
            ),
            f"{_WAITING}::test_the_rule_holds_by_id_and_by_period_too",
        ),
        (
            Removal(
                "orchestrator/engine/incoming.py",
                "each.waits = self.waits(each, is_read=False)",
                "pass",
            ),
            Removal(
                "orchestrator/jobs/import_orders.py",
                "each.existing is None and (held := self._incomers.waits(each))",
                "(held := None)",
            ),
        ),
    ),
    Guard(
        "import_when: an order that is held back costs no request and no second look",
        (f"{_WAITING}::test_orders_that_wait_cost_no_request_of_their_own",),
        (
            Removal(
                "orchestrator/engine/incoming.py",
                "each.waits = self.waits(each, is_read=False)",
                "pass",
            ),
        ),
    ),
    Guard(
        "import_when: the order as it is right before the write decides",
        (f"{_WAITING}::test_a_payment_that_is_given_up_right_before_the_write_waits",),
        (
            Removal(
                "orchestrator/engine/incoming.py",
                "each.waits = self.waits(each, is_read=False)",
                "pass",
            ),
            Removal(
                "orchestrator/jobs/import_orders.py",
                "each.existing is None and (held := self._incomers.waits(each))",
                "(held := None)",
            ),
        ),
    ),
    Guard(
        "import_when: an order that waits for too long is on the worklist until it does not",
        (
            f"{_WAITING}::test_an_order_that_waits_for_too_long_is_an_item_until_it_is_imported",
            f"{_WAITING}::test_the_item_goes_when_the_order_leaves_the_new_order_status",
        ),
        (
            Removal(
                "orchestrator/engine/endings.py",
                "run.set_items(outcome.import_id, problems if late else (), *ids)",
                "pass",
            ),
        ),
    ),
    Guard(
        "a fault of the set-up that concerns every order ends the run before the first one",
        (f"{_SETUP_FAULTS}::test_the_run_ends_before_the_first_order_and_nothing_is_marked",),
        (
            Removal(
                "orchestrator/jobs/import_orders.py",
                "run.setup_faults += _setup_faults(run, self._incomers.lookups.setup_problems)",
                "pass",
            ),
        ),
    ),
    Guard(
        "a run that fails until a person changes something is on the worklist",
        (
            f"{_FAILED}::test_a_fault_of_the_setup_waits_for_a_person_until_a_run_works",
            f"{_FAILED}::test_a_refused_token_is_one_item_for_all_jobs",
        ),
        (
            Removal(
                "orchestrator/engine/failures.py",
                "attention.add(problem, key=key)",
                "pass",
            ),
        ),
    ),
    Guard(
        "a row of the settings says which product a line is, before its SKU",
        (f"{_ROWS}::test_lines_are_booked_under_the_part_numbers_of_the_rows",),
        (
            Removal(
                "mapping/product_names.py",
                "if _fits(row := self._screen.mapping[place], line):",
                "if False:",
            ),
        ),
    ),
    Guard(
        "a custom item is booked as the placeholder product",
        (f"{_ROWS}::test_a_refund_is_of_the_part_number_that_was_booked",),
        (
            Removal(
                "mapping/product_names.py",
                "placeholder = self._screen.placeholder_product",
                'placeholder = ""',
            ),
        ),
    ),
    Guard(
        "what waits is netted as the product that it will be booked as",
        (f"{_ROWS}::test_what_waits_is_netted_under_the_part_numbers_of_the_rows",),
        (
            Removal(
                "mapping/inventory.py",
                "names = Counter[str](), ProductNames(screen)",
                "names = Counter[str](), ProductNames(_NO_ROWS)",
            ),
        ),
    ),
    Guard(
        "details go to what a row names, and its SKU stays",
        (f"{_ROWS_PUSHED}::test_details_go_to_what_the_row_names_and_its_sku_stays",),
        (
            Removal(
                "orchestrator/jobs/products.py",
                "sku = UNSET if changed.keeps_sku else changed.sku",
                "sku = changed.sku",
            ),
        ),
    ),
    Guard(
        "no product is created for what rows book under other names",
        (f"{_ROWS_PUSHED}::test_no_product_is_created_for_what_rows_book_otherwise",),
        (
            Removal(
                "orchestrator/jobs/products.py",
                "if identity is None and each.key in mapped:",
                "if False:",
            ),
        ),
    ),
    Guard(
        "quantities go to what a row names",
        (f"{_ROWS_PUSHED}::test_quantities_go_to_the_variant_that_the_row_names",),
        (
            Removal(
                "orchestrator/jobs/inventory.py",
                "sku = (identity and identity.sku) or row.source.sku",
                "sku = row.source.sku",
            ),
        ),
    ),
    Guard(
        "an identity that a row gave is forgotten with the row",
        (f"{_ROWS_PUSHED}::test_it_is_forgotten_with_the_row",),
        (
            Removal(
                "orchestrator/engine/identities.py",
                "if not identity.row or (key in rows and identity.row == _row_text(rows[key]))",
                "if True",
            ),
        ),
    ),
    Guard(
        "numbers stay when an order is customised",
        (f"{_ORDERS}::test_what_other_jobs_read_of_the_order_must_stay",),
        (Removal("orchestrator/engine/customising.py", "if not _may_change(place):", "if False:"),),
    ),
    Guard(
        "a customisation is no edit of the store's order",
        (f"{_ORDERS}::test_the_order_is_known_again_by_what_the_store_has",),
        (
            Removal(
                "mapping/order.py", "fingerprint(inputs.in_store or order)", "fingerprint(order)"
            ),
        ),
    ),
    Guard(
        "what waits is netted as it is customised",
        (f"{_ORDERS}::test_what_waits_is_netted_as_it_will_be_imported",),
        (
            Removal(
                "orchestrator/engine/unbooked.py",
                "customised_order(order, customisations).order for order in orders",
                "order for order in orders",
            ),
        ),
    ),
    Guard(
        "a preview marks the values of the store that no push wrote",
        (f"{_PRODUCTS}::test_what_was_pushed_before_is_no_replacement_unless_a_person_changed_it",),
        (Removal("mapping/replaced.py", "and was[name] not in (becomes[name], known.get(name))"),),
    ),
    Guard(
        "fields that are kept are sent with new products only",
        (f"{_PRODUCTS}::test_fields_that_are_kept_are_sent_with_new_products_only",),
        (Removal("orchestrator/jobs/products.py", "fields = keep_fields(fields, keep)"),),
    ),
    Guard(
        "names of fields that no push sends are refused",
        (
            f"{_PRODUCTS}::test_names_of_fields_that_no_push_sends_are_refused_together",
            f"{_SETUP_PRODUCTS}::test_names_of_fields_to_keep_are_checked",
        ),
        (
            Removal(
                "orchestrator/engine/store_details.py",
                "if not is_field_to_keep(name):",
                "if False:",
            ),
        ),
    ),
    Guard(
        "the setup check warns of prices that are entered with tax",
        (f"{_SETUP_PRODUCTS}::test_prices_that_are_entered_with_tax",),
        (
            Removal(
                "orchestrator/checks/setup_products.py",
                "if not information().is_price_entered_with_tax:",
                "if True:",
            ),
        ),
    ),
    Guard(
        "the setup check warns of weights and lengths in other units",
        (
            f"{_SETUP_PRODUCTS}::test_weights_in_another_unit",
            f"{_SETUP_PRODUCTS}::test_lengths_in_another_unit",
        ),
        (
            Removal(
                "orchestrator/checks/setup_products.py",
                "if abs(row[0] * other / size - 1) < _TOLERANCE",
                "if False",
            ),
        ),
    ),
    Guard(
        "the setup check warns of what the next push replaces, and of that alone",
        (f"{_SETUP_PRODUCTS}::test_texts_and_prices_that_the_first_push_would_replace",),
        (
            Removal(
                "orchestrator/checks/setup_products.py",
                "replaced_values(pair.there, draft, pair.pushed)",
                "replaced_values(pair.there, draft)",
            ),
            Removal(
                "orchestrator/checks/setup_products.py",
                "if product_text(pair.product, fields) != pair.pushed",
                "if not pair.pushed",
            ),
        ),
    ),
    Guard(
        "the setup check proposes near names",
        (f"{_SETUP}::test_a_name_that_is_nearly_known_comes_with_the_known_one",),
        (
            Removal(
                "orchestrator/checks/setup_parts.py",
                'f"{did_you_mean(name, known)} {fix}".strip()',
                "fix",
            ),
        ),
    ),
    Guard(
        "an id in a path is a whole number above 0",
        (f"{_UNSENDABLE}::test_an_id_in_a_path_is_a_whole_number_above_zero",),
        (
            Removal(
                "bigcommerce/call.py",
                "if isinstance(each, bool) or not isinstance(each, int | SupportsIndex):",
                "if False:",
            ),
            Removal("bigcommerce/call.py", "if index(each) < 1:", "if False:"),
        ),
    ),
    Guard(
        "the path of a request stays in the store",
        (f"{_UNSENDABLE}::test_a_path_stays_in_the_store",),
        (Removal("bigcommerce/call.py", "if not _PATH.fullmatch(self.path):", "if False:"),),
    ),
    Guard(
        "a body that JSON cannot hold is not sent, and named",
        (
            f"{_UNSENDABLE}::test_a_body_that_json_cannot_hold",
            (
                "tests/orchestrator/test_products.py"
                "::test_a_text_that_cannot_be_sent_holds_up_no_other_product"
            ),
        ),
        (
            Removal(
                "bigcommerce/wire.py",
                "except (TypeError, ValueError, RecursionError):\n    pass",
                "except ZeroDivisionError:\n    pass",
            ),
        ),
    ),
    Guard(
        "a proxy that cannot be used is named without its password",
        (f"{_UNSENDABLE}::test_a_proxy_that_cannot_be_used",),
        (Removal("bigcommerce/wire.py", "if fault := proxy_fault(proxy):", 'if fault := "":'),),
    ),
    Guard(
        "a forked process opens connections of its own to the store",
        ("tests/bigcommerce/test_forks.py::test_each_process_gets_its_own_answers",),
        (Removal("bigcommerce/base.py", "forks.watch(self)"),),
    ),
    Guard(
        "a fork waits for threads at a SQLite file",
        (
            (
                "tests/acctvantage/test_database.py::TestTransactions"
                "::test_processes_that_are_forked_from_busy_threads_write"
            ),
        ),
        (Removal("forks.py", "before=before, after_in_parent=uses.resume, "),),
    ),
    Guard(
        "an answer about another record is refused",
        (
            "tests/bigcommerce/test_other_ids.py::test_what_names_another_id_is_asked_for_again",
            (
                "tests/bigcommerce/test_other_ids.py"
                "::test_a_write_that_must_not_be_repeated_is_not_sent_again"
            ),
        ),
        (Removal("bigcommerce/wire.py", "failure = of_another(call, status, body)"),),
    ),
    Guard(
        "nothing is sent again after a stop",
        ("tests/bigcommerce/test_stopping.py::test_nothing_is_sent_again_after_it",),
        (Removal("bigcommerce/base.py", "if self._grace() < math.inf:", "if False:"),),
    ),
    Guard(
        "a read that hangs ends after a stop",
        (
            (
                "tests/bigcommerce/test_stopping.py"
                "::test_a_write_that_must_not_be_repeated_is_waited_for"
            ),
        ),
        (
            Removal(
                "bigcommerce/limits.py", "if stop is not None and stop.left() == 0:", "if False:"
            ),
        ),
    ),
    Guard(
        "a write that must not be repeated is waited for after a stop",
        (
            (
                "tests/bigcommerce/test_stopping.py"
                "::test_a_write_that_must_not_be_repeated_is_waited_for"
            ),
        ),
        (
            Removal(
                "bigcommerce/wire.py",
                "STOP.get() if call.repeatable else None",
                "STOP.get()",
            ),
        ),
    ),
    Guard(
        "the limit of an answer's size",
        (
            f"{_LIMITS}::test_the_limit_is_of_what_was_decompressed",
            f"{_LIMITS}::test_an_answer_that_was_made_whole_has_a_limit",
        ),
        (
            Removal("bigcommerce/limits.py", "if self._left < 0:", "if False:"),
            Removal(
                "bigcommerce/http.py", "if len(response.content) > allowance.size:", "if False:"
            ),
        ),
    ),
    Guard(
        "the limit of an answer's total time",
        (f"{_LIMITS}::test_a_transport_of_a_test_has_the_limits_too",),
        (
            Removal(
                "bigcommerce/limits.py",
                "if self._allowance.clock() > self._allowance.deadline:",
                "if False:",
            ),
        ),
    ),
    Guard(
        "the limit of an answer's time, within its headers too",
        (f"{_LIMITS}::test_an_answer_that_drips_ends",),
        (
            Removal(
                "bigcommerce/http.py",
                "pool._network_backend = TimedBackend(pool._network_backend)",
                "pass",
            ),
        ),
    ),
    Guard(
        "fields that nobody documented are in the report",
        (
            (
                "tests/orchestrator/test_unknown_fields.py"
                "::test_a_new_field_is_reported_once_and_changes_nothing"
            ),
        ),
        (Removal("bigcommerce/wire.py", "collect(page.items)", "pass"),),
    ),
    Guard(
        "the connection test asks for the catalog's scope where quantities are pushed",
        (f"{_CONNECTION}::test_only_what_the_settings_need_is_required",),
        (
            Removal(
                "orchestrator/checks/connection.py",
                "lambda settings: _pushes_levels(settings) and not _pushes_details(settings)",
                "lambda _: False",
            ),
        ),
    ),
    Guard(
        "a token of another store is no list of missing scopes",
        (f"{_CONNECTION}::test_the_store_hash_of_another_store_is_no_list_of_missing_scopes",),
        (
            Removal(
                "orchestrator/checks/connection.py",
                "if _may_nothing(store, by_scope):",
                "if False:",
            ),
        ),
    ),
    Guard(
        "a token that may read something is one of the store",
        (f"{_CONNECTION}::test_a_token_that_may_read_is_one_of_the_store",),
        (
            Removal(
                "orchestrator/checks/connection.py",
                "all(isinstance(answer, ScopeMissing) for answer in answers)",
                "True",
            ),
        ),
    ),
    Guard(
        "the setup check warns of rows that another row hides, and proposes none",
        (
            f"{_SETUP}::test_rows_that_never_apply",
            f"{_SETUP}::test_rows_for_products_that_never_apply",
            f"{_SETUP}::test_no_row_is_proposed_where_another_row_fits",
        ),
        (
            Removal(
                "orchestrator/checks/setup_parts.py",
                "if first is not None and text_key(rows[first][1]) != text_key(target):",
                "if False:",
            ),
            Removal(
                "orchestrator/checks/setup_shipping.py",
                "and ship_via_row(plain(method), rules) is None",
                "",
            ),
        ),
    ),
    Guard(
        "the setup check warns of a channel that no order is of",
        (f"{_CHANNELS}::test_a_channel_that_no_order_is_of",),
        (
            Removal(
                "orchestrator/checks/setup_channels.py",
                "yield from _without_orders(latest, sold, channels)",
                "",
            ),
        ),
    ),
    Guard(
        "an option of a method is True or False",
        ("tests/orchestrator/test_advice.py::test_a_flag_that_is_none_is_refused_at_once",),
        (
            Removal(
                "orchestrator/engine/arguments.py", "if not isinstance(value, bool):", "if False:"
            ),
        ),
    ),
    Guard(
        "a row of the settings says which Ship Via a method has, before its name",
        (f"{_METHODS}::test_many_methods_share_a_ship_via_and_none_is_created",),
        (
            Removal(
                "mapping/reference.py",
                "row = ship_via_row(name, rules) if is_named else None",
                "row = None",
            ),
        ),
    ),
    Guard(
        "no Ship Via is created for a name that may be a translation",
        (f"{_METHODS}::test_a_name_in_the_shoppers_language_makes_no_ship_via",),
        (
            Removal(
                "mapping/reference.py",
                "elif is_named and may_be_translated(locale, rules.language):",
                "elif False:",
            ),
        ),
    ),
    Guard(
        "the store's language is read where a name is not known",
        (f"{_METHODS}::test_a_name_in_the_shoppers_language_makes_no_ship_via",),
        (
            Removal(
                "orchestrator/engine/incoming.py",
                "self.lookups.read_language(orders, self._run.integration)",
            ),
        ),
    ),
    Guard(
        "no new buyer owes an order unless the settings allow it",
        (f"{_METHODS}::test_the_fix_of_a_purchase_order_by_a_new_buyer_is_followed",),
        (
            Removal(
                "mapping/client.py",
                "elif case.rules.settings.gl.purchase_orders_from_new_clients:",
                "elif True:",
            ),
        ),
    ),
    Guard(
        "the answers to form fields are on the sales order",
        (f"{_FIELDS}::test_answers_are_on_the_sales_order",),
        (
            Removal(
                "mapping/form_fields.py",
                "found.setdefault((text_key(name), text_key(answer)), (name, answer))",
                "pass",
            ),
        ),
    ),
    Guard(
        "an edit of form fields is an edit",
        (f"{_FIELDS}::test_an_edited_answer_is_an_edit",),
        (
            Removal(
                "mapping/edits.py",
                'return _digest("avbc-2", *_parts(order), *fields)',
                'return _digest("avbc-2", *_parts(order))',
            ),
        ),
    ),
    Guard(
        "orders that an earlier version imported do not look edited",
        (f"{_FIELDS}::test_orders_that_an_earlier_version_imported_do_not_look_edited",),
        (
            Removal(
                "mapping/edits.py",
                'text == fingerprint(order) or text == _digest("avbc-1", *_parts(order))',
                "text == fingerprint(order)",
            ),
        ),
    ),
    Guard(
        "a PO number that the buyer gave does not say that the order is owed",
        (f"{_FIELDS}::test_answers_are_on_the_sales_order",),
        (
            Removal(
                "mapping/reconcile.py",
                "if values is None or text_key(values.po_number) != text_key(booked.po_number):",
                "if True:",
            ),
        ),
    ),
    Guard(
        "the payment status of a stopped order says nothing about money",
        ("tests/orchestrator/test_payments.py::test_a_stopped_order_says_nothing_about_money",),
        (
            Removal(
                "mapping/receipts.py",
                "if stopped(order.status_id) and (\n            worth.payments",
                "if False and (\n            worth.payments",
            ),
        ),
    ),
    Guard(
        "what an order was edited down by is not asked for",
        ("tests/orchestrator/test_payment_advice.py::test_edited_down_before_its_capture",),
        (
            Removal(
                "mapping/receipts.py",
                "rest -= books.due - books.due_now(self.order, rules)",
                "pass",
            ),
        ),
    ),
    Guard(
        "an order that was edited down in the store is not captured whole",
        ("tests/mapping/test_capture.py::test_what_was_edited_down_is_not_captured",),
        (
            Removal(
                "mapping/capture.py",
                "_check_edited(sales_order, order, amount, found)",
                "pass",
            ),
        ),
    ),
    Guard(
        "what waits for its payment goes with its cause",
        (
            "tests/orchestrator/test_waiting.py::test_the_item_goes_within_one_cycle[gone-import_orders]",
        ),
        (
            Removal(
                "orchestrator/jobs/import_orders.py", "            self._settle_waiting()\n", ""
            ),
        ),
    ),
    Guard(
        "what was refused is settled where nothing is in the books",
        ("tests/orchestrator/test_waiting.py::test_what_was_refused_goes_within_one_cycle",),
        (
            Removal(
                "orchestrator/jobs/follow_orders.py",
                "changed_orders.newest()\n            self._sweep()",
                "changed_orders.newest()",
            ),
        ),
    ),
    Guard(
        "an item of another channel goes",
        (
            "tests/orchestrator/test_waiting.py::test_what_was_refused_goes_within_one_cycle[channel-True]",
        ),
        (
            Removal(
                "orchestrator/jobs/follow_orders.py",
                "not is_of_channels(order, self._run.settings)\n                or (",
                "False\n                or (",
            ),
        ),
    ),
    Guard(
        "a coupon of a type that is not documented comes with a warning",
        (
            "tests/mapping/test_real_sums.py::test_a_type_that_is_not_documented_comes_with_a_warning",
        ),
        (
            Removal(
                "mapping/discount.py",
                "type_ != PROMOTION_CODE and not discount.is_unsupported and amount",
                "False",
            ),
        ),
    ),
    Guard(
        "of two PO numbers none is chosen",
        ("tests/mapping/test_form_fields.py::test_two_different_po_numbers_are_a_problem",),
        (Removal("mapping/form_fields.py", "if len(numbers) > 1:", "if False:"),),
    ),
    Guard(
        "a receipt that a person entered is not replaced by an edit",
        (f"{_EDITED}::test_a_receipt_that_a_person_entered_stays_and_the_edit_waits",),
        (
            Removal("mapping/updating.py", "if entered := by_hand(receipts)", "if entered := []"),
            Removal("mapping/following.py", "and not by_hand(receipts)"),
        ),
    ),
    Guard(
        "an edit takes no money out of the books that was received",
        (f"{_EDITED}::test_money_that_was_received_is_not_taken_out_of_the_books",),
        (
            Removal(
                "mapping/updating.py",
                "elif old.state in _SETTLED and new.state != old.state:",
                "elif False:",
            ),
        ),
    ),
    Guard(
        "a receipt whose money stays keeps what people asked for",
        (f"{_EDITED}::test_an_edit_that_moves_no_money_keeps_what_people_asked_for",),
        (Removal("mapping/updating.py", "elif _money(old) == _money(new):", "elif False:"),),
    ),
    Guard(
        "a coupon of a kind that AcctVantage lacks is refused unless the settings book it",
        ("tests/mapping/test_real_sums.py::test_an_amount_off_each_item_is_booked_by_its_amount",),
        (
            Removal(
                "mapping/discount.py",
                'case.rules.settings.gl.unsupported_coupons == "refuse"',
                "False",
            ),
        ),
    ),
    Guard(
        "the tax of the subtotal may be the one before discounts",
        ("tests/mapping/test_real_sums.py::test_each_body_by_its_reading",),
        (Removal("mapping/proof.py", "rules.rounds_to_zero(taxes_off - saved)", "False"),),
    ),
    Guard(
        "the id of a payment method says which row it has, before its name",
        ("tests/mapping/test_payment.py::test_the_id_of_a_method_finds_its_row_before_its_name",),
        (
            Removal(
                "mapping/payment.py",
                'next(filter(rules.receipt_type_of_id, ids), "")',
                '""',
            ),
        ),
    ),
    Guard(
        "a row says whether its payment method is offline",
        (f"{_WAITING}::test_a_method_may_be_offline_by_its_row",),
        (
            Removal(
                "mapping/offline.py",
                "rules.offline_methods.get(key, key in OFFLINE)",
                "key in OFFLINE",
            ),
        ),
    ),
    Guard(
        "without the journal our own status is no word about money",
        (f"{_HABITS}[offline methods]",),
        (
            Removal(
                "orchestrator/engine/paid_statuses.py",
                "before.get(key, SystemStatus.AWAITING_PAYMENT)",
                "before.get(key, SystemStatus.AWAITING_FULFILLMENT)",
            ),
        ),
    ),
    Guard(
        "the setup check refuses rules of import_when that never come true",
        (f"{_WAITING}::test_a_rule_that_can_never_come_true_is_refused_and_names_both_keys",),
        (
            Removal(
                "orchestrator/checks/setup_waiting.py",
                "if is_offline(row.bigcommerce, rules) and new is not None and new.id in UNPAID:",
                "if False:",
            ),
        ),
    ),
    Guard(
        "a backtest shows the orders that a rule of import_when moves",
        (
            (
                "tests/orchestrator/test_backtest.py::"
                "test_orders_that_a_rule_would_hold_back_and_let_go"
            ),
        ),
        (
            Removal(
                "orchestrator/checks/backtest.py",
                "if held := waits(inputs.paid_order, None, lookups.rules):",
                "if held := None:",
            ),
        ),
    ),
    Guard(
        "a journal is written of days that are over",
        (f"{_JOURNAL_FILES}::test_a_day_that_is_not_over_is_refused",),
        (
            Removal(
                "orchestrator/jobs/journal_files.py",
                "if through is not None and through >= today:",
                "if False:",
            ),
        ),
    ),
    Guard(
        "a journal file that was written is not written again",
        (f"{_JOURNAL_FILES}::test_a_day_is_written_once_and_again_only_where_that_is_asked",),
        (
            Removal(
                "orchestrator/jobs/journal_files.py",
                "since = None if written is None else written.date() + timedelta(days=1)",
                "since = None",
            ),
        ),
    ),
    Guard(
        "a journal file that was not written is written by the next call",
        (f"{_JOURNAL_FILES}::test_files_that_could_not_be_written_are_written_by_the_next_call",),
        (
            Removal(
                "orchestrator/jobs/journal_files.py",
                "days = books.journal_days(code, since)",
                "days = closed",
            ),
        ),
    ),
    Guard(
        "the setup check warns of channels that sell the same stock",
        (
            (
                "tests/orchestrator/test_channels.py::"
                "test_the_setup_check_warns_of_channels_that_sell_the_same_stock"
            ),
        ),
        (
            Removal(
                "orchestrator/checks/setup_channels.py",
                "if not (sold and settings.shipping.sync_inventory_levels):",
                "if True:",
            ),
        ),
    ),
    Guard(
        "a token that no header can hold is refused",
        ("tests/bigcommerce/test_unsendable.py::test_a_token_that_no_header_can_hold",),
        (Removal("credentials.py", r'not re.fullmatch(r"[\x21-\x7e]+", token)', "False"),),
    ),
)


def _with_kinds(guard: Guard) -> Guard:
    """The guard, with the kinds of orders whose samples fail without it."""
    kinds = [f"{_HABITS}[{kind}]" for kind, names in GUARDED.items() if guard.name in names]
    return attrs.evolve(guard, tests=(*guard.tests, *kinds))


GUARDS = tuple(map(_with_kinds, _GUARDS))


def without(guard: Guard, folder: Path) -> Path:
    """Copy the package without a guard; returns what is to be put in front of PYTHONPATH.

    Raises:
        LookupError: A text of it is no longer in the package.
    """
    source = folder / "src"
    shutil.copytree(PACKAGE, source / "avbc", ignore=shutil.ignore_patterns("__pycache__"))
    for removal in guard.removals:
        file = source / "avbc" / removal.path
        changed = removal.removed_from(file.read_text(encoding="utf-8"))
        if changed is None:
            raise LookupError(f"{guard.name}: its text is not in {removal.path}")
        file.write_text(changed, encoding="utf-8")
    return source


def failures(guard: Guard) -> list[str]:
    """Remove a guard and run each of its tests; returns what is wrong: those that do not fail."""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(without(guard, Path(folder))), os.environ.get("PYTHONPATH", "")]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
        for test in guard.tests:
            command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
            ended = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
            )
            # 1: tests were run, and some failed. Anything else is no verdict.
            if ended.returncode != 1:
                wrong.append(f"{test} ends with {ended.returncode}: {ended.stdout[-300:]}")
    return wrong


def guards(some: Iterable[Guard] = GUARDS, *, share: tuple[int, int] = (0, 1)) -> Row:
    """Remove guards one after another; each test of theirs is a point."""
    started = time.monotonic()
    row = Row("guards removed")
    for guard in list(some)[share[0] :: share[1]]:
        for complaint in failures(guard):
            row.complain(guard.name, complaint)
        for _ in guard.tests:
            row.count(0, Damage(), guard.name)
    row.seconds = time.monotonic() - started
    return row
