"""What requests and penalties take of a commitment, and what goes on under the commitment of a later year."""

from tests.law_model.state import Document


def bill(request: Document, amount: int) -> None:
    """Take what is requested of a commitment, or give it back if ``amount`` is negative."""
    commitment = request.predecessor
    assert commitment is not None
    commitment.billed += amount
    if request.kind == "payment_request_without_service":
        commitment.certified += amount


def go_on(before: Document, after: Document, engaged: int, certified: int) -> None:
    """Engage and certify in a later year what was engaged and certified before (A64)."""
    for commitment, sign in ((before, -1), (after, 1)):
        commitment.engaged += sign * engaged
        commitment.certified += sign * certified
