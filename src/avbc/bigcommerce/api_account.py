"""A store's API URL and token: from its hash or from the environment, checked before use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from math import inf
from urllib.parse import urlsplit

from avbc.credentials import (
    ENVIRONMENT,
    Credentials,
    api_url_fault,
    environment_api_url,
    token_fault,
)
from avbc.errors import Fault, FaultyInputError
from avbc.secret import Secret, without_frames
from avbc.text import quoted

_PROXIES = frozenset({"http", "https", "socks5", "socks5h"})


def store_of(api_url: str) -> tuple[str, str]:
    """Split a valid API URL into the base of all paths and the store's hash.

    >>> store_of("https://api.bigcommerce.com/stores/abc123/v3/")
    ('https://api.bigcommerce.com/stores/abc123', 'abc123')
    """
    base = api_url.rstrip("/").removesuffix("/v2").removesuffix("/v3")
    return base, base.rsplit("/", 1)[-1]


def check(api_url: str, access_token: str, limits: Mapping[str, float]) -> None:
    """Check that a URL, a token and limits can be used.

    Raises:
        FaultyInputError: They cannot. It lists every fault and never shows the token.
    """
    found = {"api_url": api_url_fault(api_url), "access_token": token_fault(access_token)}
    for name, limit in limits.items():
        if not 0 < limit < inf:
            found[name] = f"must be a number above 0, not {quoted(limit)}"
    if faults := [Fault(key, message) for key, message in found.items() if message]:
        raise FaultyInputError("BigCommerce client", faults)


def proxy_fault(url: str) -> str | None:
    """Say why a proxy cannot be used, or None where it can. It never repeats the URL.

    >>> proxy_fault("http://proxy.example.com:3128") is None
    True
    >>> proxy_fault("ftp://proxy.example.com")
    'must look like http://proxy.example.com:3128'
    """
    shape = "must look like http://proxy.example.com:3128"
    try:
        parts = urlsplit(url)
        host = parts.hostname
        # What urlsplit accepts, the connection may not: it drops tabs and newlines in silence.
        is_good = bool(host and host.encode("idna")) and parts.port != 0
    except ValueError:
        return shape
    if parts.scheme not in _PROXIES or not is_good or not url.isprintable() or " " in url:
        return shape
    if parts.scheme.startswith("socks") and find_spec("socksio") is None:
        return "is a SOCKS proxy, which needs socksio: pip install socksio"
    return None


@without_frames
def environment_credentials(environment: Mapping[str, str] = os.environ) -> Credentials:
    """Read AVBC_API_URL or AVBC_STORE_HASH, and AVBC_ACCESS_TOKEN.

    AVBC_CLIENT_ID and AVBC_CLIENT_SECRET are optional.

    Raises:
        FaultyInputError: A required variable is missing or cannot be used. It lists every fault and
            shows no secret.

    >>> found = {"AVBC_STORE_HASH": "abc123", "AVBC_ACCESS_TOKEN": "example-token"}
    >>> environment_credentials(found).api_url
    'https://api.bigcommerce.com/stores/abc123/v3/'
    >>> environment_credentials({})
    Traceback (most recent call last):
        ...
    avbc.FaultyInputError: the environment has 2 faults:
      AVBC_API_URL: is not set, nor is AVBC_STORE_HASH: set one of the two
      AVBC_ACCESS_TOKEN: is not set
    """
    variable, api_url = environment_api_url(environment)
    token = environment.get("AVBC_ACCESS_TOKEN", "").strip()
    faults: list[Fault] = []
    if not api_url:
        faults.append(
            Fault("AVBC_API_URL", "is not set, nor is AVBC_STORE_HASH: set one of the two")
        )
    elif message := api_url_fault(api_url):
        faults.append(Fault(variable, message))
    if not token:
        faults.append(Fault("AVBC_ACCESS_TOKEN", "is not set"))
    elif message := token_fault(token):
        faults.append(Fault("AVBC_ACCESS_TOKEN", message))
    if faults:
        raise FaultyInputError(ENVIRONMENT, faults)
    secret = environment.get("AVBC_CLIENT_SECRET", "").strip()
    return Credentials(
        access_token=Secret(token, f"AVBC_ACCESS_TOKEN ({ENVIRONMENT})"),
        api_url=api_url,
        client_id=environment.get("AVBC_CLIENT_ID", "").strip(),
        client_secret=Secret(secret) if secret else None,
    )
