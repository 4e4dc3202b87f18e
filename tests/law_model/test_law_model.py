"""The model and the engine agree on random years; a wrong rule is noticed; the years meet every code."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from core.catalog import CATALOG
from tests.embedded_servers import run_server
from tests.law_model.compare import compare_year
from tests.law_model.generator import generate_year
from tests.law_model.model import ACCEPTED, LawModel
from tests.law_model.nomenclature import read_reference
from tests.law_model.rules import read_rules
from tests.law_model.two_years import WITH_ORDERS, write_reference

_ACTS = 400
_FIRST_SEED = 31
"""The first of few sequences that meet all; any other would do, with more of them."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of an embedded server that runs in another thread."""
    with run_server(tmp_path_factory.mktemp("law")) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Sequence[int]:
    """Return the first seed with orders and the first without that commit in advance and go on in the next year."""
    folder = tmp_path_factory.mktemp("seeds")
    drawn = (seed for seed in range(100) if _goes_on(seed, folder))
    by_orders = dict[bool, int]()
    for seed in drawn:
        by_orders.setdefault(seed % WITH_ORDERS == 0, seed)
        if len(by_orders) == 2:
            break
    return list(by_orders.values())


def _goes_on(seed: int, folder: Path) -> bool:
    model = _drive_model(seed, _ACTS, folder)
    kinds = {document.kind for document in model.state.documents}
    return any(_list_kinds_in_advance(model)) and kinds >= _OVER_YEARS


@pytest.mark.parametrize("position", [0, 1])
def test_the_engine_decides_a_random_year_as_the_model(
    position: int, seeds: Sequence[int], server: str, tmp_path: Path
) -> None:
    comparison = compare_year(server, tmp_path, seeds[position], acts=_ACTS)
    assert comparison.differences == []
    assert comparison.codes[ACCEPTED] > 130
    assert comparison.advances
    assert set(comparison.kinds) >= _OVER_YEARS


@pytest.mark.parametrize("code", ["COMMITMENT_EXCEEDED", "ANTICIPATION_LIMIT"])
def test_a_wrong_rule_is_noticed(code: str, seeds: Sequence[int], server: str, tmp_path: Path) -> None:
    """A model without the bound of commitments, or without commitments in advance, ends lines in another way."""
    rules = read_rules(planted=frozenset({code}))
    comparisons = (compare_year(server, tmp_path, seed, acts=_ACTS, rules=rules) for seed in seeds)
    assert any(comparison.differences for comparison in comparisons)


def test_the_years_meet_every_code_and_kind_and_accept_a_third_and_advances(tmp_path: Path) -> None:
    codes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    kinds_in_advance: Counter[str] = Counter()
    for seed in range(_FIRST_SEED, _FIRST_SEED + 40):
        if set(codes) >= _EXPECTED and set(kinds_in_advance) >= _IN_ADVANCE and set(kinds) >= _KINDS:
            break
        model = _drive_model(seed, 1_500, tmp_path, codes)
        kinds.update(document.kind for document in model.state.documents)
        kinds_in_advance.update(_list_kinds_in_advance(model))
    assert codes[ACCEPTED] * 3 > codes.total()
    assert set(kinds_in_advance) >= _IN_ADVANCE, kinds_in_advance
    assert set(kinds) == _KINDS, _KINDS ^ set(kinds)
    assert set(codes) >= _EXPECTED, _EXPECTED - set(codes)


def _drive_model(seed: int, acts: int, folder: Path, codes: Counter[str] | None = None) -> LawModel:
    """Let the model alone decide a random sequence, and count its results in ``codes``."""
    home = folder / f"{seed}_{acts}"
    home.mkdir()
    model = LawModel(read_reference(write_reference(home, seed)))
    for file in generate_year(model, seed, acts):
        for decision in file.decisions:
            model.decide_period(decision)
        results = model.submit(file.rows, file.sender)
        if codes is not None:
            codes.update(result.code for result in results)
    return model


def _list_kinds_in_advance(model: LawModel) -> Iterator[str]:
    """Yield the kinds of the accepted acts that commit in advance, and of those that follow one of these."""
    for document in model.state.documents:
        if document.anticipates or (document.predecessor and document.predecessor.anticipates):
            yield document.kind


_IN_ADVANCE = frozenset("commitment commitment_increase commitment_decrease service payment_request".split())

_OVER_YEARS = frozenset("commitment_carry service_carry request_carry opening_debit opening_credit".split())
_KINDS = {kind.name for kind in CATALOG[1:]} - {"void"}
"""Every kind but that of which each line is refused (``RECEIVABLE_MISSING``)."""

_EXPECTED = frozenset(
    "ACCEPTED DUPLICATE KIND_UNKNOWN EXERCISE_UNKNOWN REFERENCE_CONFLICT FIELD_MISSING FIELD_INVALID AMOUNT_INVALID"
    " AMOUNT_NOT_POSITIVE AMOUNT_OVER_LIMIT DATE_OUTSIDE_EXERCISE PERIOD_CLOSED FUND_CENTRE_UNKNOWN FUND_CENTRE_LEVEL"
    " FUNCTIONAL_AREA_UNKNOWN COMMITMENT_ITEM_UNKNOWN NOMENCLATURE_MISMATCH IBAN_INVALID PAYEE_UNKNOWN"
    " PREDECESSOR_MISSING PREDECESSOR_STAGE ASSIGNMENT_DIFFERS PAYEE_BLOCKED PAYEE_NOT_BLOCKED TERM_SUSPENDED"
    " TERM_ALREADY_SUSPENDED TERM_NOT_SUSPENDED TRANSFER_AMOUNT_DIFFERS REVERSAL_EXCEEDS_ORIGINAL COMMITMENT_EXCEEDED"
    " SERVICE_INSUFFICIENT SERVICE_ALREADY_BILLED MOVE_FORBIDDEN ALLOTMENT_EXCEEDED BUDGET_BELOW_CONSUMPTION"
    " AE_EXCEEDED CP_EXCEEDED BUDGET_YEAR_CLOSED ANTICIPATION_LIMIT DATE_BEFORE_PREDECESSOR AFTER_LAST_DATE"
    " INVOICE_ALREADY_REQUESTED PRESCRIBED TITLE_TWO_COMMITMENT SERVICE_REQUIRED RECEIVABLE_MISSING INVOICE_SERVICE_MISMATCH"
    " PERIOD_LOCKED COMMITMENT_NOT_PRIOR RECYCLING_MISMATCH"
    " ORIGINAL_FOLLOWED REVERSAL_NOT_WHOLE ACCOUNT_UNKNOWN ACCOUNT_RESTRICTED JOURNAL_UNBALANCED"
    " TRANSFER_UNPAIRED REASSIGNMENT_FORBIDDEN REASSIGNMENT_UNPAIRED EXPENSE_REASSIGNED REPAYMENT_MISMATCH"
    " REPAYMENT_EXCEEDS_PAYMENT"
    " JUSTIFICATION_MISSING NOT_ON_SUSPENSE SUSPENSE_EXCEEDED IDENTIFICATION_UNPAIRED IDENTIFICATION_MISMATCH"
    " CARRY_YEAR COMMITMENT_CARRIED VISA_MISSING VISA_EXCEEDED SPECIAL_RECEIPTS_EXCEEDED INTEREST_ASSIGNMENT"
    " PRODUCT_FROM_SUSPENSE"
    " DEPRECIATION_EXCEEDED ASSET_VALUE_EXCEEDED DEPRECIATION_SHARE_EXCEEDED"
    " INVENTORY_DAY INVENTORY_ACCOUNT RESULT_ACCOUNT CARRY_OVER_MISMATCH CARRY_OVER_LIMIT".split()
)
