"""The invoice service of an accountant: who requests the payment of certified service, by place and day (GBCP 41; A43)."""

from tests.law_model.assignments import Assignment
from tests.law_model.kinds import BY_INVOICE_SERVICE, BY_OFFICER
from tests.law_model.state import Act, State


def check_requester(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that what is certified is requested by the invoice service once the place has one, before by the officer."""
    year = state.reference.years[place.key.year]
    centre, first_day = place.key.centre, None
    while centre and first_day is None:
        first_day = year.invoice_services.get(centre)
        centre = year.centres[centre].parent
    is_served = first_day is not None and act.day >= first_day
    return (
        ["INVOICE_SERVICE_MISMATCH"] if act.kind == (BY_OFFICER if is_served else BY_INVOICE_SERVICE) else []
    )
