"""Hypothesis strategies for streams of acts that meet every rule, as numbers for kernels and plain model.

A stream is drawn in two steps: the sequence of kinds, then the content of each act.  So an act can follow one
before it, after it, in another batch or nowhere, and most acts find a predecessor.
"""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from core.catalog import CATALOG, KIND_NUMBERS, ActKind, BudgetAction, Family, PayeeChange, Remainder
from core.debt_stages import Stage
from core.kind_rules import MOVES_CREDITS, LineNature, Pairing, YearRule
from core.money import AMOUNT_MAX
from core.nomenclature import CentreLevel
from core.origins import Origin
from core.outcome_codes import UNKEYED_FAULTS, Outcome
from tests.book_strategies import (
    CLOSED_PERIOD,
    DAYS,
    OPEN_PERIODS,
    OTHER_ACCOUNT,
    USUAL_DAY,
    YEARS,
    StartingBook,
    books,
)
from tests.oracle.decisions import join_acts
from tests.oracle.lines import PREDECESSOR_BY_ENTRY, Line
from tests.oracle.model import NONE

INT64_EDGES = (0, 1, -1, 2**63 - 1, -(2**63))
int64s = st.integers(-(2**63), 2**63 - 1) | st.sampled_from(INT64_EDGES)
_days = st.just(USUAL_DAY) | st.just(USUAL_DAY) | st.just(USUAL_DAY) | st.sampled_from((USUAL_DAY, *DAYS))
near_amount_max = st.integers(AMOUNT_MAX - 2, AMOUNT_MAX + 2)
_round = st.sampled_from((10, 20, 20, 30, 60))
amounts = _round | _round | _round | st.integers(1, 900) | st.sampled_from((1, AMOUNT_MAX - 1, AMOUNT_MAX))
"""Amounts of lines without fault; usually small and round, so that they match the remainders."""

READING_FAULTS = sorted(
    code
    for code in Outcome
    if code in UNKEYED_FAULTS
    or code
    in {
        Outcome.PRESCRIBED,
        Outcome.ACCOUNT_RESTRICTED,
        Outcome.OPENING_ACCOUNT,
        Outcome.RESULT_ACCOUNT,
        Outcome.DECREE_MISMATCH,
        Outcome.FUND_RECEIPT_MISSING,
        Outcome.SPECIAL_PAY_FORBIDDEN,
        Outcome.CARRY_OVER_UNORDERED,
        Outcome.RECEIPT_NOT_BY_HAND,
        Outcome.INTEREST_NOT_DUE,
        Outcome.INTEREST_EXCEEDS_RULE,
        Outcome.TITLE_TWO_COMMITMENT,
        Outcome.PERSON_MISSING,
        Outcome.PERSON_UNKNOWN,
        Outcome.SAME_PERSON,
        Outcome.DELEGATION_UNKNOWN,
        Outcome.AGREEMENT_MISSING,
        Outcome.AGREEMENT_EXCEEDED,
        Outcome.EVIDENCE_MISSING,
        Outcome.EVIDENCE_INVALID,
        Outcome.CALL_BACK_MISSING,
        Outcome.JUSTIFICATION_MISSING,
        Outcome.TWO_PERSONS_MISSING,
        Outcome.THIRD_PARTY_MERGED,
    }
    or (Outcome.REFERENCE_CONFLICT < code < Outcome.PAYEE_UNKNOWN and code is not Outcome.PERIOD_CLOSED)
)
"""The faults that reading can give a line."""
_AMOUNT_FAULTS = {Outcome.AMOUNT_INVALID, Outcome.AMOUNT_NOT_POSITIVE, Outcome.AMOUNT_OVER_LIMIT}

_COMMON = ("commitment", "commitment", "service", "service", "payment_request", "payment_request_rejection")
kinds = st.sampled_from([KIND_NUMBERS[name] for name in (*KIND_NUMBERS, *_COMMON)])
_LEVELS_OF_ACTION = {
    BudgetAction.SPEND: {CentreLevel.UO, CentreLevel.OPERATION},
    BudgetAction.OPEN: {CentreLevel.PROGRAMME},
    BudgetAction.OPEN_FUND: {CentreLevel.PROGRAMME},
    BudgetAction.ALLOT: {CentreLevel.BOP, CentreLevel.UO},
    BudgetAction.MOVE: {CentreLevel.PROGRAMME, CentreLevel.BOP, CentreLevel.UO},
    BudgetAction.EARMARK: {CentreLevel.OPERATION},
    BudgetAction.UNEARMARK: {CentreLevel.OPERATION},
    BudgetAction.RETURN: {CentreLevel.BOP, CentreLevel.UO},
    BudgetAction.CANCEL: {CentreLevel.PROGRAMME},
    BudgetAction.VIREMENT: {CentreLevel.PROGRAMME},
    BudgetAction.DECREE_TRANSFER: {CentreLevel.PROGRAMME},
    BudgetAction.DECREE_CANCEL: {CentreLevel.PROGRAMME},
    BudgetAction.FREEZE: {CentreLevel.PROGRAMME, CentreLevel.BOP, CentreLevel.UO},
    BudgetAction.UNFREEZE: {CentreLevel.PROGRAMME, CentreLevel.BOP, CentreLevel.UO},
    BudgetAction.CARRY_OUT: set(CentreLevel),
    BudgetAction.CARRY_IN: set(CentreLevel),
    BudgetAction.CANCEL_UNUSED: set(CentreLevel),
}
_CHAIN = [
    KIND_NUMBERS[name]
    for name in (
        *("third_party", "commitment", "service", "payment_request", "payment_request_without_service"),
        *("service_cancellation", "payment_request_rejection", "commitment_decrease"),
    )
]
"""The kinds of one commitment's life, in an order that is mostly accepted."""

_PAYROLL = KIND_NUMBERS["payroll"]
_OPENING, _VIREMENT = KIND_NUMBERS["budget_opening_ae"], KIND_NUMBERS["virement_ae"]
_CP_OPENING = KIND_NUMBERS["budget_opening_cp"]
_CARRY_OUT, _CARRY_IN = KIND_NUMBERS["carryover_out_cp"], KIND_NUMBERS["carryover_in_cp"]
_CARRY_OVER_DAY = YEARS[0].last_payment_day + 1
_LAW_CENTS, _DECREE_REFERENCE = 100_000, 900
"""What the first finance law opens for a programme, and the first of the references of its acts and of decrees."""
_SIDES = {
    KIND_NUMBERS[name]: (KIND_NUMBERS[debit], KIND_NUMBERS[credit])
    for name, debit, credit in (
        ("journal_debit", "journal_debit", "journal_credit"),
        ("journal_credit", "journal_debit", "journal_credit"),
        ("opening_debit", "opening_debit", "opening_credit"),
        ("opening_credit", "opening_debit", "opening_credit"),
        ("result_debit", "result_debit", "result_credit"),
        ("result_credit", "result_debit", "result_credit"),
        ("result_allocation_debit", "result_allocation_debit", "result_allocation_credit"),
        ("result_allocation_credit", "result_allocation_debit", "result_allocation_credit"),
        ("opening_item_debit", "opening_item_debit", "opening_credit"),
        ("opening_item_credit", "opening_debit", "opening_item_credit"),
        ("opening_reduction_debit", "opening_reduction_debit", "opening_credit"),
        ("opening_reduction_credit", "opening_debit", "opening_reduction_credit"),
        ("clearing_debit", "clearing_debit", "journal_credit"),
        ("clearing_credit", "journal_debit", "clearing_credit"),
    )
}
"""The kinds of the debit and the credit of an act with a line by hand of each kind."""
_NATURE_BY_HAND = {
    kind: int(LineNature.SUSPENSE if kind in debits else LineNature.PRODUCT)
    for debits in [{debit for debit, _ in _SIDES.values()}]
    for kind in _SIDES
}
"""What a line by hand of each kind may post to, so that an act is refused if it does both."""
_JOURNAL_ACCOUNTS = st.sampled_from((OTHER_ACCOUNT, OTHER_ACCOUNT + 1))
CARRY_DAY = YEARS[0].last_payment_day + 1
"""The first day on which the first year may be carried into the second."""
_PAYMENT_KINDS = ("payment", "bank_debit", "bank_return", "return_identified", "reissue", "bank_reject")
_SECOND_OF_PAIRS = frozenset({Pairing.RECEIVABLE, Pairing.ADVANCE, Pairing.IDENTIFICATION})
_IDENTIFICATION_KINDS = ("suspense_identification", "identification_receipt")
_IDENTIFIED_DEBIT = ("suspense_debit", "transfer_identification", "identification_debit")
_IDENTIFIED_RETURN = ("suspense_return", "transfer_identification", "identification_return")
_UNKNOWN_MOVEMENTS = (KIND_NUMBERS["suspense_debit"], KIND_NUMBERS["suspense_return"])
_REASSIGNMENT_KINDS = ("reassignment_origin", "reassignment_target")
_TERM_KINDS = ("term_suspension", "term_resumption")
_REPAYMENT_CHAINS = (
    ("direct_payment_request", "payment", "repayment_receivable", *("receipt", "credit_restoration") * 2),
    (
        *("commitment", "service", "payment_request", "payment"),
        *("repayment_receivable", "receipt", "credit_restoration"),
    ),
    ("payroll", "payment", "repayment_receivable", "receivable", "receipt", "credit_restoration"),
    (
        *("direct_payment_request", "attachment", "repayment_receivable"),
        *("set_off", "set_off_receipt", "credit_restoration"),
    ),
    (
        *("direct_payment_request", "repayment_receivable", "payment", "repayment_receivable"),
        *("payment_request_rejection", "receivable_cancellation", "payment_request_rejection"),
    ),
    ("receivable", *("receipt", "fund_opening") * 2, "fund_opening"),
    ("receivable", "receipt", "fund_opening", *("receipt_reversal", "receipt") * 2, "receipt_reversal"),
    (
        "direct_payment_request",
        "payment",
        "repayment_receivable",
        "receipt",
        "receipt_reversal",
        "credit_restoration",
    ),
    ("direct_payment_request", "payment", "repayment_receivable", "receipt", "fund_opening"),
    ("suspense_receipt", "receivable", *_IDENTIFICATION_KINDS * 2, "fund_opening", "justification"),
    (
        *("suspense_receipt", "direct_payment_request", "payment", "repayment_receivable", "clearing_debit"),
        *(*_IDENTIFICATION_KINDS, "credit_restoration", *_IDENTIFICATION_KINDS),
    ),
)
"""They come often: the outcomes of a restoration need five accepted acts before it."""
_SETTLEMENT_CHAINS = [
    [KIND_NUMBERS[name] for name in ("third_party", *names)]
    for names in (
        ("direct_payment_request", *_PAYMENT_KINDS, "return_identified", "void"),
        (
            "commitment",
            "service",
            "payment_request",
            *_PAYMENT_KINDS,
            "return_identified",
            "reissue",
            "bank_debit",
        ),
        ("commitment", "payment_request_without_service", *_PAYMENT_KINDS[:4], "void", "bank_details"),
        (
            "direct_payment_request",
            "attachment",
            "assignment",
            *_PAYMENT_KINDS[:4],
            "void",
            "late_interest",
            "payment",
        ),
        ("direct_payment_request", "payment", *_IDENTIFIED_DEBIT, *_IDENTIFIED_RETURN, "return_identified"),
        (
            "direct_payment_request",
            *_PAYMENT_KINDS[:2],
            *_IDENTIFIED_RETURN,
            *_PAYMENT_KINDS[3:5],
            *_IDENTIFIED_DEBIT,
        ),
        ("direct_payment_request", "assignment", "payment_request_rejection", "set_off", "payment"),
        ("direct_payment_request", *_PAYMENT_KINDS[:2], *_REASSIGNMENT_KINDS * 2),
        (
            "direct_payment_request",
            *_PAYMENT_KINDS[:2],
            *_REASSIGNMENT_KINDS,
            *_PAYMENT_KINDS[2:5],
            "bank_debit",
            *_REASSIGNMENT_KINDS,
        ),
        ("payroll", *_PAYMENT_KINDS[:2], *_REASSIGNMENT_KINDS, "bank_return"),
        ("commitment", "payment_request_without_service", *_PAYMENT_KINDS[:2], *_REASSIGNMENT_KINDS),
        ("commitment", "payment_request_without_service", "set_off", "late_interest", "set_off"),
        ("direct_payment_request", *_TERM_KINDS, "term_resumption", "payment", "late_interest", *_TERM_KINDS),
        ("commitment", "payment_request_without_service", *_TERM_KINDS, "term_suspension", "payment"),
        ("direct_payment_request", "assignment", "term_suspension", "payment", "term_resumption", "payment"),
        ("direct_payment_request", *("term_suspension",) * 2, "payment", "set_off", "term_resumption"),
        ("payroll", "payroll", "payment", "direct_payment_request", "payment_request_rejection"),
        ("payroll", "attachment", "payroll", "payment", "bank_debit", "payment", "payroll"),
        (
            "commitment",
            "commitment_increase",
            *("prior_withdrawal",) * 3,
            "commitment",
            "commitment_decrease",
        ),
        (
            "commitment",
            "commitment_increase",
            *("commitment_change_reversal", "commitment_reversal") * 2,
            "service",
        ),
        (
            "commitment",
            "service",
            "invoice_request",
            "payment_request",
            "invoice_request",
            *_PAYMENT_KINDS[:3],
        ),
        (
            *("commitment", "service", "invoice_request", "attachment", "term_suspension", "payment"),
            *("invoice_request", "payment_request_rejection", "set_off", "request_carry", "retention"),
        ),
        ("commitment", "commitment_decrease", *("commitment_change_reversal", "commitment_reversal") * 2),
        ("direct_payment_request", "payee_block", "payment", "payee_release", "bank_details", "payment"),
        ("direct_payment_request", "request_carry", "attachment", "payment", "bank_debit", "late_interest"),
        ("commitment", "service", "payment_request", "term_suspension", "request_carry", "payment"),
        ("payroll", "request_carry", "payment_request_rejection", "request_carry", "payment"),
        ("commitment", "commitment_carry", "commitment_increase", "service", "payment_request", "payment"),
        ("commitment", "commitment_carry", "commitment_decrease", "payment_request_without_service"),
        ("commitment", "service", "commitment_carry", "payment_request", "payment", "request_carry"),
        ("commitment", "service", "commitment_carry", "service_carry", "payment_request", "payment"),
        ("commitment", "service", "commitment_carry", "service_carry", "service_cancellation", "service"),
        ("commitment", "service", "service_carry", "commitment_carry", "prior_withdrawal", "service"),
        (
            *("commitment", "service", "payment_request", "commitment_carry", "payment_request_rejection"),
            *("service_cancellation", "payment_request_without_service"),
        ),
        ("receivable", "receipt", "receivable_reduction", "receipt", "receivable_cancellation", "receipt"),
        ("receivable", "receivable_reduction", "receivable_cancellation", "receipt", "receivable_reduction"),
        ("receivable", "receipt", "receipt_reversal", "receivable_reduction", "receipt", "receipt_reversal"),
        ("receivable", *("receivable_cancellation",) * 2, "receipt", "receivable_reduction"),
        ("direct_payment_request", "receivable", *("set_off", "set_off_receipt") * 2, "receipt", "payment"),
        ("commitment", "payment_request_without_service", "receivable", "set_off", "set_off_receipt"),
        *(
            ("third_party", "direct_payment_request", *("receivable", "set_off", "set_off_receipt") * 2),
            ("third_party", "direct_payment_request", "receivable", "payment", "bank_debit", "receipt"),
        )
        * 2,
        *_REPAYMENT_CHAINS * 3,
        ("journal_debit", *("justification", "clearing_credit") * 2, "clearing_debit"),
        ("journal_credit", "clearing_debit", "justification", "clearing_debit", "justification"),
        ("opening_debit", "justification", "clearing_credit", "justification"),
        (
            "journal_debit",
            "opening_item_debit",
            "justification",
            "opening_reduction_credit",
            "clearing_credit",
        ),
        (
            "journal_credit",
            "opening_item_credit",
            "clearing_debit",
            "opening_reduction_debit",
            "opening_item_debit",
        ),
        (
            *("asset_service", "asset_depreciation", "asset_disposal", "asset_depreciation_disposal"),
            *("asset_depreciation", "asset_service", "asset_disposal", "asset_depreciation_disposal"),
            *("asset_depreciation", "asset_depreciation_disposal"),
        ),
        (
            *("accrual", "inventory_correction", "inventory_reversal", "inventory_reversal"),
            *("prepaid_expense", "inventory_reversal", "provision", "provision_release"),
            *("deferred_income", "inventory_reversal", "provision_release"),
        ),
        (
            *("provision", "provision_correction", "provision_release", "inventory_reversal"),
            *("provision", "inventory_correction", "accrual", "provision_correction"),
            *("accrued_income", "inventory_reversal", "imprest_accrual", "unsettled_advance"),
        ),
        (
            *("commitment", "advance_request", "payment", "bank_debit", "service", "payment_request"),
            *("advance_withholding", "advance_recovery") * 2,
            *("bank_return", "payment"),
        ),
        (
            *("commitment", "advance_request", "payment", "bank_debit", "commitment_carry", "service"),
            *("payment_request", "advance_withholding", "advance_recovery"),
        ),
        ("commitment", "advance_request", "set_off", "request_carry", "payment_request_rejection", "payment"),
        ("commitment", "advance_request", "attachment", "payment", "bank_debit", "advance_withholding"),
        (
            *("commitment", "service", "payment_request", "retention", "retention_release", "payment"),
            *("bank_debit", "retention_release", "payment_request_rejection", "retention_release"),
        ),
        (
            *("commitment", "payment_request_without_service", "retention", "payment_request_rejection"),
            *("retention_release", "attachment", "payment", "retention"),
        ),
        (
            *("commitment", "service", "payment_request", "retention", "retention_carry"),
            *("retention_release", "term_suspension", "payment", "retention_carry"),
        ),
        (
            *("commitment", "service", "payment_request", "retention", "retention_rejection"),
            *("retention", "retention_release", "payment_request_rejection", "retention_rejection"),
            *("payment_request_rejection", "payment_request"),
        ),
        (
            *("commitment", "service", "penalty", "payment_request", "penalty_confirmation"),
            *("penalty_remission", "payment", "penalty_rejection", "penalty_confirmation"),
        ),
        (
            *(
                "commitment",
                "service",
                "penalty",
                "penalty_remission",
                "attachment",
                "payment_request_rejection",
            ),
            *("penalty_rejection", "payment_request", "service_cancellation"),
        ),
        (
            *("commitment", "service", "penalty", "commitment_carry", "penalty_carry"),
            *("penalty_confirmation", "penalty_remission", "payment", "penalty_rejection", "payment_request"),
        ),
        (
            *(
                "commitment",
                "advance_request",
                "payment",
                "bank_debit",
                "service",
                "penalty",
                "payment_request",
            ),
            *("penalty_remission", "advance_withholding", "advance_recovery", "payment"),
        ),
        (
            *("commitment", "advance_request", "payment", "bank_debit", "service", "payment_request"),
            *("payment", "commitment_decrease", "advance_request", "attachment", "payment", "set_off"),
        ),
        ("commitment", "payment_request_without_service", "attachment", "retention", "advance_request"),
        (
            "visa_request",
            "visa",
            "commitment_with_visa",
            "service",
            "commitment_with_visa",
            "commitment_reversal",
        ),
        ("visa_request", "visa_refusal", "visa_override", "commitment_with_visa", "commitment_increase"),
        ("visa_request", "tacit_visa", "visa", "commitment_with_visa", "commitment_carry"),
        (
            "commitment",
            "commitment_carry",
            "commitment_increase",
            "commitment_change_reversal",
            "commitment_reversal",
        ),
    )
]
"""The kinds of the lives of debts."""
_PAYEES = tuple((number << 50, 7) for number in range(1, 5))
MERGED_INTO = _PAYEES[0]
"""The payee into which others are merged."""
_BANKS = (11, 12)
_INVOICES = ((1 << 40, 5), (2 << 40, 5), (3 << 40, 5))
"""Fingerprints of invoices: different words whose search begins at one slot."""
_INVOICE_DAYS = (17_000, 0, 2**16 - 1)


def find_chains(name: str) -> list[list[int]]:
    """Return the lives of debts in which there is an act of the kind with this name."""
    return [chain for chain in _SETTLEMENT_CHAINS if KIND_NUMBERS[name] in chain]


class CaseBatch(NamedTuple):
    """Rows to decide in one call."""

    lines: list[Line]
    holding: bool
    merged: tuple[int, int] | None = None
    """The fingerprint of a payee that is merged into the first one after these rows, if both are registered."""


class DecisionCase(NamedTuple):
    """A budget and the batches to decide on it."""

    book: StartingBook
    batches: list[CaseBatch]


def to_columns(lines: Sequence[Line]) -> dict[str, list[int]]:
    """Return ``lines`` as the columns of ``core.tables.journal.Acts``; their fingerprints are pairs of words."""
    plain = (
        "head",
        "kind",
        "fault",
        "period",
        "day",
        "cell",
        "source",
        "account",
        "amount",
        "content",
        "signature",
    )
    by_column = {
        name: [int(getattr(line, name)) for line in lines]
        for name in (*plain, "previous_line", "bank", "invoice_part", "invoice_day", "nature", "state_payee")
    }
    for name in ("key", "previous", "payee", "invoice"):
        words = [getattr(line, name) or (0, 0) for line in lines]
        by_column[f"{name}_high"] = [high for high, _ in words]
        by_column[f"{name}_low"] = [low for _, low in words]
    for at, line in enumerate(lines):
        if line.previous_entry:
            by_column["previous_high"][at], by_column["previous_line"][at] = (
                line.previous_entry,
                PREDECESSOR_BY_ENTRY,
            )
    return by_column


@st.composite
def cases(draw: st.DrawFn, acts_max: int = 30, chains: Sequence[list[int]] = ()) -> DecisionCase:
    """Draw a budget and up to three batches, each with or without holding; rows are numbered within their batch.

    They begin with one of ``chains``, of any by default.
    """
    book = draw(books())
    acts = draw(streams(book, acts_max, chains))
    cuts = sorted(draw(st.lists(st.integers(0, len(acts)), max_size=2)))
    parts = [acts[start:end] for start, end in zip([0, *cuts], [*cuts, len(acts)], strict=True)]
    merged = st.sampled_from((None, *_PAYEES[1:2] * 2, *_PAYEES[1:]))
    batches = [CaseBatch(join_acts(part), draw(st.booleans()), draw(merged)) for part in parts]
    return DecisionCase(book, batches)


@st.composite
def streams(
    draw: st.DrawFn, book: StartingBook, acts_max: int = 30, chains: Sequence[list[int]] = ()
) -> list[list[Line]]:
    """Draw acts with duplicates and conflicts among them, mostly after the life of a commitment."""
    count = draw(st.integers(1, acts_max))
    usual_chains = [*([], _CHAIN[:3], _CHAIN[:5], _CHAIN) * 2, *_SETTLEMENT_CHAINS]
    chain = draw(st.sampled_from([*chains] or usual_chains))
    sequence = [*chain, *draw(st.lists(kinds, min_size=count, max_size=count))]
    acts = draw(_chains(book, chain))
    if not draw(st.integers(0, 7)):
        acts[:0] = draw(_decree_acts(book))
    if not draw(st.integers(0, 7)):
        acts[:0] = draw(_carry_over_acts(book))
    acts += [draw(_acts(book, sequence, at)) for at in range(len(chain), len(sequence))]
    repeats = draw(st.lists(st.tuples(st.integers(0, len(acts) - 1), st.integers(0, len(acts))), max_size=3))
    for original, place in repeats:
        repeated = (
            acts[original]
            if draw(st.booleans())
            else add_content([draw(_alter_line(line)) for line in acts[original]])
        )
        acts.insert(place, repeated)
    return acts


@st.composite
def _decree_acts(draw: st.DrawFn, book: StartingBook) -> list[list[Line]]:
    """Draw openings of two programmes by the first finance law, and virements between them, about as large as they may be."""
    cells, nodes = book.world.cells, book.world.nodes
    places = [at for at in _list_cells(book, BudgetAction.OPEN) if not nodes[cells[at].own_node].family]
    if not places:
        return []
    source, target = draw(st.sampled_from(places)), draw(st.sampled_from(places))
    lines = [
        _build_opening(_OPENING, number, cell)
        for number, cell in enumerate((source, target), _DECREE_REFERENCE)
    ]
    for number in range(len(lines), len(lines) + 2):
        amount = _LAW_CENTS * draw(st.integers(1, 3)) // 100
        key = build_key(CATALOG[_VIREMENT], _DECREE_REFERENCE + number)
        move = Line(0, _VIREMENT, amount, 3, key, 0, cell=target, source=cells[source].own_node)
        lines.append(move._replace(day=USUAL_DAY))
    return [add_content([line]) for line in lines]


@st.composite
def _carry_over_acts(draw: st.DrawFn, book: StartingBook) -> list[list[Line]]:
    """Draw the CP of a programme by the first finance law, and orders that carry about as many as its ceiling allows."""
    places = _list_cells(book, BudgetAction.OPEN)
    pairs = [(before, after) for before in places for after in places if _are_twins(book, before, after)]
    if not pairs:
        return []
    before, after = draw(st.sampled_from(pairs))
    acts = [[_build_opening(_CP_OPENING, _DECREE_REFERENCE, before)]]
    for reference in range(_DECREE_REFERENCE + 1, _DECREE_REFERENCE + 3):
        amount = _LAW_CENTS * draw(st.integers(1, 3)) // 100
        acts.append(
            [
                Line(
                    0, kind, amount, 3, build_key(CATALOG[kind], reference), 0, cell=cell, day=_CARRY_OVER_DAY
                )
                for kind, cell in ((_CARRY_OUT, before), (_CARRY_IN, after))
            ]
        )
    return [add_content(act) for act in acts]


def _build_opening(kind: int, reference: int, cell: int) -> Line:
    key = build_key(CATALOG[kind], reference)
    opening = Line(0, kind, _LAW_CENTS, 3, key, 0, cell=cell, source=int(Origin.FINANCE_LAW))
    return opening._replace(day=USUAL_DAY)


@st.composite
def _chains(draw: st.DrawFn, book: StartingBook, chain: Sequence[int]) -> list[list[Line]]:
    """Draw one faultless line for each kind of ``chain``, with a predecessor if there is one, mostly each as its own act."""
    acts: list[list[Line]] = []
    spending = _list_cells(book, BudgetAction.SPEND)
    carried = [at for at in spending if any(_are_twins(book, at, other) for other in spending)]
    is_carried = any(CATALOG[number].carries or CATALOG[number].opens_item for number in chain)
    opens_fund = any(CATALOG[number].opens_fund for number in chain)
    of_funds = [at for at in spending if book.world.cells[at].fund]
    fitting = carried if is_carried and carried else of_funds if opens_fund and of_funds else spending
    cell = draw(st.sampled_from(fitting))
    day = USUAL_DAY
    next_cell = NONE
    placed: list[tuple[int, int]] = []
    """The act and line of each kind so far."""
    for at, number in enumerate(chain):
        kind = CATALOG[number]
        line = Line(
            *(0, number, draw(_round), draw(st.sampled_from((3, 3, 4))) if _PAYROLL in chain else 3),
            *(build_key(kind, at), 0),
            payee=_PAYEES[0],
            bank=_BANKS[0],
            day=day,
            nature=draw(st.integers(0, 7)) > 0,
            state_payee=draw(st.sampled_from((0, 0, 0, 0, 0, 1))),
        )
        owners = sum(CATALOG[other].family is Family.THIRD_PARTY for other in chain[:at])
        if kind.family is Family.THIRD_PARTY:
            line = line._replace(payee=_PAYEES[min(owners, len(_PAYEES) - 1)])
        if kind.reaches is Stage.DUE:
            line = line._replace(payee=draw(st.sampled_from(_PAYEES[: max(owners, 1)])))
            line = draw(_add_source(line))
        day = max(day, draw(_days))
        predecessors = [place for place, other in enumerate(chain[:at]) if _may_follow(kind, CATALOG[other])]
        continues = False
        if predecessors:
            is_carried = CATALOG[chain[predecessors[-1]]].carries
            is_latest = kind.after or (is_carried and draw(st.integers(0, 5)))
            if kind.family is Family.RETENTION and kind.follows is not Family.COMMITMENT:
                is_latest = draw(st.booleans())  # of the request, or of a part of it
            place = predecessors[-1] if is_latest else predecessors[0]
            act, above = placed[place]
            is_whole = kind.after or kind.carries or kind.undoes
            is_whole = is_whole and not (kind.whole and draw(st.integers(0, 7)) == 0)
            is_part = kind.inherits and kind.reaches is Stage.PAYABLE
            is_whole = is_whole and not (is_part and draw(st.integers(0, 3)) == 0)
            continues = kind.follows is kind.family and acts[act] is acts[-1] and draw(st.booleans())
            line = line._replace(bank=0, amount=acts[act][above].amount if is_whole else line.amount)
            if kind.family is Family.RETENTION and not kind.carries:
                line = line._replace(amount=max(line.amount // 20 + draw(st.sampled_from((0, 0, 0, 1))), 1))
            if kind.may_be_zero and draw(st.booleans()):
                line = line._replace(amount=_find_open(chain[:at], acts, placed))
            line = line._replace(
                **draw(_name_predecessor(kind, acts[act], above, place, continues=continues))
            )
        elif not kind.is_payee_act:
            line = line._replace(cell=cell)
        if number in _UNKNOWN_MOVEMENTS:
            sent = [acts[act][above] for act, above in placed if CATALOG[acts[act][above].kind].remits]
            line = line._replace(amount=sent[-1].amount if sent and draw(st.integers(0, 5)) else line.amount)
        if kind.needs_assignment:
            line = line._replace(cell=draw(_list_cells_of_expense(book, cell)))
        if kind.opens_item or (kind.clears and next_cell != NONE):
            next_cell = draw(_carry_cells(book, cell)) if next_cell == NONE else next_cell
            line = line._replace(cell=next_cell)
        if kind.opens_fund:
            line = line._replace(cell=draw(_list_cells_of_fund(book, cell)))
        if kind.follows is Family.ASSET:
            line = line._replace(amount=max(line.amount // draw(st.sampled_from((1, 2, 3))), 1))
        if kind.family is Family.RESTORATION or kind.opens_fund:
            line = line._replace(amount=line.amount + draw(st.sampled_from((0, 0, 1))))
        if kind.carries:
            day = max(day, CARRY_DAY)
            next_cell = draw(_carry_cells(book, cell)) if next_cell == NONE else next_cell
            line = line._replace(cell=next_cell, day=day)
        if kind.bills:
            line = draw(_add_invoice(line))
        if kind.budget is BudgetAction.WITHDRAW:
            line = draw(_add_source(line))
        if kind.pairs is Pairing.TARGET:
            near = [
                at for at in spending if book.world.cells[at].accountant == book.world.cells[cell].accountant
            ]
            line = line._replace(cell=draw(st.sampled_from([*near * 9, *spending])), day=acts[-1][-1].day)
            continues = continues or draw(st.integers(0, 4)) > 0
            line = line._replace(previous=None, previous_entry=0, previous_line=1) if continues else line
        if kind.pairs in _SECOND_OF_PAIRS and draw(st.integers(0, 4)):
            line, continues = line._replace(amount=acts[-1][-1].amount, day=acts[-1][-1].day), True
        if kind.states_account:
            line = line._replace(account=OTHER_ACCOUNT, nature=False)
        if kind.family in (Family.INVENTORY, Family.INVENTORY_CHANGE):
            last_day = YEARS[book.world.cells[cell].year].last_day
            usual = last_day + 2 * (kind.after is Stage.ACCRUED)
            line = line._replace(day=draw(st.sampled_from((*[usual] * 9, last_day, last_day + 2))))
        if continues:
            line = line._replace(key=acts[-1][0].key)
            acts[-1] += [line, *_list_other_side(line)]
        else:
            acts.append([line, *_list_other_side(line)])
        placed.append((len(acts) - 1, len(acts[-1]) - len([line, *_list_other_side(line)])))
    return [add_content(draw(_sign_act(book, act))) for act in acts]


def _list_other_side(line: Line) -> list[Line]:
    """Return the line that balances one by hand, on another account; none for a line of another kind."""
    if line.kind not in _SIDES:
        return []
    debit, credit = _SIDES[line.kind]
    other = line._replace(kind=credit if line.kind == debit else debit, account=OTHER_ACCOUNT + 1)
    return [other._replace(previous=None, previous_line=0, previous_entry=0)]


def _find_open(
    chain: Sequence[int], acts: Sequence[Sequence[Line]], placed: Sequence[tuple[int, int]]
) -> int:
    """Return what the acts of a chain leave open of its commitment; 0 if they take more."""
    changes = (
        acts[act][above].amount
        * ((CATALOG[number].feeds is Remainder.OPEN) - (CATALOG[number].draws is Remainder.OPEN))
        for number, (act, above) in zip(chain, placed, strict=True)
        if not CATALOG[number].inherits
    )
    return max(sum(changes), 0)


@st.composite
def _name_predecessor(
    draw: st.DrawFn, kind: ActKind, act: Sequence[Line], above: int, place: int, *, continues: bool
) -> dict[str, Any]:
    """Draw one way to name line ``above`` of an act, which is entry ``place`` + 1 if all acts are accepted."""
    if continues:
        return {"previous_line": above + 1}
    if kind.after and draw(st.booleans()):
        return {"previous_entry": place + 1}
    return {"previous": act[0].key, "previous_line": above + 1}


def _carry_cells(book: StartingBook, carried_cell: int = NONE) -> st.SearchStrategy[int]:
    """Return assignments of what is carried: mostly one of the second year that fits ``carried_cell``."""
    fitting = _list_cells(book, BudgetAction.SPEND)
    twins = [at for at in fitting if _are_twins(book, carried_cell, at)]
    return st.sampled_from([*twins * 20, *(at for at in fitting if book.world.cells[at].year), *fitting])


def _are_twins(book: StartingBook, first: int, second: int) -> bool:
    """Return whether two assignments are the same but for the year, the first one of the first year."""
    cells, nodes = book.world.cells, book.world.nodes
    if first == NONE or cells[first].year or not cells[second].year:
        return False
    sheets = [
        (nodes[cells[at].centre_node].staff, nodes[cells[at].centre_node].family) for at in (first, second)
    ]
    is_same_accountant = cells[first].accountant == cells[second].accountant
    return sheets[0] == sheets[1] and cells[first].programme == cells[second].programme and is_same_accountant


def _target_cells(book: StartingBook) -> st.SearchStrategy[int]:
    """Return the assignments to which an expense may go, as reading ensures."""
    return st.sampled_from(_list_cells(book, BudgetAction.SPEND))


def _may_follow(kind: ActKind, other: ActKind) -> bool:
    return other.reaches is kind.after if kind.after else other.family is kind.follows != Family.NONE


def _list_cells(book: StartingBook, budget: BudgetAction) -> list[int]:
    """Return the assignments at a level where ``budget`` may act."""
    nodes, cells = book.world.nodes, book.world.cells
    return sorted(at for at, cell in cells.items() if nodes[cell.own_node].level in _LEVELS_OF_ACTION[budget])


def build_key(kind: ActKind, reference: int) -> tuple[int, int]:
    """Return the fingerprint of a reference: different words whose search begins at one slot, with few tags."""
    return (reference + 1) << 40, int(kind.family)


def add_content(act: Sequence[Line]) -> list[Line]:
    """Return ``act`` with its content: a digest of each line, on the first line of the whole act."""
    bare = [line._replace(content=0, head=0) for line in act]
    contents = [_digest(repr(bare)), *(_digest(repr(line)) for line in bare[1:])]
    return [line._replace(content=content) for line, content in zip(bare, contents, strict=True)]


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _list_cells_of_expense(book: StartingBook, cell: int) -> st.SearchStrategy[int]:
    """Return assignments of what repays or restores an expense on ``cell``: mostly that, or another of its fund centre."""
    cells, fitting = book.world.cells, _list_cells(book, BudgetAction.SPEND)
    beside = [at for at in fitting if cells[at].centre_node == cells[cell].centre_node]
    return st.sampled_from([*[cell] * 20, *beside * 4, *fitting])


def _list_cells_of_fund(book: StartingBook, cell: int) -> st.SearchStrategy[int]:
    """Return assignments of what a receipt on ``cell`` opens: mostly its fund and year at a programme, or any programme."""
    cells, fitting = book.world.cells, _list_cells(book, BudgetAction.OPEN_FUND)
    parts = [(cells[at].fund, cells[at].programme, cells[at].year) for at in (cell, *fitting)]
    of_fund = [at for at, part in zip(fitting, parts[1:], strict=True) if part == parts[0]]
    return st.sampled_from([*of_fund * 20, *fitting])


@st.composite
def _acts(draw: st.DrawFn, book: StartingBook, sequence: Sequence[int], at: int) -> list[Line]:
    """Draw the act at position ``at``; its reference is its own position, or rarely that of an earlier act."""
    kind = CATALOG[sequence[at]]
    reference = at if draw(st.integers(0, 19)) else draw(st.integers(0, at))
    blank = Line(0, sequence[at], 0, 0, build_key(kind, reference), 0)
    count = draw(st.sampled_from((1, 1, 1, 2, 3)))
    if kind.posts_by_hand:
        return add_content(draw(_sign_act(book, draw(_journal_lines(book, sequence, blank)))))
    lines: list[Line] = []
    for place in range(count):
        line = draw(_lines(book, sequence, blank))
        lines.append(draw(_continue_act(book, line, lines[place - 1])) if kind.reaches and place else line)
    return add_content(draw(_sign_act(book, lines)))


@st.composite
def _journal_lines(draw: st.DrawFn, book: StartingBook, sequence: Sequence[int], blank: Line) -> list[Line]:
    """Draw entries by hand or openings: pairs of a debit and a credit, mostly of one amount, place and month, in any order."""
    lines: list[Line] = []
    debit_kind, credit_kind = _SIDES[blank.kind]
    cells = st.sampled_from(_list_cells(book, BudgetAction.SPEND))
    for _ in range(draw(st.sampled_from((1, 2)))):
        line, other = (
            draw(_lines(book, sequence, blank._replace(kind=kind)))._replace(
                cell=draw(cells), account=draw(_JOURNAL_ACCOUNTS)
            )
            for kind in (debit_kind, credit_kind)
        )
        if draw(st.integers(0, 5)):
            other = other._replace(fault=0, amount=_take_amount(line), period=line.period, cell=line.cell)
        lines += [line, other]
    is_transfer = len(lines) == 4 and not CATALOG[blank.kind].follows and draw(st.booleans())
    lines = [line._replace(nature=int(is_transfer and line.account == OTHER_ACCOUNT)) for line in lines]
    if not is_transfer and not draw(st.integers(0, 3)):
        lines = [
            line._replace(nature=draw(st.sampled_from((0, _NATURE_BY_HAND[line.kind])))) for line in lines
        ]
    if is_transfer and draw(st.booleans()):
        debit, credit = (line._replace(amount=_take_amount(lines[0]), fault=0) for line in lines[:2])
        cell = draw(cells)
        lines[:2] = (
            debit._replace(account=OTHER_ACCOUNT, nature=True),
            credit._replace(account=OTHER_ACCOUNT + 1, nature=False),
        )
        lines[2] = lines[0]._replace(cell=cell, kind=credit_kind)
        lines[3] = lines[1]._replace(cell=cell, kind=debit_kind)
    return draw(st.permutations(lines))


def _take_amount(above: Line) -> int:
    """Return the amount of another line, or a usual one if only a line with a fault may have it."""
    return above.amount if 0 < above.amount <= AMOUNT_MAX else 20


@st.composite
def _sign_act(draw: st.DrawFn, book: StartingBook, lines: list[Line]) -> list[Line]:
    """Draw who entered and validated the act, on most acts of a book with persons; rarely not the same on every line."""
    numbers = sorted(book.world.signatures)
    if not numbers or draw(st.integers(0, 3)) == 0:
        return lines
    signature = draw(st.sampled_from(numbers))
    signed = [line._replace(signature=signature) for line in lines]
    if draw(st.integers(0, 9)) == 0:
        signed[-1] = signed[-1]._replace(signature=draw(st.sampled_from((0, *numbers))))
    return signed


@st.composite
def _continue_act(draw: st.DrawFn, book: StartingBook, line: Line, above: Line) -> Line:
    """Draw another line of the act, mostly one that takes up the amount of the line above."""
    stage, family = CATALOG[above.kind].reaches, CATALOG[line.kind].family
    next_kinds = [at for at, kind in enumerate(CATALOG) if kind.after is stage and kind.family is family]
    if not (stage and next_kinds and draw(st.integers(0, 3))):
        return line
    line = line._replace(
        kind=draw(st.sampled_from(next_kinds)), amount=_take_amount(above), cell=NONE, previous=None
    )
    line = line._replace(invoice=None, invoice_part=0, invoice_day=0)
    if CATALOG[line.kind].pairs is Pairing.TARGET:
        line = line._replace(cell=draw(_target_cells(book)), day=above.day, period=above.period)
    return line._replace(previous_entry=0, previous_line=draw(st.sampled_from((1, 1, 2, 3))))


@st.composite
def _lines(draw: st.DrawFn, book: StartingBook, sequence: Sequence[int], blank: Line) -> Line:
    kind = CATALOG[blank.kind]
    fault = draw(st.sampled_from(READING_FAULTS)) if draw(st.integers(0, 29)) == 0 else Outcome.ACCEPTED
    line = blank._replace(
        fault=fault,
        amount=draw(int64s | near_amount_max if fault in _AMOUNT_FAULTS else amounts),
        period=draw(st.sampled_from((*OPEN_PERIODS, *OPEN_PERIODS, CLOSED_PERIOD)))
        if draw(st.integers(0, 9)) == 0
        else 3,
        account=draw(_JOURNAL_ACCOUNTS if kind.states_account else st.sampled_from((0, 0, OTHER_ACCOUNT))),
        day=draw(_days),
        nature=draw(st.sampled_from((True, True, False))),
        state_payee=draw(st.sampled_from((0, 0, 0, 0, 1, 3))),
    )
    if kind.pays or kind.remits or kind.family is Family.THIRD_PARTY:
        line = draw(_add_payee(line))
    has_source = kind.year_rule is YearRule.SPENDS_AE or kind.reaches is Stage.DUE
    if has_source or kind.budget in (BudgetAction.OPEN, BudgetAction.WITHDRAW):
        line = draw(_add_source(line))
    if kind.bills:
        line = draw(_add_invoice(line))
    if kind.carries:
        days = st.sampled_from((USUAL_DAY, CARRY_DAY - 1, CARRY_DAY, CARRY_DAY, CARRY_DAY))
        line = draw(_add_predecessor(book, sequence, line._replace(day=draw(days))))
        return line._replace(cell=draw(_carry_cells(book)))
    if kind.follows:
        line = draw(_add_predecessor(book, sequence, line))
        return line._replace(cell=draw(_target_cells(book))) if kind.pairs is Pairing.TARGET else line
    return draw(_add_cell(book, line)) if kind.has_assignment else line


@st.composite
def _add_source(draw: st.DrawFn, line: Line) -> Line:
    """Add the origin of an opening; or, now and then, a day before the second year, and a first day of service or debt."""
    if CATALOG[line.kind].reaches is Stage.DUE:
        return line._replace(source=draw(st.sampled_from((NONE, line.day, line.day, line.day + 1, *DAYS))))
    if CATALOG[line.kind].budget is BudgetAction.OPEN:
        return line._replace(source=draw(st.sampled_from((1, 1, 2, 4, 6))))
    if CATALOG[line.kind].budget is BudgetAction.WITHDRAW:
        day = draw(st.sampled_from((400, 401, 421, 500, 501)))
        return line._replace(day=day, source=draw(st.sampled_from((NONE, NONE, 1, 257))))
    if draw(st.integers(0, 2)):
        return line
    start = draw(st.sampled_from((NONE, 149, 150, 150, 300)))
    return line._replace(day=draw(st.sampled_from((119, 120, 149))), source=start)


@st.composite
def _add_payee(draw: st.DrawFn, line: Line) -> Line:
    kind = CATALOG[line.kind]
    gives_bank = kind.family is Family.THIRD_PARTY or kind.change is PayeeChange.DETAILS
    banks = _BANKS if gives_bank else (0, 0, 0, *_BANKS)
    payee = draw(st.just(_PAYEES[0]) | st.just(_PAYEES[0]) | st.sampled_from(_PAYEES))
    return line._replace(payee=payee, bank=draw(st.sampled_from(banks)))


@st.composite
def _add_invoice(draw: st.DrawFn, line: Line) -> Line:
    """Add an invoice, mostly the first, mostly the whole of it, with one date, another one or none; or no invoice."""
    invoice = draw(st.sampled_from((*_INVOICES, _INVOICES[0], None)))
    part = draw(st.sampled_from((0, 0, 0, 1, 2))) if invoice else 0
    day = draw(st.sampled_from((*_INVOICE_DAYS, _INVOICE_DAYS[0]))) if invoice else 0
    return line._replace(invoice=invoice, invoice_part=part, invoice_day=day)


@st.composite
def _add_predecessor(draw: st.DrawFn, book: StartingBook, sequence: Sequence[int], line: Line) -> Line:
    """Add a predecessor of the right family, anywhere in the sequence; or one that does not exist."""
    kind = CATALOG[line.kind]
    must_fit = draw(st.integers(0, 5)) > 0
    candidates = [
        at
        for at, number in enumerate(sequence)
        if (_may_follow(kind, CATALOG[number]) if must_fit else CATALOG[number].family is kind.follows)
    ]
    missing = draw(st.integers(0, 19)) == 0 or not candidates
    reference = (
        len(sequence)
        if missing
        else draw(st.just(candidates[0]) | st.just(candidates[0]) | st.sampled_from(candidates))
    )
    cells = st.sampled_from(sorted(book.world.cells))
    line = line._replace(
        previous=((reference + 1) << 40, int(kind.follows)),
        previous_line=draw(st.sampled_from((1, 1, 1, 1, 1, 2, 3, 0, 2**31 - 1))),
        cell=draw(cells) if kind.needs_assignment or draw(st.integers(0, 9)) == 0 else NONE,
    )
    if draw(st.integers(0, 3 if kind.after else 9)):
        return line
    entries = st.integers(1, len(sequence)) | st.just(reference + 1) | st.sampled_from((2**32 - 1, 2**33))
    return line._replace(previous=None, previous_line=0, previous_entry=draw(entries))


_OWN_PLACE_FAMILIES = (
    Family.RECEIVABLE,
    Family.JOURNAL,
    Family.OPENING,
    Family.RESULT,
    Family.ALLOCATION,
    Family.VISA,
    Family.ASSET,
    Family.INVENTORY,
)
"""The families whose first act is posted in a unit of its own choice, beside those that spend."""


@st.composite
def _add_cell(draw: st.DrawFn, book: StartingBook, line: Line) -> Line:
    """Add an assignment at an allowed level: always for spending, as reading ensures, else mostly."""
    budget, nodes, cells = CATALOG[line.kind].budget, book.world.nodes, book.world.cells
    is_of_unit = CATALOG[line.kind].family in _OWN_PLACE_FAMILIES or CATALOG[line.kind].names_centre_alone
    fitting_cells = _list_cells(book, BudgetAction.SPEND if is_of_unit else budget)
    must_fit = is_of_unit or budget is BudgetAction.SPEND or draw(st.integers(0, 9)) > 0
    line = line._replace(
        cell=draw(st.sampled_from(fitting_cells if must_fit and fitting_cells else sorted(cells)))
    )
    if budget is BudgetAction.OPEN:
        return line._replace(source=draw(st.sampled_from(list(Origin))))
    if budget not in MOVES_CREDITS:
        return line
    target = nodes[cells[line.cell].own_node]
    beside = [cell.centre_node for cell in cells.values() if nodes[cell.centre_node].level is target.level]
    near = [node for node in beside if nodes[node].programme == target.programme]
    return line._replace(
        source=draw(
            st.sampled_from(near or sorted(nodes))
            | st.sampled_from(beside or sorted(nodes))
            | st.sampled_from(sorted(nodes))
        )
    )


@st.composite
def _alter_line(draw: st.DrawFn, line: Line) -> Line:
    """Draw a line of the same key with different content."""
    return line._replace(amount=draw(amounts.filter(line.amount.__ne__)))
