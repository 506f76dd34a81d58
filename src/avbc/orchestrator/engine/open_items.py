"""The open items of the worklist, in the journal: raised, settled, reported."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache, partial
from typing import TypeAlias

import attrs
import sqlalchemy as sa

from avbc.database import chunks
from avbc.orchestrator.engine.integration import Integration
from avbc.orchestrator.engine.journal import Journal, aware
from avbc.orchestrator.engine.journal import worklist as _table
from avbc.orchestrator.worklist import NoSuchItem, WorklistItem
from avbc.statements import AnySelect, fetch, insert_into, write
from avbc.text import quoted, text_key

_KEY = ("scope", "area", "code", "key")
ItemKey: TypeAlias = tuple[str, str, str]
"""Area, code and key."""

# Statements of every run are made once.
_OF_SCOPE = _table.c.scope == sa.bindparam("scope")
_OF_AREA = _OF_SCOPE & (_table.c.area == sa.bindparam("area"))
_OF_CODE = _OF_AREA & (_table.c.code == sa.bindparam("code"))
_KEYS: AnySelect = sa.select(_table.c.key, _table.c.code).where(_OF_AREA)
_OLDEST_FIRST = (_table.c.since, _table.c.order_id, _table.c.key, _table.c.code)
_FIELDS = ("code", "key", "order_id", "import_id", "since", "message", "fix", "area")
_ITEMS: AnySelect = sa.select(*(_table.c[name] for name in _FIELDS))
_ALL = _ITEMS.where(_OF_SCOPE, ~_table.c.is_settled).order_by(*_OLDEST_FIRST)
_UNREPORTED = _ALL.where(~_table.c.is_reported)
_ONE = _ITEMS.where(_OF_CODE, _table.c.key == sa.bindparam("key"))
_SOME: AnySelect = sa.select(
    *(_table.c[name] for name in ("key", "message", "fix", "since"))
).where(_OF_CODE, _table.c.key.in_(sa.bindparam("keys", expanding=True)))
_CODES_GONE = _table.delete().where(
    _OF_AREA, _table.c.code.in_(sa.bindparam("codes", expanding=True))
)
_KEYS_GONE = _table.delete().where(_OF_AREA, _table.c.key.in_(sa.bindparam("keys", expanding=True)))
_AREA_GONE = _table.delete().where(_OF_AREA)
_GONE = _table.delete().where(_OF_CODE, _table.c.key.in_(sa.bindparam("keys", expanding=True)))

_THIS = _table.update().where(
    *(
        _table.c[name] == sa.bindparam(f"of_{name}")
        # What was changed meanwhile is news again.
        for name in (*_KEY, "message", "fix")
    )
)
_SET_REPORTED, _SET_SETTLED = _THIS.values(is_reported=True), _THIS.values(is_settled=True)


@cache
def _put(kind: str) -> sa.UpdateBase:
    return insert_into(list(_table.columns), kind, replaced=_KEY)


@attrs.frozen
class Raised:
    """An item that is there. It is new, or has other words than before, or nothing changes."""

    item: WorklistItem


@attrs.frozen
class Settled:
    """Items whose cause is gone."""

    area: str
    keys: tuple[str, ...] | None = None
    """None: all of the area."""
    codes: frozenset[str] | None = None
    """Only these codes; None: all."""
    but: frozenset[ItemKey] = frozenset()
    """These stay."""


ItemChange: TypeAlias = Raised | Settled


class OpenItems:
    """The worklist of one store and Import Source Code.

    Args:
        journal: The journal that it is kept in.
        scope: Whose it is (`Integration.scope`).
    """

    def __init__(self, journal: Journal, scope: str) -> None:
        self._journal = journal
        self._scope = scope

    @classmethod
    def of(cls, integration: Integration) -> OpenItems:
        """Return those of an integration."""
        return cls(integration.journal, integration.scope)

    def all(self) -> list[WorklistItem]:
        """Return the items that no person has settled, the oldest first.

        Raises:
            JournalUnreachable: They could not be read.
        """
        return self._items(_ALL)

    def unreported(self) -> list[WorklistItem]:
        """Return the items that were not reported yet, or have changed since.

        Raises:
            JournalUnreachable: They could not be read.
        """
        return self._items(_UNREPORTED)

    def find(self, place: ItemKey) -> WorklistItem | None:
        """Return one item, also one that a person has settled.

        Raises:
            JournalUnreachable: It could not be read.
        """
        area, code, key = place
        found = self._items(_ONE, area=area, code=code, key=key)
        return found[0] if found else None

    def keys(self, area: str) -> set[tuple[str, str]]:
        """Return key and code of every item of an area.

        Raises:
            JournalUnreachable: They could not be read.
        """
        values = {"scope": self._scope, "area": area}
        return {(key, code) for key, code in self._journal.rows(_KEYS, values)}

    def apply(self, changes: Sequence[ItemChange]) -> None:
        """Raise and settle items, in sequence, in one transaction.

        Raises:
            JournalUnreachable: Nothing was written.
        """
        self._journal.change(partial(self._apply, changes))

    def set_reported(self, items: Iterable[WorklistItem]) -> None:
        """Note that these items were reported in these words.

        Raises:
            JournalUnreachable: Nothing was written.
        """
        self._update(items, _SET_REPORTED)

    def hide(self, what: WorklistItem | int | str) -> list[WorklistItem]:
        """Note that a person has settled an item, or all about one thing: it is back if it changes.

        Args:
            what: An item, the id of an order, or a text: the id, or what an item is about.

        Returns the items that are settled.

        Raises:
            NoSuchItem: There is nothing to settle, or it is not as the person saw it.
            JournalUnreachable: Nothing was written.
        """
        here = self.all()
        if isinstance(what, WorklistItem):
            items = [item for item in here if _place(item) == _place(what)]
            name = f"{what.code} of {what.about}"
        elif isinstance(what, int):
            items = [item for item in here if item.order_id == what]
            name = f"about order {what}"
        else:
            wanted = text_key(what)
            items = [item for item in here if item.order_id and str(item.order_id) == wanted]
            items = items or [item for item in here if text_key(item.about) == wanted]
            name = f"about {quoted(what)}"
        if not items:
            raise NoSuchItem(
                f"nothing {name} is on the worklist: worklist() lists what is. Name an order by "
                "its number, and anything else by the heading of its item. What went by itself, or "
                "was settled before, needs nothing more"
            )
        if isinstance(what, WorklistItem) and what.message != items[0].message:
            raise NoSuchItem(
                f"{name} has changed since it was read, so it is not settled. It says now: "
                f"{items[0].message} Read worklist() again"
            )
        self._update(items, _SET_SETTLED)
        return items

    def _items(self, wanted: AnySelect, **place: str) -> list[WorklistItem]:
        values = {"scope": self._scope, **place}
        return [
            WorklistItem(code, key, order_id, import_id, aware(since), message, fix, area)
            for code, key, order_id, import_id, since, message, fix, area in self._journal.rows(
                wanted, values
            )
        ]

    def _update(self, items: Iterable[WorklistItem], update: sa.Update) -> None:
        rows = [
            {
                "of_scope": self._scope,
                "of_area": item.area,
                "of_code": item.code,
                "of_key": item.key,
                "of_message": item.message,
                "of_fix": item.fix,
            }
            for item in items
        ]
        if rows:
            self._journal.change(lambda connection: write(connection, update, *rows))

    def _apply(self, changes: Sequence[ItemChange], connection: sa.Connection) -> None:
        raised: dict[ItemKey, WorklistItem] = {}
        for change in changes:
            if isinstance(change, Raised):
                item = change.item
                raised[item.area, item.code, item.key] = item
            else:
                self._raise(connection, raised)
                raised.clear()
                self._settle(connection, change)
        self._raise(connection, raised)

    def _raise(self, connection: sa.Connection, raised: dict[ItemKey, WorklistItem]) -> None:
        if not raised:
            return
        before: dict[ItemKey, tuple[str, str, datetime]] = {}
        keys_of: dict[tuple[str, str], list[str]] = {}
        for area, code, key in raised:
            keys_of.setdefault((area, code), []).append(key)
        for (area, code), all_keys in keys_of.items():
            # By the whole primary key: a run that finds ten thousand items asks often.
            place = {"scope": self._scope, "area": area, "code": code}
            for keys in chunks(all_keys):
                before.update(
                    ((area, code, key), (message, fix, since))
                    for key, message, fix, since in fetch(
                        connection, _SOME, {**place, "keys": keys}
                    )
                )
        rows: list[dict[str, object]] = []
        for at, item in raised.items():
            message, fix, since = before.get(at, ("", "", item.since))
            if at not in before or (message, fix) != (item.message, item.fix):
                rows.append(
                    {
                        **attrs.asdict(item),
                        "scope": self._scope,
                        "since": since,
                        "is_reported": False,
                        "is_settled": False,
                    }
                )
        if rows:
            write(connection, _put(connection.dialect.name), *rows)

    def _settle(self, connection: sa.Connection, change: Settled) -> None:
        place = {"scope": self._scope, "area": change.area}
        if change.codes is not None and change.keys is not None:
            # By the whole primary key, as above.
            for code in sorted(change.codes):
                for keys in chunks(change.keys):
                    write(connection, _GONE, {**place, "code": code, "keys": keys})
            return
        if change.codes is None and change.keys is None and not change.but:
            write(connection, _AREA_GONE, place)
            return
        if change.codes is not None:
            write(connection, _CODES_GONE, {**place, "codes": sorted(change.codes)})
            return
        if change.keys is not None:
            for keys in chunks(change.keys):
                write(connection, _KEYS_GONE, {**place, "keys": keys})
            return
        rest: Collection[tuple[str, str]] = [
            (code, key)
            for key, code in fetch(connection, _KEYS, place)
            if (change.area, code, key) not in change.but
        ]
        for code in sorted({code for code, _ in rest}):
            for keys in chunks([key for each, key in rest if each == code]):
                write(connection, _GONE, {**place, "code": code, "keys": keys})


def _place(item: WorklistItem) -> ItemKey:
    return item.area, item.code, item.key
