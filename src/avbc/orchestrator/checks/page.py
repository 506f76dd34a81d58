"""The page to look at: what waits for a person, what was done, orders and money, as one HTML file.

It loads nothing: style and plots are in it, and there is no script.
"""

from __future__ import annotations

import html
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain

from avbc.acctvantage.records import Receipt, SalesOrder
from avbc.bigcommerce.models.base import EPOCH
from avbc.database import chunks
from avbc.money import ZERO, amount_text
from avbc.orchestrator.engine.cycles import Cycles, scope_of
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.parts import END_OF_TIME
from avbc.orchestrator.reports import JournalEntry
from avbc.orchestrator.worklist import Worklist
from avbc.plot import STYLE as PLOT_STYLE
from avbc.plot import day_bars
from avbc.report import Report, counted, tally
from avbc.tables import STYLE as TABLE_STYLE

_RUNS_SHOWN, _REFUSALS_SHOWN, _TYPES_SHOWN = 20, 100, 5
_LATE = timedelta(minutes=10)
"""How late a cycle may begin: the one before may take long."""
_SEVERAL, _NONE = "several types", "no receipt"
_IN_THE_BOOKS = frozenset({"imported", "relinked", "updated"})

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:76rem;padding:1rem}"
    "h1{font-size:1.5rem;line-height:1.2}h2{font-size:1.2rem;margin-top:2.5rem}"
    "nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;list-style:none;padding:0}"
    "a{color:inherit}"
    "summary{cursor:pointer}"
    ":focus-visible{outline:3px solid #0a84ff;outline-offset:2px}"
)


class _Listed(Report):
    """A sentence, and rows of text below it."""

    def __init__(
        self, text: str, columns: Sequence[str] = (), rows: Sequence[Mapping[str, object]] = ()
    ) -> None:
        self.text, self.columns, self.rows = text, columns, rows

    def summary(self) -> str:
        return self.text

    def to_dicts(self) -> list[dict[str, object]]:
        return [dict(row) for row in self.rows]


def page_html(integration: Integration, worklist: Worklist, days: int) -> str:
    """Write the page as HTML. All texts are escaped, and the store is not asked.

    Args:
        integration: Whose it is.
        worklist: What waits for a person.
        days: How many days it shows.

    Raises:
        BooksUnreachable: The books cannot be read.
        JournalUnreachable: The journal cannot be read.
    """
    now = integration.clock.now()
    since = now - timedelta(days=days)
    entries = integration.journal.entries_since(integration.source_code, since)
    sections = [
        ("worklist", "Worklist", _part(worklist)),
        ("cycles", "Last cycles", _part(_runs(integration, entries))),
        ("orders", "Orders and money", "".join(_plots(integration, now, days))),
        ("refused", "What was refused, and why", _part(_refusals(entries, days))),
    ]
    name = html.escape(str(integration.store_name))
    links = "".join(f'<li><a href="#{key}">{title}</a></li>' for key, title, _ in sections)
    parts = "".join(
        f'<section aria-labelledby="{key}"><h2 id="{key}">{title}</h2>{body}</section>'
        for key, title, body in sections
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{name}: orders and books</title>"
        f"<style>{_STYLE}{PLOT_STYLE}</style>{TABLE_STYLE}</head>"
        f"<body><header><h1>{name}: orders and books</h1>"
        f"<p>As of {_minute(now)}, the last {counted(days, 'day')}.</p>"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav></header><main>{parts}</main>'
        "</body></html>\n"
    )


def _part(report: Report) -> str:
    return f'<div class="avbc">{report.to_html()}</div>'


# Cycles


def _runs(integration: Integration, entries: Iterable[JournalEntry]) -> _Listed:
    """The last cycle, and the last runs that did something for an order."""
    runs: dict[tuple[str, str], list[JournalEntry]] = defaultdict(list)
    for entry in entries:
        runs[entry.run, entry.action].append(entry)
    rows = [
        {
            "when": _minute(of[0].at),
            "job": action,
            "outcome": tally(Counter(each.outcome for each in of)),
        }
        for (_, action), of in reversed(runs.items())
    ]
    text = " ".join(_last_cycle(integration))
    if rows:
        text += " Below are the last runs that did something for an order."
    return _Listed(text, ("when", "job", "outcome"), rows[:_RUNS_SHOWN])


def _last_cycle(integration: Integration) -> Iterator[str]:
    last, _ = Cycles(integration.journal).read(scope_of(integration.settings))
    if last.ended is None:
        yield "No cycle has run yet."
        return
    yield f"The last cycle ended at {_minute(last.ended)}."
    if last.next_at is not None and integration.clock.now() > last.next_at + _LATE:
        yield f"The next one was due at {_minute(last.next_at)}: see whether the timer still runs."
    elif last.next_at is not None:
        yield f"The next one is due at {_minute(last.next_at)}."
    if last.unanswered:
        yield f"The store did not answer in {counted(last.unanswered, 'cycle')} in a row."


# Orders and money


def _plots(integration: Integration, now: datetime, days: int) -> Iterator[str]:
    last = now.astimezone(UTC).date()
    # A day of the store may begin before that of UTC.
    since = now - timedelta(days=days + 1)
    read = _orders(integration, since, END_OF_TIME)
    if (first := next(read, None)) is None:
        yield f"<p>None in {_period(days)}.</p>"
        if (latest := _latest(integration, since)) is None:
            return
        last = latest
        count = counted(days, "day")
        yield f"<p>The latest order is of {last:%Y-%m-%d}. Below: the {count} up to it.</p>"
        ended = datetime.combine(last, time.max, UTC)
        read = _orders(integration, ended - timedelta(days=days + 1), since)
    shown = [last - timedelta(days=ago) for ago in reversed(range(days))]
    orders: dict[str, Counter[date]] = defaultdict(Counter)
    money: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for order, receipts in chain([] if first is None else [first], read):
        day = min(_day(order), last)
        types = {receipt.receipt_type for receipt in receipts}
        orders[_SEVERAL if len(types) > 1 else next(iter(types), _NONE)][day] += 1
        for receipt in receipts:
            if receipt.state == "captured":
                money[receipt.receipt_type][day] += Decimal(amount_text(receipt.amount))
    named = orders.keys() - {_SEVERAL, _NONE}
    ranked = sorted(money.keys() | named, key=lambda name: (-orders[name].total(), name))
    counts = {name: {day: Decimal(of[day]) for day in of} for name, of in orders.items()}
    yield from _plot("Orders of each day, by Receipt Type", shown, counts, ranked)
    currency = integration.books.reference_data().currency
    title = f"{currency} received for the orders of each day, by Receipt Type"
    yield from _plot(title, shown, money, ranked)


def _period(days: int) -> str:
    return "this day" if days == 1 else f"these {days} days"


def _latest(integration: Integration, before: datetime) -> date | None:
    """The day of the latest order from before; None where there is none."""
    span = timedelta(days=100)
    while before > EPOCH:
        # Further and further back: of the whole, only what is needed is read.
        since = max(EPOCH, before - span)
        found = integration.books.sales_orders_ordered(integration.source_code, since, before)
        if latest := max(map(_day, found), default=None):
            return latest
        before, span = since, 2 * span
    return None


def _orders(
    integration: Integration, since: datetime, until: datetime
) -> Iterator[tuple[SalesOrder, list[Receipt]]]:
    """The orders in the books with their receipts, some at a time."""
    found = integration.books.sales_orders_ordered(integration.source_code, since, until)
    for chunk in chunks(found):
        receipts: dict[str, list[Receipt]] = defaultdict(list)
        for receipt in integration.books.receipts([order.import_id for order in chunk]):
            receipts[receipt.order_import_id].append(receipt)
        for order in chunk:
            yield order, receipts[order.import_id]


def _day(order: SalesOrder) -> date:
    """The day of an order in the store, or that of UTC where only the time is known."""
    if order.ordered_on is not None:
        return order.ordered_on
    return (order.ordered_at or datetime.min.replace(tzinfo=UTC)).date()


def _plot(
    title: str,
    days: Sequence[date],
    found: Mapping[str, Mapping[date, Decimal]],
    ranked: Sequence[str],
) -> Iterator[str]:
    """A plot, and its numbers as a table. A Receipt Type has the same color in each."""
    yield f"<h3>{html.escape(title)}</h3>"
    series = {name: _values([name], days, found) for name in ranked[:_TYPES_SHOWN]}
    series["others"] = _values(ranked[_TYPES_SHOWN:], days, found)
    series |= {name: _values([name], days, found) for name in (_SEVERAL, _NONE)}
    rows = [
        {"day": day.isoformat(), **{name: _shown(values[place]) for name, values in series.items()}}
        for place, day in enumerate(days)
        if any(values[place] for values in series.values())
    ]
    if not rows:
        yield f"<p>None in {_period(len(days))}.</p>"
        return
    yield day_bars(title, [f"{day:%b} {day.day}" for day in days], series)
    total = sum((sum(values, ZERO) for values in series.values()), ZERO)
    columns = ("day", *(name for name, values in series.items() if any(values)))
    table = _Listed(f"{_shown(total)} in all.", columns, rows)
    yield f"<details><summary>As a table</summary>{_part(table)}</details>"


def _values(
    names: Sequence[str], days: Sequence[date], found: Mapping[str, Mapping[date, Decimal]]
) -> list[Decimal]:
    """The sum of some of them for each day."""
    by_day = [found[name] for name in names if name in found]
    return [sum((of.get(day, ZERO) for of in by_day), ZERO) for day in days]


def _shown(value: Decimal) -> str:
    """A count as it is, an amount with its cents, and nothing for zero."""
    if not value:
        return ""
    return f"{value}" if value.as_tuple().exponent == 0 else amount_text(value)


# Refusals


def _refusals(entries: Sequence[JournalEntry], days: int) -> _Listed:
    """What was refused, the latest first, and whether the order is in the books by now."""
    rows: list[dict[str, object]] = []
    in_the_books: set[str] = set()
    for entry in reversed(entries):
        if entry.outcome in _IN_THE_BOOKS:
            in_the_books.add(entry.import_id)
        if entry.outcome == "refused":
            rows.append(
                {
                    "when": _minute(entry.at),
                    "order": entry.import_id,
                    "job": entry.action,
                    "why": entry.detail,
                    "since then": "imported" if entry.import_id in in_the_books else "",
                }
            )
    if not rows:
        return _Listed(f"Nothing in the last {counted(days, 'day')}.")
    text = f"{counted(len(rows), 'refusal')} in the last {counted(days, 'day')}"
    if len(rows) > _REFUSALS_SHOWN:
        text += f", of which the latest {_REFUSALS_SHOWN} are below"
    columns = ("when", "order", "job", "why", "since then")
    return _Listed(f"{text}.", columns, rows[:_REFUSALS_SHOWN])


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
