"""How far AcctVantage is with what it picks up from the books (`docs/handshake.md`)."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs

from avbc.shown import Shown


@attrs.frozen
class Acknowledgement(Shown):
    """AcctVantage's answer to what it picked up: entered, or refused with code and text.

    >>> answer = Acknowledgement("WEB1042", 1, refused_code="P17", refused_text="Unknown part.")
    >>> answer.is_refusal, answer.reason
    (True, 'P17 Unknown part.')
    """

    import_id: str
    """Of the order, receipt or credit."""
    version: int
    """The version that AcctVantage took."""
    document_number: str = ""
    """AcctVantage's own number of the document; empty where it was refused."""
    status: str = ""
    """The status that AcctVantage gave the order; empty where it said none."""
    refused_code: str = ""
    """AcctVantage's code of the refusal; empty where it was entered."""
    refused_text: str = ""
    at: datetime | None = None
    """When it came, by the clock of the books' database."""

    @property
    def is_refusal(self) -> bool:
        """Whether AcctVantage refused it."""
        return bool(self.refused_code or self.refused_text)

    def __str__(self) -> str:
        """What AcctVantage did with which version.

        >>> print(Acknowledgement("WEB1042", 1, "SO-7001", "Open"))
        entered version 1 as SO-7001, Open
        >>> print(Acknowledgement("WEB1042", 2, refused_code="P17", refused_text="Unknown part."))
        refused version 2: P17 Unknown part.
        """
        if self.is_refusal:
            return f"refused version {self.version}: {self.reason}"
        document = f" as {self.document_number}" if self.document_number else ""
        return ", ".join(filter(None, (f"entered version {self.version}{document}", self.status)))

    @property
    def reason(self) -> str:
        """AcctVantage's code and words of the refusal, in one line."""
        return " ".join(f"{self.refused_code} {self.refused_text}".split())


@attrs.frozen
class Pickup(Shown):
    """How far AcctVantage is with an order that the books offer for pick-up.

    >>> entered = Acknowledgement("WEB1042", 1, "SO-7001", "Open")
    >>> Pickup("WEB1042", 1, answers=(entered,)).document_number
    'SO-7001'
    """

    order_import_id: str
    version: int
    """The version that is offered; 1 is the order as it was imported."""
    offered_at: datetime | None = None
    """Since when this version is offered, by the clock of the books' database."""
    answers: tuple[Acknowledgement, ...] = ()
    """Every answer to any version of the order, as they came."""
    parts_refused: tuple[Acknowledgement, ...] = ()
    """AcctVantage's refusals of receipts and credits of the order, as they are offered now."""

    @property
    def answer(self) -> Acknowledgement | None:
        """The last answer to the version that is offered; None while AcctVantage owes one."""
        own = [answer for answer in self.answers if answer.version == self.version]
        return own[-1] if own else None

    @property
    def refusal(self) -> Acknowledgement | None:
        """AcctVantage's refusal of the version that is offered, or of a receipt or credit of it.

        None if it refused nothing of it.
        """
        if self.is_refused:
            return self.answer
        return self.parts_refused[-1] if self.parts_refused else None

    @property
    def is_refused(self) -> bool:
        """Whether AcctVantage refused the order itself, in the version that is offered."""
        return self.answer is not None and self.answer.is_refusal

    @property
    def was_only_refused(self) -> bool:
        """Whether AcctVantage refused it, and has not entered any version of it."""
        return bool(self.answers) and all(answer.is_refusal for answer in self.answers)

    @property
    def document_number(self) -> str:
        """AcctVantage's number of the document; empty while no version was entered."""
        numbers = [answer.document_number for answer in self.answers if answer.document_number]
        return numbers[-1] if numbers else ""

    def __str__(self) -> str:
        """What AcctVantage said of the version that is offered, or since when it owes an answer.

        >>> print(Pickup("WEB1042", 2, answers=(Acknowledgement("WEB1042", 1, "SO-7001"),)))
        version 2 of WEB1042 waits for AcctVantage, which entered version 1 as SO-7001
        """
        if self.answer is not None:
            # Words of a refusal may end with a period of their own.
            text = str(self.answer).removesuffix(".")
            at = "" if self.answer.at is None else f" ({_minute(self.answer.at)})"
            return f"AcctVantage {text}{at}"
        since = "" if self.offered_at is None else f", since {_minute(self.offered_at)}"
        before = f", which {self.answers[-1]}".removesuffix(".") if self.answers else ""
        waits = f"version {self.version} of {self.order_import_id} waits for AcctVantage"
        return f"{waits}{before}{since}"

    @property
    def sentence(self) -> str:
        """The same as a sentence.

        >>> Pickup("WEB1042", 1).sentence
        'Version 1 of WEB1042 waits for AcctVantage.'
        """
        text = str(self)
        return f"{text[:1].upper()}{text[1:]}."


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
