"""The setup check: what the pushes of quantities and products write in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice

import attrs

from avbc.acctvantage.errors import BooksRefused
from avbc.acctvantage.gateway import ProductGateway, StockGateway
from avbc.acctvantage.records import Product
from avbc.bigcommerce import BigCommerce
from avbc.bigcommerce.models import Product as StoreProduct
from avbc.bigcommerce.models import StoreInformation
from avbc.clock import Clock
from avbc.mapping import PRODUCT_FIELDS, FieldRule, plain, product_draft, product_text
from avbc.mapping.catalog import keep_fields
from avbc.mapping.inventory import NOT_COUNTED_FIX, not_counted_text
from avbc.mapping.replaced import Replacement, replaced_values
from avbc.orchestrator.checks.setup_parts import as_sentence, or_unknown
from avbc.orchestrator.engine.batches import url_lists
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.stock_location import NoSuchLocation, StockLocation
from avbc.orchestrator.engine.store_details import field_names, keep_faults
from avbc.orchestrator.jobs.products import KIND
from avbc.orchestrator.reports import Check
from avbc.report import counted
from avbc.text import quoted, text_key


def stock_checks(integration: Integration) -> Iterator[Check]:
    """Check the location of pushed quantities, what reduces stock, and what was never counted."""
    settings, store = integration.settings, integration.store
    if settings.shipping.sync_inventory_levels:
        setting, code = "shipping.bigcommerce_location", settings.shipping.bigcommerce_location
        yield from or_unknown("location", setting, _location(store, setting, code))
        yield from or_unknown("stock", "when it is reduced", _stock_reduction(store))
        if integration.parts.has(StockGateway):
            yield from or_unknown("stock", _WAREHOUSE, _not_counted(integration))


_WAREHOUSE = "shipping.warehouse"


def _not_counted(integration: Integration) -> Iterator[Check]:
    """Warn of products whose quantity the books do not know: their stock is never pushed."""
    warehouse = integration.settings.shipping.warehouse
    try:
        quantities = integration.parts.stock.quantities_available(warehouse)
        missing = [part_number for part_number, quantity in quantities if quantity is None]
    except BooksRefused:
        return  # that there is no such warehouse is a check of its own
    if missing:
        yield Check("stock", _WAREHOUSE, "warning", not_counted_text(missing), NOT_COUNTED_FIX)


def _location(store: BigCommerce, setting: str, code: str) -> Iterator[Check]:
    try:
        found = f"{code or 'the default location'} (id {StockLocation(store, code, Clock()).id()})"
    except NoSuchLocation as error:
        message, _, fix = str(error).rpartition(": ")
        yield Check("location", setting, "error", as_sentence(message), as_sentence(fix))
    else:
        yield Check("location", setting, "ok", found)


def _stock_reduction(store: BigCommerce) -> Iterator[Check]:
    if store.inventory_settings.get().update_stock_behavior == "order_placed":
        yield Check("stock", "when it is reduced", "ok", "when an order is placed")
    else:
        yield Check(
            "stock",
            "when it is reduced",
            "warning",
            (
                "The store reduces its stock when an order is completed or shipped. AcctVantage "
                "has reduced it by then, so it is reduced twice until the quantity is pushed again."
            ),
            "Let BigCommerce reduce stock when an order is placed (Settings, Inventory).",
        )


# Product details

Fields = Sequence[FieldRule[Product]]

_SAMPLE = 250
"""How many products are compared: what one request reads."""

_KEEP = "products.keep_store_fields"


@attrs.frozen
class _Pair:
    """A product of the books that the store has under the same SKU."""

    product: Product
    there: StoreProduct
    pushed: str
    """Its details that were pushed last; empty where none were."""


def product_checks(
    integration: Integration, fields: Fields, information: Callable[[], StoreInformation]
) -> Iterator[Check]:
    """Check what a product push would do to the store's prices, weights and texts."""
    settings = integration.settings
    if not settings.shipping.sync_product_details:
        return
    keep = settings.products.keep_store_fields
    faults = list(keep_faults(keep, fields))
    for fault in faults:
        found, _, fix = fault.message.partition(". ")
        yield Check("product", fault.key, "error", as_sentence(found), fix)
    if keep and not faults:
        yield Check("product", _KEEP, "ok", ", ".join(keep))
    fields = keep_fields(fields, keep)
    yield from or_unknown("product", "prices", _tax_in_prices(information, fields))
    if not integration.parts.has(ProductGateway):
        return
    compared = _compared(integration, fields, information)
    yield from or_unknown("product", "values of the store", compared)


def _tax_in_prices(information: Callable[[], StoreInformation], fields: Fields) -> Iterator[Check]:
    """Warn where prices of the books would take the place of prices with tax."""
    amounts = [rule for rule in PRODUCT_FIELDS if rule.name in {"price", "sale_price"}]
    sent = [rule for rule in amounts if rule in fields]
    if not sent:
        return
    if not information().is_price_entered_with_tax:
        yield Check("product", "prices", "ok", "the store's prices are entered without tax")
        return
    names = " and ".join(rule.source for rule in sent)
    yield Check(
        "product",
        "prices",
        "warning",
        f"The store's prices are entered with tax, and a product push sends the {names} of "
        "AcctVantage. Where these are without tax, the store would sell for less.",
        f"Add {' and '.join(rule.name for rule in sent)} to {_KEEP}, or fill them by rules of "
        "your own with prices that include tax (product_fields).",
    )


def _compared(
    integration: Integration, fields: Fields, information: Callable[[], StoreInformation]
) -> Iterator[Check]:
    pairs = list(_pairs(integration, fields))
    units = information()
    yield from _units("weight", units.weight_units, _GRAMS, pairs, fields)
    yield from _units("dimensions", units.dimension_units, _CENTIMETERS, pairs, fields)
    yield from _replacements(pairs, fields)


def _pairs(integration: Integration, fields: Fields) -> Iterator[_Pair]:
    """The first products of the books and what the store has of them, by one request."""
    products = {
        text_key(plain(product.part_number)): product
        for product in islice(integration.parts.products.products_for_store(), _SAMPLE)
        if "," not in product.part_number
    }
    skus = next(url_lists((plain(each.part_number) for each in products.values()), _SAMPLE), None)
    if skus is None:
        return
    keys = [text_key(product.part_number) for product in products.values()]
    pushed = integration.journal.fingerprints(integration.scoped(KIND), keys)
    call = integration.store.products.list
    for there in call(sku_in=skus, include_fields=field_names(fields)):
        product = products.get(text_key(there.sku))
        if product is not None:
            yield _Pair(product, there, pushed.get(text_key(product.part_number), ""))


_GRAMS: Mapping[str, tuple[Decimal, Sequence[str]]] = {
    "pounds": (Decimal("453.59237"), ("lbs", "lb", "pounds")),
    "ounces": (Decimal("28.349523"), ("ounces", "oz")),
    "kilograms": (Decimal(1000), ("kgs", "kg", "kilograms")),
    "grams": (Decimal(1), ("grams", "g")),
    "tonnes": (Decimal(1_000_000), ("tonnes",)),
}
"""Units of weight in grams, and what the store calls them (inferred)."""

_CENTIMETERS: Mapping[str, tuple[Decimal, Sequence[str]]] = {
    "inches": (Decimal("2.54"), ("inches", "in")),
    "centimeters": (Decimal(1), ("centimeters", "centimetres", "cm")),
    "millimeters": (Decimal("0.1"), ("millimeters", "mm")),
    "feet": (Decimal("30.48"), ("feet", "ft")),
    "meters": (Decimal(100), ("meters", "m")),
}

_MEASURES = {"weight": ("weight",), "dimensions": ("depth", "width", "height")}


def _units(
    item: str,
    unit: str,
    units: Mapping[str, tuple[Decimal, Sequence[str]]],
    pairs: Iterable[_Pair],
    fields: Fields,
) -> Iterator[Check]:
    """Warn where the products of the books are measured in another unit than the store's.

    The books have no unit. It shows in products that both have: their numbers differ by what the
    units differ.
    """
    sent = [rule for rule in fields if rule.name in _MEASURES[item] and not rule.only_new]
    size = next((size for size, names in units.values() if text_key(unit) in names), None)
    if not sent or size is None:
        return
    ratios = [
        (Decimal(here) / Decimal(there), pair.product.part_number, here, there)
        for pair in pairs
        for rule in sent
        if isinstance(here := rule.value(pair.product), Decimal)
        and isinstance(there := getattr(pair.there, rule.name), Decimal)
        and here.is_finite()
        and here > 0 < there
    ]
    for name, (other, _) in units.items():
        # The same thing has a larger number in a smaller unit.
        fitting = [row for row in ratios if abs(row[0] * other / size - 1) < _TOLERANCE]
        if other == size or len(fitting) < _FEWEST or len(fitting) * 2 <= len(ratios):
            continue
        _, part_number, here, there = fitting[0]
        names = " and ".join(rule.name for rule in sent)
        yield Check(
            "units",
            item,
            "warning",
            f"The store's unit is {unit}, and the books seem to have {name}. A push sends the "
            "numbers of the books.",
            f"Enter them in {unit} in AcctVantage, add {names} to {_KEEP}, or convert them by "
            "rules of your own (product_fields).",
            seen=f"Of {quoted(part_number)} the books have {here.normalize():f}, and the store "
            f"{there.normalize():f}.",
        )
        return
    yield Check("units", item, "ok", f"the store's unit is {unit}, which the books must use too")


_TOLERANCE = Decimal("0.03")
_FEWEST = 2
"""How many measures must differ in the same way: one may be an accident."""


def _replacements(pairs: Sequence[_Pair], fields: Fields) -> Iterator[Check]:
    """Warn of values that the next push of these products would replace, as its preview does."""
    found: dict[str, list[tuple[str, Replacement]]] = {}
    due = [pair for pair in pairs if product_text(pair.product, fields) != pair.pushed]
    for pair in due:
        draft = product_draft(
            pair.product, fields, product_id=pair.there.id, before=pair.pushed
        ).value
        for each in replaced_values(pair.there, draft, pair.pushed) if draft else ():
            found.setdefault(each.field, []).append((pair.product.part_number, each))
    for name, rows in found.items():
        part_number, example = rows[0]
        yield Check(
            "product",
            name,
            "warning",
            f"The next product push replaces the store's {name}.",
            f"push_products(preview=True) lists every product. Enter in AcctVantage what is to "
            f"stay, or add {name} to {_KEEP}.",
            seen=f"It differs in {len(rows)} of {counted(len(due), 'product')}, such as "
            f"{part_number}: {example.shortened()}.",
        )
    if not found:
        compared = f"{counted(len(due), 'product')} compared: " if due else ""
        yield Check(
            "product",
            "values of the store",
            "ok",
            f"{compared}the next push replaces no value of the store that no push wrote. "
            "push_products(full=True, preview=True) lists what a push of all products replaces",
        )
