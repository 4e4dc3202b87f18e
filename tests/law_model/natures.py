"""Title 2 without commitments, and kinds that wait for receivables (rules of the law, rows 4, 5, 8 and 12)."""

from tests.law_model.assignments import Assignment
from tests.law_model.codes import RECEIVABLE_MISSING, TITLE_TWO_COMMITMENT
from tests.law_model.kinds import SPENDS_AE
from tests.law_model.state import Act


def check_title(act: Act, place: Assignment) -> list[str]:
    """Check what the title of an act allows, and whether what it takes up exists."""
    if act.kind in SPENDS_AE and place.key.staff:
        return [TITLE_TWO_COMMITMENT]
    return [RECEIVABLE_MISSING] if act.kind in {"set_off", "void"} else []
