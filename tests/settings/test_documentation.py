"""The page on settings names every key, in the order of the classes, and its file loads."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import attrs
import pytest

from avbc.settings import (
    FormFieldMapping,
    GlSettings,
    JournalClearing,
    JournalSettings,
    JournalTax,
    OrderStatusSettings,
    PaymentMethodMapping,
    ProductMapping,
    ProductSettings,
    Settings,
    ShippingMethodMapping,
    ShippingSettings,
    StatusMapping,
    StoreSetup,
)

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
SCREENS = (
    StoreSetup,
    OrderStatusSettings,
    StatusMapping,
    FormFieldMapping,
    GlSettings,
    PaymentMethodMapping,
    ShippingSettings,
    ShippingMethodMapping,
    ProductSettings,
    ProductMapping,
    JournalSettings,
    JournalTax,
    JournalClearing,
)

pytestmark = pytest.mark.skipif(
    not PAGE.exists(), reason="the package is tested without its documentation"
)


def test_every_key_is_described() -> None:
    described = re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert described == [field.name for screen in SCREENS for field in attrs.fields(screen)]


def test_the_file_on_the_page_loads(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "avbc.toml").write_text(example, encoding="utf-8")
    (tmp_path / "BigCommerceAPI-credentials.txt").write_text(
        "ACCESS TOKEN: example-token\nAPI PATH: https://api.bigcommerce.com/stores/abc123/v3/\n"
    )
    settings = Settings.load(tmp_path / "avbc.toml")
    assert settings.store.description == tomllib.loads(example)["store"]["description"]
    assert settings.store.access_token
