"""The setup check: where the answers to checkout form fields go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from avbc.bigcommerce.models import Order
from avbc.mapping import MappingRules
from avbc.mapping.form_fields import answers
from avbc.mapping.patterns import covers, first_fit
from avbc.orchestrator.checks.setup_parts import hidden_rows
from avbc.orchestrator.reports import Check
from avbc.text import text_key
from avbc.toml import toml_row

_PO_NUMBER = re.compile(r"\bp\.? ?o\b|\bpurchase order\b")
"""How a merchant writes that a field asks for the PO number."""


def form_field_checks(recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    """Check the form fields that the latest orders have."""
    rows = rules.settings.order_status.form_fields
    targets = [(row.bigcommerce, row.acctvantage) for row in rows]
    yield from hidden_rows("form field", "order_status.form_fields", targets, covers)
    names = {text_key(name): name for order in recent for name, _ in answers(order) if name}
    for key, name in sorted(names.items()):
        target = first_fit(targets, name)
        if target is not None:
            found = "is the PO number" if target == "po_number" else "goes to the memo, by a row"
            yield Check("form field", name, "ok", found)
        elif not _PO_NUMBER.search(key):
            yield Check("form field", name, "ok", "goes to the memo")
        else:
            yield Check(
                "form field",
                name,
                "warning",
                "Its name says PO number, and its answers go to the memo.",
                "Add the row to order_status.form_fields; if it is no PO number, with "
                'acctvantage = "memo".',
                toml_row("order_status.form_fields", bigcommerce=name, acctvantage="po_number"),
            )
