"""The rules by which delays are measured, and their hash: figures that were stored are valid for the same rules alone."""

import hashlib
import json
from typing import Any, NamedTuple

from core.effective_dates import EffectiveDated
from core.late_interest import LateInterestRules

_VERSION = 4
"""Raise it if the measurement changes: what was stored by the earlier one is then measured again."""


class DelayRules(NamedTuple):
    """The payment term, and what is due for late payments."""

    term_days: EffectiveDated
    interest: LateInterestRules

    def hash_until(self, half_year: int) -> bytes:
        """Return the SHA-256 of all that figures depend on which use the rates of half-years up to ``half_year``.

        So the rate of a later half-year, which is added twice a year, leaves earlier figures valid.
        """
        rules = self.interest
        rates = sorted((half, rate) for half, rate in rules.refinancing_rates.items() if half <= half_year)
        facts = {
            "version": _VERSION,
            "term_days": _list_values(self.term_days),
            "compensation": _list_values(rules.compensation_cents),
            "points": _list_values(rules.points),
            "days_a_year": _list_values(rules.days_a_year),
            "delays_since": rules.delays_since,
            "receivable_days": _list_values(rules.receivable_days),
            "contracts": {item: _list_values(contract) for item, contract in rules.contracts.items()},
            "accounts": sorted(
                [row.expense, row.creditor, _list_values(row.contract)] for row in rules.account_contracts
            ),
            "rates": rates,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).digest()


def _list_values(rule: EffectiveDated) -> list[Any]:
    return [rule.since.tolist(), rule.value.tolist()]
