"""From a parsed table to the screens: types, unknown keys, and where the secrets come from."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args, get_origin, get_type_hints

import attrs

from avbc.credentials import ENVIRONMENT, environment_api_url, load_credentials, token_fault
from avbc.errors import Fault, FaultyInputError
from avbc.secret import Secret
from avbc.settings.rules import SettingsError, breaches
from avbc.settings.screens import (
    GlSettings,
    JournalSettings,
    OrderStatusSettings,
    ProductSettings,
    Screens,
    ShippingSettings,
    StoreSetup,
    StoreStatus,
)
from avbc.text import near_name
from avbc.toml import (
    Convert,
    RecordReader,
    as_flag,
    as_text,
    as_whole_number,
    join_key,
    of_type,
    placed,
    with_parents,
)

SECRETS_FROM_ENVIRONMENT = {
    "access_token": "AVBC_ACCESS_TOKEN",
    "client_secret": "AVBC_CLIENT_SECRET",
    "license_key": "AVBC_LICENSE_KEY",
}
"""The environment variable of each secret of the Store Setup screen."""

_SCREENS: dict[str, type[attrs.AttrsInstance]] = {
    "store": StoreSetup,
    "order_status": OrderStatusSettings,
    "gl": GlSettings,
    "shipping": ShippingSettings,
    "products": ProductSettings,
    "journal": JournalSettings,
}

# What makes a value of each annotation of what is in the file.
_CONVERTERS: dict[object, Convert] = {
    str: as_text,
    bool: as_flag,
    int: as_whole_number,
    StoreStatus: of_type("the name or the id of a status", str, int),
    Secret | None: of_type("text", str, Secret),
    Path | None: of_type("text", str, Path),
    date | datetime | None: of_type("a date, or a date and time", date),
    bool | None: as_flag,
    int | None: as_whole_number,
}

A = TypeVar("A", bound=attrs.AttrsInstance)
T = TypeVar("T")


@attrs.frozen
class Origin:
    """Where settings are from: what errors call it, and the line of each key that it has."""

    source: str = "settings"
    lines: Mapping[str, int] = attrs.field(factory=dict[str, int])
    variables: Mapping[str, str] = attrs.field(factory=dict[str, str])
    """The variable of the environment of each key whose value is from there."""

    def error(self, faults: Iterable[Fault]) -> SettingsError:
        """Return the error of these faults, each with its line, or as its variable's."""
        found = [
            attrs.evolve(fault, key=self.variables.get(fault.key, fault.key)) for fault in faults
        ]
        outside = [fault.key in self.variables.values() for fault in found]
        sources = [self.source] * (not all(outside)) + [ENVIRONMENT] * any(outside)
        return SettingsError(" and ".join(sources), placed(found, self.lines))


def read_screens(
    data: Mapping[str, object], origin: Origin, folder: Path
) -> tuple[Screens, Origin]:
    """Build the screens from a parsed table; returns them, and where each value is from.

    Args:
        data: The table, as tomllib gives it.
        origin: Where it is from.
        folder: What a relative `credentials_file` is relative to.

    Raises:
        SettingsError: With every fault there is, in the order of the lines.
    """
    reading = _Reading(folder)
    screens = reading.screens(data)
    doubtful = reading.doubtful()
    # What only follows from a fault found in reading is not another one.
    broken = [
        breach
        for breach in breaches(screens)
        if all(doubtful.isdisjoint(with_parents(key)) for key in breach.keys)
    ]
    for breach in broken:
        reading.fault(breach.keys[0], breach.message)
    origin = attrs.evolve(origin, variables=reading.variables)
    if reading.faults:
        raise origin.error(reading.faults)
    return screens, origin


class _Reading(RecordReader):
    """Reads the screens. A faulty value is left out, so that the rest can be read too."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.variables: dict[str, str] = {}
        self._known: set[str] = set()
        self._misspelt: set[str] = set()

    def doubtful(self) -> set[str]:
        """The keys that have no value for a reason reported already."""
        return {fault.key for fault in self.faults} | (self._misspelt - self._known)

    def screens(self, data: Mapping[str, object]) -> Screens:
        for key in data:
            if key in _SCREENS:
                self._known.add(key)
            else:
                self.unknown(str(key), _SCREENS, "")
        store = self.values(StoreSetup, data.get("store", {}), "store")
        self.credentials(store)
        return (
            _build(StoreSetup, store),
            self.screen(OrderStatusSettings, data.get("order_status", {}), "order_status"),
            self.screen(GlSettings, data.get("gl", {}), "gl"),
            self.screen(ShippingSettings, data.get("shipping", {}), "shipping"),
            self.screen(ProductSettings, data.get("products", {}), "products"),
            self.screen(JournalSettings, data.get("journal", {}), "journal"),
        )

    def screen(self, screen: type[A], table: object, path: str) -> A:
        return _build(screen, self.values(screen, table, path))

    def values(
        self, screen: type[attrs.AttrsInstance], table: object, path: str
    ) -> dict[str, object]:
        """Read one table by the annotations of its class; a missing required key is blank."""
        values: dict[str, object] = {
            field.name: "" for field in attrs.fields(screen) if field.default is attrs.NOTHING
        }
        hints = _annotations(screen)
        for name, given in (self.table(table, path) or {}).items():
            key = str(name)
            if key not in hints:
                self.unknown(key, hints, path)
                continue
            self._known.add(join_key(path, key))
            if (value := self.field(hints[key], given, join_key(path, key))) is not None:
                values[key] = value
        return values

    def field(self, hint: object, given: object, path: str) -> object:
        """Read one value by its annotation; None where it is faulty or not given."""
        if given is None:
            return None
        if get_origin(hint) is tuple:
            of = get_args(hint)[0]
            return self.rows(of, given, path) if attrs.has(of) else self.list(of, given, path)
        if get_origin(hint) is Literal:  # the rules say what the choices are
            return given.strip() if isinstance(given, str) else ""
        value: object = self.value(_CONVERTERS[hint], given, path)
        if isinstance(value, str):
            value = value.strip()
            if hint == Secret | None:
                return Secret(value, path) or None
            if hint == Path | None:
                return self.folder / value if value else None
        return self.folder / value if isinstance(value, Path) else value

    def rows(self, screen: type[attrs.AttrsInstance], given: object, path: str) -> object:
        return tuple(self.screen(screen, row, place) for place, row in self.tables(given, path))

    def list(self, hint: object, given: object, path: str) -> object:
        if not isinstance(given, list | tuple):
            self.fault(path, "must be a list in [ ]")
            return None
        values = [
            self.field(hint, value, f"{path}[{place}]")
            for place, value in enumerate(cast("Sequence[object]", given))
        ]
        return None if None in values else tuple(values)

    def credentials(self, store: dict[str, object]) -> None:
        """Complete the Store Setup from the environment and the credentials file.

        The environment's secrets beat both files, and the credentials file must agree with the
        other. The store that the environment names must be theirs.
        """
        decided: set[str] = set()
        for name, variable in SECRETS_FROM_ENVIRONMENT.items():
            text = os.environ.get(variable, "").strip()
            if text:
                store[name] = Secret(text, f"{variable} ({ENVIRONMENT})")
                self.variables[f"store.{name}"] = variable
                decided.add(name)
                if name == "access_token" and (message := token_fault(text)):
                    self.fault(f"store.{name}", message)
                    store[name] = None
        path, stated = store.get("credentials_file"), store.get("api_url")
        if isinstance(path, Path):
            self._credentials_file(path, store, decided)
        source = "" if stated else f"is from {getattr(path, 'name', '')} (credentials_file) and "
        variable, api_url = environment_api_url()
        if api_url and not store.get("api_url"):
            store["api_url"] = api_url
            self.variables["store.api_url"] = variable
        elif api_url and _comparable(store["api_url"]) != _comparable(api_url):
            # Otherwise the token of the environment may go to the store of the file.
            self.fault(
                "store.api_url",
                f"{source or 'is '}not that of {variable} ({ENVIRONMENT}): unset {variable}, or "
                "correct one of the two",
            )

    def _credentials_file(
        self, path: Path, store: dict[str, object], decided: Container[str]
    ) -> None:
        try:
            found = load_credentials(path)
        except FaultyInputError as error:
            for fault in error.faults:
                self.fault("store.credentials_file", f"in {path.name}, {fault}")
            return
        for name in ("api_url", "client_id", "client_secret", "access_token"):
            theirs: object = getattr(found, name)
            if not theirs or name in decided:
                continue
            if not store.get(name):
                if isinstance(theirs, Secret):
                    theirs = Secret(theirs.reveal(), f"{path.name} (credentials_file)")
                store[name] = theirs
            elif _comparable(store[name]) != _comparable(theirs):
                self.fault(
                    f"store.{name}",
                    f"is not what {path.name} (credentials_file) says: leave it out, or correct it",
                )

    def unknown(self, key: str, known: Mapping[str, object], path: str) -> None:
        place = join_key(path, key)
        home = next(
            (name for name, screen in _SCREENS.items() if key in attrs.fields_dict(screen)), None
        )
        near = near_name(key, known)
        if home and path in ("", *_SCREENS):
            meant, advice = join_key(home, key), f"it belongs in [{home}]"
        elif near:
            meant = join_key(path, near)
            advice = f"did you mean {near}?"
        else:
            meant, advice = place, f"there are {', '.join(known)}"
        self.fault(place, f"is not a known key: {advice}")
        self._misspelt.add(meant)


def token_source(store: StoreSetup) -> str:
    """Say where the access token comes from: the environment beats the files."""
    token = store.access_token
    return (token.source if token else "") or "store.access_token"


@functools.cache
def _annotations(screen: type[attrs.AttrsInstance]) -> dict[str, object]:
    return get_type_hints(screen)


def _build(screen: Callable[..., T], values: Mapping[str, object]) -> T:
    return screen(**values)


def _comparable(value: object) -> object:
    return re.sub(r"(/v[23])?/?$", "", value) if isinstance(value, str) else value


def defaults() -> dict[str, object]:
    """The values that need not be in the file, by path; those of rows by the path of their list."""
    found: dict[str, object] = {}
    waiting = list(_SCREENS.items())
    for path, screen in waiting:
        for name, hint in _annotations(screen).items():
            default = attrs.fields_dict(screen)[name].default
            if get_origin(hint) is tuple and attrs.has(get_args(hint)[0]):
                waiting.append((f"{path}.{name}", get_args(hint)[0]))
            elif default is not attrs.NOTHING and default is not None:
                found[f"{path}.{name}"] = [] if default == () else default
    return found
