"""Saved settings load back equal, hold no secrets, and never destroy any."""

from __future__ import annotations

import copy
import json
import pickle
import stat
import string
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avbc.posting import means_posted
from avbc.secret import Secret
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
    SettingsError,
    ShippingMethodMapping,
    ShippingSettings,
    StatusMapping,
    StoreSetup,
    payment_method_key,
)
from avbc.testing import example
from avbc.text import text_key

URL = "https://api.bigcommerce.com/stores/abc123/v3/"
SECRETS = {
    "access_token": "example-token",
    "client_secret": "example-secret",
    "license_key": "example-license",
}

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
NAMES = TEXT.filter(str.strip)
STATUSES = st.integers(0, 99) | NAMES


@st.composite
def any_settings(draw: st.DrawFn) -> Settings:
    fold = lambda status: " ".join(str(status).split()).casefold()  # noqa: E731 - a key of sorts
    new, downloaded, error = draw(st.lists(STATUSES, min_size=3, max_size=3, unique_by=fold))
    updates = draw(st.sampled_from(["push", "pull", "off"]))
    pairs = st.tuples(
        NAMES.filter(lambda name: not means_posted(name)),
        STATUSES.filter(lambda status: fold(status) != fold(new)),
    )
    sides = (lambda pair: pair[0].strip().casefold(), lambda pair: fold(pair[1]))
    rows = draw(st.lists(pairs, min_size=1, max_size=4, unique_by=sides))
    methods = draw(
        st.lists(
            st.tuples(NAMES, NAMES), max_size=4, unique_by=lambda pair: payment_method_key(pair[0])
        )
    )
    return Settings(
        store=StoreSetup(
            description=draw(TEXT), api_url=URL, client_id=draw(TEXT), enabled=draw(st.booleans())
        ),
        order_status=OrderStatusSettings(
            import_source_code=draw(
                st.text(string.ascii_letters + string.digits, min_size=3, max_size=3)
            ),
            check_interval_minutes=draw(st.integers(1, 10_080)),
            new_order_status=new,
            match_clients_by_email=draw(st.booleans()),
            downloaded_order_status=downloaded,
            import_error_status=error,
            updates=updates,
            mapping=[
                StatusMapping(
                    acctvantage=ours, bigcommerce=theirs, may_move_backwards=draw(st.booleans())
                )
                for ours, theirs in rows
            ],
            import_orders_created_since=draw(
                st.none() | st.datetimes(timezones=st.just(UTC)) | st.dates()
            ),
            new_sales_order_status=draw(NAMES.filter(lambda name: not means_posted(name))),
            edited_orders=draw(st.sampled_from(["update", "refuse"])),
            staff_notes_on_errors=draw(st.booleans()),
            import_error_when_acctvantage_refuses=draw(st.booleans()),
            channels=draw(st.lists(st.integers(1, 2_000_000), max_size=3, unique=True)),
            form_fields=[
                FormFieldMapping(
                    bigcommerce=name, acctvantage=draw(st.sampled_from(["po_number", "memo"]))
                )
                for name in draw(st.lists(NAMES, max_size=2, unique_by=text_key))
            ],
            waiting_days=draw(st.integers(1, 365)),
        ),
        gl=GlSettings(
            default_discount_gl_code=draw(TEXT),
            tax_area=draw(NAMES),
            payment_methods=[
                PaymentMethodMapping(
                    bigcommerce=method,
                    receipt_type=kind,
                    authorization_days=draw(st.integers(1, 60)),
                    import_when=draw(st.sampled_from(["always", "never"])),
                    offline=draw(st.none() | st.booleans()),
                )
                for method, kind in methods
            ],
            credit_card_transactions_are_preauthorizations=draw(st.booleans()),
            gift_certificate_gl_code=draw(TEXT),
            import_refunds=draw(st.booleans()),
            import_test_transactions=draw(st.booleans()),
            purchase_orders_from_new_clients=draw(st.booleans()),
            unsupported_coupons=draw(st.sampled_from(["refuse", "amount"])),
        ),
        shipping=ShippingSettings(
            warehouse=draw(NAMES),
            sync_product_details=draw(st.booleans()),
            sync_inventory_levels=draw(st.booleans()),
            default_ship_via=draw(TEXT),
            auto_create_missing_shipping_methods=draw(st.booleans()),
            default_shipment_product_class=draw(NAMES),
            push_shipments=draw(st.booleans()),
            push_shipments_since=draw(
                st.none() | st.datetimes(timezones=st.just(UTC)) | st.dates()
            ),
            methods=[
                ShippingMethodMapping(bigcommerce=name, ship_via=draw(NAMES))
                for name in draw(st.lists(NAMES, max_size=2, unique_by=text_key))
            ],
        ),
        products=ProductSettings(
            mapping=[
                ProductMapping(
                    product_id=number,
                    variant_id=draw(st.none() | st.integers(1)),
                    sku=draw(TEXT),
                    part_number=draw(NAMES),
                )
                for number in draw(st.lists(st.integers(1), max_size=2, unique=True))
            ],
            placeholder_product=draw(TEXT),
            keep_store_fields=draw(st.lists(NAMES, max_size=2)),
        ),
        journal=JournalSettings(
            receivable=draw(st.sampled_from(["", "journal: A/R"])),
            sales=draw(TEXT),
            tax=[
                JournalTax(tax_area=name, gl_code=draw(NAMES))
                for name in draw(st.lists(NAMES, max_size=2, unique_by=text_key))
            ],
            clearing=[
                JournalClearing(receipt_type=name, gl_code=draw(NAMES))
                for name in draw(st.lists(NAMES, max_size=2, unique_by=text_key))
            ],
        ),
    )


@pytest.mark.no_cover
@given(any_settings())
def test_saved_settings_load_back_equal(
    tmp_path_factory: pytest.TempPathFactory, settings: Settings
) -> None:
    path = tmp_path_factory.getbasetemp() / "round.toml"
    settings.save(path)
    assert Settings.load(path) == settings
    assert Settings.from_dict(settings.to_dict()) == settings


@pytest.fixture
def settings(text: str) -> Settings:
    """Settings with all three secrets."""
    path = text.replace(
        'access_token = "example-token"\n',
        "".join(f'{name} = "{value}"\n' for name, value in SECRETS.items()),
    )
    import tomllib

    return Settings.from_dict(tomllib.loads(path))


def test_no_way_out_shows_a_secret(settings: Settings, tmp_path: Path) -> None:
    settings.save(tmp_path / "avbc.toml")
    ways = [
        repr(settings),
        str(settings),
        f"{settings.store}",
        repr(settings.to_dict()),
        json.dumps(settings.to_dict()),
        (tmp_path / "avbc.toml").read_text(encoding="utf-8"),
        repr(attrs.asdict(settings)),
    ]
    assert all(getattr(settings.store, name).reveal() == value for name, value in SECRETS.items())
    assert not [(way, value) for way in ways for value in SECRETS.values() if value in way]


def test_a_token_given_as_plain_text_becomes_a_secret() -> None:
    store = StoreSetup(api_url=URL, access_token=" example-token ", license_key="")
    assert store.access_token == Secret("example-token")
    assert store.license_key is None
    assert "example-token" not in repr(store)


def test_pickle_and_json_refuse_secrets(settings: Settings) -> None:
    with pytest.raises(TypeError, match="a Secret cannot be pickled"):
        pickle.dumps(settings)
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(attrs.asdict(settings))


def test_settings_without_secrets_travel(settings: Settings) -> None:
    bare = Settings.from_dict(settings.to_dict())
    assert pickle.loads(pickle.dumps(bare)) == bare
    assert copy.deepcopy(settings) == settings


def test_settings_are_values(settings: Settings) -> None:
    other = attrs.evolve(settings, shipping=attrs.evolve(settings.shipping, warehouse="East"))
    assert other != settings
    assert attrs.evolve(other, shipping=settings.shipping) == settings
    assert hash(attrs.evolve(settings)) == hash(settings)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        settings.shipping.warehouse = "East"


def test_only_the_owner_may_read(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "avbc.toml"
    path.write_text("")
    path.chmod(0o644)
    settings.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["avbc.toml"]


@pytest.mark.parametrize("name", SECRETS)
def test_a_file_with_secrets_is_not_overwritten(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "avbc.toml"
    path.write_text(f'store.{name} = "example"\n')
    with pytest.raises(SettingsError, match=rf"store\.{name}: is in the file and would be lost"):
        settings.save(path)
    assert path.read_text() == f'store.{name} = "example"\n'


@pytest.mark.parametrize("content", ["store = [", "\udcff"], ids=["no TOML", "no text"])
def test_a_file_that_may_hold_anything_is_not_overwritten(
    settings: Settings, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "avbc.toml"
    path.write_text(content, errors="surrogateescape")
    with pytest.raises(SettingsError, match="file: "):
        settings.save(path)


@pytest.mark.parametrize(
    "content", ["store = 1", "[store]\naccess_token = ''"], ids=["no table", "a blank token"]
)
def test_a_file_without_secrets_is(settings: Settings, tmp_path: Path, content: str) -> None:
    path = tmp_path / "avbc.toml"
    path.write_text(content)
    settings.save(path)
    assert Settings.load(path).to_dict() == settings.to_dict()


def test_a_link_stays_a_link(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "avbc.toml"
    link.symlink_to(tmp_path / "real" / "settings.toml")
    settings.save(link)
    assert link.is_symlink()
    assert Settings.load(link).to_dict() == settings.to_dict()


def test_a_folder_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="file: cannot be written: its folder does not exist"):
        settings.save(tmp_path / "none" / "avbc.toml")


def test_what_fails_midway_leaves_the_old_file(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "avbc.toml"
    path.write_text("# old\n")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SettingsError, match="cannot be written: No space left on device"):
        settings.save(path)
    assert path.read_text() == "# old\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["avbc.toml"]


@pytest.mark.parametrize("folder", [".", "beside", "..", "elsewhere"])
def test_the_credentials_file_is_found_again(
    tmp_path: Path, load: Callable[[str], Settings], text: str, folder: str
) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    credentials = tmp_path / folder / f"{tmp_path.name}.txt"
    credentials.write_text(f"ACCESS TOKEN: example-token\nAPI PATH: {URL}\n")
    written = str(credentials) if folder == "elsewhere" else f"{folder}/{credentials.name}"
    settings = load(
        text.replace("[store]\n", f'[store]\ncredentials_file = "{written}"\n').replace(
            'access_token = "example-token"\n', ""
        )
    )
    settings.save(tmp_path / "avbc.toml")
    assert Settings.load(tmp_path / "avbc.toml") == settings
    (tmp_path / "other").mkdir()
    settings.save(tmp_path / "other" / "avbc.toml")
    assert Settings.load(tmp_path / "other" / "avbc.toml").store.access_token == Secret(
        "example-token"
    )
    credentials.unlink()


@pytest.mark.parametrize("since", [date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_date_and_an_instant_are_saved_as_what_they_are(
    settings: Settings, tmp_path: Path, since: date
) -> None:
    dated = attrs.evolve(
        settings,
        order_status=attrs.evolve(settings.order_status, import_orders_created_since=since),
    )
    dated.save(tmp_path / "avbc.toml")
    loaded = Settings.load(tmp_path / "avbc.toml")
    again = Settings.from_dict(dated.to_dict())
    assert loaded.order_status == dated.order_status == again.order_status
    kept = loaded.order_status.import_orders_created_since
    assert type(kept) is type(since)
    assert kept == since
    written = "2026-01-01" if type(since) is date else "2026-01-01T00:00:00Z"
    assert f"import_orders_created_since = {written}\n" in (tmp_path / "avbc.toml").read_text()


KEPT = """# Our store. Ask Ana before you change anything.
[gl]  # the second screen comes first here
tax_area   = 'BigCommerce'     # not AvaTax

# Cards
[[gl.payment_methods]]
receipt_type = 'Visa/MC'  # until June
bigcommerce = "Credit Card"

# Cash
[[gl.payment_methods]]
bigcommerce = "Cash"
receipt_type = "Check"

# What the store is
[store]
api_url = "https://api.bigcommerce.com/stores/abc123/v3/"

[order_status]
# three letters
import_source_code = "WEB"
new_order_status = "Awaiting Fulfillment"
downloaded_order_status = "Awaiting Shipment"
import_error_status = "Manual Verification Required"

[shipping] # warehouse 1
warehouse = "Main"
# the end
"""


def test_a_file_that_says_the_same_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "avbc.toml"
    path.write_text(KEPT)
    Settings.load(path).save(path)
    assert path.read_text() == KEPT


def test_comments_order_and_formatting_stay_where_values_change(tmp_path: Path) -> None:
    path = tmp_path / "avbc.toml"
    path.write_text(KEPT)
    settings = Settings.load(path)
    changed = attrs.evolve(
        settings,
        gl=attrs.evolve(
            settings.gl,
            tax_area="Texas",
            import_refunds=True,
            payment_methods=[
                settings.gl.payment_methods[1],
                PaymentMethodMapping(bigcommerce="PayPal", receipt_type="PayPal"),
            ],
        ),
        shipping=attrs.evolve(settings.shipping, warehouse="East"),
        order_status=attrs.evolve(settings.order_status, check_interval_minutes=10),
    )
    changed.save(path)
    written = path.read_text()
    assert Settings.load(path) == changed
    assert written == (
        KEPT.replace("'BigCommerce'     # not", '"Texas"     # not')
        .replace("# not AvaTax\n", "# not AvaTax\nimport_refunds = true\n")
        .replace(
            "# Cards\n[[gl.payment_methods]]\nreceipt_type = 'Visa/MC'  # until June\n"
            'bigcommerce = "Credit Card"\n\n',
            "",
        )
        .replace(
            'receipt_type = "Check"\n',
            'receipt_type = "Check"\n\n[[gl.payment_methods]]\nbigcommerce = "PayPal"\n'
            'receipt_type = "PayPal"\n',
        )
        .replace(
            '= "Manual Verification Required"\n',
            '= "Manual Verification Required"\ncheck_interval_minutes = 10\n',
        )
        .replace('warehouse = "Main"', 'warehouse = "East"')
    )


APPENDED = """# Ask Ana.
[store]
api_url = "https://api.bigcommerce.com/stores/abc123/v3/"  # v3

[order_status]
import_source_code = "WEB"
new_order_status = " Awaiting Fulfillment "
downloaded_order_status = "Awaiting Shipment"
import_error_status = "Manual Verification Required"
import_orders_created_since = 2026-01-01  # the move
updates = 'push'

[gl]
tax_area   = 'BigCommerce'

# Cards
[[gl.payment_methods]]
bigcommerce = "Credit Card"  # Visa, mostly
receipt_type = 'Visa/MC'

[shipping] # one
warehouse = "Main"
# end of the warehouse

# proposed by the check
[[order_status.mapping]]
acctvantage = "Shipped/Invoice"  # left
bigcommerce = "Shipped"

[[gl.payment_methods]]
bigcommerce = "Cash"
receipt_type = "Check" # checks
# the end
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    "text",
    [
        APPENDED,
        KEPT,
        APPENDED.replace("[gl]\ntax_area ", "[gl]\n'tax_area' "),
        (
            'store.api_url = "https://api.bigcommerce.com/stores/abc123/v3"\n'
            'gl = { tax_area = "X" }  # tax\nshipping.warehouse = "M"\n'
            + KEPT[KEPT.index("[order_status]") : KEPT.index("[shipping]")]
        ),
    ],
    ids=["appended rows", "in order", "a quoted key", "dotted keys"],
)
def test_unchanged_settings_leave_every_byte(
    tmp_path: Path, text: str, mark: str, end: str
) -> None:
    path = tmp_path / "avbc.toml"
    before = (mark + text.replace("\n", end)).encode()
    path.write_bytes(before)
    Settings.load(path).save(path)
    assert path.read_bytes() == before


def test_what_the_credentials_file_says_is_not_written_to_the_settings(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text(f"ACCESS TOKEN: t\nAPI PATH: {URL}\nCLIENT ID: abc\n")
    path = tmp_path / "avbc.toml"
    text = APPENDED.replace(
        'api_url = "https://api.bigcommerce.com/stores/abc123/v3/"',
        'credentials_file = "./key.txt"',
    )
    path.write_text(text)
    settings = Settings.load(path)
    settings.save(path)
    assert path.read_text() == text
    attrs.evolve(settings, shipping=attrs.evolve(settings.shipping, warehouse="B")).save(path)
    assert path.read_text() == text.replace('"Main"', '"B"')
    alone = attrs.evolve(settings, store=attrs.evolve(settings.store, credentials_file=None))
    alone.save(path)
    assert Settings.load(path).store.api_url == settings.store.api_url


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_changed_key_changes_nothing_else_where_rows_are_appended(
    tmp_path: Path, end: str
) -> None:
    path = tmp_path / "avbc.toml"
    path.write_bytes(APPENDED.replace("\n", end).encode())
    settings = Settings.load(path)
    changed = attrs.evolve(
        settings,
        gl=attrs.evolve(
            settings.gl,
            tax_area="Texas",
            import_refunds=True,
            payment_methods=[
                settings.gl.payment_methods[0],
                attrs.evolve(settings.gl.payment_methods[1], receipt_type="Cash"),
            ],
        ),
    )
    changed.save(path)
    assert Settings.load(path) == changed
    assert path.read_bytes().decode() == (
        APPENDED.replace("'BigCommerce'\n", '"Texas"\nimport_refunds = true\n')
        .replace('"Check" #', '"Cash" #')
        .replace("\n", end)
    )


@pytest.mark.parametrize(
    ("order", "gone"),
    [
        ([1], ["# Cards\n[[gl.payment_methods]]\n", 'bigcommerce = "Credit Card"', "'Visa/MC'"]),
        ([0], ['bigcommerce = "Cash"', "# checks"]),
        ([], ["payment_methods", "Cash", "Visa/MC"]),
        ([1, 0], []),
        ([0, 1, 0], []),
    ],
)
def test_rows_in_two_places_are_removed_and_reordered(
    tmp_path: Path, order: list[int], gone: list[str]
) -> None:
    path = tmp_path / "avbc.toml"
    path.write_text(APPENDED)
    settings = Settings.load(path)
    rows = [settings.gl.payment_methods[at] for at in order[:2]]
    rows += [PaymentMethodMapping(bigcommerce="New", receipt_type="New") for _ in order[2:]]
    changed = attrs.evolve(settings, gl=attrs.evolve(settings.gl, payment_methods=rows))
    changed.save(path)
    assert Settings.load(path) == changed
    written = path.read_text()
    assert not [text for text in gone if text in written]
    for comment in ("# Ask Ana.", "# v3", "# the move", "[shipping] # one", "# left", "# proposed"):
        assert comment in written
    if len(order) > 1:
        assert "# Visa, mostly" in written
        assert "# checks" in written


@pytest.mark.parametrize(
    "layout",
    [
        'gl.tax_area = "X"\nstore.api_url = "x"\ngl.import_refunds = true\n# note\n',
        "[gl]\ntax_area = 'X'\n[store]\n[gl.extra]\na = 1\n",
        (
            "[gl]\npayment_methods = [{ bigcommerce = 'A', receipt_type = 'B' }] # inline\n"
            "tax_area = 'X'\n"
        ),
        "gl = { tax_area = 'X' }\n[other]\na = 1\n",
    ],
    ids=["dotted", "pieces", "inline rows", "inline table"],
)
def test_any_layout_is_written_so_that_it_loads_back(
    settings: Settings, tmp_path: Path, layout: str
) -> None:
    path = tmp_path / "avbc.toml"
    path.write_text(layout)
    settings.save(path)
    assert Settings.load(path).to_dict() == settings.to_dict()


@pytest.mark.no_cover
@given(any_settings(), any_settings())
def test_settings_saved_over_others_load_back_equal(
    tmp_path_factory: pytest.TempPathFactory, first: Settings, second: Settings
) -> None:
    path = tmp_path_factory.getbasetemp() / "over.toml"
    path.unlink(missing_ok=True)
    first.save(path)
    second.save(path)
    assert Settings.load(path) == second


NEW = Settings.from_dict(example.settings_dict(URL))


def test_a_new_file_has_rows_and_no_secrets(tmp_path: Path) -> None:
    path = tmp_path / "new.toml"
    rows = '[[shipping.methods]]\nbigcommerce = "Courier"\nship_via = "UPS Ground"'
    NEW.create(path, rows=rows)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (method,) = Settings.load(path).shipping.methods
    assert method.bigcommerce == "Courier"
    assert "access_token" not in path.read_text(encoding="utf-8")


def test_a_new_file_has_secrets_where_they_are_asked_for(
    tmp_path: Path, settings: Settings
) -> None:
    token = Secret("example-token")
    settings = attrs.evolve(NEW, store=attrs.evolve(NEW.store, access_token=token))
    settings.create(tmp_path / "new.toml", secrets=True)
    assert stat.S_IMODE((tmp_path / "new.toml").stat().st_mode) == 0o600
    assert Settings.load(tmp_path / "new.toml") == settings


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "old.toml"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match="is there already"):
        NEW.create(path)
    with pytest.raises(
        SettingsError, match="cannot be written: its folder does not exist: create it first"
    ):
        NEW.create(tmp_path / "gone" / "new.toml")
    assert path.read_text(encoding="utf-8") == "mine"
