"""The setup check: the accounts of the daily journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from avbc.acctvantage.records import PURCHASE_ORDER
from avbc.mapping import MappingRules
from avbc.orchestrator.checks.setup_parts import hinted
from avbc.orchestrator.reports import Check
from avbc.settings import JournalSettings, payment_method_key
from avbc.text import text_key
from avbc.toml import toml_row

_PURCHASE_ORDER = payment_method_key(PURCHASE_ORDER)


@attrs.frozen
class _Table:
    """Rows of `[journal]` that name a record of AcctVantage and its account."""

    table: str
    key: str
    kind: str
    rows: Sequence[tuple[str, str]]
    known: Iterable[str]
    """The names that AcctVantage has."""
    wanted: Iterable[str]
    """The names that the other settings give to orders and receipts."""


def journal_checks(rules: MappingRules) -> Iterator[Check]:
    """Check the accounts of `[journal]`; nothing where the section is not in the settings."""
    screen, gl, reference = rules.settings.journal, rules.settings.gl, rules.reference
    if screen == JournalSettings():
        return
    for key in ("receivable", "pending", "rounding", "sales", "freight", "returns"):
        yield _account(f"journal.{key}", getattr(screen, key), rules)
    areas = [(row.tax_area, row.gl_code) for row in screen.tax]
    names = [area.name for area in reference.tax_areas]
    yield from _rows(_Table("tax", "tax_area", "Tax Area", areas, names, [gl.tax_area]), rules)
    kinds = [(row.receipt_type, row.gl_code) for row in screen.clearing]
    types = [row.receipt_type for row in gl.payment_methods]
    types = [name for name in types if payment_method_key(name) != _PURCHASE_ORDER]
    kind = "Receipt Type"
    table = _Table("clearing", "receipt_type", kind, kinds, reference.receipt_types, types)
    yield from _rows(table, rules)


def _account(setting: str, code: str, rules: MappingRules) -> Check:
    if not code:
        without = "No journal is written of a day that needs this account."
        return Check("GL code", setting, "warning", without, f"Set {setting} to a GL account.")
    if rules.is_gl_account(code):
        return Check("GL code", setting, "ok", code)
    fix = hinted(f"Correct {setting}.", code, rules.reference.gl_accounts)
    return Check("GL code", setting, "error", f"AcctVantage has no GL account {code!r}.", fix)


def _rows(table: _Table, rules: MappingRules) -> Iterator[Check]:
    known = {text_key(name) for name in table.known}
    for place, (name, code) in enumerate(table.rows):
        path = f"journal.{table.table}[{place}]"
        yield _account(f"{path}.gl_code", code, rules)
        if text_key(name) not in known:
            yield Check(
                "journal",
                f"{path}.{table.key}",
                "error",
                f"AcctVantage has no {table.kind} {name!r}.",
                hinted(f"Correct {path}.{table.key}.", name, table.known),
            )
    there = {text_key(name) for name, _ in table.rows}
    wanted = {text_key(name): name for name in table.wanted}
    for name in (name for key, name in wanted.items() if key not in there):
        yield Check(
            "journal",
            name,
            "warning",
            f"The {table.kind} has no row in journal.{table.table}: no journal is written of a day "
            "that needs its account.",
            f"Add a row to journal.{table.table}.",
            toml_row(f"journal.{table.table}", **{table.key: name}, gl_code=""),
        )
