"""Product details for the store (manual 2.3.1): what changed in the books since the last push."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

import attrs

from avbc.acctvantage import Product
from avbc.bigcommerce import (
    Call,
    Conflict,
    NotFound,
    RequestRefused,
    WriteResult,
)
from avbc.bigcommerce.endpoints.catalog import PRODUCTS_AT_ONCE, VARIANTS_AT_ONCE
from avbc.bigcommerce.models import Product as StoreProduct
from avbc.bigcommerce.models import ProductDraft, Variant, VariantDraft
from avbc.mapping import (
    Decision,
    FieldRule,
    Problem,
    Ruling,
    plain,
    product_draft,
    product_text,
    variant_draft,
)
from avbc.mapping.catalog import keep_fields
from avbc.mapping.products import rows_by_part_number
from avbc.mapping.replaced import replaced_values
from avbc.orchestrator.engine import identities
from avbc.orchestrator.engine.batches import Batches, Row
from avbc.orchestrator.engine.changes import record_problem
from avbc.orchestrator.engine.identities import Identity
from avbc.orchestrator.engine.push_run import PushRun
from avbc.orchestrator.engine.store_details import keep_faults, read_details
from avbc.orchestrator.reports import Change
from avbc.text import quoted, text_key
from avbc.unset import UNSET

D = TypeVar("D", bound=ProductDraft | VariantDraft)
M = TypeVar("M")

KIND = "product"
"""What the journal remembers pushed details under, by the `text_key` of the part number."""

_LOT = 1000
"""Changed products that are looked up and sent together."""


@attrs.frozen
class _Changed:
    """A product whose details are not those that were pushed last."""

    key: str
    product: Product
    text: str
    """Its details, as the journal will remember them."""
    before: str
    """Those pushed last; empty where none were, or all are to be sent again."""
    sku: str
    """The SKU that the store is to have, by which it is found there."""
    pushed: str
    """Those pushed last, also where all are to be sent again."""
    keeps_sku: bool = False
    """A row of the settings names it: the store has another SKU, which stays."""


def push_products(run: PushRun, fields: Sequence[FieldRule[Product]], *, full: bool) -> None:
    """Send the store the details of the products whose Sync to Webstore is ticked.

    Only products that changed since they were sent last; with `full` all of them, with their ids
    looked up again. What the field map does not name is never sent, so that what the merchant added
    in the store stays; what `products.keep_store_fields` names is sent with new products only. A
    preview reads what the store has, and marks what a push would replace there.

    Raises:
        SettingsError: Sync Product Details is not ticked, or `keep_store_fields` names what no push
            sends.
        AvbcError: The books or the store cannot be read.
    """
    run.require(
        run.settings.shipping.sync_product_details,
        "shipping.sync_product_details",
        "is false, so product details are not pushed (manual 2.3.1): set it to true first",
    )
    keep = run.settings.products.keep_store_fields
    if faults := list(keep_faults(keep, fields)):
        raise run.settings.origin.error(faults)
    fields = keep_fields(fields, keep)
    for lot in run.chunks(_changed(run, fields, full=full), _LOT):
        known = {} if full else identities.remembered(run, [each.key for each in lot])
        deleted = _push(run, fields, lot, known)
        if deleted and not run.is_over():
            # Looked up again, once.
            run.forget(identities.KIND, [each.key for each in deleted])
            deleted = _push(run, fields, deleted, {})
        for each in deleted:
            run.postpone(
                Change(each.product.part_number, "product"),
                record_problem(
                    "not_in_store",
                    "The product was deleted in the store during the push.",
                    "The next push creates it.",
                ),
            )


def _changed(
    run: PushRun, fields: Sequence[FieldRule[Product]], *, full: bool
) -> Iterator[_Changed]:
    records = (
        (text_key(product.part_number), (product, product_text(product, fields)))
        for product in run.parts.products.products_for_store()
    )
    rule = next((rule for rule in fields if rule.name == "sku"), None)
    for key, product, text, before in run.changed(KIND, records, full=full):
        sku = None if rule is None else rule.value(product)
        if not isinstance(sku, str) or not sku:
            sku = plain(product.part_number)
        yield _Changed(key, product, text, "" if full else before, sku, before)


def _push(
    run: PushRun,
    fields: Sequence[FieldRule[Product]],
    lot: Sequence[_Changed],
    known: dict[str, Identity],
) -> list[_Changed]:
    """Send some products; returns those whose remembered id is unknown to the store."""
    unknown = {each.key: each.sku for each in lot if each.key not in known}
    if unknown:
        known = known | identities.look_up(run, unknown)
    mapped = rows_by_part_number(run.settings.products)
    there = read_details(run.store, known.values(), fields) if run.preview else {}
    products, variants, new = _ProductUpdates(run), _VariantUpdates(run), _NewProducts(run)
    for item in lot:
        # What was sent last was sent to the product that is remembered: to another one all is sent.
        before = "" if item.key in unknown else item.before
        identity = known.get(item.key)
        is_by_row = identity is not None and identity.row
        each = attrs.evolve(item, keeps_sku=True) if is_by_row else item
        sent = [rule for rule in fields if not (each.keeps_sku and rule.name == "sku")]
        if identity is None and each.key in mapped:
            new.refuse_mapped(each)
        elif identity is None:
            new.add(each, product_draft(each.product, fields))
        elif identity.variant_id:
            variants.add(
                each,
                variant_draft(each.product, sent, variant_id=identity.variant_id, before=before),
                there.get((identity.product_id, identity.variant_id)),
            )
        else:
            products.add(
                each,
                product_draft(each.product, sent, product_id=identity.product_id, before=before),
                there.get((identity.product_id, 0)),
            )
    products.send(products.rows)
    variants.send(variants.rows)
    new.send(new.rows)
    return products.deleted + variants.deleted


# What is sent


class _Details(Batches[Row[D, _Changed], WriteResult[M]]):
    """Details of products or variants, new or changed."""

    what = "product"
    after = ""

    def __init__(self, run: PushRun) -> None:
        super().__init__(run)
        self.kept: tuple[Decision, ...] = ()
        """Which fields stay as the store has them."""
        self.deleted: list[_Changed] = []
        """Those whose id is unknown to the store."""

    def add(
        self, changed: _Changed, ruling: Ruling[D], there: StoreProduct | Variant | None = None
    ) -> None:
        """Add a product, unless it cannot be sent, or there is nothing to send.

        `there` is what the store has, where that was read.
        """
        draft = ruling.value
        names = [] if draft is None else [name for name in draft.given() if name != "id"]
        change = Change(
            changed.product.part_number,
            self.what,
            after=self.after or ", ".join(names),
            problems=ruling.problems,
            decisions=(*ruling.decisions, *self.kept),
            replaced=()
            if draft is None or there is None
            else replaced_values(there, draft, changed.pushed),
        )
        if draft is None:
            self.run.refuse(change)
        elif not names:
            # A field that was emptied in the books keeps its value in the store.
            self.run.know(KIND, changed.key, changed.text)
            self.run.unchanged()
        else:
            # The SKU is sent each time: if the id is another product's by now, the store refuses
            # the request rather than write to the wrong one.
            sku = UNSET if changed.keeps_sku else changed.sku
            self.rows.append(Row(attrs.evolve(draft, sku=sku), change, changed))

    def saved(self, rows: Sequence[Row[D, _Changed]], answer: WriteResult[M], /) -> None:
        if len(rows) > 1 and any(failure.row is None for failure in answer.failures):
            # Sent one by one, it shows whose parts were not saved.
            self.again += ([row] for row in rows)
            return
        failures: dict[int, list[str]] = {}
        for failure in answer.failures:
            text = f"{failure.field}: {failure.message}" if failure.field else failure.message
            failures.setdefault(failure.row or 0, []).append(text)
        for index, parts in sorted(failures.items()):
            problem = record_problem(
                "partly_saved",
                f"The product was saved, but a part of it was not: {'; '.join(parts)}.",
                "Correct that part; the next push sends it again.",
            )
            self.run.refuse(rows[index].change, problem)
        complete = [row for index, row in enumerate(rows) if index not in failures]
        for row in complete:
            self.run.know(KIND, row.source.key, row.source.text)
        if complete:
            self.run.sent(*(row.change for row in complete))


class _Updates(_Details[D, M]):
    """Details of what the store has, by its id."""

    def __init__(self, run: PushRun) -> None:
        super().__init__(run)
        reason, setting = "stays as the store has it", "products.keep_store_fields"
        names = run.settings.products.keep_store_fields
        self.kept = tuple(Decision(name, "", reason, setting) for name in names)

    def refused(self, row: Row[D, _Changed], problem: Problem, error: RequestRefused, /) -> None:
        if isinstance(error, NotFound) or any(report.get("status") == 404 for report in error.rows):
            self.deleted.append(row.source)
            return
        if isinstance(error, Conflict):
            # The SKU or the name is another product's: perhaps this id is not what it was.
            self.run.forget(identities.KIND, [row.source.key])
        super().refused(row, problem, error)


class _ProductUpdates(_Updates[ProductDraft, StoreProduct]):
    size = PRODUCTS_AT_ONCE

    def call(self, rows: Sequence[Row[ProductDraft, _Changed]]) -> Call[WriteResult[StoreProduct]]:
        return self.run.store.products.update_many.call(
            [row.draft for row in rows], include_fields=["sku"]
        )


class _VariantUpdates(_Updates[VariantDraft, Variant]):
    what = "variant"
    size = VARIANTS_AT_ONCE

    def call(self, rows: Sequence[Row[VariantDraft, _Changed]]) -> Call[WriteResult[Variant]]:
        return self.run.store.variants.update_many.call([row.draft for row in rows])


class _NewProducts(_Details[ProductDraft, StoreProduct]):
    after = "new"
    size = 1

    def refuse_mapped(self, changed: _Changed) -> None:
        """Refuse a product that the store sells under other names, by rows of the settings."""
        number = changed.product.part_number
        problem = Problem(
            "product_mapped",
            "products.mapping",
            number,
            f"The store has no product with the SKU {quoted(changed.sku)}, and products.mapping "
            f"books other products of the store as {quoted(number)}: a new one would be the same "
            "goods twice.",
            "Name one product of the store for it in products.mapping, by product_id, variant_id "
            "or its whole SKU; or untick its Sync to Webstore in AcctVantage.",
        )
        self.run.refuse(Change(number, self.what), problem)

    def call(self, rows: Sequence[Row[ProductDraft, _Changed]]) -> Call[WriteResult[StoreProduct]]:
        return self.run.store.products.create.call(rows[0].draft)

    def saved(
        self, rows: Sequence[Row[ProductDraft, _Changed]], answer: WriteResult[StoreProduct], /
    ) -> None:
        # Where the answer does not have the id, the next push looks it up.
        for row, product in zip(rows, answer.saved, strict=False):
            tracking = row.draft.inventory_tracking
            identity = Identity(product.id, tracking="none" if tracking is UNSET else tracking)
            self.run.know(identities.KIND, row.source.key, identity.text)
        super().saved(rows, answer)
