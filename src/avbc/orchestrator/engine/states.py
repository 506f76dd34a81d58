"""What jobs find again in every run (refused, postponed, waiting), which the journal says once.

It is written again where the words change, and where something else became of the record meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias, cast

import attrs

from avbc.orchestrator.reports import JournalEntry

Known: TypeAlias = Callable[[Collection[str]], Mapping[str, str]]
"""What the journal remembers of some keys."""


@attrs.frozen
class Noted:
    """An entry for the journal.

    Args:
        entry: The entry.
        keys: The records that it is about.
        lasts: Whether the next run finds the same again. Otherwise what it found before is over.
    """

    entry: JournalEntry
    keys: tuple[str, ...] = ()
    lasts: bool = False


@attrs.define
class States:
    """What one run finds again of what earlier runs found.

    A record may have several of them, such as an order with two shipments.
    """

    _known: Known
    # What earlier runs found, and what this one did, by the key of the record.
    _before: dict[str, list[str]] = attrs.field(factory=dict[str, list[str]], init=False)
    _now: dict[str, list[str]] = attrs.field(factory=dict[str, list[str]], init=False)

    def load(self, keys: Collection[str]) -> None:
        """Read what earlier runs found of these records.

        Raises:
            JournalUnreachable: It could not be read.
        """
        new = [key for key in dict.fromkeys(keys) if key not in self._before]
        texts = self._known(new)
        for key in new:
            text = texts.get(key)
            self._before[key] = cast("list[str]", json.loads(text)) if text else []

    def is_news(self, noted: Noted) -> bool:
        """Whether the journal does not say it yet of a record; what is not loaded is news."""
        text = _text(noted.entry)
        return not noted.lasts or any(
            text not in self._before.get(key, ()) and text not in self._now.get(key, ())
            for key in noted.keys
        )

    def news(self, noted: Collection[Noted]) -> tuple[list[JournalEntry], dict[str, str]]:
        """Return the entries that are to be written, and what is to be remembered, by key.

        Raises:
            JournalUnreachable: What earlier runs found could not be read.
        """
        keys = list(dict.fromkeys(key for each in noted for key in each.keys))
        self.load(keys)
        kept = {key: stated for key in keys if (stated := self._stated(key))}
        entries: list[JournalEntry] = []
        for each in noted:
            if self.is_news(each):
                entries.append(each.entry)
            text = _text(each.entry)
            for key in each.keys:
                now = self._now.setdefault(key, [])
                if not each.lasts:
                    self._before[key] = []
                    now.clear()
                elif text not in now:
                    now.append(text)
        changed: dict[str, str] = {}
        for key in keys:
            texts = self._stated(key)
            if texts != kept.get(key, []):
                changed[key] = json.dumps(texts) if texts else ""
            elif not texts:
                # Most have nothing, and there may be a million of them.
                self._before.pop(key)
                self._now.pop(key, None)
        return entries, changed

    def _stated(self, key: str) -> list[str]:
        """What is remembered of a record: what this run found, or else what earlier runs did."""
        return list(self._now.get(key) or self._before[key])


def _text(entry: JournalEntry) -> str:
    return f"{entry.outcome}: {entry.detail}"
