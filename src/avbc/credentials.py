"""The credentials of a BigCommerce API account, and the text file that has them."""

from __future__ import annotations

import codecs
import ipaddress
import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from avbc.errors import Fault, FaultyInputError
from avbc.secret import Secret, without_frames

_LABELS = ("ACCESS TOKEN", "API PATH", "CLIENT ID", "CLIENT SECRET", "CLIENT NAME", "NAME")
ENVIRONMENT = "the environment"
"""What errors call the variables of the environment together."""

_STORE_PATH = re.compile(r"/stores/[A-Za-z0-9_-]+(/v[23])?/?$")


@attrs.frozen
class Credentials:
    """What BigCommerce shows once, after an API account was made (manual 1.2, step 7)."""

    access_token: Secret
    api_url: str
    """The API PATH as it is in the file: `https://api.bigcommerce.com/stores/{hash}/v3/`."""
    client_id: str = ""
    client_secret: Secret | None = None
    name: str = ""
    """The label given to the API account."""


@without_frames
def read_credentials(text: str, source: str = "credentials") -> Credentials:
    r"""Read the `LABEL: value` lines of the credentials file.

    Labels may come in any order and any case; only ACCESS TOKEN and API PATH are required, and
    unknown labels are passed over. A byte order mark, blank lines and any line ends are fine.

    Args:
        text: The file's text.
        source: What to call the text in an error, such as its path.

    Raises:
        FaultyInputError: A required label is missing or empty, a label is there twice with
            different values, or a value cannot be used. It lists every fault and never shows a
            token or secret.

    >>> path = "API PATH: https://api.bigcommerce.com/stores/abc123/v3/"
    >>> made = read_credentials(f"ACCESS TOKEN: example-token\r\n{path}")
    >>> made.api_url
    'https://api.bigcommerce.com/stores/abc123/v3/'
    >>> made.access_token
    Secret('***')
    >>> read_credentials("CLIENT ID: abc")
    Traceback (most recent call last):
        ...
    avbc.FaultyInputError: credentials has 2 faults:
      ACCESS TOKEN: is missing: the file has no such line
      API PATH: is missing: the file has no such line
    """
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    faults: list[Fault] = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")), start=1):
        label, colon, value = line.partition(":")
        label, value = " ".join(label.split()).upper(), value.strip()
        if not colon or label not in _LABELS:
            continue
        if values.setdefault(label, value) != value:
            faults.append(
                Fault(label, f"is also in line {lines[label]}, with another value", number)
            )
        lines.setdefault(label, number)

    for label, fault_of in (("ACCESS TOKEN", token_fault), ("API PATH", api_url_fault)):
        if label not in values:
            faults.append(Fault(label, "is missing: the file has no such line"))
        elif message := fault_of(values[label]):
            faults.append(Fault(label, message, lines[label]))
    if faults:
        raise FaultyInputError(source, faults)
    return Credentials(
        access_token=Secret(values["ACCESS TOKEN"], source),
        api_url=values["API PATH"],
        client_id=values.get("CLIENT ID", ""),
        client_secret=Secret(values["CLIENT SECRET"]) if values.get("CLIENT SECRET") else None,
        name=values.get("NAME") or values.get("CLIENT NAME", ""),
    )


@without_frames
def load_credentials(path: str | os.PathLike[str]) -> Credentials:
    """Read the credentials file that BigCommerce downloaded.

    Raises:
        FaultyInputError: As `read_credentials`, or the file cannot be read.
    """
    try:
        data = Path(path).read_bytes()
        utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = data.decode("utf-16" if utf16 else "utf-8")
    except (OSError, ValueError) as error:
        reason = (
            error.strerror if isinstance(error, OSError) else None
        ) or "it is not a text file in UTF-8"
    else:
        return read_credentials(text, source=os.fspath(path))
    # Raised outside of the handler: a UnicodeDecodeError holds the whole file, and with it the
    # token.
    raise FaultyInputError(os.fspath(path), [Fault("file", f"cannot be read: {reason}")])


def api_url_of(store_hash: str) -> str:
    """Return the API URL of a store.

    >>> api_url_of("abc123")
    'https://api.bigcommerce.com/stores/abc123/v3/'
    """
    return f"https://api.bigcommerce.com/stores/{store_hash.strip()}/v3/"


def environment_api_url(environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Return the API URL that the environment names, behind its variable; both may be empty.

    >>> environment_api_url({"AVBC_STORE_HASH": "abc123"})
    ('AVBC_STORE_HASH', 'https://api.bigcommerce.com/stores/abc123/v3/')
    """
    if api_url := environment.get("AVBC_API_URL", "").strip():
        return "AVBC_API_URL", api_url
    if store_hash := environment.get("AVBC_STORE_HASH", "").strip():
        return "AVBC_STORE_HASH", api_url_of(store_hash)
    return "", ""


def token_fault(token: str) -> str | None:
    """Say why an access token cannot be sent as a header, or None where it can.

    >>> token_fault("example-token") is None
    True
    >>> token_fault("two words")
    'must be one word of printable ASCII characters: copy it again from the API account'
    """
    if not token:
        return "is empty"
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        return "must be one word of printable ASCII characters: copy it again from the API account"
    return None


def api_url_fault(url: str) -> str | None:
    """Say why an API URL cannot be used, or None where it can.

    It must be the API path that BigCommerce shows, with or without the version and the last slash.
    A plain http URL would send the token in the clear, so it is for loopback hosts only. The
    message never repeats the URL, which may hold a password.

    >>> api_url_fault("https://api.bigcommerce.com/stores/abc123/v3/") is None
    True
    >>> api_url_fault("http://127.0.0.1:8080/stores/abc123") is None
    True
    >>> (api_url_fault("http://example.com/stores/abc123/v3/") or "").partition(":")[0]
    'must start with https'
    """
    if not url:
        return "is empty"
    shape = "must look like https://api.bigcommerce.com/stores/{store hash}/v3/"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return shape
    # urlsplit drops tabs and newlines in silence.
    if parts.scheme not in ("http", "https") or not host or not url.isprintable() or " " in url:
        return shape
    if "@" in parts.netloc or parts.query or parts.fragment:
        return f"must hold no user, password, query or fragment: it {shape}"
    if parts.scheme == "http" and not _is_loopback(host):
        return (
            "must start with https://: plain http would send the token readable (only a "
            "loopback host may have it)"
        )
    return None if _STORE_PATH.search(parts.path) else shape


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"
