"""Transfers as they stand in a payment file."""

from collections.abc import Sequence
from typing import NamedTuple

from tests.oracle.end_to_end import form


class Transfer(NamedTuple):
    """One transfer."""

    entry: int
    cents: int
    name: bytes
    iban: bytes
    bic: bytes
    remittance: bytes


def written(transfers: Sequence[Transfer], pieces: Sequence[bytes]) -> bytes:
    """All of them, one behind the other."""
    return b"".join(_written(one, pieces) for one in transfers)


def sizes(transfers: Sequence[Transfer], pieces: Sequence[bytes]) -> list[int]:
    """Bytes of each."""
    return [len(_written(one, pieces)) for one in transfers]


def _written(one: Transfer, pieces: Sequence[bytes]) -> bytes:
    amount = b"%d.%02d" % divmod(one.cents, 100)
    bank = [pieces[3], one.bic, pieces[4]] if one.bic else []
    text = [pieces[8], one.remittance, pieces[9]] if one.remittance else []
    front = [pieces[0], form([one.entry])[0].encode(), pieces[1], amount, pieces[2]]
    return b"".join([*front, *bank, pieces[5], one.name, pieces[6], one.iban, pieces[7], *text, pieces[10]])
