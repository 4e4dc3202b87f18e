"""Title 2 without commitments (A20), payment before service (A38), the kind that waits for restorations (A29)."""

from tests.law_model.assignments import Assignment
from tests.law_model.codes import NATURE_NOT_LISTED, RECEIVABLE_MISSING, TITLE_TWO_COMMITMENT
from tests.law_model.kinds import SPENDS_AE
from tests.law_model.state import Act

LISTED = frozenset(
    "location publication inscription logiciel titre-special voyage assurance salaire-etranger banque-de-france internet"
    " marque participation acompte".split()
)
"""The natures of the order of 30 December 2013, art. 5, and part-payments (GBCP art. 33), as docs/format.md names them."""
GRANTS = frozenset({"32", "61", "62", "63", "64"})
"""Categories that are paid on the individual decision, without service (GBCP art. 33)."""


def check_title(act: Act, place: Assignment) -> list[str]:
    """Check what the title and the nature of an act allow."""
    if act.kind in SPENDS_AE | {"visa_request"} and place.key.staff:
        return [TITLE_TWO_COMMITMENT]
    if act.kind == "void":
        return [RECEIVABLE_MISSING]
    if act.kind == "payment_request_without_service":
        return [] if act.text("nature") in LISTED or place.item in GRANTS else [NATURE_NOT_LISTED]
    return []
