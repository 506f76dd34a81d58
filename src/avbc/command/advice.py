"""Advice as it is typed: where the library names a method to call, the command names itself."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping, Sequence
from typing import cast

import attrs

from avbc.orchestrator.packed import Packed

METHODS = {
    "import_orders": "import",
    "follow_orders": "follow",
    "pull_order_statuses": "pull",
    "capture_payments": "capture-payments",
    "import_refunds": "import-refunds",
    "export_clients": "export-clients",
    "take_answers": "take-answers",
    "worklist": "worklist",
    "explain": "explain",
    "history": "history",
    "reconcile": "reconcile",
    "write_journal": "write-journal",
    "register_webhooks": "register-webhooks",
}
"""The commands that are made from one method of the orchestrator, by its name."""

PUSHES = {
    "push_order_statuses": "push order-statuses",
    "push_shipments": "push shipments",
    "push_products": "push products",
    "push_inventory": "push inventory",
}
"""The commands of what is sent to the store, in the sequence of a cycle."""

_OTHERS = {
    "import_order": "import",
    "preview_orders": "preview",
    "test_connection": "check",
    "check_setup": "check",
    "settle": "settle",
    "page": "page",
    "load": "load",
    "load_products": "load",
    "load_clients": "load",
    "hand_over_earlier_orders": "hand-over-earlier-orders",
    "check_hooks": "run",
    "prune_journal": "run",
    "run_cycle": "run",
}

_PARTS = {
    "check_hooks": "the check of the webhooks",
    "prune_journal": "the removal of old records",
    "run_cycle": "a cycle",
}
"""What `avbc run` alone does, where it is not called but only named."""


class Advice:
    """Puts commands in the place of calls.

    Args:
        commands: The command of each method, by the method's name.

    >>> advice = Advice({"import_order": "import", "push_shipments": "push shipments"})
    >>> advice.in_text("Correct it, then call import_order(1042).")
    'Correct it, then run `avbc import 1042`.'
    >>> advice.in_text("call push_shipments(order_ids=[7], preview=True)")
    'run `avbc push shipments 7 --preview`'
    """

    def __init__(self, commands: Mapping[str, str]) -> None:
        self._commands = commands
        self.options: Sequence[str] = ()
        """What each command repeats: the options that this one was given."""
        names = "|".join(sorted(commands, key=len, reverse=True))
        # A name without an underscore is a word, and a name behind a dot or before "=" a setting.
        # What is in quotes, or before what it is about, is what a person gave, or the head of an
        # item.
        words = "|".join(name for name in commands if "_" in name)
        self._calls = re.compile(
            rf"(?<![\w.`'\"])(?:(?P<call>[Cc])all )?(?:(?:Orchestrator|SqlGateway|web|books)\.)?"
            rf"(?:(?P<name>{names})\((?P<given>[^()]*)\)|(?P<word>{words}|(?<=SqlGateway\.)load)"
            rf"(?!\w|\(|\.\w| ?=|:\S))"
        )

    def in_text(self, text: str) -> str:
        """Return a text with commands in the place of calls."""
        if " " not in text or not any(each in text for each in "_(="):
            # A name alone is data: the name of a job, a setting.
            return text
        return self._calls.sub(self._command, text).replace("with preview=True", "with --preview")

    def in_value(self, value: object) -> object:
        """Return a value with commands in its texts: a record, or plain data."""
        match value:
            case str():
                return self.in_text(value)
            case list() | tuple():
                items = cast("list[object] | tuple[object, ...]", value)
                found = [self.in_value(each) for each in items]
                if all(new is old for new, old in zip(found, items, strict=True)):
                    return items
                return found if isinstance(items, list) else tuple(found)
            case Packed():
                # As many as there are, and packed again as they come.
                return Packed(self.in_value(each) for each in cast("Packed[object]", value))
            case dict():
                named = cast("dict[object, object]", value)
                return {key: self.in_value(each) for key, each in named.items()}
            case _:
                return self._in_record(value) if attrs.has(type(value)) else value

    def _in_record(self, record: object) -> object:
        names = [
            field.name for field in attrs.fields(cast("type[attrs.AttrsInstance]", type(record)))
        ]
        before = {name: getattr(record, name) for name in names}
        after = {name: self.in_value(value) for name, value in before.items()}
        changed = {name: value for name, value in after.items() if value is not before[name]}
        if not changed:
            return record
        told = copy.copy(record)
        for name, value in changed.items():
            # Reports are frozen, and no rule of theirs is about words.
            object.__setattr__(told, name, value)
        return told

    def _command(self, found: re.Match[str]) -> str:
        name = found["name"] or found["word"]
        is_first = not found.start() or found.string[found.start() - 1] in "\n>"
        if found["word"] and is_first and found.string.startswith((":", " (", "<"), found.end()):
            # The heading of the method's own report, or of an item on the page: by it, the item is
            # settled.
            return found[0]
        if found["word"] in _PARTS:
            return _PARTS[name]
        loads = name.startswith("load")
        given = found["given"] or ("file" if loads else "")
        # A method that is only mentioned is not typed now.
        options = self.options if found["name"] or loads else ()
        line = " ".join(["avbc", self._commands[name], *_arguments(given), *options])
        # The command takes clients from a TOML file alone.
        of = ", a TOML file with [[clients]]" if name == "load_clients" else ""
        return f"{_RUN.get(found['call'] or '', '')}`{line}`{of}"


COMMANDS = {**METHODS, **PUSHES, **_OTHERS}
"""The command of each method that texts name."""

ADVICE = Advice(COMMANDS)
"""What is printed names commands; the library's own texts name its methods."""

_RUN = {"c": "run ", "C": "Run "}


def _arguments(given: str) -> list[str]:
    """Return the arguments of a call as they are typed.

    >>> _arguments("order_ids=[7, 8], since=..., preview=True"), _arguments("url")
    (['7', '8', '--since DAY', '--preview'], ['URL'])
    """
    typed: list[str] = []
    for each in re.split(r",\s*", re.sub(r"\w*ids=", "", given).replace("[", "").replace("]", "")):
        name, equals, value = each.partition("=")
        option = f"--{name.replace('_', '-')}"
        if not equals:
            typed.append(name.upper())
        elif value == "True":
            typed.append(option)
        else:
            typed.append(f"{option} {'DAY' if value == '...' else value}")
    return [each for each in typed if each]
