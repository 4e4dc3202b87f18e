"""The programmes between which a decree may move credits (LOLF art. 12 and 20)."""

from core.nomenclature import Programme

_FIRST_OF_ACCOUNTS = "0600"
"""The finance bill of 2018 numbers the programmes of the general budget from 0101, those of special accounts from 0721; that
06 is for annexed budgets is not verified."""


def find_account(programme: Programme) -> str:
    """Return the mission of an annexed budget or a special account, each of which is one; empty in the general budget."""
    return programme.mission if programme.code >= _FIRST_OF_ACCOUNTS else ""


def joins_programmes(giver: Programme, taker: Programme, *, within_ministry: bool) -> bool:
    """Return whether a decree may move credits between two programmes: a virement of one ministry, a transfer of two.

    No decree moves credits between the general budget, an annexed budget and a special account.
    """
    is_one_account = find_account(giver) == find_account(taker)
    return is_one_account and (giver.ministry == taker.ministry) == within_ministry
