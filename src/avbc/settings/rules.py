"""What settings must be, beyond the type of each key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import cast, get_args

import attrs

from avbc.credentials import api_url_fault, token_fault
from avbc.errors import FaultyInputError
from avbc.posting import means_posted
from avbc.settings.screens import (
    EditedOrders,
    FormFieldTarget,
    GlSettings,
    ImportWhen,
    JournalSettings,
    OrderStatusSettings,
    ProductSettings,
    Screens,
    ShippingSettings,
    StoreSetup,
    StoreStatus,
    UnsupportedCoupons,
    Updates,
    payment_method_key,
)
from avbc.text import text_key

_WEEK_IN_MINUTES = 7 * 24 * 60
_UNWRITABLE = "holds a character that cannot be written as UTF-8"
_LONGEST_WAIT = 365
_LONGEST_KEPT = 3_650
_LONGEST_AUTHORIZATION = 60
"""Days: twice the 30 that card networks allow at most, so that only slips are refused."""


class SettingsError(FaultyInputError):
    """The settings have faults; `faults` lists every one of them, by key and line.

    >>> from avbc.errors import Fault
    >>> print(SettingsError("avbc.toml", [Fault("gl.tax_area", "a value is required", 12)]))
    avbc.toml has 1 fault:
      line 12, gl.tax_area: a value is required
    """


@attrs.frozen
class Breach:
    """A rule that settings break. The first key has the fault; the others take part in it."""

    keys: tuple[str, ...]
    message: str


def breaches(screens: Screens) -> Iterator[Breach]:
    """Check the screens by every rule, each by itself and then together."""
    store, order_status, gl, shipping, products, journal = screens
    yield from _store(store)
    yield from _order_status(order_status)
    yield from _mapping(order_status)
    yield from _which_orders(order_status)
    yield from _gl(gl)
    yield from _shipping(shipping)
    yield from _products(products)
    yield from _journal(journal, gl)
    for name, screen in (
        ("store", store),
        ("order_status", order_status),
        ("gl", gl),
        ("shipping", shipping),
        ("products", products),
        ("journal", journal),
    ):
        yield from _unwritable(screen, name)


def _store(store: StoreSetup) -> Iterator[Breach]:
    if not store.api_url:
        yield Breach(
            ("store.api_url", "store.credentials_file"),
            "is required, here or by a credentials_file (manual 1.3)",
        )
    elif message := api_url_fault(store.api_url):
        yield Breach(("store.api_url",), message)
    if store.access_token and (message := token_fault(store.access_token.reveal())):
        yield Breach(("store.access_token",), message)
    if not 1 <= store.journal_keep_days <= _LONGEST_KEPT:
        yield Breach(("store.journal_keep_days",), f"must be from 1 to {_LONGEST_KEPT:,} days")


def _order_status(screen: OrderStatusSettings) -> Iterator[Breach]:
    code, minutes = screen.import_source_code, screen.check_interval_minutes
    status_in_books = screen.new_sales_order_status
    for key, is_broken, message in (
        (
            "import_source_code",
            not code,
            "is required: three letters or digits of your choice (manual 2.1.1)",
        ),
        (
            "import_source_code",
            code and not re.fullmatch(r"[A-Za-z0-9]{3}", code),
            "must be exactly 3 ASCII letters or digits (manual 2.1.1)",
        ),
        (
            "check_interval_minutes",
            minutes < 1,
            "must be at least 1 minute; 1 to 5 suit most stores (manual 2.1.2)",
        ),
        (
            "check_interval_minutes",
            minutes > _WEEK_IN_MINUTES,
            f"must be at most {_WEEK_IN_MINUTES} minutes, which is a week",
        ),
        (
            "updates",
            screen.updates not in get_args(Updates),
            'must be "push", "pull" or "off": statuses go one way only, never both (manual 2.1.6)',
        ),
        (
            "edited_orders",
            screen.edited_orders not in get_args(EditedOrders),
            'must be "update" or "refuse"',
        ),
        (
            "new_sales_order_status",
            not status_in_books,
            'must name an AcctVantage order status, such as "Open"',
        ),
        (
            "new_sales_order_status",
            means_posted(status_in_books),
            "must not be Posted, which only AcctVantage sets: use Open (manual 2.1.6)",
        ),
    ):
        if is_broken:
            yield Breach((f"order_status.{key}",), message)

    yield from _since(
        screen.import_orders_created_since, "order_status.import_orders_created_since"
    )
    taken: dict[str, str] = {}
    for key, status, why in (
        ("new_order_status", screen.new_order_status, ""),
        (
            "downloaded_order_status",
            screen.downloaded_order_status,
            "an imported order would count as new, or as failed",
        ),
        (
            "import_error_status",
            screen.import_error_status,
            "a refused order would be tried again and again, or count as imported",
        ),
    ):
        path = f"order_status.{key}"
        yield from _status(status, path)
        if status == "":
            continue
        other = taken.setdefault(_same_status(status), path)
        if other != path:
            yield Breach((path, other), f"must differ from {other}: {why}")


def _mapping(screen: OrderStatusSettings) -> Iterator[Breach]:
    mapping_key = "order_status.mapping"
    if screen.updates in ("push", "pull") and not screen.mapping:
        yield Breach(
            ("order_status.updates", mapping_key),
            f'is "{screen.updates}", but there is no [[{mapping_key}]] row: '
            'add one, or use "off" (manual 2.1.7)',
        )

    rows: dict[tuple[str, str], int] = {}
    pushed: dict[str, int] = {}
    pulled: dict[str, int] = {}
    for index, row in enumerate(screen.mapping):
        path = f"{mapping_key}[{index}]"
        if not row.acctvantage:
            yield Breach(
                (f"{path}.acctvantage",), "is required: an AcctVantage order status (manual 2.1.7)"
            )
        yield from _status(row.bigcommerce, f"{path}.bigcommerce")
        if not row.acctvantage or row.bigcommerce == "":
            continue

        ours, theirs = text_key(row.acctvantage), _same_status(row.bigcommerce)
        if screen.updates == "push" and theirs == _same_status(screen.new_order_status):
            yield Breach(
                (f"{path}.bigcommerce", "order_status.new_order_status"),
                "must not be the new_order_status: a pushed order would be imported again",
            )
        both = rows.setdefault((ours, theirs), index)
        if both != index:
            yield Breach((path,), f"repeats {mapping_key}[{both}]")
            continue
        if screen.updates == "push":
            other = pushed.setdefault(ours, index)
            if other != index:
                yield Breach(
                    (f"{path}.acctvantage",),
                    f"is mapped by {mapping_key}[{other}] already: a push reads left to right",
                )
        # The manual excepts Posted from the pull, so such a row takes no part in it.
        if screen.updates == "pull" and not means_posted(row.acctvantage):
            other = pulled.setdefault(theirs, index)
            if other != index:
                yield Breach(
                    (f"{path}.bigcommerce",),
                    f"is mapped by {mapping_key}[{other}] already: a pull reads right to left",
                )


def _which_orders(screen: OrderStatusSettings) -> Iterator[Breach]:
    path = "order_status.channels"
    first: dict[int, int] = {}
    for index, channel in enumerate(screen.channels):
        if channel < 1:
            yield Breach((f"{path}[{index}]",), "must be the id of a channel, which is 1 or more")
        elif (other := first.setdefault(channel, index)) != index:
            yield Breach((f"{path}[{index}]",), f"repeats {path}[{other}]")
    if not 1 <= screen.waiting_days <= _LONGEST_WAIT:
        yield Breach(("order_status.waiting_days",), f"must be from 1 to {_LONGEST_WAIT} days")
    path = "order_status.form_fields"
    for index, row in enumerate(screen.form_fields):
        if not row.bigcommerce:
            yield Breach(
                (f"{path}[{index}].bigcommerce",), "is required: a form field of the checkout"
            )
        if row.acctvantage not in get_args(FormFieldTarget):
            yield Breach((f"{path}[{index}].acctvantage",), 'must be "po_number" or "memo"')
    yield from _repeats(path, [row.bigcommerce for row in screen.form_fields], "bigcommerce")


def _repeats(path: str, patterns: Sequence[str], key: str) -> Iterator[Breach]:
    """Yield a breach for each row that no text reaches, since an earlier one fits all of it."""
    first: dict[str, int] = {}
    for index, pattern in enumerate(patterns):
        other = first.setdefault(text_key(pattern), index)
        if pattern and other != index:
            yield Breach(
                (f"{path}[{index}].{key}",),
                f"repeats {path}[{other}]: the first row that fits counts",
            )
        elif pattern and (every := first.get("*", index)) != index:
            yield Breach(
                (f"{path}[{index}].{key}",),
                f"is never reached, since {path}[{every}] fits everything: put that row last",
            )


def _gl(screen: GlSettings) -> Iterator[Breach]:
    if not screen.tax_area:
        yield Breach(
            ("gl.tax_area",), "is required: the Tax Area of the store's sales tax (manual 2.2.2)"
        )
    if screen.unsupported_coupons not in get_args(UnsupportedCoupons):
        yield Breach(("gl.unsupported_coupons",), 'must be "refuse" or "amount"')
    yield from _repeats(
        "gl.payment_methods",
        [row.payment_method_id for row in screen.payment_methods],
        "payment_method_id",
    )
    first: dict[str, int] = {}
    for index, row in enumerate(screen.payment_methods):
        path = f"gl.payment_methods[{index}]"
        if not row.receipt_type:
            yield Breach(
                (f"{path}.receipt_type",),
                "is required: an AcctVantage Receipt Type or Purchase Order (manual 2.2.3)",
            )
        if not 1 <= row.authorization_days <= _LONGEST_AUTHORIZATION:
            yield Breach(
                (f"{path}.authorization_days",),
                f"must be from 1 to {_LONGEST_AUTHORIZATION} days",
            )
        if row.import_when not in get_args(ImportWhen):
            yield Breach(
                (f"{path}.import_when",), 'must be "always", "authorized", "paid" or "never"'
            )
        elif row.import_when in ("authorized", "paid") and (
            payment_method_key(row.receipt_type) == payment_method_key("Purchase Order")
        ):
            yield Breach(
                (f"{path}.import_when", f"{path}.receipt_type"),
                f'is "{row.import_when}", and receipt_type is Purchase Order, which is never paid '
                'in the store: use "always" or "never"',
            )
        if row.offline and row.payment_method_id:
            yield Breach(
                (f"{path}.offline", f"{path}.payment_method_id"),
                "is true, and payment_method_id names a gateway's method: no transaction of an "
                "offline method is read, so leave out one of the two",
            )
        if not row.bigcommerce:
            yield Breach(
                (f"{path}.bigcommerce",),
                "is required: a payment method of the store (manual 2.2.3)",
            )
            continue
        other = first.setdefault(payment_method_key(row.bigcommerce), index)
        if other != index:
            yield Breach(
                (f"{path}.bigcommerce",),
                f"repeats gl.payment_methods[{other}]: both names mean the same method",
            )


def _shipping(screen: ShippingSettings) -> Iterator[Breach]:
    if not screen.warehouse:
        yield Breach(
            ("shipping.warehouse",),
            "is required: the AcctVantage Warehouse that fulfils the store's orders (manual 2.3.1)",
        )
    if screen.auto_create_missing_shipping_methods and not screen.default_shipment_product_class:
        yield Breach(
            (
                "shipping.auto_create_missing_shipping_methods",
                "shipping.default_shipment_product_class",
            ),
            "needs default_shipment_product_class, which the Ship Vias so created are given "
            "(manual 2.3.3)",
        )
    yield from _since(screen.push_shipments_since, "shipping.push_shipments_since")
    path = "shipping.methods"
    for index, row in enumerate(screen.methods):
        if not row.bigcommerce:
            yield Breach(
                (f"{path}[{index}].bigcommerce",), "is required: a shipping method of the store"
            )
        if not row.ship_via:
            yield Breach((f"{path}[{index}].ship_via",), "is required: an AcctVantage Ship Via")
    yield from _repeats(path, [row.bigcommerce for row in screen.methods], "bigcommerce")


def _products(screen: ProductSettings) -> Iterator[Breach]:
    path = "products.mapping"
    first: dict[object, int] = {}
    for index, row in enumerate(screen.mapping):
        place = f"{path}[{index}]"
        if not row.part_number:
            yield Breach((f"{place}.part_number",), "is required: an AcctVantage part number")
        ids = {"product_id": row.product_id, "variant_id": row.variant_id}
        for key, value in ids.items():
            if value is not None and value < 1:
                yield Breach(
                    (f"{place}.{key}",), "must be an id of BigCommerce, which is 1 or more"
                )
        what = (*ids.values(), text_key(row.sku), text_key(row.name))
        if not any(what):
            yield Breach(
                (place,), "needs a product_id, a variant_id, a sku or a name: it fits nothing"
            )
        elif (other := first.setdefault(what, index)) != index:
            yield Breach((place,), f"repeats {path}[{other}]: the first row that fits counts")
    for index, name in enumerate(screen.keep_store_fields):
        if not name:
            yield Breach(
                (f"products.keep_store_fields[{index}]",), "must name a field of store products"
            )


def _journal(screen: JournalSettings, gl: GlSettings) -> Iterator[Breach]:
    codes = {
        "gl.gift_certificate_gl_code": gl.gift_certificate_gl_code,
        "gl.default_discount_gl_code": gl.default_discount_gl_code,
    }
    for key in ("receivable", "pending", "rounding", "sales", "freight", "returns"):
        codes[f"journal.{key}"] = getattr(screen, key)
    tables: tuple[tuple[str, str, list[tuple[str, str]]], ...] = (
        ("tax", "tax_area", [(row.tax_area, row.gl_code) for row in screen.tax]),
        ("clearing", "receipt_type", [(row.receipt_type, row.gl_code) for row in screen.clearing]),
    )
    for table, name, rows in tables:
        first: dict[str, int] = {}
        for index, (of, code) in enumerate(rows):
            path = f"journal.{table}[{index}]"
            codes[f"{path}.gl_code"] = code
            for key, value in ((name, of), ("gl_code", code)):
                if not value:
                    yield Breach((f"{path}.{key}",), "is required")
            earlier = first.setdefault(text_key(of), index)
            if of and earlier != index:
                yield Breach((f"{path}.{name}",), f"repeats journal.{table}[{earlier}]")
    # Their balances are compared with the books.
    for path in ("journal.receivable", "journal.pending", "journal.rounding"):
        own = text_key(codes.pop(path))
        other = next((key for key, code in codes.items() if own and text_key(code) == own), "")
        if other:
            yield Breach((path, other), f"must differ from {other}: it is for nothing else")


def _since(since: date | None, path: str) -> Iterator[Breach]:
    if isinstance(since, datetime) and since.tzinfo is not UTC:
        yield Breach((path,), "must be a date, or a date and time with an offset such as Z")


def _status(status: StoreStatus, path: str) -> Iterator[Breach]:
    if status == "":
        yield Breach((path,), "is required: a BigCommerce order status by name, custom label or id")
    elif isinstance(status, int) and status < 0:
        yield Breach(
            (path,), "must be the id of a BigCommerce order status, which is never negative"
        )


def _same_status(status: StoreStatus) -> str:
    """Statuses written alike; that a name and an id mean the same is known only to the store."""
    return text_key(str(status))


def _unwritable(screen: attrs.AttrsInstance, path: str) -> Iterator[Breach]:
    """Half of a surrogate pair, which Python's text may hold and no file may."""
    for field in attrs.fields(type(screen)):
        place = f"{path}.{field.name}"
        value: object = getattr(screen, field.name)
        if isinstance(value, tuple):
            for index, row in enumerate(cast("tuple[object, ...]", value)):
                if attrs.has(type(row)):
                    yield from _unwritable(cast("attrs.AttrsInstance", row), f"{place}[{index}]")
                elif _is_unwritable(row):
                    yield Breach((f"{place}[{index}]",), _UNWRITABLE)
        elif _is_unwritable(value):
            yield Breach((place,), _UNWRITABLE)


def _is_unwritable(value: object) -> bool:
    return isinstance(value, str | Path) and bool(re.search("[\ud800-\udfff]", str(value)))
