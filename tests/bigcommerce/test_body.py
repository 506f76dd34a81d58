"""Bodies as JSON text, and drafts as bodies."""

import json
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.bigcommerce import models
from avbc.bigcommerce.body import dump
from avbc.bigcommerce.call import Call
from avbc.bigcommerce.models import CustomUrlDraft, Draft, HookDraft, ProductDraft, VariantDraft
from avbc.unset import UNSET

DRAFTS = [
    kind
    for name in models.__all__
    if issubclass(kind := getattr(models, name), Draft) and kind is not Draft
]

amounts = st.decimals(
    allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | amounts | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def plain(value: object) -> object:
    """What the standard library reads of a value: tuples are lists, whole amounts numbers."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


@given(values)
def test_what_is_written_is_read_back_exactly(value):
    assert json.loads(dump(value).decode(), parse_float=Decimal) == plain(value)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("19.90", b"19.90"),
        ("0.1", b"0.1"),
        ("1E+3", b"1000"),
        ("1E-7", b"0.0000001"),
        ("123456789012345678.1234", b"123456789012345678.1234"),
        ("0.0000", b"0.0000"),
    ],
)
def test_an_amount_is_sent_digit_for_digit(amount, text):
    assert dump(Decimal(amount)) == text


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_amount_is_not_sent(amount):
    with pytest.raises(ValueError, match="is not an amount"):
        dump({"price": Decimal(amount)})


@pytest.mark.parametrize("value", [19.9, {"price": 19.9}, [{1, 2}], UNSET, object()])
def test_what_json_cannot_hold_exactly_is_not_sent(value):
    with pytest.raises(TypeError, match="cannot be sent: numbers are int or Decimal"):
        dump(value)


def test_half_a_character_is_not_sent():
    with pytest.raises(ValueError, match="surrogates not allowed"):
        dump("\ud83d")


def test_unset_is_not_sent_and_none_is_null():
    draft = VariantDraft(id=7, price=None, weight=UNSET, upc="")
    assert draft.given() == ("id", "price", "upc")
    assert dump(draft.body()) == b'{"id":7,"price":null,"upc":""}'


def test_drafts_within_drafts():
    url = CustomUrlDraft(url="/mug/", is_customized=True)
    draft = ProductDraft(
        id=7,
        custom_url=url,
        categories=(),
        variants=(VariantDraft(id=1), VariantDraft(id=2, price=Decimal("1.50"))),
    )
    assert draft.body() == {
        "id": 7,
        "categories": [],
        "custom_url": {"url": "/mug/", "is_customized": True},
        "variants": [{"id": 1}, {"id": 2, "price": Decimal("1.50")}],
    }


@pytest.mark.parametrize("kind", DRAFTS)
def test_drafts_are_values(kind):
    required = {field.name: 1 for field in attrs.fields(kind) if field.default is attrs.NOTHING}
    assert kind(**required) == kind(**required)
    assert not hasattr(kind(**required), "__dict__")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(kind(**required), attrs.fields(kind)[0].name, 1)


def test_what_a_body_holds_stays_out_of_repr():
    headers = {"X-Check": "example-secret"}
    draft = HookDraft(scope="store/order/created", headers=headers)
    assert "example-secret" not in repr(draft)
    assert "example-secret" not in repr(
        Call("POST", "/v3/hooks", lambda body: body, body=draft.body())
    )
    assert draft.body()["headers"] == headers
