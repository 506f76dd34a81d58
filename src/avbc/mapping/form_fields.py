"""Checkout form fields: what a merchant asks shoppers becomes the PO number or goes to the memo."""

from __future__ import annotations

import attrs

from avbc.bigcommerce.models import Address, Order
from avbc.mapping.case import Case, MappingRules, Ruling
from avbc.mapping.patterns import first_fit
from avbc.mapping.text import plain
from avbc.text import quoted, text_key

_SETTING = "order_status.form_fields"
_LONGEST_PO_NUMBER = 50
"""Characters. What is longer is a text and no number."""


@attrs.frozen
class FormValues:
    """What the form fields of an order give its sales order."""

    po_number: str = ""
    memo: tuple[str, ...] = ()
    """The other answers, each as `Label: value`."""


def answers(order: Order) -> tuple[tuple[str, str], ...]:
    """The form fields of an order that were answered: names and answers, each pair once.

    They are on the billing address and on each shipping address, and shoppers often answer the same
    question twice.

    >>> from avbc.bigcommerce.models import FormField
    >>> asked = (FormField(name="Dock", value=" 4 "), FormField(name="Gate", value=""))
    >>> answers(Order(billing_address=Address(form_fields=(*asked, *asked))))
    (('Dock', '4'),)
    """
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for place in _addresses(order):
        for field in place.form_fields:
            name = " ".join(plain(field.name).split())
            answer = "\n".join(plain(field.value).splitlines())
            if answer:
                found.setdefault((text_key(name), text_key(answer)), (name, answer))
    return tuple(found.values())


def answer_text(name: str, answer: str) -> str:
    """An answer as the memo has it."""
    return f"{name}: {answer}" if name else answer


def form_values(order: Order, rules: MappingRules) -> Ruling[FormValues]:
    """The PO number and the memo's lines that the form fields of an order make.

    The rows of `order_status.form_fields` decide where an answer goes; the others go to the memo.
    Two different PO numbers are a problem, since only the buyer knows which one the invoice needs.
    A text that is too long for a PO number goes to the memo uncut, with a warning.
    """
    case = Case(rules)
    answered = answers(order)
    if not answered:
        return case.ruling(FormValues())
    rows = rules.settings.order_status.form_fields
    by_name = [(row.bigcommerce, place) for place, row in enumerate(rows)]
    numbers: dict[str, tuple[str, str, int]] = {}
    memo: list[str] = []
    for name, answer in answered:
        row = first_fit(by_name, name)
        number = " ".join(answer.split())
        is_number = row is not None and rows[row].acctvantage == "po_number"
        if row is None or not is_number:
            memo.append(answer_text(name, answer))
        elif len(number) > _LONGEST_PO_NUMBER:
            memo.append(answer_text(name, answer))
            case.warn(
                "po_number_too_long",
                name,
                f"{number[:_LONGEST_PO_NUMBER]}...",
                f"The form field {quoted(name)} has {len(number)} characters, which is no PO "
                f"number (at most {_LONGEST_PO_NUMBER}). It is in the memo.",
                "Enter the PO number in AcctVantage, or correct the form field in BigCommerce "
                "before the import.",
            )
        else:
            numbers.setdefault(text_key(number), (number, name, row))
    if len(numbers) > 1:
        given = [f"{name}: {number}" for number, name, _ in numbers.values()]
        case.error(
            "po_numbers_differ",
            "form_fields",
            "; ".join(given),
            f"The form fields give different PO numbers: {'; '.join(given)}.",
            "Have the right one in all of these fields of the order in BigCommerce, or map only "
            f"one of them to po_number in {_SETTING}.",
        )
    po_number = ""
    for po_number, name, row in numbers.values():
        case.note("po_number", po_number, "the form field {!r}", f"{_SETTING}[{row}]", name)
    return case.ruling(FormValues(po_number, tuple(memo)))


def _addresses(order: Order) -> tuple[Address, ...]:
    shipping = () if order.consignments is None else order.consignments.shipping
    return (order.billing_address, *shipping)
