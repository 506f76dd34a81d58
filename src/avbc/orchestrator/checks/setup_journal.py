"""The setup check: the accounts of the daily journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from avbc.acctvantage.optional import JournalGateway
from avbc.acctvantage.records import PURCHASE_ORDER
from avbc.documentation import see
from avbc.mapping import MappingRules
from avbc.mapping.payment import TENDER_WORDS, tender_type_for
from avbc.orchestrator.checks.setup_parts import hinted
from avbc.orchestrator.engine.parts import Parts
from avbc.orchestrator.reports import Check
from avbc.settings import JournalSettings, payment_method_key
from avbc.text import quoted, text_key
from avbc.toml import toml_row

_ASKED = "The books hand over by a journal (hand_over in books.toml). "
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


_KEYS = ("receivable", "pending", "rounding", "sales", "freight", "returns")
_SECTION = "\n".join(["# [journal]", *(f'# {key} = ""' for key in _KEYS)])


def journal_checks(parts: Parts, rules: MappingRules) -> Iterator[Check]:
    """Check the accounts of `[journal]`; nothing where neither settings nor books ask for one."""
    screen, gl, reference = rules.settings.journal, rules.settings.gl, rules.reference
    by_journal = parts.has(JournalGateway) and parts.journal.hands_over_by_journal()
    if screen == JournalSettings() and not by_journal:
        return
    unset = [key for key in _KEYS if not getattr(screen, key)]
    if unset:
        accounts = ", ".join(f"journal.{key}" for key in unset)
        them = "this account" if len(unset) == 1 else "one of these accounts"
        yield Check(
            "GL code",
            accounts,
            "warning",
            f"{_ASKED if by_journal else ''}No journal is written of a day that needs {them}.",
            f"Set each one that your orders need to a GL account ({see('files')}).",
            _SECTION if screen == JournalSettings() else "",
        )
    for key in (each for each in _KEYS if each not in unset):
        yield _account(f"journal.{key}", getattr(screen, key), rules)
    areas = [(row.tax_area, row.gl_code) for row in screen.tax]
    names = [area.name for area in reference.tax_areas]
    yield from _rows(_Table("tax", "tax_area", "Tax Area", areas, names, [gl.tax_area]), rules)
    kinds = [(row.receipt_type, row.gl_code) for row in screen.clearing]
    types = [row.receipt_type for row in gl.payment_methods]
    types = [name for name in types if payment_method_key(name) != _PURCHASE_ORDER]
    tenders = [tender_type_for(name, rules).value for name in TENDER_WORDS]
    types += [name for name in tenders if name is not None]
    kind = "Receipt Type"
    table = _Table("clearing", "receipt_type", kind, kinds, reference.receipt_types, types)
    yield from _rows(table, rules)


def _account(setting: str, code: str, rules: MappingRules) -> Check:
    if rules.is_gl_account(code):
        return Check("GL code", setting, "ok", code)
    fix = f"{rules.how_to_create('it')}, or correct {setting}."
    fix = hinted(fix, code, rules.reference.gl_accounts)
    return Check("GL code", setting, "error", f"AcctVantage has no GL account {quoted(code)}.", fix)


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
                f"AcctVantage has no {table.kind} {quoted(name)}.",
                hinted(f"Correct {path}.{table.key}.", name, table.known),
            )
    there = {text_key(name) for name, _ in table.rows}
    wanted = {text_key(name): name for name in table.wanted}
    missing = [name for key, name in wanted.items() if key not in there]
    if missing:
        path = f"journal.{table.table}"
        is_one = len(missing) == 1
        yield Check(
            "journal",
            ", ".join(missing),
            "warning",
            f"The {table.kind} has no row in {path}: no journal is written of a day that needs its "
            "account."
            if is_one
            else f"These {table.kind}s have no row in {path}: no journal is written of a day that "
            "needs the account of one.",
            f"Add {'a row' if is_one else 'rows'} to {path}.",
            "\n\n".join(toml_row(path, **{table.key: name}, gl_code="") for name in missing),
        )
