"""The invariants of the catalog on which the kernels rely: the stages of a debt, as data."""

import pytest

from core.account_roles import ASSET_ROLES
from core.catalog import CATALOG, KIND_NUMBERS, ActKind, BudgetAction, Family, Remainder, Role, Stage
from core.kind_rules import CARRIES_CREDITS, Pairing, Requester, YearRule
from core.outcome_codes import Outcome
from core.senders import BANK, CLOSING, SENDER_OF_KIND, TREASURY

_KINDS = CATALOG[1:]
_SETTLEMENTS = [
    kind for kind in _KINDS if kind.family is Family.SETTLEMENT and kind.pairs is not Pairing.SUSPENSE
]
_KINDS_AFTER_A_STAGE = [kind for kind in _KINDS if kind.after]


def _get_kinds(*names: str) -> list[ActKind]:
    return [CATALOG[KIND_NUMBERS[name]] for name in names]


def test_kinds_keep_their_stored_numbers() -> None:
    names = [
        *("third_party", "budget_opening_ae", "budget_opening_cp", "allotment_ae", "allotment_cp"),
        *("budget_move_ae", "budget_move_cp", "earmark", "commitment", "commitment_increase"),
        *("commitment_decrease", "service", "service_cancellation", "payment_request"),
        *("payment_request_without_service", "direct_payment_request", "payment_request_rejection"),
        *("payment", "bank_debit", "bank_reject", "bank_return", "return_identified", "reissue", "void"),
        *("attachment", "assignment", "set_off", "late_interest"),
        *("bank_details", "payee_block", "payee_release", "term_suspension", "term_resumption", "payroll"),
        *("prior_withdrawal", "commitment_reversal", "commitment_change_reversal"),
        *("credit_return_ae", "credit_return_cp", "cancellation_ae", "cancellation_cp"),
        *("freeze_ae", "freeze_cp", "unfreeze_ae", "unfreeze_cp", "earmark_decrease"),
        *("commitment_carry", "request_carry", "journal_debit", "journal_credit", "service_carry"),
        *("receivable", "receivable_reduction", "receivable_cancellation", "receipt"),
        "set_off_receipt",
        *("virement_ae", "virement_cp", "decree_transfer_ae", "decree_transfer_cp"),
        *("decree_cancellation_ae", "decree_cancellation_cp", "opening_debit", "opening_credit"),
        *("advance_request", "advance_withholding", "advance_recovery"),
        *("repayment_receivable", "credit_restoration"),
        *("reassignment_origin", "reassignment_target"),
        *("clearing_debit", "clearing_credit", "justification"),
        *("retention", "retention_release", "retention_carry"),
        "fund_opening",
        *("visa_request", "visa", "visa_refusal", "visa_override", "tacit_visa", "commitment_with_visa"),
        *("asset_service", "asset_depreciation", "asset_disposal", "asset_depreciation_disposal"),
        *("invoice_request", "retention_rejection"),
        *("suspense_receipt", "suspense_identification", "identification_receipt"),
        *("opening_item_debit", "opening_item_credit", "opening_reduction_debit", "opening_reduction_credit"),
        *("result_debit", "result_credit"),
        *("suspense_debit", "suspense_return"),
        *("transfer_identification", "identification_debit", "identification_return"),
        *("penalty", "penalty_confirmation", "penalty_remission", "penalty_carry", "penalty_rejection"),
        *("carryover_out_ae", "carryover_out_cp", "carryover_in_ae", "carryover_in_cp"),
        *("unused_cancellation_ae", "unused_cancellation_cp", "unused_unfreeze_ae", "unused_unfreeze_cp"),
        "unused_earmark_release",
        *("accrual", "imprest_accrual", "prepaid_expense", "unsettled_advance", "accrued_income"),
        *("deferred_income", "provision", "provision_release", "inventory_reversal", "inventory_correction"),
        *("result_allocation_debit", "result_allocation_credit"),
        "provision_correction",
        "receipt_reversal",
    ]
    assert [kind.name for kind in _KINDS] == names


@pytest.mark.parametrize("kind", _KINDS_AFTER_A_STAGE, ids=lambda kind: kind.name)
def test_all_kinds_that_reach_a_stage_are_of_the_family_followed(kind: ActKind) -> None:
    """A predecessor named by entry is therefore checked by its stage alone."""
    predecessors = [other for other in _KINDS if other.reaches is kind.after]
    assert predecessors
    others = {Family.RECEIPT: {Family.SETTLEMENT}}  # set-offs
    if (
        kind.after is Stage.BY_HAND
    ):  # what stands on suspense: openings, entries by hand and credits of the bank
        others = dict.fromkeys(Family, {Family.OPENING, Family.JOURNAL, Family.RECEIPT} - {kind.follows})
    assert {other.family for other in predecessors} - others.get(kind.follows, set()) == {kind.follows}


@pytest.mark.parametrize("kind", _SETTLEMENTS, ids=lambda kind: kind.name)
def test_a_settlement_takes_up_its_predecessor_and_clears_its_account(kind: ActKind) -> None:
    assert kind.draws is Remainder.OPEN
    debits = {
        **dict.fromkeys(("return_identified", "advance_recovery"), Role.NONE),
        "set_off_receipt": Role.OTHER_CREDITOR,
        "bank_return": Role.TREASURY,  # a debit that is identified credits no account of the Treasury
        "identification_return": Role.SUSPENSE_RETURN,
    }
    assert kind.debit is debits.get(kind.name, Role.PREDECESSOR)
    assert kind.inherits
    assert not kind.pays
    assert kind.feeds is Remainder.NONE
    assert (kind.budget is BudgetAction.SETTLE) == (kind.settles != 0)


def test_a_sum_that_is_withheld_releases_what_it_reserved_and_consumes_nothing() -> None:
    """The advance consumed its CP when it was paid (A36)."""
    (withholding,) = [kind for kind in _KINDS if kind.pairs is Pairing.WITHHOLDING]
    assert (withholding.budget, withholding.settles) == (BudgetAction.SPEND, 0)
    assert (withholding.ae_reserved, withholding.ae_consumed, withholding.cp_reserved) == (0, 0, -1)


def test_an_act_that_posts_nothing_leaves_the_amount_on_the_account_of_the_entry_before() -> None:
    """Only one such act stands between two that post, so the account is never more than one entry away."""
    (silent,) = [kind for kind in _SETTLEMENTS if kind.debit is Role.NONE and kind.reaches]
    assert silent.credit is Role.NONE
    assert all(kind.credit is Role.RETURNED for kind in _KINDS if kind.reaches is silent.after)
    assert [kind.debit for kind in _KINDS if kind.after is silent.reaches] == [Role.PREDECESSOR] * 2


def test_every_stage_is_reached_and_left() -> None:
    for stage in list(Stage)[1:]:
        assert any(kind.reaches is stage for kind in _KINDS)
        assert any(kind.after is stage and (kind.draws or kind.mirrors) for kind in _KINDS)


def test_the_kinds_that_send_money_credit_the_transit_account() -> None:
    assert [kind for kind in _KINDS if kind.remits] == _get_kinds("payment", "reissue")
    assert [kind for kind in _KINDS if kind.credit is Role.TRANSIT] == _get_kinds("payment", "reissue")


def test_the_bank_moves_a_transfer_whole() -> None:
    """What is recovered of a debited advance moves no money."""
    stages = (Stage.IN_TRANSIT, Stage.DEBITED)
    moving = [kind for kind in _SETTLEMENTS if kind.after in stages and kind.pairs is not Pairing.ADVANCE]
    assert (
        moving_kinds()
        == moving
        == _get_kinds(
            *("bank_debit", "bank_reject", "bank_return", "identification_debit", "identification_return")
        )
    )


def test_a_decision_on_a_planned_commitment_is_about_the_whole_of_it_and_moves_nothing() -> None:
    decisions = _get_kinds("visa", "visa_refusal", "visa_override", "tacit_visa")
    assert [kind for kind in _KINDS if kind.family is Family.VISA and kind.follows] == decisions
    for kind in decisions:
        assert (kind.whole, kind.budget, kind.debit, kind.credit) == (
            True,
            BudgetAction.NONE,
            Role.NONE,
            Role.NONE,
        )


def test_a_commitment_with_visa_does_all_that_a_commitment_does() -> None:
    """It differs by what it follows and uses."""
    free, bound = _get_kinds("commitment", "commitment_with_visa")
    used = {
        name: getattr(bound, name) for name in ("name", "french", "follows", "draws", "shortfall", "after")
    }
    assert free._replace(**used) == bound


def test_an_invoice_service_requests_as_an_officer_does() -> None:
    """The kinds differ by who may send them (GBCP art. 41)."""
    ordered, requested = _get_kinds("payment_request", "invoice_request")
    assert [kind for kind in _KINDS if kind.requester] == [ordered, requested]
    assert (ordered.requester, requested.requester) == (Requester.OFFICER, Requester.INVOICE_SERVICE)
    different = {name: getattr(requested, name) for name in ("name", "french", "requester")}
    assert ordered._replace(**different) == requested
    assert requested.draws is Remainder.UNBILLED  # nothing is requested that is not certified


def test_only_our_own_senders_state_what_was_paid() -> None:
    assert {kind.name for kind in _KINDS if kind.remits} == {
        name for name, sender in SENDER_OF_KIND.items() if sender == TREASURY
    }
    moved = {kind.name for kind in moving_kinds() if not kind.pairs}
    assert moved | {"suspense_receipt", "suspense_debit", "suspense_return"} == {
        name for name, sender in SENDER_OF_KIND.items() if sender == BANK
    }
    assert {
        kind.name
        for kind in _KINDS
        if kind.carries
        or kind.family in (Family.OPENING, Family.RESULT, Family.ALLOCATION)
        or kind.budget in CARRIES_CREDITS
        or kind.year_rule is YearRule.AFTER_YEAR
    } | {"inventory_reversal"} == {name for name, sender in SENDER_OF_KIND.items() if sender == CLOSING}


def moving_kinds() -> list[ActKind]:
    """Return the kinds by which the bank moves a transfer."""
    return [kind for kind in _KINDS if kind.whole and not kind.carries and kind.family is not Family.VISA]


def test_a_carry_leaves_open_what_it_takes_up_and_posts_nothing() -> None:
    """A service is carried in part, as what of it is billed stays; a commitment and a request are carried whole."""
    for kind in _KINDS:
        if kind.carries:
            feeds = Remainder.NONE if kind.inherits else Remainder.CARRIED
            is_whole = kind.family is not Family.SERVICE
            assert (kind.draws, kind.feeds, kind.whole, kind.opens) == (Remainder.OPEN, feeds, is_whole, True)
            assert (kind.debit, kind.credit, kind.ae_consumed) == (Role.NONE, Role.NONE, 0)
            assert kind.family is kind.follows


def test_credits_are_consumed_once_and_given_back_once() -> None:
    settling = [kind for kind in _KINDS if kind.budget is BudgetAction.SETTLE]
    assert [kind for kind in settling if kind.settles > 0] == _get_kinds("payment", "set_off")
    assert [kind for kind in settling if kind.settles < 0] == _get_kinds("void")


def test_a_reassignment_takes_away_and_brings_consumption_by_one_side_of_the_ledger_each() -> None:
    origin, target = (kind for kind in _KINDS if kind.family is Family.REASSIGNMENT)
    assert [kind for kind in _KINDS if kind.budget is BudgetAction.REASSIGN] == [origin, target]
    assert (origin.settles, origin.debit, origin.credit) == (-1, Role.NONE, Role.CHARGE)
    assert (target.settles, target.debit, target.credit) == (1, Role.EXPENSE, Role.NONE)
    assert (origin.needs_assignment, target.needs_assignment) == (False, True)
    assert target.after is origin.reaches


def test_one_kind_opens_credits_of_a_fund_by_what_a_receipt_has_left() -> None:
    (opening,) = [kind for kind in _KINDS if kind.opens_fund]
    assert opening is CATALOG[KIND_NUMBERS["fund_opening"]]
    assert (opening.draws, opening.after, opening.reaches) == (Remainder.OPEN, Stage.COLLECTED, Stage.NONE)
    assert (opening.debit, opening.credit, opening.inherits) == (Role.NONE, Role.NONE, False)
    assert opening.needs_assignment


def test_what_stands_on_a_suspense_account_is_cleared_by_hand_on_the_account_that_the_line_states() -> None:
    clearings = [kind for kind in _KINDS if kind.clears]
    reductions = ("opening_reduction_debit", "opening_reduction_credit")
    assert clearings == _get_kinds("clearing_debit", "clearing_credit", *reductions)
    sides = [(Role.BY_HAND, Role.NONE), (Role.NONE, Role.BY_HAND)]
    assert [(kind.debit, kind.credit) for kind in clearings] == sides * 2
    for kind in clearings:
        assert (kind.draws, kind.reaches, kind.inherits) == (Remainder.OPEN, Stage.NONE, False)
        assert kind.needs_assignment
    others = [kind for kind in _KINDS if kind.concerns_suspense and not kind.clears]
    justification, *openings = others
    assert openings == _get_kinds("opening_item_debit", "opening_item_credit")
    assert [(kind.debit, kind.credit) for kind in openings] == sides
    assert all(kind.opens_item and kind.needs_assignment for kind in openings)
    assert (justification.draws, justification.needs_assignment) == (Remainder.NONE, False)
    assert not justification.has_amount
    leaving = [kind for kind in _KINDS if kind.reaches is clearings[0].after]
    assert [kind.name for kind in leaving if not kind.posts_by_hand] == [
        *("suspense_receipt", "suspense_debit", "suspense_return"),
    ]
    assert all(kind.opens for kind in leaving)


def test_what_is_identified_is_collected_as_by_a_receipt() -> None:
    """It comes from the suspense account, where the bank put it, and not from the account of the Treasury."""
    receipt, collection, credit, identification = _get_kinds(
        "receipt", "identification_receipt", "suspense_receipt", "suspense_identification"
    )
    different = {name: getattr(collection, name) for name in ("name", "french", "debit", "pairs")}
    assert receipt._replace(**different) == collection
    assert (credit.debit, credit.credit, collection.debit) == (receipt.debit, collection.debit, credit.credit)
    assert (identification.debit, identification.credit, identification.draws, identification.reaches) == (
        *(Role.NONE, Role.NONE),
        *(Remainder.OPEN, Stage.NONE),
    )
    assert [kind.name for kind in _KINDS if kind.names_centre_alone] == [
        *("opening_debit", "opening_credit", "suspense_receipt", "opening_item_debit", "opening_item_credit"),
        *("opening_reduction_debit", "opening_reduction_credit", "result_debit", "result_credit"),
        *("suspense_debit", "suspense_return", "result_allocation_debit", "result_allocation_credit"),
    ]


def test_a_transfer_that_is_identified_moves_as_by_the_bank() -> None:
    """What the bank moved stands on suspense, so the account of the Treasury is in its place there."""
    for of_bank, identified, unknown in (
        _get_kinds("bank_debit", "identification_debit", "suspense_debit"),
        _get_kinds("bank_return", "identification_return", "suspense_return"),
    ):
        different = {
            name: getattr(identified, name) for name in ("name", "french", "debit", "credit", "pairs")
        }
        assert of_bank._replace(**different) == identified
        is_debit = of_bank.credit is Role.TREASURY
        assert (identified.credit if is_debit else identified.debit) is (
            unknown.debit if is_debit else unknown.credit
        )
        assert (unknown.credit if is_debit else unknown.debit) is Role.TREASURY


def test_what_follows_an_asset_takes_from_it_and_leaves_nothing_for_later_acts() -> None:
    (service,) = [kind for kind in _KINDS if kind.serves_asset]
    assert (service.name, service.opens, service.states_account) == ("asset_service", True, True)
    following = [kind for kind in _KINDS if kind.follows is Family.ASSET]
    assert [kind.draws for kind in following] == [
        *(Remainder.DEPRECIATION, Remainder.NET_VALUE, Remainder.DEPRECIATED)
    ]
    for kind in following:
        assert (kind.family, kind.after, kind.reaches) == (Family.ASSET, service.reaches, Stage.NONE)
        assert (kind.needs_assignment, kind.opens, kind.inherits) == (True, False, False)
    assert all(kind.budget is BudgetAction.NONE for kind in (service, *following))


def test_a_payable_has_its_own_reservation_or_inherits_one() -> None:
    payables = [kind for kind in _KINDS if kind.reaches is Stage.PAYABLE]
    assert {kind.family for kind in payables} == {Family.PAYMENT_REQUEST}
    releases = [kind for kind in payables if kind.follows is Family.RETENTION]
    assert releases == _get_kinds("retention_release", "penalty_remission")
    assert all(kind.pays or kind.carries or kind in releases for kind in payables)
    for kind in payables:
        assert kind.inherits == (kind.cp_reserved == 0) or kind in releases


def test_a_guarantee_frees_the_cp_that_its_release_reserves_again() -> None:
    """Neither takes AE; the account that the retention debited is the one that the release credits (A36)."""
    retention, release = _get_kinds("retention", "retention_release")
    assert (retention.cp_reserved, release.cp_reserved) == (-1, 1)
    assert all(kind.budget is BudgetAction.SPEND and not kind.settles for kind in (retention, release))
    assert all(
        (kind.ae_reserved, kind.ae_consumed, kind.cp_consumed) == (0, 0, 0) for kind in (retention, release)
    )
    assert (retention.debit, release.debit, release.credit) == (
        Role.PREDECESSOR,
        Role.PREDECESSOR,
        Role.CLEARED,
    )


def test_a_penalty_takes_cp_only_once_it_is_confirmed_or_remitted() -> None:
    """What is confirmed is consumed at once, and is no debt; what is remitted is one of its own (A36)."""
    penalty, confirmation, remission = _get_kinds("penalty", "penalty_confirmation", "penalty_remission")
    assert (penalty.budget, penalty.draws, penalty.debit) == (
        BudgetAction.NONE,
        Remainder.UNBILLED,
        Role.ACCRUED,
    )
    assert (confirmation.cp_reserved, confirmation.cp_consumed, confirmation.reaches) == (0, 1, Stage.NONE)
    assert (remission.cp_reserved, remission.cp_consumed, remission.reaches) == (1, 0, Stage.PAYABLE)
    assert (confirmation.credit, remission.credit) == (Role.PENALTY_PRODUCT, Role.CREDITOR)
    for kind in (confirmation, remission):
        assert (kind.ae_reserved, kind.ae_consumed, kind.debit) == (0, 0, Role.PREDECESSOR)


def test_what_is_kept_back_on_assets_has_the_next_role() -> None:
    """The kernels add 1 to the role of other items."""
    assert all(of_assets == role + 1 for role, of_assets in ASSET_ROLES.items())


def test_what_is_released_is_a_debt_of_its_own_and_what_is_retained_is_none() -> None:
    retention, release, attachment = _get_kinds("retention", "retention_release", "attachment")
    assert [kind.is_part for kind in (retention, release, attachment)] == [False, False, True]
    assert [kind.diverts for kind in (retention, release, attachment)] == [True, False, True]


def test_acts_without_an_amount_touch_neither_budget_nor_ledger() -> None:
    for kind in _KINDS:
        if not kind.has_amount:
            assert not kind.may_be_zero
            assert (kind.budget, kind.debit, kind.opens) == (BudgetAction.NONE, Role.NONE, False)
        if kind.is_payee_act:
            assert kind.follows is Family.NONE


def test_an_act_that_may_follow_once_never_follows_a_commitment() -> None:
    """Its mark uses the column in which a commitment counts the unbilled amount."""
    for kind in _KINDS:
        if kind.draws is Remainder.ONCE:
            predecessors = [other for other in _KINDS if other.reaches is kind.after]
            assert Family.COMMITMENT not in {other.family for other in predecessors}
            assert not kind.has_amount


def test_a_debt_is_given_up_by_no_act() -> None:
    """The kernel finds the refusal of a kind behind the checks of its predecessor, so such a kind follows one."""
    refused = [kind for kind in _KINDS if kind.refusal is not Outcome.ACCEPTED]
    assert refused == _get_kinds("void")
    assert all(kind.after is not Stage.NONE for kind in refused)
    assert {kind.refusal for kind in refused} == {Outcome.RECEIVABLE_MISSING}
