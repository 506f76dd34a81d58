"""Countries and states in AcctVantage's words, for BigCommerce (customers API)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from avbc.text import text_key

UNITED_STATES = "US"

_COUNTRIES = """
AD Andorra; AE United Arab Emirates, UAE; AF Afghanistan; AG Antigua and Barbuda; AI Anguilla; AL
Albania; AM Armenia; AO Angola; AR Argentina; AS American Samoa; AT Austria; AU Australia, AUS; AW
Aruba; AZ Azerbaijan; BA Bosnia and Herzegovina; BB Barbados; BD Bangladesh; BE Belgium; BF Burkina
Faso; BG Bulgaria; BH Bahrain; BI Burundi; BJ Benin; BM Bermuda; BN Brunei, Brunei Darussalam; BO
Bolivia; BR Brazil; BS Bahamas, The Bahamas; BT Bhutan; BW Botswana; BY Belarus; BZ Belize; CA
Canada, CAN; CD Democratic Republic of the Congo; CF Central African Republic; CG Congo, Republic of
the Congo; CH Switzerland; CI Côte d'Ivoire, Ivory Coast; CK Cook Islands; CL Chile; CM Cameroon; CN
China, People's Republic of China; CO Colombia; CR Costa Rica; CU Cuba; CV Cape Verde, Cabo Verde;
CW Curaçao; CY Cyprus; CZ Czech Republic, Czechia; DE Germany, Deutschland, DEU; DJ Djibouti; DK
Denmark; DM Dominica; DO Dominican Republic; DZ Algeria; EC Ecuador; EE Estonia; EG Egypt; ER
Eritrea; ES Spain; ET Ethiopia; FI Finland; FJ Fiji; FK Falkland Islands; FM Micronesia; FO Faroe
Islands; FR France, FRA; GA Gabon; GB United Kingdom, UK, Great Britain, GBR, England, Scotland,
Wales, Northern Ireland; GD Grenada; GE Georgia; GF French Guiana; GG Guernsey; GH Ghana; GI
Gibraltar; GL Greenland; GM Gambia, The Gambia; GN Guinea; GP Guadeloupe; GQ Equatorial Guinea; GR
Greece; GT Guatemala; GU Guam; GW Guinea-Bissau; GY Guyana; HK Hong Kong; HN Honduras; HR Croatia;
HT Haiti; HU Hungary; ID Indonesia; IE Ireland, Republic of Ireland; IL Israel; IM Isle of Man; IN
India; IQ Iraq; IR Iran; IS Iceland; IT Italy; JE Jersey; JM Jamaica; JO Jordan; JP Japan; KE Kenya;
KG Kyrgyzstan; KH Cambodia; KI Kiribati; KM Comoros; KN Saint Kitts and Nevis, St. Kitts and Nevis;
KP North Korea; KR South Korea, Korea, Republic of Korea; KW Kuwait; KY Cayman Islands; KZ
Kazakhstan; LA Laos; LB Lebanon; LC Saint Lucia, St. Lucia; LI Liechtenstein; LK Sri Lanka; LR
Liberia; LS Lesotho; LT Lithuania; LU Luxembourg; LV Latvia; LY Libya; MA Morocco; MC Monaco; MD
Moldova; ME Montenegro; MG Madagascar; MH Marshall Islands; MK North Macedonia, Macedonia; ML Mali;
MM Myanmar, Burma; MN Mongolia; MO Macau, Macao; MP Northern Mariana Islands; MQ Martinique; MR
Mauritania; MS Montserrat; MT Malta; MU Mauritius; MV Maldives; MW Malawi; MX Mexico, MEX; MY
Malaysia; MZ Mozambique; NA Namibia; NC New Caledonia; NE Niger; NG Nigeria; NI Nicaragua; NL
Netherlands, The Netherlands, Holland; NO Norway; NP Nepal; NR Nauru; NU Niue; NZ New Zealand, NZL;
OM Oman; PA Panama; PE Peru; PF French Polynesia; PG Papua New Guinea; PH Philippines, The
Philippines; PK Pakistan; PL Poland; PM Saint Pierre and Miquelon; PR Puerto Rico; PS Palestine,
Palestinian Territories; PT Portugal; PW Palau; PY Paraguay; QA Qatar; RE Réunion; RO Romania; RS
Serbia; RU Russia, Russian Federation; RW Rwanda; SA Saudi Arabia; SB Solomon Islands; SC
Seychelles; SD Sudan; SE Sweden; SG Singapore; SI Slovenia; SK Slovakia; SL Sierra Leone; SM San
Marino; SN Senegal; SO Somalia; SR Suriname; SS South Sudan; ST São Tomé and Príncipe; SV El
Salvador; SX Sint Maarten; SY Syria; SZ Eswatini, Swaziland; TC Turks and Caicos Islands; TD Chad;
TG Togo; TH Thailand; TJ Tajikistan; TL Timor-Leste, East Timor; TM Turkmenistan; TN Tunisia; TO
Tonga; TR Turkey, Türkiye; TT Trinidad and Tobago; TV Tuvalu; TW Taiwan; TZ Tanzania; UA Ukraine; UG
Uganda; US United States, United States of America, USA, America; UY Uruguay; UZ Uzbekistan; VA
Vatican City; VC Saint Vincent and the Grenadines, St. Vincent and the Grenadines; VE Venezuela; VG
British Virgin Islands; VI U.S. Virgin Islands, United States Virgin Islands; VN Vietnam; VU
Vanuatu; WS Samoa; XK Kosovo; YE Yemen; YT Mayotte; ZA South Africa; ZM Zambia; ZW Zimbabwe
"""

_US_STATES = """
AL Alabama; AK Alaska; AZ Arizona; AR Arkansas; CA California; CO Colorado; CT Connecticut; DE
Delaware; DC District of Columbia, Washington DC; FL Florida; GA Georgia; HI Hawaii; ID Idaho; IL
Illinois; IN Indiana; IA Iowa; KS Kansas; KY Kentucky; LA Louisiana; ME Maine; MD Maryland; MA
Massachusetts; MI Michigan; MN Minnesota; MS Mississippi; MO Missouri; MT Montana; NE Nebraska; NV
Nevada; NH New Hampshire; NJ New Jersey; NM New Mexico; NY New York; NC North Carolina; ND North
Dakota; OH Ohio; OK Oklahoma; OR Oregon; PA Pennsylvania; RI Rhode Island; SC South Carolina; SD
South Dakota; TN Tennessee; TX Texas; UT Utah; VT Vermont; VA Virginia; WA Washington; WV West
Virginia; WI Wisconsin; WY Wyoming; AS American Samoa; GU Guam; MP Northern Mariana Islands; PR
Puerto Rico; VI Virgin Islands, U.S. Virgin Islands; AA Armed Forces Americas; AE Armed Forces
Europe; AP Armed Forces Pacific
"""

_CANADIAN_PROVINCES = """
AB Alberta; BC British Columbia; MB Manitoba; NB New Brunswick; NL Newfoundland and Labrador,
Newfoundland; NT Northwest Territories; NS Nova Scotia; NU Nunavut; ON Ontario; PE Prince Edward
Island, PEI; QC Quebec, PQ; SK Saskatchewan; YT Yukon, Yukon Territory
"""


def place_key(name: str) -> str:
    """The key by which places compare: that of `text_key`, without accents, spaces and signs.

    Addresses are typed without the accents of a place's own language, and with or without dots.

    >>> place_key("Côte d'Ivoire"), place_key("U.S.A.")
    ('cotedivoire', 'usa')
    """
    return "".join(
        sign
        for sign in unicodedata.normalize("NFKD", text_key(name.replace("&", "and")))
        if sign.isalnum()
    )


def _rows(table: str) -> list[tuple[str, list[str]]]:
    """A table's codes, each with its names; the first name is the one to be written."""
    rows = (" ".join(row.split()).partition(" ") for row in table.split(";"))
    return [(code, names.split(", ")) for code, _, names in rows]


def _codes(table: str) -> dict[str, str]:
    return {place_key(name): code for code, names in _rows(table) for name in (code, *names)}


def _full_names(table: str) -> dict[str, str]:
    return {place_key(name): names[0] for code, names in _rows(table) for name in (code, *names)}


COUNTRY_CODES: Mapping[str, str] = _codes(_COUNTRIES)
"""Two letters (ISO 3166) by `place_key` of the country's names."""

STATES: Mapping[str, Mapping[str, str]] = {
    UNITED_STATES: _full_names(_US_STATES),
    "CA": _full_names(_CANADIAN_PROVINCES),
}
"""Full names of states and provinces by `place_key` of name or code, by country."""


def country_code(name: str) -> str | None:
    """A country's two letters; None for a name that the table lacks.

    Blank is the United States (AcctVantage manual, Sales Master).

    >>> [country_code(name) for name in ("Great Britain", "", "de", "Atlantis")]
    ['GB', 'US', 'DE', None]
    """
    return COUNTRY_CODES.get(place_key(name)) if name.strip() else UNITED_STATES


def state_name(name: str, country: str) -> str | None:
    """A state or province in full, as BigCommerce wants it; None for one that is not known.

    `country` is two letters. In countries without a table the name is not changed.

    >>> state_name("tx", "US"), state_name("TX", "CA"), state_name("Bavaria", "DE")
    ('Texas', None, 'Bavaria')
    """
    return STATES[country].get(place_key(name)) if country in STATES else name
