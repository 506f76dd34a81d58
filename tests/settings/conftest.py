"""A complete settings file, and an environment without secrets."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from avbc.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def _no_secrets_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("AVBC_ACCESS_TOKEN", "AVBC_CLIENT_SECRET", "AVBC_LICENSE_KEY"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def text() -> str:
    return textwrap.dedent(
        """\
        [store]
        description = "Example store"
        api_url = "https://api.bigcommerce.com/stores/abc123/v3/"
        access_token = "example-token"

        [order_status]
        import_source_code = "WEB"
        check_interval_minutes = 5
        new_order_status = "Awaiting Fulfillment"
        downloaded_order_status = "Awaiting Shipment"
        import_error_status = "Manual Verification Required"
        updates = "push"
        [[order_status.mapping]]
        acctvantage = "Shipped/Invoice"
        bigcommerce = "Shipped"

        [gl]
        tax_area = "BigCommerce"
        [[gl.payment_methods]]
        bigcommerce = "Credit Card"
        receipt_type = "Visa/MC"

        [shipping]
        warehouse = "Main"
        """
    )


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Settings]:
    def load(text: str) -> Settings:
        path = tmp_path / "avbc.toml"
        path.write_text(text, encoding="utf-8")
        return Settings.load(path)

    return load


@pytest.fixture
def faults(load: Callable[[str], Settings]) -> Callable[[str], list[str]]:
    """The faults of a text, each as a line for people; an empty list where it loads."""

    def faults(text: str) -> list[str]:
        try:
            load(text)
        except SettingsError as error:
            return [str(fault) for fault in error.faults]
        return []

    return faults
