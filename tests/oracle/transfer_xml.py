"""Transfers as they stand in a payment file."""

from collections.abc import Sequence
from typing import NamedTuple

from tests.oracle.end_to_end import write_identifiers


class Transfer(NamedTuple):
    """One transfer."""

    entry: int
    cents: int
    name: bytes
    iban: bytes
    bic: bytes
    remittance: bytes


def write_transfers(transfers: Sequence[Transfer], pieces: Sequence[bytes]) -> bytes:
    """All of them, one behind the other."""
    return b"".join(_write_transfer(one, pieces) for one in transfers)


def measure_transfers(transfers: Sequence[Transfer], pieces: Sequence[bytes]) -> list[int]:
    """Bytes of each."""
    return [len(_write_transfer(one, pieces)) for one in transfers]


def _write_transfer(one: Transfer, pieces: Sequence[bytes]) -> bytes:
    amount = b"%d.%02d" % divmod(one.cents, 100)
    bank = [pieces[3], one.bic, pieces[4]] if one.bic else []
    text = [pieces[8], one.remittance, pieces[9]] if one.remittance else []
    front = [pieces[0], write_identifiers([one.entry])[0].encode(), pieces[1], amount, pieces[2]]
    return b"".join([*front, *bank, pieces[5], one.name, pieces[6], one.iban, pieces[7], *text, pieces[10]])
