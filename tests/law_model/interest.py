"""Late interest that an officer claims with a reason: its credits are ordinary, of title 3 (docs/payments.md, A59).

How much the rule gives is not computed here: a claim without a reason is left to other tests.
"""

from tests.law_model.assignments import Assignment
from tests.law_model.kinds import INTEREST
from tests.law_model.nomenclature import ORDINARY, follows_by_order
from tests.law_model.state import Act, Document, State

_TITLE = 3


def check_interest(act: Act, place: Assignment | None, debt: Document, state: State) -> list[str]:
    """Check that interest is charged to ordinary credits of title 3, of the programme that paid late."""
    if act.kind != INTEREST or place is None:
        return []
    assert debt.key is not None
    years, keys = state.reference.years, (place.key, debt.key)
    is_charge = years[place.key.year].items[place.item].title == _TITLE
    is_ordinary = is_charge and place.fund == ORDINARY and not place.operation
    codes = [] if is_ordinary else ["INTEREST_ASSIGNMENT"]
    programmes = {years[key.year].centres[key.centre].programme for key in keys}
    ends = [(key.year, key.centre) for key in keys]
    is_of_programme = len(programmes) == 1 or follows_by_order(years, *ends)
    return codes if is_of_programme else [*codes, "ASSIGNMENT_DIFFERS"]
