"""Invoices: each is requested once, over all senders, kinds and years (rule A37).

A request that was rejected in full has requested nothing.  Lines of one act may share an invoice.  Requests of one supplier
and number are of two invoices only if both state a date, and not the same one.
"""

from collections.abc import Sequence

from core.catalog import CATALOG, Stage
from core.outcome_codes import Outcome
from tests.oracle.key_index import compute_siphash128
from tests.oracle.lines import Line
from tests.oracle.model import Claim, LineRefused, State

NUMBER_BYTES_MAX = 70
_NOT_STATED = 0


def check_invoice(state: State, line: Line, first: int) -> None:
    """Refuse ``line`` of the act that begins with entry ``first`` if an earlier act has requested its invoice."""
    for claim in state.invoices.get(line.invoice, ()) if line.invoice else ():
        is_same = _may_be_same(claim.part, line.invoice_part) and _may_be_same(claim.day, line.invoice_day)
        if is_same and claim.entry < first and not is_rejected(state, claim.entry):
            raise LineRefused(Outcome.INVOICE_ALREADY_REQUESTED, entry=claim.entry)


def record_invoice(state: State, line: Line, entry: int) -> None:
    """Record that ``entry`` has requested the invoice of ``line``."""
    if line.invoice:
        claims = state.invoices.get(line.invoice, ())
        state.invoices[line.invoice] = (*claims, Claim(entry, line.invoice_part, line.invoice_day))


def _may_be_same(first: int, second: int) -> bool:
    """Return whether two parts, or two dates, may be the same; what is not stated may be any."""
    return first == second or _NOT_STATED in (first, second)


def is_rejected(state: State, entry: int) -> bool:
    """Return whether a request was rejected in full."""
    return state.rejected.get(entry, 0) == state.requested[entry]


def has_uses(state: State, entry: int) -> bool:
    """Return whether something took up a debt: less is left of it, and was rejected of it, than was requested."""
    return state.items[entry].open + state.rejected.get(entry, 0) < state.requested[entry]


def sum_taken(state: State, entry: int) -> int:
    """Return what was taken up of a debt, less what is asked back; what was retained as a guarantee is no payment."""
    item = state.items[entry]
    return state.requested[entry] - state.rejected.get(entry, 0) - item.open - item.retained - item.asked


def note_amount(state: State, entry: int, amount: int) -> None:
    """Note the amount of a new debt, which may be rejected later."""
    if CATALOG[state.items[entry].kind].reaches in (Stage.PAYABLE, Stage.RETAINED, Stage.WITHHELD):
        state.requested[entry] = amount


def note_rejection(state: State, entry: int, amount: int) -> None:
    """Note that ``amount`` of an entry was rejected."""
    state.rejected[entry] = state.rejected.get(entry, 0) + amount


def normalise_number(number: bytes) -> bytes:
    """Return the letters and digits of an invoice number, ASCII letters in upper case."""
    return bytes(byte for byte in number.upper() if byte >= 0x80 or chr(byte).isalnum())


def fingerprint_invoices(
    numbers: Sequence[bytes], suppliers: Sequence[tuple[int, int]], key_low: int, key_high: int
) -> list[tuple[int, int]]:
    """Return 96 bits of each invoice as (high 64, low 32); (0, 0) without a number, or with one that is too long.

    ``suppliers`` are (high, low).
    """
    key = key_low.to_bytes(8, "little") + key_high.to_bytes(8, "little")
    return [_fingerprint(number, *supplier, key) for number, supplier in zip(numbers, suppliers, strict=True)]


def _fingerprint(number: bytes, high: int, low: int, key: bytes) -> tuple[int, int]:
    text = normalise_number(number)
    if not text or len(number) > NUMBER_BYTES_MAX:
        return 0, 0
    first, second = compute_siphash128(key, high.to_bytes(8, "little") + text + low.to_bytes(4, "little"))
    return first, second % 2**32
