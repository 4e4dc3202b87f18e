"""Merged third parties in runs: a debt to a merged code is paid only to the bank details that its person has too."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from settlement.runs.payee_accounts import PayeeAccounts


class MergedPayees(NamedTuple):
    """What a run must know of merged third parties, by their numbers."""

    persons: Mapping[int, int]
    """By merged payee the one that stays in use."""
    unlike: NDArray[np.int32]
    """Those whose account is not that of their person."""

    def list_blocked_payees(self, blocked: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the blocked payees, and those whose person is blocked."""
        numbers = set(blocked.tolist())
        merged = (payee for payee, person in self.persons.items() if person in numbers)
        return np.array(sorted(numbers.union(merged)), np.int32)


NO_MERGED_PAYEES = MergedPayees({}, np.zeros(0, np.int32))


def compare_accounts(persons: Mapping[int, int], payees: PayeeAccounts) -> MergedPayees:
    """Compare the account of each merged payee with that of its person."""
    return MergedPayees(persons, np.array(list(_list_other_accounts(persons, payees)), np.int32))


def _list_other_accounts(persons: Mapping[int, int], payees: PayeeAccounts) -> Iterator[int]:
    pairs = np.array(list(persons.items()), np.int32).reshape(-1, 2)
    for (payee, _), rows in zip(pairs.tolist(), payees.find_in_force(pairs).tolist(), strict=True):
        own, of_person = (payees.iban.decode_row(row) if row >= 0 else None for row in rows)
        if own is None or own != of_person:
            yield payee
