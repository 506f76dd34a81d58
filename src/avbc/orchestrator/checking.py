"""What an orchestrator reads and compares: the tests, checks and explanations."""

from __future__ import annotations

from datetime import date

from avbc.acctvantage.import_ids import order_import_id
from avbc.bigcommerce.endpoints.scopes import ORDERS_MODIFY
from avbc.orchestrator.checks import connection, history, setup
from avbc.orchestrator.checks.backtest import BacktestReport, backtest_period
from avbc.orchestrator.checks.explanation import Explanation, explain_order
from avbc.orchestrator.checks.reconcile import ReconcileReport, reconcile_period
from avbc.orchestrator.connected import Connected
from avbc.orchestrator.engine.arguments import require_order, require_period, require_settings
from avbc.orchestrator.engine.failures import note_checks
from avbc.orchestrator.engine.progress import waiting_shown
from avbc.orchestrator.engine.run import Run, Task
from avbc.orchestrator.engine.source_code import require_code
from avbc.orchestrator.history_report import History
from avbc.orchestrator.reports import ConnectionReport, ImportReport, SetupReport
from avbc.settings import Settings


class Checking(Connected):
    """The methods that change nothing in the store and in the books."""

    def test_connection(self) -> ConnectionReport:
        """Test the URL, the token, the OAuth scopes, the clock and the quota (manual 1.3).

        Each scope that the settings need is probed by a request that changes nothing. Errors are in
        the report and on the worklist, and are not raised.
        """
        with waiting_shown("Testing the connection"):
            report = connection.connection_report(self.store, self.settings, self.clock)
        self._integration.may_set_statuses = any(
            check.item == ORDERS_MODIFY and check.state == "ok" for check in report.checks
        )
        note_checks(self._integration, report, "test_connection")
        return report

    def check_setup(self) -> SetupReport:
        """Compare every name in the settings with the live store and the books, and vice versa.

        The report's `toml` holds the rows that are missing. Nothing is changed; errors are on the
        worklist until a later check does not find them.

        Raises:
            StoreError: The store's statuses or orders cannot be read.
            BooksUnreachable: The books cannot be read.
        """
        with waiting_shown("Checking the set-up"):
            report = setup.setup_report(self._integration, self._product_fields)
        note_checks(self._integration, report, "check_setup")
        return report

    def explain(self, order_id: int | str) -> Explanation:
        """Explain what an order becomes: each field's value, and the rule and setting behind it.

        The order may have any status. Of one that was imported, the decisions are those of its
        import, and `now` is what would be decided differently now. Of one that cannot be read it
        has the problem. Nothing is written.

        Args:
            order_id: BigCommerce's id of the order, or its Import ID.

        Raises:
            NoSuchOrder: The store has no such order.
            SettingsError: The books have this store's orders under another Import Source Code.
            AvbcError: The store, the books or the journal do not answer.
            ValueError: A text is no Import ID of this store.
        """
        order_id = require_order(order_id, self._integration.source_code)
        task = Task("explain", "Previewing orders", preview=True, turn="import_orders")
        run = Run(self._integration, task, ImportReport(preview=True))
        with waiting_shown("Reading the order"):
            require_code(self._integration)
            return explain_order(run, self._customisations, order_id)

    def history(self, order_id: int | str) -> History:
        """List everything that was done for an order, and its state in the store and the books.

        Args:
            order_id: BigCommerce's id of the order, or its Import ID.

        Raises:
            NoSuchOrder: Neither the store nor the books nor the journal has it.
            SettingsError: The books have this store's orders under another Import Source Code.
            BooksUnreachable: The books cannot be read.
            JournalUnreachable: The journal cannot be read.
            ValueError: A text is no Import ID of this store.
        """
        order_id = require_order(order_id, self._integration.source_code)
        require_code(self._integration)
        import_id = order_import_id(self._integration.source_code, order_id)
        books, journal = self._integration.books, self._integration.journal
        return history.order_history(order_id, import_id, self.store, books, journal)

    def reconcile(
        self, since: date, until: date | None = None, *, progress: bool | None = None
    ) -> ReconcileReport:
        """Compare each order of a period in the store with the books, to the cent.

        The report lists what is missing, doubled or different: totals, tax, freight, discounts,
        lines, wrapping, handling and fees, what was received and what gateways hold, refunds where
        they are imported, edits after the import, and statuses: of orders that were stopped in the
        store, and those that a push or pull would change. The store and the books stay as they are;
        what is found is on the worklist. It takes one request for 250 orders, and one for each
        order that is in the books and not in the store's list.

        Args:
            since: Orders made then or later: a day of the store, in its time zone, or a datetime
                with a time zone.
            until: Orders made then or earlier, a whole day included; by default there is no end.
            progress: Draw a bar (extra `progress`). None: on a terminal, after two seconds.

        Raises:
            ValueError: A time has no time zone, or the period ends before it begins.
            SettingsError: The books have this store's orders under another Import Source Code.
            AvbcError: The store or the books cannot be read. Once orders have been compared, the
                report says so in `stopped`.
        """
        require_period(since, until)
        task = Task("reconcile", "Reconciling orders", progress=progress)
        report = ReconcileReport(*self._integration.days.period(since, until))
        return Run(self._integration, task, report).do(reconcile_period)

    def backtest(
        self,
        other: Settings,
        since: date,
        until: date | None = None,
        *,
        progress: bool | None = None,
    ) -> BacktestReport:
        """Map the orders of a period under other settings, and report what would change.

        The report lists orders that would be refused or held back, and fields that would differ.
        Both mappings are of the order as it is now, with the books as they are now and the
        customisations of this orchestrator. Of payments only what the order itself says is read.
        Nothing is written.

        Args:
            other: The settings to compare with those in force; their store is not opened.
            since: Orders made then or later: a day of the store, in its time zone, or a datetime
                with a time zone.
            until: Orders made then or earlier, a whole day included; by default there is no end.
            progress: Draw a bar (extra `progress`). None: on a terminal, after two seconds.

        Raises:
            ValueError: A time has no time zone, or the period ends before it begins.
            SettingsError: The books have this store's orders under another Import Source Code.
            AvbcError: The store or the books cannot be read. Once orders have been mapped, the
                report says so in `stopped`.
        """
        require_settings(other, "other")
        require_period(since, until)
        task = Task("backtest", "Mapping orders", preview=True, progress=progress)
        report = BacktestReport(*self._integration.days.period(since, until))
        run = Run(self._integration, task, report)
        return run.do(lambda run: backtest_period(run, other, self._customisations))
