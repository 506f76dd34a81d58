"""Product details on their way to the store (manual 2.3.1): what changed in the books since it was told last, created or updated there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Generic, TypeVar

import attrs

from avbc.acctvantage.records import Product
from avbc.bigcommerce import Conflict, NotFound, RequestRefused
from avbc.bigcommerce.call import Call, PartFailure, WriteResult
from avbc.bigcommerce.endpoints.catalog import PRODUCTS_AT_ONCE, VARIANTS_AT_ONCE
from avbc.bigcommerce.models import Product as StoreProduct
from avbc.bigcommerce.models import ProductDraft, Variant, VariantDraft
from avbc.errors import Fault
from avbc.mapping import FieldRule, Problem, Ruling, product_draft, product_text, variant_draft
from avbc.mapping.text import plain
from avbc.orchestrator.engine import identities
from avbc.orchestrator.engine.batches import named_drafts, send_batches
from avbc.orchestrator.engine.identities import Identity
from avbc.orchestrator.engine.journal import merged
from avbc.orchestrator.engine.run import PushRun, problem_of
from avbc.orchestrator.reports import Change
from avbc.settings import SettingsError
from avbc.text import text_key
from avbc.unset import UNSET

D = TypeVar("D", ProductDraft, VariantDraft)
M = TypeVar("M", StoreProduct, Variant)

KIND = "product"
"""What the journal knows the details by that were told last: the key is the `text_key` of the part number."""

_LOT = 1000
"""Changed products that are looked up and sent together."""
_AT_ONCE = 4


@attrs.frozen
class _Changed:
    """A product whose details are not those that were told last."""

    key: str
    product: Product
    text: str
    """Its details, as they will be remembered."""
    before: str
    """Those that were told last; empty where none were, or all are to be told again."""


@attrs.frozen
class _Row(Generic[D]):
    """A product on its way."""

    changed: _Changed
    draft: D
    change: Change
    is_new: bool = False


def push_products(run: PushRun, fields: Sequence[FieldRule[Product]], *, full: bool) -> None:
    """Tell the store the details of the products whose Sync to Webstore is ticked.

    Only products that changed since they were told last; with `full` all of them. Ids are looked up
    by SKU, 250 at a time, and remembered; with `full` they are looked up anew. What the field map
    does not name is never sent, so that what the merchant added in the store stays.

    Raises:
        SettingsError: Sync Product Details is not ticked.
        AvbcError: The books or the store cannot be read.
    """
    if not run.settings.shipping.sync_product_details:
        message = "is false, so product details are not pushed (manual 2.3.1): set it to true first"
        raise SettingsError("settings", [Fault("shipping.sync_product_details", message)])
    gone: list[str] = []
    changed = _changed(run, fields, gone, full=full)
    while not run.is_over() and (lot := list(islice(changed, _LOT))):
        _ProductLot(run, fields, full=full).push(lot)
    if gone and not run.is_over():
        # Ticked again later, they are told again: who knows what became of them in the store
        # meanwhile.
        run.forget(KIND, gone)


def _changed(
    run: PushRun, fields: Sequence[FieldRule[Product]], gone: list[str], *, full: bool
) -> Iterator[_Changed]:
    """Walk the books and the journal side by side."""
    taken: dict[str, Product] = {}

    def wanted() -> Iterator[tuple[str, str]]:
        for product in run.books.products_for_store():
            key = text_key(product.part_number)
            taken[key] = product
            yield key, product_text(product, fields)

    for key, text, before in merged(wanted(), run.all_known(KIND)):
        if text is None:
            gone.append(key)
            continue
        product = taken.pop(key)
        if text == before and not full:
            run.unchanged()
        else:
            yield _Changed(key, product, text, "" if full else before or "")


class _ProductLot:
    """Some products that changed: which of them the store has, and then all of them to it."""

    def __init__(self, run: PushRun, fields: Sequence[FieldRule[Product]], *, full: bool) -> None:
        self._run = run
        self._full = full
        self._fields = fields
        self._deleted: list[_Changed] = []
        """Those whose id is unknown to the store."""

    def push(self, lot: Sequence[_Changed]) -> None:
        """Send them. Those whose remembered id is gone are looked up again, once."""
        known = (
            {} if self._full else identities.remembered(self._run, [changed.key for changed in lot])
        )
        self._push(lot, known)
        if self._deleted and not self._run.is_over():
            deleted, self._deleted = self._deleted, []
            self._run.forget(identities.KIND, [changed.key for changed in deleted])
            self._push(deleted, {})
        for changed in self._deleted:
            problem = Problem(
                "not_in_store",
                "",
                "",
                "The product was deleted in the store meanwhile.",
                "The next push creates it.",
            )
            self._run.postpone(Change(changed.product.part_number, "product"), problem)

    def _push(self, lot: Sequence[_Changed], known: dict[str, Identity]) -> None:
        # What was told last was told to the product that is remembered: to another one all is told.
        lot = [
            changed if changed.key in known else attrs.evolve(changed, before="") for changed in lot
        ]
        unknown = {
            changed.key: self._sku(changed.product) for changed in lot if changed.key not in known
        }
        if unknown:
            known = known | identities.look_up(self._run, unknown)
        products: list[_Row[ProductDraft]] = []
        variants: list[_Row[VariantDraft]] = []
        new: list[_Row[ProductDraft]] = []
        for changed in lot:
            identity = known.get(changed.key)
            if identity is None:
                new += self._row(
                    changed, product_draft(changed.product, self._fields), "product", is_new=True
                )
            elif identity.variant_id:
                ruling = variant_draft(
                    changed.product,
                    self._fields,
                    variant_id=identity.variant_id,
                    before=changed.before,
                )
                variants += self._row(changed, ruling, "variant")
            else:
                draft = product_draft(
                    changed.product,
                    self._fields,
                    product_id=identity.product_id,
                    before=changed.before,
                )
                products += self._row(changed, draft, "product")
        self._send(products, PRODUCTS_AT_ONCE, self._update_products, self._saved)
        self._send(variants, VARIANTS_AT_ONCE, self._update_variants, self._saved)
        self._send(new, 1, self._create, self._created)

    def _sku(self, product: Product) -> str:
        """The SKU that the store is to have, by which it is found there."""
        rule = next((rule for rule in self._fields if rule.name == "sku"), None)
        value = None if rule is None else rule.value(product)
        return value if isinstance(value, str) and value else plain(product.part_number)

    def _row(
        self, changed: _Changed, ruling: Ruling[D], what: str, *, is_new: bool = False
    ) -> list[_Row[D]]:
        """The product on its way: none where it cannot be sent, or where there is nothing to send."""
        names = (
            [] if ruling.value is None else [name for name in ruling.value.given() if name != "id"]
        )
        part_number = changed.product.part_number
        after = "new" if is_new else ", ".join(names)
        change = Change(
            part_number, what, after=after, problems=ruling.problems, decisions=ruling.decisions
        )
        if ruling.value is None:
            self._run.refuse(change)
            return []
        if not names:
            # A field that was emptied in the books keeps its value in the store.
            self._run.know(KIND, changed.key, changed.text)
            self._run.unchanged()
            return []
        # The SKU goes along each time: if the id is another product's by now, the store refuses
        # rather than writes to the wrong one.
        return [
            _Row(
                changed, attrs.evolve(ruling.value, sku=self._sku(changed.product)), change, is_new
            )
        ]

    # What is sent

    def _send(
        self,
        rows: list[_Row[D]],
        size: int,
        make: Callable[[Sequence[_Row[D]]], Call[WriteResult[M]]],
        saved: Callable[[Sequence[_Row[D]], WriteResult[M]], Sequence[_Row[D]]],
    ) -> None:
        send_batches(
            self._run,
            rows,
            size=size,
            make=make,
            saved=saved,
            refused=self._refused,
            named=lambda error, batch: named_drafts(error, [row.draft for row in batch]),
            at_once=_AT_ONCE,
        )

    def _update_products(
        self, batch: Sequence[_Row[ProductDraft]]
    ) -> Call[WriteResult[StoreProduct]]:
        return self._run.store.products.update_many.call(
            [row.draft for row in batch], include_fields=["sku"]
        )

    def _update_variants(self, batch: Sequence[_Row[VariantDraft]]) -> Call[WriteResult[Variant]]:
        return self._run.store.variants.update_many.call([row.draft for row in batch])

    def _create(self, batch: Sequence[_Row[ProductDraft]]) -> Call[WriteResult[StoreProduct]]:
        return self._run.store.products.create.call(batch[0].draft)

    # How it ends

    def _saved(self, batch: Sequence[_Row[D]], result: WriteResult[M]) -> Sequence[_Row[D]]:
        if len(batch) > 1 and any(failure.row is None for failure in result.failures):
            # Sent one by one, it shows whose parts were not saved.
            return batch
        failures: dict[int, list[PartFailure]] = {}
        for failure in result.failures:
            failures.setdefault(failure.row or 0, []).append(failure)
        told: list[Change] = []
        for index, row in enumerate(batch):
            if index in failures:
                parts = "; ".join(
                    f"{failure.field}: {failure.message}" if failure.field else failure.message
                    for failure in failures[index]
                )
                message = f"The product was saved, but a part of it was not: {parts}."
                self._run.refuse(
                    row.change,
                    Problem(
                        "partly_saved",
                        "",
                        "",
                        message,
                        "Correct that part; the next push sends it again.",
                    ),
                )
            else:
                self._run.know(KIND, row.changed.key, row.changed.text)
                told.append(row.change)
        if told:
            self._run.sent(*told)
        return ()

    def _created(
        self, batch: Sequence[_Row[ProductDraft]], result: WriteResult[StoreProduct]
    ) -> Sequence[_Row[ProductDraft]]:
        # Where the answer does not tell the id, the next push looks it up.
        for row, product in zip(batch, result.saved, strict=False):
            tracking = row.draft.inventory_tracking
            self._run.know(
                identities.KIND,
                row.changed.key,
                Identity(product.id, tracking="none" if tracking is UNSET else tracking).text,
            )
        return self._saved(batch, result)

    def _refused(self, row: _Row[D], error: RequestRefused, message: str) -> None:
        if not row.is_new and (
            isinstance(error, NotFound) or any(told.get("status") == 404 for told in error.rows)
        ):
            self._deleted.append(row.changed)
            return
        if not row.is_new and isinstance(error, Conflict):
            # The SKU or the name is another product's: perhaps this id is not what it was.
            self._run.forget(identities.KIND, [row.changed.key])
        problem = problem_of(error)
        self._run.refuse(
            row.change,
            attrs.evolve(problem, message=f"The store refuses it: {message}.")
            if message
            else problem,
        )
