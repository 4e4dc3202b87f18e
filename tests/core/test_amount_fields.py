"""Amounts under two names: each is stated once, and the names are looked for once a class."""

from core.amount_fields import AmountStruct, Cents, OldCents, list_new_names, pair_names


class _Balance(AmountStruct, frozen=True):
    name: str
    paid: OldCents
    fee_cents: Cents
    paid_cents: Cents = 0


def test_an_amount_is_filled_under_its_new_name() -> None:
    balance = _Balance("A", 150, 3)
    assert (balance.paid, balance.paid_cents, balance.fee_cents) == (150, 150, 3)
    assert list_new_names(_Balance) == ["paid_cents"]


def test_names_are_paired_once_for_each_class() -> None:
    paired = pair_names.cache_info().misses
    for cents in range(5):
        assert _Amount(cents).due_cents == cents
    assert pair_names.cache_info().misses == paired + 1


class _Amount(AmountStruct, frozen=True):
    due: OldCents
    due_cents: Cents = 0
