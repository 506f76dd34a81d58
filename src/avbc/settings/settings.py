"""The settings of one store, whole and checked."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import attrs

from avbc.credentials import Credentials
from avbc.errors import Fault
from avbc.secret import Secret, without_frames
from avbc.settings.reading import SECRETS_FROM_ENVIRONMENT, Origin, defaults, read_screens
from avbc.settings.rules import SettingsError, breaches
from avbc.settings.screens import (
    GlSettings,
    JournalSettings,
    OrderStatusSettings,
    ProductSettings,
    Screens,
    ShippingSettings,
    StoreSetup,
)
from avbc.settings.suggesting import ReferenceData, suggested
from avbc.shown import Shown
from avbc.tables import one_line
from avbc.text import quoted
from avbc.toml import TomlFile, key_lines, parse_toml, read_toml, write_toml

_TAKES = "Settings.load and save take a path, from_toml a text, from_dict a dict"


def _require(value: object, name: str, what: str, *kinds: type[object]) -> None:
    # Without its repr: it may hold the secrets.
    if not isinstance(value, kinds):
        kind = type(value).__name__
        raise TypeError(f"{name}: must be {what}, not a {kind}: {_TAKES}")


_HEADER = (
    "# Settings of avbc. Secrets are never saved: give them by credentials_file or by "
    f"{', '.join(SECRETS_FROM_ENVIRONMENT.values())}.\n\n"
)
_HEADER_WITH_SECRETS = (
    "# Settings of avbc, with secrets: keep this file to yourself, and out of version control.\n\n"
)


@attrs.frozen(kw_only=True)
class Settings(Shown):
    """One Web Integration of AcctVantage: its screens, checked as a whole.

    Settings are values: they compare equal by what they say, and `attrs.evolve` makes others of
    them. Whichever way they are made, settings that break a rule raise `SettingsError` with every
    fault.

    >>> settings = Settings.from_dict({
    ...     "store": {
    ...         "api_url": "https://api.bigcommerce.com/stores/abc123/v3/",
    ...         "access_token": "example-token",
    ...     },
    ...     "order_status": {
    ...         "import_source_code": "WEB",
    ...         "new_order_status": "Awaiting Fulfillment",
    ...         "downloaded_order_status": "Awaiting Shipment",
    ...         "import_error_status": "Manual Verification Required",
    ...     },
    ...     "gl": {"tax_area": "BigCommerce"},
    ...     "shipping": {"warehouse": "Main"},
    ... })
    >>> settings.order_status.check_interval_minutes
    5
    >>> settings.store.access_token
    Secret('***')
    """

    store: StoreSetup
    order_status: OrderStatusSettings
    gl: GlSettings
    shipping: ShippingSettings
    products: ProductSettings = attrs.field(factory=ProductSettings)
    journal: JournalSettings = attrs.field(factory=JournalSettings)
    file: Path | None = attrs.field(default=None, init=False, eq=False, repr=False)
    """The file that `load` read, which `run` watches. None for settings made in any other way."""
    origin: Origin = attrs.field(factory=Origin, init=False, eq=False, repr=False)
    """Where they come from: the file, and the line of each key. Messages about faults name it."""

    def __attrs_post_init__(self) -> None:
        faults = [Fault(breach.keys[0], breach.message) for breach in breaches(self._screens)]
        if faults:
            raise self.origin.error(faults)

    def _in_a_line(self) -> str:
        code, store = self.order_status.import_source_code, self.store
        return f"<Settings {code} {quoted(one_line(store.description))}: {store.api_url}>"

    @property
    def _screens(self) -> Screens:
        return (
            self.store,
            self.order_status,
            self.gl,
            self.shipping,
            self.products,
            self.journal,
        )

    @classmethod
    @without_frames
    def load(cls, path: str | os.PathLike[str]) -> Settings:
        """Read settings from a TOML file.

        Secrets in the environment (AVBC_ACCESS_TOKEN, AVBC_CLIENT_SECRET,
        AVBC_LICENSE_KEY) beat those of the file. A relative `credentials_file` is relative to the
        file's folder.

        Raises:
            SettingsError: The file cannot be read, or has faults; every one is listed by key and
                line.
            TypeError: It is no path.
        """
        _require(path, "path", "a path", str, os.PathLike)
        source = os.fspath(path)
        read = read_toml(source, SettingsError)
        file = Path(source).absolute()
        settings = cls._from(read.data, Origin(source, key_lines(read.text)), file.parent)
        object.__setattr__(settings, "file", file)
        return settings

    @classmethod
    @without_frames
    def from_toml(cls, text: str) -> Settings:
        """Build settings from a text of TOML with the keys of the file.

        They are completed from the environment, as `load` does. A relative `credentials_file` is
        relative to the current folder.

        Raises:
            SettingsError: With every fault there is, by key and line.
        """
        _require(text, "text", "a text of TOML", str)
        read = parse_toml("settings", text, SettingsError)
        return cls._from(read.data, Origin(read.source, key_lines(read.text)), Path.cwd())

    @classmethod
    @without_frames
    def from_dict(cls, data: Mapping[str, object]) -> Settings:
        """Build settings from a table of the same shape as the file.

        They are completed from the environment, as `load` does.

        A relative `credentials_file` is relative to the current folder.

        Raises:
            SettingsError: With every fault there is.
        """
        _require(data, "data", "a dict", Mapping)
        return cls._from(data, Origin(), Path.cwd())

    @classmethod
    def suggest(
        cls,
        store: Credentials,
        reference: ReferenceData,
        credentials_file: str | os.PathLike[str] | None = None,
    ) -> Settings:
        r"""Suggest first settings for a store and its books: read each line before you use them.

        The statuses are those of the manual's examples. Of the books' Tax Areas, Warehouses and
        Ship Vias it takes the first. All that sends to the store is off. What is missing, such as
        the Receipt Types of payment methods, `Orchestrator.check_setup` proposes.

        Args:
            store: The API account, such as `avbc.credentials.load_credentials` reads from the file
                that BigCommerce offers with it.
            reference: The books' names: `books.reference_data()`.
            credentials_file: The file to take the secrets from, which the settings name then.

        Raises:
            SettingsError: The books have no Tax Area or no Warehouse.

        >>> from avbc.acctvantage import ReferenceData, TaxArea, Warehouse
        >>> from avbc.credentials import read_credentials
        >>> account = read_credentials(
        ...     "ACCESS TOKEN: example-token\n"
        ...     "API PATH: https://api.bigcommerce.com/stores/abc123/v3/"
        ... )
        >>> reference = ReferenceData(
        ...     tax_areas=(TaxArea("BigCommerce"),), warehouses=(Warehouse("Main"),)
        ... )
        >>> Settings.suggest(account, reference).shipping.warehouse
        'Main'
        """
        data = suggested(store, reference)
        if credentials_file is not None:
            data["store"]["credentials_file"] = os.fspath(credentials_file)
        return cls.from_dict(data)

    @classmethod
    def _from(cls, data: Mapping[str, object], origin: Origin, folder: Path) -> Settings:
        screens, origin = read_screens(data, origin, folder)
        store, order_status, gl, shipping, products, journal = screens
        settings = cls(
            store=store,
            order_status=order_status,
            gl=gl,
            shipping=shipping,
            products=products,
            journal=journal,
        )
        object.__setattr__(settings, "origin", origin)
        return settings

    def to_dict(self) -> dict[str, dict[str, object]]:
        """Return the settings as plain values under the keys of the file.

        Secrets, and what is not given, are left out.

        `Settings.from_dict` makes equal settings of them, secrets apart.
        """
        return attrs.asdict(
            self,
            filter=lambda field, value: (
                field.init and not (value is None or isinstance(value, Secret))
            ),
            value_serializer=lambda _instance, _field, value: _plain(value),
        )

    @without_frames
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the settings as TOML, without secrets, readable by the owner only.

        If the file exists, its comments, order and formatting stay; only what differs is changed.
        It is replaced in one step: a reader sees the old file or the new one.

        Raises:
            SettingsError: The file cannot be written; or it exists and holds secrets, which would
                be lost, or is not TOML.
        """
        _require(path, "path", "a path", str, os.PathLike)
        source = os.fspath(path)
        folder = Path(source).absolute().parent
        data = self._data(folder)
        # Where the path is a link, the file that it names is replaced, not the link.
        target = Path(os.path.realpath(source))
        try:
            read = read_toml(target, SettingsError) if target.exists() else None
            if read is None or not read.data:
                text = _HEADER + write_toml(data)
            else:
                _refuse_to_lose_secrets(read, source)
                text = target.read_bytes().decode()
                meant = self._meant(read, data, folder)
                if meant != data:
                    text = _like(text, write_toml(data, read.text, meant, defaults()))
            _replace(target, text)
        except OSError as error:
            raise SettingsError(source, [_unwritten(error)]) from error

    @without_frames
    def create(
        self, path: str | os.PathLike[str], *, rows: str = "", secrets: bool = False
    ) -> None:
        """Write a new settings file, readable by the owner only; a file that is there stays.

        Args:
            path: The file.
            rows: TOML to add at the end, such as the `toml` of a `SetupReport`.
            secrets: Write the secrets too. Without it they are left out, as `save` does.

        Raises:
            SettingsError: The file is there already, or cannot be written.
        """
        _require(path, "path", "a path", str, os.PathLike)
        source = os.fspath(path)
        header, data = _HEADER, self._data(Path(source).absolute().parent)
        if secrets:
            header = _HEADER_WITH_SECRETS
            for name in SECRETS_FROM_ENVIRONMENT:
                if (secret := getattr(self.store, name)) is not None:
                    data["store"][name] = secret.reveal()
        text = header + write_toml(data) + (f"\n{rows}\n" if rows else "")
        try:
            handle = os.open(source, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as error:
            raise SettingsError(source, [_unwritten(error)]) from None

    def _data(self, folder: Path) -> dict[str, dict[str, object]]:
        """The values of a file in a folder, without secrets."""
        data = self.to_dict()
        credentials_file = self.store.credentials_file
        if credentials_file:
            is_near = credentials_file.is_relative_to(folder)
            data["store"]["credentials_file"] = os.fspath(
                credentials_file.relative_to(folder) if is_near else credentials_file.absolute()
            )
        return data

    def _meant(
        self, read: TomlFile, data: Mapping[str, Mapping[str, object]], folder: Path
    ) -> Mapping[str, Mapping[str, object]] | None:
        """Return what a file means as settings, or None where it has faults."""
        try:
            old = Settings._from(read.data, Origin(read.source), folder)
        except SettingsError:
            return None
        meant = old.to_dict()
        if old.store.credentials_file == self.store.credentials_file:
            # The same file may be written in several ways.
            meant["store"] = {**meant["store"], **_of(data["store"], "credentials_file")}
        else:
            # What the file has from another credentials file, it does not have from this one.
            own = cast("dict[str, object]", read.data["store"])
            left = {"credentials_file", "api_url", "client_id"} - own.keys()
            meant["store"] = {
                key: value for key, value in meant["store"].items() if key not in left
            }
        return meant

    def require_access_token(self) -> Secret:
        """Return the access token, which is needed to open the store.

        Raises:
            SettingsError: No access token was given; it says where it may come from.
        """
        if self.store.access_token is None:
            message = (
                "is required to open the store: set AVBC_ACCESS_TOKEN, or name a credentials_file"
            )
            raise self.origin.error([Fault("store.access_token", message)])
        return self.store.access_token

    def require_client_secret(self) -> Secret:
        """Return the client secret, by which webhooks are verified.

        Raises:
            SettingsError: No client secret was given; it says where it may come from.
        """
        if self.store.client_secret is None:
            file, need = self.store.credentials_file, "is required to verify webhooks"
            message = (
                f"{need}: set AVBC_CLIENT_SECRET, or name a credentials_file that has it"
                if file is None
                else f"{need}, and {file.name} (credentials_file) has no line CLIENT SECRET: add "
                "it, or set AVBC_CLIENT_SECRET"
            )
            raise self.origin.error([Fault("store.client_secret", message)])
        return self.store.client_secret


def with_screens(settings: Settings, screens: Mapping[str, Any]) -> Settings:
    """Return settings of the same origin with other screens, by their names."""
    made = attrs.evolve(settings, **screens)
    object.__setattr__(made, "origin", settings.origin)
    return made


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return os.fspath(value)
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value


def _unwritten(error: OSError) -> Fault:
    reason = error.strerror
    if isinstance(error, FileExistsError):
        reason = "it is there already, and no file is overwritten"
    elif isinstance(error, FileNotFoundError):
        reason = "its folder does not exist: create it first"
    return Fault("file", f"cannot be written: {reason}")


def _of(values: Mapping[str, object], *keys: str) -> dict[str, object]:
    return {key: values[key] for key in keys if key in values}


def _like(old: str, text: str) -> str:
    """Write a text with the line ends and the byte order mark of another."""
    if "\r\n" in old:
        text = text.replace("\n", "\r\n")
    return "\ufeff" + text if old.startswith("\ufeff") else text


def _refuse_to_lose_secrets(read: TomlFile, source: str) -> None:
    store = read.data.get("store")
    found = [
        name
        for name in SECRETS_FROM_ENVIRONMENT
        if isinstance(store, dict) and cast("dict[str, object]", store).get(name)
    ]
    if found:
        message = (
            "is in the file and would be lost: move it to a credentials_file or the "
            "environment first"
        )
        raise SettingsError(source, [Fault(f"store.{name}", message) for name in found])


def _replace(target: Path, text: str) -> None:
    # mkstemp makes the file with permission 0600.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
