from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from avbc.bigcommerce import AsyncBigCommerce, BigCommerce
from avbc.bigcommerce.api_account import store_of
from avbc.errors import FaultyInputError
from avbc.secret import Secret

OLDER = """ACCESS TOKEN: example-token
CLIENT NAME: shop
API PATH: https://api.bigcommerce.com/stores/abc123/v3/
CLIENT ID: example-id
CLIENT SECRET: example-secret
"""
LATER = """ACCESS TOKEN: example-token
CLIENT ID: example-id
CLIENT SECRET: example-secret
NAME: shop
API PATH: https://api.bigcommerce.com/stores/abc123/v3/
"""


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("API_URL", "STORE_HASH", "ACCESS_TOKEN", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.delenv(f"AVBC_{name}", raising=False)
    return


@pytest.mark.parametrize(
    "api_url",
    [
        "https://api.bigcommerce.com/stores/abc123/v3/",
        "https://api.bigcommerce.com/stores/abc123/v3",
        "https://api.bigcommerce.com/stores/abc123/v2/",
        "https://api.bigcommerce.com/stores/abc123/",
        "https://api.bigcommerce.com/stores/abc123",
        "  https://api.bigcommerce.com/stores/abc123/v3/\n",
    ],
)
def test_an_api_url_may_have_a_version_and_a_slash_or_not(api_url: str) -> None:
    with BigCommerce(api_url, "example-token") as store:
        assert store.store_hash == "abc123"
        assert repr(store) == "BigCommerce(store_hash='abc123')"


def test_a_hash_may_look_like_a_version() -> None:
    assert store_of("https://api.bigcommerce.com/stores/v3/v3/") == (
        "https://api.bigcommerce.com/stores/v3",
        "v3",
    )


@pytest.mark.parametrize(
    ("api_url", "message"),
    [
        (
            "http://api.bigcommerce.com/stores/abc123/v3/",
            "plain http would send the token readable",
        ),
        (
            "http://127.0.0.1.example.com/stores/abc123/v3/",
            "plain http would send the token readable",
        ),
        ("api.bigcommerce.com/stores/abc123/v3/", "must look like https://"),
        ("https://api.bigcommerce.com/v3/", "must look like https://"),
        ("https://api.bigcommerce.com/stores/abc123/v3/orders", "must look like https://"),
        ("https://me:pass@api.bigcommerce.com/stores/abc123/v3/", "no user, password"),
        ("", "is empty"),
    ],
)
def test_an_api_url_that_cannot_be_is_refused(api_url: str, message: str) -> None:
    with pytest.raises(FaultyInputError, match=message):
        BigCommerce(api_url, "example-token")


def test_a_bad_url_and_a_bad_token_are_told_together() -> None:
    with pytest.raises(FaultyInputError) as caught:
        BigCommerce("nowhere", "two words that are secret")
    assert [fault.key for fault in caught.value.faults] == ["api_url", "access_token"]
    assert "secret" not in str(caught.value)


def test_plain_http_is_for_loopback() -> None:
    for host in ("127.0.0.1:8080", "localhost:8080", "[::1]:8080"):
        with BigCommerce(f"http://{host}/stores/abc123", "example-token") as store:
            assert store.store_hash == "abc123"


def test_from_store_hash() -> None:
    with BigCommerce.from_store_hash(
        "abc123", Secret("example-token"), client_id="id", timeout=5
    ) as store:
        assert (store.store_hash, store.client_id) == ("abc123", "id")
    with pytest.raises(FaultyInputError):
        BigCommerce.from_store_hash("../abc", "example-token")


@pytest.mark.parametrize(
    "text",
    [OLDER, LATER, "\ufeff" + LATER.replace("\n", "\r\n"), "\n".join(reversed(OLDER.splitlines()))],
)
def test_from_credentials_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "BigCommerceAPI-credentials.txt"
    path.write_bytes(text.encode())
    with BigCommerce.from_credentials_file(path) as store:
        assert (store.store_hash, store.client_id, store.client_secret) == (
            "abc123",
            "example-id",
            Secret("example-secret"),
        )
    assert AsyncBigCommerce.from_credentials_file(path, client_id="mine").client_id == "mine"


def test_a_credentials_file_without_labels_tells_all_that_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "credentials.txt"
    path.write_text("CLIENT ID: example-id\n", encoding="utf-8")
    with pytest.raises(FaultyInputError) as caught:
        BigCommerce.from_credentials_file(path)
    assert [fault.key for fault in caught.value.faults] == ["ACCESS TOKEN", "API PATH"]


@pytest.mark.parametrize("kind", [BigCommerce, AsyncBigCommerce])
def test_from_environment(
    monkeypatch: pytest.MonkeyPatch, kind: type[BigCommerce | AsyncBigCommerce]
) -> None:
    monkeypatch.setenv("AVBC_STORE_HASH", "abc123")
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", " example-token\n")
    store = kind.from_environment()
    assert (store.store_hash, store.client_id, store.client_secret) == ("abc123", "", None)
    monkeypatch.setenv("AVBC_API_URL", "https://api.bigcommerce.com/stores/other/v3/")
    monkeypatch.setenv("AVBC_CLIENT_ID", "example-id")
    monkeypatch.setenv("AVBC_CLIENT_SECRET", "example-secret")
    store = kind.from_environment()
    assert (store.store_hash, store.client_id, store.client_secret) == (
        "other",
        "example-id",
        Secret("example-secret"),
    )


def test_an_environment_without_variables_tells_all_that_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(FaultyInputError) as caught:
        BigCommerce.from_environment()
    assert [fault.key for fault in caught.value.faults] == ["AVBC_API_URL", "AVBC_ACCESS_TOKEN"]
    monkeypatch.setenv("AVBC_STORE_HASH", "a/b")
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", "two words")
    with pytest.raises(FaultyInputError) as caught:
        BigCommerce.from_environment()
    assert [fault.key for fault in caught.value.faults] == ["AVBC_STORE_HASH", "AVBC_ACCESS_TOKEN"]
    assert "two words" not in str(caught.value)


def test_proxies_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with BigCommerce.from_store_hash("abc123", "example-token") as store:
        wire = store._wire
        assert wire.proxy() is None
        monkeypatch.setenv("https_proxy", "proxy.example.com:3128")
        assert wire.proxy() == "http://proxy.example.com:3128"
        monkeypatch.setenv("https_proxy", "http://proxy.example.com:3128")
        assert wire.proxy() == "http://proxy.example.com:3128"
        monkeypatch.setenv("no_proxy", "api.bigcommerce.com")
        assert wire.proxy() is None
