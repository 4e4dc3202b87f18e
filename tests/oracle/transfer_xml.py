"""Credit transfers as bytes of a payment file."""

from collections.abc import Sequence
from typing import NamedTuple

from tests.oracle.end_to_end import write_identifiers


class Transfer(NamedTuple):
    """One transfer."""

    number: int
    cents: int
    name: bytes
    iban: bytes
    bic: bytes
    remittance: bytes


def write_transfers(transfers: Sequence[Transfer], pieces: Sequence[bytes]) -> bytes:
    """Return all transfers, one after the other."""
    return b"".join(_write_transfer(transfer, pieces) for transfer in transfers)


def measure_transfers(transfers: Sequence[Transfer], pieces: Sequence[bytes]) -> list[int]:
    """Return the bytes of each transfer."""
    return [len(_write_transfer(transfer, pieces)) for transfer in transfers]


def _write_transfer(transfer: Transfer, pieces: Sequence[bytes]) -> bytes:
    amount = b"%d.%02d" % divmod(transfer.cents, 100)
    bank = [pieces[3], transfer.bic, pieces[4]] if transfer.bic else []
    text = [pieces[8], transfer.remittance, pieces[9]] if transfer.remittance else []
    front = [pieces[0], write_identifiers([transfer.number])[0].encode(), pieces[1], amount, pieces[2]]
    return b"".join(
        [*front, *bank, pieces[5], transfer.name, pieces[6], transfer.iban, pieces[7], *text, pieces[10]]
    )
