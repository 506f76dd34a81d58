"""The setup check of `[journal]`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable

from avbc.acctvantage import SqlGateway
from avbc.orchestrator import Check, Orchestrator
from avbc.settings import JournalClearing, JournalTax, PaymentMethodMapping, Settings

Join = Callable[..., Orchestrator]
Change = Callable[..., Settings]

SALES, TAX, CLEARING = "40200-000-000", "25500-000-000", "11000-000-000"


def of_journal(web: Orchestrator) -> list[Check]:
    return [
        check
        for check in web.check_setup().checks
        if check.area == "journal" or check.item.startswith("journal.")
    ]


def test_settings_without_a_journal_are_not_asked_for_one(join: Join) -> None:
    assert of_journal(join()) == []


def test_books_that_hand_over_by_a_journal_need_its_accounts(
    join: Join, both: SqlGateway, change: Change
) -> None:
    both.load({"hand_over": "journal"})
    checks = of_journal(join(books=both))
    assert {check.state for check in checks} == {"warning"}
    accounts, *rows = checks
    assert accounts.item == (
        "journal.receivable, journal.pending, journal.rounding, journal.sales, journal.freight, "
        "journal.returns"
    )
    assert accounts.found.startswith("The books hand over by a journal")
    assert rows[0].item == "BigCommerce"
    # What it proposes can be filled in and pasted.
    toml = "\n".join(check.toml.replace("# ", "") for check in checks).replace('""', '"4000"')
    screen = tomllib.loads(toml)["journal"]
    assert screen["returns"] == screen["tax"][0]["gl_code"] == "4000"
    both.load({"hand_over": "pick_up"})
    assert of_journal(join(books=both)) == []


def test_accounts_that_are_missing_or_unknown(join: Join, change: Change) -> None:
    settings = change(journal={"sales": "40200-000-00", "freight": SALES})
    states = {check.item: check.state for check in of_journal(join(settings=settings))}
    assert states["journal.sales"] == "error"
    assert states["journal.freight"] == "ok"
    unset = "journal.receivable, journal.pending, journal.rounding, journal.returns"
    assert states[unset] == "warning"
    (sales,) = (each for each in of_journal(join(settings=settings)) if each.state == "error")
    assert sales.fix == (
        "Did you mean '40200-000-000'? Create it in AcctVantage and in the books "
        "(SqlGateway.load), or correct journal.sales."
    )


def test_tax_areas_and_receipt_types_without_a_row_and_rows_of_none(
    join: Join, change: Change
) -> None:
    methods = (
        PaymentMethodMapping(bigcommerce="Credit Card", receipt_type="Visa/MC"),
        PaymentMethodMapping(bigcommerce="PayPal", receipt_type="PayPal"),
        PaymentMethodMapping(bigcommerce="PO", receipt_type="Purchase Order"),
    )
    rows = (
        JournalClearing(receipt_type="visa/mc", gl_code=CLEARING),
        JournalClearing(receipt_type="Pay Pal", gl_code="9"),
    )
    settings = change(gl={"payment_methods": methods}, journal={"clearing": rows})
    checks = of_journal(join(settings=settings))
    errors = {check.item: check for check in checks if check.state == "error"}
    assert errors.keys() == {"journal.clearing[1].gl_code", "journal.clearing[1].receipt_type"}
    wrong = errors["journal.clearing[1].receipt_type"]
    assert wrong.found == "AcctVantage has no Receipt Type 'Pay Pal'."
    assert wrong.fix.startswith("Did you mean 'PayPal'?")
    missing = [check for check in checks if check.toml]
    # Receipts of store credit and gift certificates need no row of gl.payment_methods.
    names = ["PayPal", "StoreCredit", "GiftCard"]
    assert [check.item for check in missing] == ["BigCommerce", ", ".join(names)]
    assert tomllib.loads(missing[1].toml.replace("# ", "")) == {
        "journal": {"clearing": [{"receipt_type": name, "gl_code": ""} for name in names]}
    }
    tenders = [JournalClearing(receipt_type=name, gl_code=CLEARING) for name in names[1:]]
    right = change(
        gl={"payment_methods": methods[:1]},
        journal={
            "clearing": (*rows[:1], *tenders),
            "tax": (JournalTax(tax_area="BigCommerce", gl_code=TAX),),
        },
    )
    assert not [check for check in of_journal(join(settings=right)) if check.area == "journal"]
