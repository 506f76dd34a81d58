"""Countries and states."""

import pytest

from avbc.mapping import country_code, state_name
from avbc.mapping.places import COUNTRY_CODES, STATES, place_key


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("United States", "US"),
        (" united states of america ", "US"),
        ("U.S.A.", "US"),
        ("us", "US"),
        ("", "US"),
        ("  ", "US"),
        ("Canada", "CA"),
        ("UK", "GB"),
        ("England", "GB"),
        ("Côte d'Ivoire", "CI"),
        ("Cote d\u2019Ivoire", "CI"),
        ("Trinidad & Tobago", "TT"),
        ("St. Kitts & Nevis", "KN"),
        ("The Netherlands", "NL"),
        ("Viet Nam", "VN"),
        ("Atlantis", None),
        ("ZZ", None),
        ("...", None),
    ],
)
def test_countries(name, code):
    assert country_code(name) == code


@pytest.mark.parametrize(
    ("name", "country", "full"),
    [
        ("TX", "US", "Texas"),
        ("tx", "US", "Texas"),
        ("TEXAS", "US", "Texas"),
        ("new york", "US", "New York"),
        ("Washington, D.C.", "US", "District of Columbia"),
        ("D.C.", "US", "District of Columbia"),
        ("AE", "US", "Armed Forces Europe"),
        ("Québec", "CA", "Quebec"),
        ("ON", "CA", "Ontario"),
        ("P.E.I.", "CA", "Prince Edward Island"),
        ("Calif.", "US", None),
        ("ON", "US", None),
        ("Bavaria", "DE", "Bavaria"),
        ("BY", "DE", "BY"),
        ("", "GB", ""),
    ],
)
def test_states(name, country, full):
    assert state_name(name, country) == full


def test_the_tables_are_whole():
    assert len(set(COUNTRY_CODES.values())) == 230
    assert all(
        len(code) == 2 and code.isupper() and COUNTRY_CODES[code.casefold()] == code
        for code in COUNTRY_CODES.values()
    )
    assert len(set(STATES["US"].values())) == 59  # 50, the district, 5 territories, 3 armed forces
    assert len(set(STATES["CA"].values())) == 13
    for table in STATES.values():
        assert all(table[place_key(full)] == full for full in table.values())
