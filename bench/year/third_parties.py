"""The registration of the year's payees, with a few sent twice and a few whose IBAN does not hold."""

import numpy as np
import pyarrow as pa

from bench.year import payees as year_payees
from bench.year.faults import EXERCISE
from bench.year.flat_columns import assemble, references
from bench.year.spending_mixture import FIRST_DAY
from bench.year.text_columns import coded, text
from core.catalog import CATALOG, KIND_NUMBER
from core.outcome_codes import Outcome

REPEATED, BROKEN = 20, 10
"""Of 100,000 registrations; at least one of each."""

_KIND = "third_party"


def refused(payees: int) -> dict[Outcome, int]:
    """How many registrations must be refused, and why."""
    families = ((Outcome.PAYEE_ALREADY_REGISTERED, REPEATED), (Outcome.IBAN_INVALID, BROKEN))
    return {code: max(1, payees * part // 100_000) for code, part in families}


def third_parties(payees: int) -> pa.Table:
    """One line for each payee, then those that must be refused."""
    twice, broken = refused(payees).values()
    # The broken ones register payees that nobody else names.
    payee = np.concatenate([np.arange(payees), np.arange(twice), payees + np.arange(broken)])
    rows = len(payee)
    number = np.arange(1, rows + 1)
    return assemble({
        "reference": text(references(np.full(rows, CATALOG[KIND_NUMBER[_KIND]].family), number)),
        "kind": coded(np.zeros(rows, np.uint8), [_KIND]),
        "exercise": pa.array(np.full(rows, EXERCISE, np.int32)),
        "date": pa.array(np.full(rows, FIRST_DAY + 1, np.int32)).view(pa.date32()),
        "payee": text(*year_payees.codes(payee)),
        "payee_name": text(year_payees.names(payee)),
        "iban": year_payees.ibans(payee, payee >= payees),
        "bic": year_payees.bics(payee),
    })  # fmt: skip
