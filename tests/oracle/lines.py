"""The lines of acts, as the plain model reads them."""

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from core.outcome_codes import Outcome
from tests.oracle.model import NONE, Fingerprint

PREDECESSOR_BY_ENTRY = -1
"""Value of the predecessor's line where the predecessor is named by its entry."""


class Line(NamedTuple):
    """One row of ``core.tables.journal.Acts``; a fingerprint is one value here, and None where the columns are 0."""

    head: int
    kind: int
    amount: int
    period: int
    key: Fingerprint
    content: Hashable
    fault: int = Outcome.ACCEPTED
    cell: int = NONE
    source: int = NONE
    """The node that a move takes from, the origin of an opening, or the first day of a commitment's service."""
    account: int = 0
    previous: Fingerprint = None
    previous_line: int = 0
    """Line of the predecessor; of the same act where ``previous`` is None."""
    previous_entry: int = 0
    """The entry of the predecessor, where it is named by entry."""
    payee: Fingerprint = None
    bank: Hashable = 0
    invoice: Fingerprint = None
    """Supplier and number of the invoice that the line requests."""
    invoice_part: int = 0
    """0 for the whole invoice."""
    invoice_day: int = 0
    """0 if no date is stated."""
    day: int = 0
    nature: int = 0
    """1: it states a nature that may be paid before service, or posts by hand on an account between accountants; 2: it credits
    a product by hand; 3: it debits a suspense account by hand."""
    signature: int = 0
    """The number of the signature in ``model.World.signatures``; 0 if it names nobody."""
    state_payee: Hashable = 0
    """The payee, as ``model.SpecialAccount.state_payees`` names those that are the State itself; 0 for any other."""
    terms: "LineTerms | None" = None
    debits_until: int | None = None
    """Of a claim of late interest without a reason: the last entry before its file, whose debits count."""


class LineTerms(NamedTuple):
    """What a line states of its payment term and contract; days since 1970, 0 for none."""

    received: int = 0
    invoiced: int = 0
    suspension: tuple[int, int] = (0, 0)
    contract: str = ""
    due: int = 0


def to_line(columns: Mapping[str, int]) -> Line:
    """Return the line of one row of ``core.tables.journal.Acts``."""
    by_entry = columns["previous_line"] == PREDECESSOR_BY_ENTRY
    own = {
        name: columns[name] for name in ("head", "kind", "amount", "period", "day", "fault", "cell", "source")
    }
    return Line(
        **own,  # type: ignore[arg-type]
        account=columns["account"],
        key=(columns["key_high"], columns["key_low"]),
        content=columns["content"],
        previous=None if by_entry else _read_fingerprint(columns, "previous"),
        previous_line=0 if by_entry else columns["previous_line"],
        previous_entry=columns["previous_high"] if by_entry else 0,
        payee=_read_fingerprint(columns, "payee"),
        bank=columns["bank"],
        invoice=_read_fingerprint(columns, "invoice"),
        invoice_part=columns["invoice_part"],
        invoice_day=columns["invoice_day"],
        nature=columns["nature"],
        signature=columns["signature"],
        state_payee=columns["state_payee"],
    )


def _read_fingerprint(columns: Mapping[str, int], name: str) -> tuple[int, int] | None:
    words = columns[f"{name}_high"], columns[f"{name}_low"]
    return words if any(words) else None
