"""What a faultless file says, and where secrets come from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.secret import Secret
from avbc.settings import (
    GlSettings,
    OrderStatusSettings,
    PaymentMethodMapping,
    Settings,
    SettingsError,
    ShippingSettings,
    StatusMapping,
    StoreSetup,
)

Load = Callable[[str], Settings]

DESIGN = Path(__file__).parents[2] / "../shared/DESIGN.md"
URL = "https://api.bigcommerce.com/stores/abc123/v3/"


def test_a_text_is_read_as_a_file_is(
    load: Load, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for each in (text, "\ufeff" + text.replace("\n", "\r\n")):
        assert Settings.from_toml(each) == load(text)
        assert Settings.from_toml(each).file is None
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.txt").write_text("ACCESS TOKEN: another-token\n")
    with pytest.raises(SettingsError, match=r"in own\.txt, API PATH: is missing"):
        Settings.from_toml(text.replace("access_token =", 'credentials_file = "own.txt"\n#'))


def test_the_faults_of_a_text_have_its_lines(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_toml(text.replace("updates =", "update ="))
    assert str(caught.value).startswith("settings have 1 fault:\n  line 12, order_status.update: ")
    with pytest.raises(SettingsError, match="line 2, file: is not TOML") as caught:
        Settings.from_toml("[store]\naccess_token = example-token\n")
    assert "example-token" not in str(caught.value)
    assert caught.value.__context__ is None


def test_the_defaults(load: Load, text: str) -> None:
    assert load(text) == Settings(
        store=StoreSetup(description="Example store", api_url=URL, access_token="example-token"),
        order_status=OrderStatusSettings(
            import_source_code="WEB",
            check_interval_minutes=5,
            new_order_status="Awaiting Fulfillment",
            match_clients_by_email=False,
            downloaded_order_status="Awaiting Shipment",
            import_error_status="Manual Verification Required",
            updates="push",
            mapping=[
                StatusMapping(
                    acctvantage="Shipped/Invoice", bigcommerce="Shipped", may_move_backwards=False
                )
            ],
            import_orders_created_since=None,
            new_sales_order_status="Open",
            edited_orders="update",
            staff_notes_on_errors=True,
        ),
        gl=GlSettings(
            default_discount_gl_code="",
            tax_area="BigCommerce",
            payment_methods=[
                PaymentMethodMapping(
                    bigcommerce="Credit Card", receipt_type="Visa/MC", authorization_days=7
                )
            ],
            credit_card_transactions_are_preauthorizations=False,
            gift_certificate_gl_code="",
            import_refunds=False,
        ),
        shipping=ShippingSettings(
            warehouse="Main",
            sync_product_details=False,
            sync_inventory_levels=False,
            default_ship_via="",
            auto_create_missing_shipping_methods=False,
            default_shipment_product_class="",
            push_shipments=False,
            push_shipments_since=None,
        ),
    )


@pytest.mark.skipif(not DESIGN.exists(), reason="the design page is not beside this repository")
def test_the_example_of_the_design(load: Load) -> None:
    example = re.search(
        r"```toml\n(\[store\]\n.*?)```", DESIGN.read_text(encoding="utf-8"), re.DOTALL
    )
    assert example
    settings = load(example[1])
    data = tomllib.loads(example[1])
    for section, values in data.items():
        screen = attrs.asdict(getattr(settings, section))
        for key, value in values.items():
            if isinstance(screen[key], Secret):
                assert screen[key].reveal() == value
            elif isinstance(value, list):
                assert [
                    {name: row[name] for name in given}
                    for row, given in zip(screen[key], value, strict=True)
                ] == value
            else:
                assert screen[key] == value


def test_statuses_stay_as_written(load: Load, text: str) -> None:
    settings = load(
        text.replace('"Awaiting Fulfillment"', "11")
        .replace('"Awaiting Shipment"', '" 9 "')
        .replace('"Shipped"', '"Sent  out"')
    )
    assert settings.order_status.new_order_status == 11
    assert settings.order_status.downloaded_order_status == "9"
    assert settings.order_status.mapping[0].bigcommerce == "Sent  out"


def test_text_is_trimmed_and_otherwise_kept(load: Load, text: str) -> None:
    settings = load(
        text.replace('"Main"', '" Größtes  Lager\\t"').replace(
            '"Example store"', "'''\nTwo\nlines '''"
        )
    )
    assert settings.shipping.warehouse == "Größtes  Lager"
    assert settings.store.description == "Two\nlines"


def test_a_date_stays_one_since_its_time_zone_is_the_store_s(load: Load, text: str) -> None:
    changed = text.replace("updates", "import_orders_created_since = 2026-01-31\nupdates")
    changed = changed.replace("warehouse", "push_shipments_since = 2026-01-31\nwarehouse")
    settings = load(changed)
    for since in (
        settings.order_status.import_orders_created_since,
        settings.shipping.push_shipments_since,
    ):
        assert type(since) is date
        assert since == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-01-31T23:00:00Z", datetime(2026, 1, 31, 23, tzinfo=UTC)),
        ("2026-01-31 23:00:00-05:00", datetime(2026, 2, 1, 4, tzinfo=UTC)),
    ],
)
def test_the_first_instant_of_imports_and_shipments(
    load: Load, text: str, written: str, instant: datetime
) -> None:
    settings = load(text.replace("updates", f"import_orders_created_since = {written}\nupdates"))
    assert settings.order_status.import_orders_created_since == instant
    assert settings.order_status.import_orders_created_since.tzinfo is UTC
    shipping = load(
        text.replace("warehouse", f"push_shipments_since = {written}\nwarehouse")
    ).shipping
    assert shipping.push_shipments_since == instant
    assert shipping.push_shipments_since.tzinfo is UTC


@pytest.mark.parametrize("prefix", ["", "\ufeff"], ids=["", "byte order mark"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_files_as_editors_leave_them(tmp_path: Path, text: str, prefix: str, newline: str) -> None:
    path = tmp_path / "avbc.toml"
    path.write_bytes((prefix + text.replace("\n", newline)).encode())
    assert Settings.load(str(path)) == Settings.from_dict(tomllib.loads(text))
    path.write_bytes((prefix + text.replace('"WEB"', '"W"').replace("\n", newline)).encode())
    with pytest.raises(SettingsError, match="line 7, "):
        Settings.load(path)


# Secrets


def test_a_token_may_come_later(load: Load, text: str) -> None:
    settings = load(text.replace('access_token = "example-token"\n', 'access_token = ""\n'))
    assert settings.store.access_token is None
    with pytest.raises(SettingsError, match="AVBC_ACCESS_TOKEN"):
        settings.require_access_token()
    assert load(text).require_access_token() == Secret("example-token")


def test_the_environment_beats_the_file(
    load: Load, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", " from-environment\n")
    monkeypatch.setenv("AVBC_CLIENT_SECRET", "secret")
    monkeypatch.setenv("AVBC_LICENSE_KEY", "a license")
    store = load(text).store
    assert (store.access_token, store.client_secret, store.license_key) == (
        Secret("from-environment"), Secret("secret"), Secret("a license"),
    )  # fmt: skip
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", "")
    assert load(text).store.access_token == Secret("example-token")


def test_a_faulty_token_in_the_environment(
    faults: Callable[[str], list[str]], text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", "two words")
    (fault,) = faults(text)
    assert fault.startswith("AVBC_ACCESS_TOKEN: must be one word")
    assert "two words" not in fault


@pytest.mark.parametrize(
    ("variable", "value"), [("AVBC_API_URL", "http://x.example"), ("AVBC_STORE_HASH", "no/hash")]
)
def test_a_faulty_store_in_the_environment(
    variable: str, value: str, load: Load, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    text = text.replace(f'api_url = "{URL}"\n', "")
    with pytest.raises(SettingsError) as caught:
        load(text)
    assert str(caught.value).startswith(f"the environment has 1 fault:\n  {variable}: must ")
    with pytest.raises(SettingsError) as caught:
        Settings.from_toml(text.replace('"WEB"', '"W"'))
    assert str(caught.value).startswith("settings and the environment have 2 faults:\n  line 6, ")


def test_a_fault_found_later_has_its_place(load: Load, text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(text).require_client_secret()
    assert str(caught.value).startswith(
        f"{tmp_path / 'avbc.toml'} has 1 fault:\n  line 1, store.client_secret: is required"
    )


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    path = tmp_path / "BigCommerceAPI-credentials.txt"
    path.write_text(
        f"ACCESS TOKEN: downloaded\nAPI PATH: {URL}\nCLIENT ID: downloaded-id\nCLIENT SECRET: "
        "downloaded-secret\n"
    )
    return path


@pytest.fixture
def with_file(text: str, credentials: Path) -> str:
    return text.replace(
        f'api_url = "{URL}"\naccess_token = "example-token"\n',
        f'credentials_file = "{credentials.name}"\n',
    )


def test_credentials_from_the_file_beside(load: Load, with_file: str, credentials: Path) -> None:
    assert load(with_file).store == StoreSetup(
        description="Example store",
        api_url=URL,
        client_id="downloaded-id",
        client_secret="downloaded-secret",
        access_token="downloaded",
        credentials_file=credentials,
    )


def test_the_environment_beats_the_credentials_file(
    load: Load, with_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVBC_ACCESS_TOKEN", "newer")
    store = load(with_file).store
    assert (store.access_token, store.client_secret) == (
        Secret("newer"),
        Secret("downloaded-secret"),
    )


@pytest.mark.parametrize(
    ("variable", "value"), [("AVBC_API_URL", URL), ("AVBC_STORE_HASH", "abc123")]
)
def test_the_environment_names_the_store_where_no_file_does(
    variable: str, value: str, load: Load, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f" {value} ")
    assert load(text.replace(f'api_url = "{URL}"\n', "")).store.api_url == URL


def test_the_environment_names_no_other_store(
    faults: Callable[[str], list[str]],
    text: str,
    with_file: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or its token would go to the store of the files."""
    monkeypatch.setenv("AVBC_API_URL", URL.removesuffix("v3/"))
    assert faults(text) == faults(with_file) == []
    monkeypatch.setenv("AVBC_API_URL", URL.replace("abc", "xyz"))
    advice = "AVBC_API_URL (the environment): unset AVBC_API_URL, or correct one of the two"
    (fault,) = faults(text)
    assert fault.endswith(f"store.api_url: is not that of {advice}")
    (fault,) = faults(with_file)
    assert " (credentials_file) and not that of " in fault
    assert re.search(r"store\.api_url: is from [^ ]+\.txt \(credentials_file\) and", fault)
    assert fault.endswith(advice)


def test_the_files_must_agree(faults: Callable[[str], list[str]], with_file: str) -> None:
    same = with_file.replace(
        "[store]\n",
        f'[store]\napi_url = "{URL.removesuffix("/v3/")}"\naccess_token = "downloaded"\n',
    )
    assert faults(same) == []
    other = with_file.replace(
        "[store]\n",
        f'[store]\napi_url = "{URL.replace("abc", "xyz")}"\naccess_token = '
        '"example-token"\nclient_id = "a"\n',
    )
    assert faults(other) == [
        (
            f"line {line}, store.{key}: is not what BigCommerceAPI-credentials.txt "
            "(credentials_file) "
            "says: leave it out, or correct it"
        )
        for line, key in ((2, "api_url"), (3, "access_token"), (4, "client_id"))
    ]


def test_faults_of_the_credentials_file(
    faults: Callable[[str], list[str]], with_file: str, credentials: Path
) -> None:
    credentials.write_text("ACCESS TOKEN: downloaded\nAPI PATH: http://example.com/stores/abc/v3/")
    (fault,) = faults(with_file)
    assert fault.startswith(
        "line 3, store.credentials_file: in BigCommerceAPI-credentials.txt, line 2, API PATH: "
        "must start with https://"
    )
    credentials.unlink()
    assert faults(with_file) == [
        (
            "line 3, store.credentials_file: in BigCommerceAPI-credentials.txt, file: cannot be "
            "read: "
            "No such file or directory"
        )
    ]


def test_a_blank_credentials_file_is_none(load: Load, text: str) -> None:
    assert (
        load(text.replace("[store]\n", '[store]\ncredentials_file = ""\n')).store.credentials_file
        is None
    )


def test_none_stands_for_nothing_given(text: str) -> None:
    table = tomllib.loads(text)
    table["store"]["license_key"] = table["gl"]["default_discount_gl_code"] = None
    assert Settings.from_dict(table) == Settings.from_dict(tomllib.loads(text))


# Any table at all


LEAVES = st.one_of(
    st.text(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.datetimes(),
    st.datetimes(
        timezones=st.sampled_from(
            [UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))]
        )
    ),
    st.times(),
    st.sampled_from(
        [
            "push",
            "pull",
            "off",
            "WEB",
            "Open",
            "Posted",
            "update",
            URL,
            "https://[",
            "credentials.txt",
            time(1),
            date.min,
        ]
    ),
)
SCREENS = {
    "store": StoreSetup,
    "order_status": OrderStatusSettings,
    "gl": GlSettings,
    "shipping": ShippingSettings,
}
NAMES = [
    name
    for screen in (*SCREENS.values(), StatusMapping, PaymentMethodMapping)
    for name in attrs.fields_dict(screen)
]
KEYS = st.text(max_size=6) | st.sampled_from([*SCREENS, *NAMES])
TABLES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)


@pytest.mark.no_cover
@given(st.dictionaries(KEYS, TABLES, max_size=6))
def test_any_table_loads_or_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_dict(data)
    assert raised.value.faults


@given(st.data())
def test_a_complete_table_with_any_one_value_loads_or_is_refused(data: st.DataObject) -> None:
    table: dict[str, dict[str, object]] = {
        "store": {"api_url": URL},
        "order_status": {
            "import_source_code": "WEB",
            "new_order_status": 11,
            "downloaded_order_status": 9,
            "import_error_status": 12,
        },
        "gl": {"tax_area": "BigCommerce"},
        "shipping": {"warehouse": "Main"},
    }
    assert Settings.from_dict(table)
    section = data.draw(st.sampled_from(list(SCREENS)))
    key = data.draw(st.sampled_from(list(attrs.fields_dict(SCREENS[section]))))
    value = data.draw(TABLES)
    table[section][key] = value
    try:
        settings = Settings.from_dict(table)
    except SettingsError as error:
        keys = [fault.key for fault in error.faults]
    else:
        keys = []
        if isinstance(value, str | int | float):
            kept = getattr(getattr(settings, section), key)
            kept = kept.reveal() if isinstance(kept, Secret) else kept
            assert kept == (value.strip() if isinstance(value, str) else value) or not value
    assert all(place.startswith(f"{section}.") for place in keys)


@given(st.text(st.characters(codec="utf-8")) | st.binary())
def test_any_file_loads_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, content: str | bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SettingsError, match=r"any\.toml has \d+ fault"):
        Settings.load(path)
