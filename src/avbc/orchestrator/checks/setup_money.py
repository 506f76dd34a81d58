"""The setup check: currencies, payment methods, the Tax Area and GL codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence

from avbc.acctvantage.records import GIFT_CARD, PURCHASE_ORDER, STORE_CREDIT
from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.models import Order, StoreInformation
from avbc.errors import AvbcError
from avbc.mapping import MappingRules, receipt_type_for, tax_area_for
from avbc.mapping.offline import OFFLINE, is_owed
from avbc.mapping.payment import TENDER_METHODS, TENDER_NAMES, TENDER_WORDS
from avbc.mapping.text import plain
from avbc.orchestrator.checks.setup_parts import hinted, or_unknown, ruled
from avbc.orchestrator.reports import Check, State
from avbc.report import counted
from avbc.settings import payment_method_key
from avbc.text import quoted, text_key
from avbc.toml import toml_row


def money_checks(
    store: BigCommerce,
    information: Callable[[], StoreInformation],
    recent: Sequence[Order],
    rules: MappingRules,
) -> Iterator[Check]:
    """Check what orders are paid in and by, and the accounts that they are booked to."""
    yield from or_unknown("currency", "", _store_currency(information, rules))
    yield from _order_currencies(recent, rules)
    yield from _payment_methods(store, recent, rules)
    yield from _tenders(recent, rules)
    yield ruled("tax area", "gl.tax_area", tax_area_for(rules))
    yield from _gl_codes(recent, rules)


def _store_currency(
    information: Callable[[], StoreInformation], rules: MappingRules
) -> Iterator[Check]:
    currency, books = information().currency, rules.reference.currency
    if text_key(currency) == text_key(books):
        yield Check("currency", books, "ok", "the store and the books have the same")
    else:
        yield Check(
            "currency",
            currency,
            "error",
            f"The store's currency is {currency}, and the books are in {books}.",
            "Only orders in the books' currency are imported.",
        )


def _order_currencies(recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    others = Counter(
        order.default_currency_code
        for order in recent
        if text_key(order.default_currency_code) != text_key(rules.reference.currency)
    )
    for currency, count in others.items():
        yield Check(
            "currency",
            currency,
            "warning",
            f"Orders in {currency} are refused: {count} of the latest {len(recent)}.",
            "Enter such orders by hand, or sell in the books' currency only.",
        )


def _payment_methods(
    store: BigCommerce, recent: Sequence[Order], rules: MappingRules
) -> Iterator[Check]:
    for position, row in enumerate(rules.settings.gl.payment_methods):
        yield ruled(
            "payment method",
            f"gl.payment_methods[{position}] {quoted(row.bigcommerce)}",
            receipt_type_for(row.bigcommerce, rules),
        )
    yield from _gateway_methods(recent, rules)
    yield from _test_transactions(rules)
    keys = [payment_method_key(plain(order.payment_method)) for order in recent]
    seen = Counter(key for key in keys if key and key not in TENDER_METHODS)
    for key, count in seen.items():
        if key not in rules.payment_methods:
            order = recent[keys.index(key)]
            yield _mapped_by_id(store, order, rules) or _unmapped_method(
                plain(order.payment_method),
                "error",
                f"Paid by it: {count} of the latest {counted(len(recent), 'order')}.",
                rules,
            )
    offered = _offered_payment_methods(store, seen, rules)
    yield from or_unknown("payment method", "the store's list", offered)


def _mapped_by_id(store: BigCommerce, order: Order, rules: MappingRules) -> Check | None:
    """Check a method without a row by its id, which only the transactions of an order have."""
    if not rules.methods_by_id:
        return None
    try:
        ids = [each.payment_method_id for each in store.transactions.list(order.id)]
    except AvbcError:
        return None
    receipt_type = receipt_type_for(order.payment_method, rules, ids).value
    if receipt_type is None:
        return None
    found = f"{receipt_type}, by the payment_method_id of its transactions"
    return Check("payment method", plain(order.payment_method), "ok", found)


def _gateway_methods(recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    """Warn of rows that say offline of methods whose orders were paid at a gateway."""
    for position, row in enumerate(rules.settings.gl.payment_methods):
        key = payment_method_key(row.bigcommerce)
        if not row.offline or key in OFFLINE or is_owed(row.bigcommerce, rules):
            continue
        orders = [each for each in recent if payment_method_key(plain(each.payment_method)) == key]
        count = sum(1 for order in orders if order.payment_provider_id)
        if count:
            setting = f"gl.payment_methods[{position}].offline"
            yield Check(
                "payment method",
                f"{setting} {quoted(row.bigcommerce)}",
                "warning",
                "It is true, and orders by this method name a payment at a gateway. Their "
                "transactions are not read: a payment that is only authorized counts as received.",
                f"Remove {setting}, unless the gateway is not the one that takes the money.",
                seen=f"{count} of the latest {counted(len(orders), 'order')} by it.",
            )


def _test_transactions(rules: MappingRules) -> Iterator[Check]:
    if rules.settings.gl.import_test_transactions:
        setting = "gl.import_test_transactions"
        yield Check(
            "payment method",
            setting,
            "warning",
            "It is true: payments of a gateway in test mode, which move no money, are imported as "
            "received.",
            f"Set {setting} = false when the rehearsal is over.",
        )


def _offered_payment_methods(
    store: BigCommerce, used: Collection[str], rules: MappingRules
) -> Iterator[Check]:
    known = {*used, *rules.payment_methods, *TENDER_METHODS}
    for method in store.payment_methods.list():
        name = plain(method.name)
        if name and payment_method_key(name) not in known:
            seen = "The store offers it; none of the latest orders was paid by it."
            yield _unmapped_method(name, "warning", seen, rules)


def _unmapped_method(name: str, state: State, seen: str, rules: MappingRules) -> Check:
    choices = list(dict.fromkeys([*rules.reference.receipt_types, PURCHASE_ORDER]))
    key = payment_method_key(name)
    likely = next((choice for choice in choices if payment_method_key(choice) == key), "")
    return Check(
        "payment method",
        name,
        state,
        "not mapped to a Receipt Type.",
        hinted("Add a row to gl.payment_methods.", "" if likely else name, choices),
        toml_row("gl.payment_methods", choices, bigcommerce=name, receipt_type=likely),
        seen,
    )


def _tenders(recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    """Check the Receipt Types of redeemed store credit and gift certificates."""
    for name, used in (
        (STORE_CREDIT, any(order.store_credit_amount for order in recent)),
        (GIFT_CARD, any(order.gift_certificate_amount for order in recent)),
    ):
        if any(word in rules.payment_methods for word in TENDER_WORDS[name]):
            continue  # its row is checked with the others
        key = payment_method_key(name)
        if key in rules.receipt_types:
            found = f"the Receipt Type {rules.receipt_types[key]}, by its name"
            yield Check("payment method", name, "ok", found)
        else:
            yield Check(
                "payment method",
                name,
                "error" if used else "warning",
                f"There is neither a Receipt Type {quoted(name)} nor a row for "
                f"{quoted(TENDER_NAMES[name])}{'; the latest orders used it' if used else ''}.",
                f"{rules.how_to_create(f'the Receipt Type {quoted(name)}')}, or add a row to "
                "gl.payment_methods.",
                toml_row("gl.payment_methods", bigcommerce=TENDER_NAMES[name], receipt_type=""),
            )


def _gl_codes(recent: Sequence[Order], rules: MappingRules) -> Iterator[Check]:
    discounted = sum(1 for order in recent if order.discount_amount or order.coupon_discount)
    needs: tuple[tuple[str, str, State, str], ...] = (
        (
            "default_discount_gl_code",
            "Orders with a discount are refused without it.",
            "error" if discounted else "warning",
            f"With one: {discounted} of the latest {counted(len(recent), 'order')}.",
        ),
        (
            "gift_certificate_gl_code",
            "Gift certificates that are sold get no account without it.",
            "warning",
            "",
        ),
    )
    for key, without, state, seen in needs:
        setting, code = f"gl.{key}", getattr(rules.settings.gl, key)
        if not code:
            fix = f"Set {setting} to a GL account."
            yield Check("GL code", setting, state, without, fix, seen=seen)
        elif rules.is_gl_account(code):
            yield Check("GL code", setting, "ok", code)
        else:
            yield Check(
                "GL code",
                setting,
                "error",
                f"AcctVantage has no GL account {quoted(code)}.",
                hinted(
                    f"{rules.how_to_create('it')}, or correct {setting}.",
                    code,
                    rules.reference.gl_accounts,
                ),
            )
