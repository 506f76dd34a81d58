"""Names on an order that may be translations: BigCommerce can show them in the shopper's language.

It translates payment methods, shipping methods and status labels. Which name an order keeps is not
documented (docs/facts.md, bigcommerce-pitfalls), so a name that no setting knows is not taken for a
new one where it may be a translation.
"""

from __future__ import annotations

from avbc.text import text_key


def may_be_translated(locale: str, language: str) -> bool:
    """Whether names on an order may be in another language than the store's.

    Args:
        locale: The order's `customer_locale`; empty where it has none.
        language: The store's language; empty where it is not known.

    >>> may_be_translated("de", "en"), may_be_translated("en-US", "en"), may_be_translated("", "en")
    (True, False, False)
    """
    theirs, ours = (
        text_key(each).replace("_", "-").partition("-")[0] for each in (locale, language)
    )
    return bool(theirs and ours and theirs != ours)
