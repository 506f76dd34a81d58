"""BigCommerce's credentials file: both layouts, any order, all faults at once.

No fault shows a secret.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.credentials import Credentials, api_url_fault, load_credentials, read_credentials
from avbc.errors import FaultyInputError
from avbc.secret import Secret

URL = "https://api.bigcommerce.com/stores/abc123/v3/"
OLDER = [
    "ACCESS TOKEN: example-token",
    "CLIENT NAME: books",
    f"API PATH: {URL}",
    "CLIENT ID: example-id",
    "CLIENT SECRET: example-secret",
]
LATER = [
    "ACCESS TOKEN: example-token",
    "CLIENT ID: example-id",
    "CLIENT SECRET: example-secret",
    "NAME: books",
    f"API PATH: {URL}",
]
MADE = Credentials(Secret("example-token"), URL, "example-id", Secret("example-secret"), "books")


@pytest.mark.parametrize(
    "layout", [OLDER, LATER, [*LATER, "CLIENT NAME: another"]], ids=["older", "later", "both names"]
)
def test_layouts(layout: list[str]) -> None:
    assert read_credentials("\n".join(layout)) == MADE


def test_any_order_of_lines() -> None:
    assert all(
        read_credentials("\n".join(lines)) == MADE for lines in itertools.permutations(OLDER)
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r", "\n\n\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_as_editors_leave_them(tmp_path: Path, newline: str, encoding: str) -> None:
    path = tmp_path / "BigCommerceAPI-credentials.txt"
    path.write_bytes(newline.join(["", *LATER, "", "SCOPES: all", "some text"]).encode(encoding))
    assert load_credentials(path) == MADE


def test_labels_in_any_case_and_spacing() -> None:
    assert read_credentials(f" access  token :example-token\nApi Path:{URL} ").api_url == URL


def test_only_two_labels_are_required() -> None:
    made = read_credentials(f"ACCESS TOKEN: example-token\nAPI PATH: {URL}\nCLIENT SECRET:\n")
    assert made == Credentials(Secret("example-token"), URL)
    assert made.client_secret is None


def test_every_fault_at_once() -> None:
    text = "\n".join(
        [
            "CLIENT ID: one",
            "ACCESS TOKEN: not-secret é",
            "CLIENT ID: two",
            "API PATH: http://example.com/stores/abc/v3",
            "CLIENT ID: one",
        ]
    )
    with pytest.raises(FaultyInputError) as raised:
        read_credentials(text, source="my.txt")
    assert str(raised.value) == (
        "my.txt has 3 faults:\n"
        "  line 3, CLIENT ID: is also in line 1, with another value\n"
        "  line 2, ACCESS TOKEN: must be one word of printable ASCII characters: copy it again "
        "from the API account\n"
        "  line 4, API PATH: must start with https://: plain http would send the token readable "
        "(only a loopback host may have it)"
    )


@pytest.mark.parametrize(
    "text", ["", "\n", "<html><body>Sign in: please</body></html>", "ACCESS TOKEN\nAPI PATH"]
)
def test_another_file(text: str) -> None:
    with pytest.raises(FaultyInputError) as raised:
        read_credentials(text)
    assert [fault.key for fault in raised.value.faults] == ["ACCESS TOKEN", "API PATH"]


def test_empty_values() -> None:
    with pytest.raises(
        FaultyInputError, match=r"line 1, ACCESS TOKEN: is empty\n  line 2, API PATH: is empty"
    ):
        read_credentials("ACCESS TOKEN:\nAPI PATH: ")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FaultyInputError, match="file: cannot be read: No such file or directory"):
        load_credentials(tmp_path / "none.txt")
    (tmp_path / "binary").write_bytes(b"ACCESS TOKEN: example-token\xff")
    with pytest.raises(FaultyInputError, match="it is not a text file") as raised:
        load_credentials(tmp_path / "binary")
    assert raised.value.__context__ is None  # the decoder's error would hold the token


def test_nothing_shows_a_secret() -> None:
    assert "example-token" not in repr(MADE)
    assert "example-secret" not in str(MADE)


@given(
    st.text()
    | st.lists(
        st.sampled_from([*OLDER, *LATER, "ACCESS TOKEN: a b", "API PATH: http://[", ":", "\ufeff"])
        | st.text()
    ).map("\n".join)
)
def test_any_text_reads_or_is_refused(text: str) -> None:
    try:
        made = read_credentials(text)
    except FaultyInputError:
        return
    assert made.access_token
    assert api_url_fault(made.api_url) is None


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "https://api.bigcommerce.com/stores/abc123/v2",
        "https://api.bigcommerce.com/stores/abc123/",
        "https://api.bigcommerce.com/stores/abc123",
        "https://proxy.example.com:8443/bigcommerce/stores/abc123/v3/",
        "http://127.0.0.1:8000/stores/abc123/v3/",
        "http://[::1]:8000/stores/abc123/v3/",
        "http://localhost/stores/abc123/v3/",
        "HTTPS://api.bigcommerce.com/stores/abc123/v3/",
    ],
)
def test_api_urls(url: str) -> None:
    assert api_url_fault(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "abc123",
        "api.bigcommerce.com/stores/abc123/v3/",
        "ftp://api.bigcommerce.com/stores/abc123/v3/",
        "https:///stores/abc123/v3/",
        "https://api.bigcommerce.com/",
        "https://api.bigcommerce.com/stores//v3/",
        "https://api.bigcommerce.com/stores/abc123/v3/orders",
        "https://api.bigcommerce.com/stores/abc123/v4/",
        "https://api.bigcommerce.com:99999/stores/abc123/v3/",
        "https://[::1/stores/abc123/v3/",
        "https://api.bigcommerce.com/stores/abc 123/v3/",
        "https://api.bigcommerce.com/stores/abc123/v3/\n",
        "https://user@api.bigcommerce.com/stores/abc123/v3/",
        "https://api.bigcommerce.com/stores/abc123/v3/?token=example-token",
        "https://api.bigcommerce.com/stores/abc123/v3/#top",
        "http://api.bigcommerce.com/stores/abc123/v3/",
        "http://192.168.0.1/stores/abc123/v3/",
        "http://localhost.example.com/stores/abc123/v3/",
        "http://127.0.0.1.example.com/stores/abc123/v3/",
    ],
)
def test_urls_that_are_refused_without_being_shown(url: str) -> None:
    message = api_url_fault(url)
    assert message
    assert "abc123" not in message
    assert "example-token" not in message
