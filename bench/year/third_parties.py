"""The registration of the year's payees, with a few sent twice and a few with an invalid IBAN."""

import numpy as np
import pyarrow as pa

from bench.year import payees as year_payees
from bench.year.faults import EXERCISE
from bench.year.flat_columns import assemble_table, format_references
from bench.year.spending_mixture import FIRST_DAY
from bench.year.text_columns import build_code_column, build_text_column
from core.catalog import CATALOG, KIND_NUMBERS
from core.outcome_codes import Outcome

REPEATS, INVALID_IBANS = 20, 10
"""Of 100,000 registrations; at least one of each."""

_KIND = "third_party"


def count_refusals(payees: int) -> dict[Outcome, int]:
    """Count the registrations that must be refused, by code."""
    families = ((Outcome.PAYEE_ALREADY_REGISTERED, REPEATS), (Outcome.IBAN_INVALID, INVALID_IBANS))
    return {code: max(1, payees * share // 100_000) for code, share in families}


def build_third_parties(payees: int) -> pa.Table:
    """Build one line for each payee, then the lines that must be refused."""
    repeats, invalid = count_refusals(payees).values()
    # The invalid lines register payees that no other line uses.
    payee = np.concatenate([np.arange(payees), np.arange(repeats), payees + np.arange(invalid)])
    rows = len(payee)
    numbers = np.arange(1, rows + 1)
    return assemble_table({
        "reference": build_text_column(format_references(np.full(rows, CATALOG[KIND_NUMBERS[_KIND]].family), numbers)),
        "kind": build_code_column(np.zeros(rows, np.uint8), [_KIND]),
        "exercise": pa.array(np.full(rows, EXERCISE, np.int32)),
        "date": pa.array(np.full(rows, FIRST_DAY + 1, np.int32)).view(pa.date32()),
        "payee": build_text_column(*year_payees.build_codes(payee)),
        "payee_name": build_text_column(year_payees.build_names(payee)),
        "iban": year_payees.build_ibans(payee, payee >= payees),
        "bic": year_payees.build_bics(payee),
    })  # fmt: skip
