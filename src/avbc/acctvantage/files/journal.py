"""What orders, receipts and credits debit and credit, and the Journal Entry Import file of a day.

Pure: no database and no clock. Cost of goods is in no entry: AcctVantage alone knows the cost.
The layout is documented; date format, encoding and line ends are inferred (`docs/facts.md`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import TypeAlias

import attrs

from avbc.acctvantage.records import Credit, Receipt, SalesOrder, SalesOrderLine
from avbc.errors import FinalError
from avbc.money import ZERO, decimals, to_minor_unit
from avbc.shown import Shown
from avbc.text import text_key

Entry: TypeAlias = dict[str, Decimal]
"""GL account code -> payable amount: a debit is positive, a credit negative; the sum is zero."""

_PLACES = 2
"""Decimals of an amount in a journal."""
_SUB_LEDGER = (
    "GL Account Code",
    "Client/Vendor/Part",
    "Client/Vendor Number",
    "AV ID",
    "Invoice/Lot Number",
    "Doc Date",
    "Due Date",
    "Debit",
    "Credit",
    "Product Qty",
    "Warehouse",
    "Location",
    "Memo",
)


class JournalAccountsMissing(FinalError):
    """The journal needs GL accounts that are not named; lists all of them.

    >>> print(JournalAccountsMissing({"sales": "WEB1042", "freight": "WEB1040"}))
    the journal needs GL accounts that are not named:
      freight (for WEB1040)
      sales (for WEB1042)
    Name each account and write the journal again.
    """

    def __init__(self, missing: Mapping[str, str], where: str = "") -> None:
        self.where = where
        """Where accounts are named, for the message."""
        self.missing = dict(sorted(missing.items()))
        """What has no account -> the Import ID of the first document that needs it."""
        super().__init__(
            "\n".join(
                [
                    "the journal needs GL accounts that are not named:",
                    *(f"  {name} (for {import_id})" for name, import_id in self.missing.items()),
                    f"Name each account{where and f' {where}'} and write the journal again.",
                ]
            )
        )

    def __reduce__(self) -> tuple[type[JournalAccountsMissing], tuple[dict[str, str], str]]:
        return type(self), (self.missing, self.where)


def _by_text(codes: Mapping[str, str]) -> dict[str, str]:
    return {text_key(name): code for name, code in codes.items()}


@attrs.frozen(kw_only=True)
class JournalAccounts(Shown):
    """The GL account codes that a journal debits and credits. An empty code is a missing one.

    >>> codes = {"receivable": "11200", "pending": "11300", "certificates_sold": "25500"}
    >>> codes |= {"rounding": "69900", "sales": "40000", "freight": "41000", "returns": "49000"}
    >>> JournalAccounts(**codes, tax={"BigCommerce": "22000"}, clearing={"Visa/MC": "10500"}).sales
    '40000'
    """

    receivable: str
    """Open A/R: what clients owe."""
    pending: str
    """Pending money: authorized by a gateway and not captured yet."""
    certificates_sold: str
    """The liability for gift certificates sold."""
    rounding: str
    """What an order leaves below a cent, and nothing else."""
    sales: str
    """Sales, of lines that have no GL code of their own."""
    freight: str
    returns: str
    tax: Mapping[str, str] = attrs.field(converter=_by_text)
    """By tax area."""
    clearing: Mapping[str, str] = attrs.field(converter=_by_text)
    """By Receipt Type. For certificates and store credit redeemed, this is their liability."""

    def _sales(self, line: SalesOrderLine) -> tuple[str, str]:
        if line.kind == "gift_certificate":
            return "certificates_sold", line.gl_code or self.certificates_sold
        return "sales", line.gl_code or self.sales

    def order(self, order: SalesOrder) -> Entry:
        """Debit A/R and discounts; credit sales, freight, tax and certificates sold.

        Raises:
            JournalAccountsMissing: An account that the order needs is not named.
        """
        entry = _Amounts(order.currency)
        entry.add("receivable", self.receivable, order.total)
        for discount in order.discounts:
            name = f"the discount {discount.code or discount.name}"
            entry.add(name, discount.gl_code, discount.amount)
        for line in order.lines:
            entry.add(*self._sales(line), -line.amount)
        entry.add("freight", self.freight, -order.freight)
        entry.add(*self._tax(order.tax_area), -order.tax)
        entry.add("rounding", self.rounding, -order.rounding)
        return entry.balanced(self.rounding, order.import_id)

    def receipt(self, receipt: Receipt, currency: str = "USD") -> Entry:
        """Debit clearing (captured) or pending money (pre-authorized); credit A/R.

        A receipt that is pending or voided moves no money: its entry is empty.

        Raises:
            JournalAccountsMissing: An account that the receipt needs is not named.
        """
        entry = _Amounts(currency)
        if receipt.state == "captured":
            entry.add(*self._clearing(receipt.receipt_type), receipt.amount)
            entry.add("receivable", self.receivable, -receipt.amount)
        elif receipt.state == "pre_authorized":
            entry.add("pending", self.pending, receipt.pre_auth_amount)
            entry.add("receivable", self.receivable, -receipt.pre_auth_amount)
        return entry.balanced(self.rounding, receipt.import_id)

    def credit(self, credit: Credit, order: SalesOrder) -> Entry:
        """Debit returns, freight and tax; credit what was paid out, and A/R for the rest.

        A gift certificate that is taken back debits the liability that its sale credited.

        Raises:
            JournalAccountsMissing: An account that the credit needs is not named.
        """
        entry = _Amounts(credit.currency)
        certificates = {
            line.store_line_id: line
            for line in order.lines
            if line.kind == "gift_certificate" and line.store_line_id is not None
        }
        tax = self._tax(order.tax_area)
        for line in credit.lines:
            if line.store_line_id in certificates:
                entry.add(*self._sales(certificates[line.store_line_id]), line.amount)
            elif line.kind == "shipping":
                entry.add("freight", self.freight, line.amount)
            elif line.kind == "tax":
                entry.add(*tax, line.amount)
            else:
                entry.add("returns", self.returns, line.amount)
        entry.add(*tax, credit.tax)
        for tender in credit.tenders:
            entry.add(*self._clearing(tender.receipt_type), -tender.amount)
        paid_out = sum((tender.amount for tender in credit.tenders), ZERO)
        entry.add("receivable", self.receivable, paid_out - credit.total)
        return entry.balanced(self.rounding, credit.import_id)

    def _tax(self, tax_area: str) -> tuple[str, str]:
        return f"tax of the area {tax_area}", self.tax.get(text_key(tax_area), "")

    def _clearing(self, receipt_type: str) -> tuple[str, str]:
        name = f"clearing of the Receipt Type {receipt_type}"
        return name, self.clearing.get(text_key(receipt_type), "")


class _Amounts:
    """The amounts of one document, with four decimals, and the accounts that are missing."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._amounts: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
        self._missing: dict[str, None] = {}

    def add(self, name: str, account: str, amount: Decimal) -> None:
        if not amount:
            return
        self._amounts[account or name] += amount
        if not account:
            self._missing[name] = None

    def balanced(self, rounding: str, import_id: str) -> Entry:
        if decimals(self._currency) > _PLACES:
            raise FinalError(
                f"{import_id} is in {self._currency}, which has {decimals(self._currency)} "
                f"decimals: a journal takes {_PLACES}. Enter it in AcctVantage by hand"
            )
        payable = {
            account: to_minor_unit(amount, self._currency)
            for account, amount in self._amounts.items()
        }
        residue = -sum(payable.values(), ZERO)
        if residue and not rounding:
            self._missing["rounding"] = None
        if self._missing:
            raise JournalAccountsMissing(dict.fromkeys(self._missing, import_id))
        # With four decimals the sum is exact: rounding takes what cents leave, never an error.
        difference = sum(self._amounts.values(), ZERO)
        if difference:
            raise FinalError(
                f"{import_id}: debits and credits differ by {abs(difference)}: correct the "
                "document in the books; it does not add up to its total"
            )
        if residue:
            payable[rounding] = payable.get(rounding, ZERO) + residue
        return {account: amount for account, amount in payable.items() if amount}


def changed(present: Entry, journaled: Entry) -> Entry:
    """What must be journaled now: the present entry less what was journaled before.

    >>> was = {"1100": Decimal(5), "4000": Decimal(-5)}
    >>> changed({"1100": Decimal(7), "4000": Decimal(-7)}, was)
    {'1100': Decimal('2'), '4000': Decimal('-2')}
    """
    accounts = dict.fromkeys([*present, *journaled])
    differences = (
        (account, present.get(account, ZERO) - journaled.get(account, ZERO)) for account in accounts
    )
    return {account: amount for account, amount in differences if amount}


@attrs.frozen
class AccountTotals(Shown):
    """What a day debits to a GL account and credits to it; either may be zero."""

    account: str
    debit: Decimal
    credit: Decimal


@attrs.frozen
class JournalDay(Shown):
    """A closed day of a source: nothing is ever added to it.

    >>> totals = (AccountTotals("1100", Decimal(9), ZERO), AccountTotals("4000", ZERO, Decimal(9)))
    >>> day = JournalDay("WEB", date(2026, 3, 1), totals, orders=1, memo="Web sales")
    >>> day.total, day.text.split()[4:8]
    (Decimal('9'), ['Web', 'sales', 'GL', 'Account'])
    """

    source_code: str
    day: date
    entries: tuple[AccountTotals, ...]
    """By GL account code; their debits equal their credits."""
    orders: int = 0
    """How many orders have entries on this day."""
    receipts: int = 0
    credits: int = 0
    memo: str = ""

    @property
    def total(self) -> Decimal:
        """All debits, and so all credits."""
        return sum((each.debit for each in self.entries), ZERO)

    @property
    def text(self) -> str:
        """The Journal Entry Import file of the day: always the same text."""
        both = [{each.account: each.debit} for each in self.entries if each.debit]
        both += [{each.account: -each.credit} for each in self.entries if each.credit]
        return journal_text(self.day, self.memo, both)


def journal_text(day: date, memo: str, entries: Iterable[Entry]) -> str:
    """The file of a day: one debit and one credit row for each account, sorted by account.

    Raises:
        ValueError: Debits and credits differ, or there is nothing to write.
    """
    debits: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    credited: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for entry in entries:
        for account, amount in entry.items():
            (debits if amount > 0 else credited)[account] += abs(amount)
    debit, credit = sum(debits.values(), ZERO), sum(credited.values(), ZERO)
    if debit != credit:
        raise ValueError(f"the journal of {day}: debits of {debit} and credits of {credit} differ")
    if not debit:
        raise ValueError(f"the journal of {day} has no entry: a day without entries has no file")
    rows: list[tuple[str, ...]] = [
        ("AVExtDef20050421",),
        ("Date", "Memo"),
        (f"{day:%m/%d/%Y}", " ".join(memo.split())),
        ("GL Account Code", "Debit", "Credit"),
    ]
    for account in sorted({*debits, *credited}):
        if account in debits:
            rows.append((account, f"{debits[account]:.2f}", ""))
        if account in credited:
            rows.append((account, "", f"{credited[account]:.2f}"))
    rows += [_SUB_LEDGER, ("EOF",)]
    return "".join("\t".join(row) + "\r\n" for row in rows)
