"""Requests and the service they pay: certified or of a listed nature (rule A38), and by whom they are sent (rule A43)."""

from core.invoice_services import NO_SERVICE
from core.kind_rules import LineNature, Requester
from core.outcome_codes import Outcome
from kernels.findings import accepted, refused
from kernels.jit import as_position, part


@part
def check_request(acts, book, line, link):
    """Check that what is paid before service may be, and that what is certified is requested by who may request it there.

    From the first day of an invoice service on that is the service, otherwise the authorising officer.
    """
    effects, cell = book.effects[acts[line].kind], as_position(link[1])
    if (
        effects.before_service != 0
        and acts[line].nature == LineNature.NONE.value
        and book.cells[cell].unserved == 0
    ):
        return refused(Outcome.SERVICE_REQUIRED.value, -1, 0)
    if effects.requester == Requester.NONE.value:
        return accepted()
    first_day = book.cells[cell].invoice_service_from
    has_service = first_day != NO_SERVICE and acts[line].day >= first_day
    if has_service == (effects.requester == Requester.INVOICE_SERVICE.value):
        return accepted()
    return refused(Outcome.INVOICE_SERVICE_MISMATCH.value, -1, 0)
