"""Texts and addresses as the books keep them, and as people read them."""

from __future__ import annotations

import html
import re

from avbc.acctvantage import records
from avbc.bigcommerce import models

# Only entities that end in a semicolon: html.unescape alone would also turn "A&copy" into a
# copyright sign.
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
# Control characters and halves of surrogate pairs: no database keeps them, no form shows them.
_UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|[\ud800-\udfff]")


def plain(text: str) -> str:
    r"""Text for a plain field of the ERP: no HTML entities, no unwritable characters (inferred).

    Outer spaces go too. Everything else stays as the shopper typed it, in any script.

    >>> plain(" Tea &amp; Caf\u00e9 &#x2615; "), plain("AT&T; R&D&copy")
    ('Tea & Café ☕', 'AT&T; R&D&copy')
    """
    if not text:
        return text
    if "&" in text:
        text = _ENTITY.sub(lambda entity: html.unescape(entity.group()), text)
    if not text.isprintable():
        text = _UNWRITABLE.sub("", text)
    return text.strip()


def full_name(address: models.Address) -> str:
    """First and last name, whichever there is."""
    return f"{plain(address.first_name)} {plain(address.last_name)}".strip()


def address(source: models.Address) -> records.Address:
    """A Bill To or Ship To address: a company and its person, or a person alone (inferred).

    State and country keep their names as the store has them.

    >>> address(models.Address(last_name="Rivera", company="Mugs &amp; More")).attention
    'Rivera'
    """
    company = plain(source.company)
    person = full_name(source)
    return records.Address(
        name=company or person,
        attention=person if company else "",
        address_1=plain(source.street_1),
        address_2=plain(source.street_2),
        city=plain(source.city),
        state=plain(source.state),
        zip=plain(source.zip),
        country=plain(source.country),
        phone=plain(source.phone),
        email=plain(source.email),
    )


def one_line(place: records.Address) -> str:
    """An address on one line, for explanations.

    >>> one_line(records.Address(name="Ana Rivera", city="Austin", state="Texas", zip="78701"))
    'Ana Rivera, Austin, Texas, 78701'
    """
    parts = [
        place.name,
        place.attention,
        place.address_1,
        place.address_2,
        place.city,
        place.state,
        place.zip,
        place.country,
    ]
    return ", ".join(part for part in parts if part)
