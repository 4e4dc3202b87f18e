"""The table of roles: who may enter and validate what, and which roles exclude each other."""

from itertools import combinations

import pytest

from core.catalog import CATALOG, KIND_NUMBERS
from core.directory import Hand
from core.roles import (
    ACCOUNTING_ROLES,
    EXCLUSIONS,
    MAY_ENTER,
    MAY_VALIDATE,
    ORDERING_ROLES,
    PAYING_ROLES,
    ROLES,
    Role,
    Side,
    build_role_kinds,
    find_exclusion,
    find_kinds,
    find_sender_exclusion,
    get_exclusion,
    get_rights,
    list_roles,
)
from core.senders import (
    ACCOUNTANT_SETTLEMENTS,
    DIRECTORATE_KINDS,
    INVOICE_SERVICE_KINDS,
    SENDER_OF_KIND,
)

_ALONE = Role.BUDGET_DIRECTORATE
_OF_UNIT = {"earmark", "earmark_decrease", "credit_return_ae", "credit_return_cp"}
_CREDITS = {"allotment_ae", "allotment_cp", "budget_move_ae", "budget_move_cp"} | _OF_UNIT
_OF_DIRECTORATE = {
    *("budget_opening_ae", "budget_opening_cp", "cancellation_ae", "cancellation_cp"),
    *("freeze_ae", "freeze_cp", "unfreeze_ae", "unfreeze_cp"),
    *("virement_ae", "virement_cp", "decree_transfer_ae", "decree_transfer_cp"),
    *("decree_cancellation_ae", "decree_cancellation_cp"),
    "fund_opening",
    "visa_override",
}
_CERTIFICATION = {"service", "service_cancellation"}
_COMMITMENT_CHANGES = {"commitment_increase", "commitment_decrease", "prior_withdrawal"}
_REVERSALS = {"commitment_reversal", "commitment_change_reversal"}
_VISA_REQUESTS = {"visa_request", "tacit_visa", "commitment_with_visa"}
_EXECUTION = {"commitment"} | _VISA_REQUESTS | _COMMITMENT_CHANGES | _REVERSALS | _CERTIFICATION
_REQUESTS = {
    "payment_request",
    "payment_request_without_service",
    "direct_payment_request",
    "late_interest",
    *("advance_request", "retention_release", "penalty_remission"),
}
_RECEIVABLES = {"receivable", "repayment_receivable", "receivable_reduction", "receivable_cancellation"}
_ACCOUNTING = {
    *("third_party", "bank_details", "payee_block", "payee_release"),
    *("attachment", "assignment", "payroll", "payment_request_rejection"),
    *("term_suspension", "term_resumption", "return_identified", "void", "set_off"),
    *("asset_service", "asset_depreciation", "asset_disposal", "asset_depreciation_disposal"),
    *("journal_debit", "journal_credit", "clearing_debit", "clearing_credit", "justification"),
    *("receipt", "set_off_receipt", "credit_restoration", "receipt_reversal"),
    *("suspense_identification", "identification_receipt"),
    *("transfer_identification", "identification_debit", "identification_return"),
    *("advance_withholding", "advance_recovery"),
    *("reassignment_origin", "reassignment_target"),
    *("retention", "retention_rejection"),
    *("penalty", "penalty_confirmation", "penalty_rejection"),
    *(
        "accrual",
        "imprest_accrual",
        "prepaid_expense",
        "unsettled_advance",
        "accrued_income",
        "deferred_income",
    ),
    *("provision", "provision_release", "inventory_correction", "provision_correction"),
}
_ENTERED = {
    Role.BUDGET_DIRECTORATE: _OF_DIRECTORATE,
    Role.PROGRAMME_MANAGER: _CREDITS,
    Role.BOP_MANAGER: _CREDITS,
    Role.UO_MANAGER: _EXECUTION | _OF_UNIT,
    Role.AUTHORISING_OFFICER: _EXECUTION | _REQUESTS | _RECEIVABLES,
    Role.CERTIFIER: _CERTIFICATION,
    Role.BUDGET_CONTROLLER: {"visa", "visa_refusal"},
    Role.ASSIGNED_ACCOUNTANT: _ACCOUNTING,
    Role.CENTRAL_ACCOUNTANT: _ACCOUNTING,
    Role.AUDITOR: set[str](),
    Role.OPERATOR: set[str](),
    Role.INVOICE_SERVICE: {"invoice_request"},
}


def test_each_role_has_one_row_in_order() -> None:
    assert [rights.role for rights in ROLES] == list(Role)
    assert all(rights.french and rights.task.endswith(".") and rights.source for rights in ROLES)


@pytest.mark.parametrize("role", Role)
def test_what_each_role_enters_and_validates(role: Role) -> None:
    """Who prescribes the execution of a unit enters its acts, and leaves their validation to an authorising officer."""
    rights = get_rights(role)
    assert rights.entered == _ENTERED[role]
    assert rights.validated == (set[str]() if role is Role.UO_MANAGER else _ENTERED[role])


def test_every_kind_is_entered_and_validated_by_a_role_or_written_by_crescendo_alone() -> None:
    for kind in KIND_NUMBERS:
        entering = [rights.role for rights in ROLES if kind in rights.entered]
        validating = [rights.role for rights in ROLES if kind in rights.validated]
        assert bool(entering) == bool(validating) == (kind not in SENDER_OF_KIND), kind


def test_no_kind_is_of_two_sides() -> None:
    for kind in KIND_NUMBERS:
        sides = {get_rights(role).side for role in list_roles(kind)}
        assert len(sides) == (kind not in SENDER_OF_KIND), kind


def test_only_the_budget_directorate_opens_cancels_and_freezes_credits() -> None:
    assert _OF_DIRECTORATE == DIRECTORATE_KINDS
    assert find_kinds([_ALONE]) == DIRECTORATE_KINDS
    assert not find_kinds(set(Role) - {_ALONE}) & DIRECTORATE_KINDS


def test_an_accountant_settles_debts_and_moves_no_money() -> None:
    assert find_kinds([Role.ASSIGNED_ACCOUNTANT]) >= ACCOUNTANT_SETTLEMENTS
    assert not SENDER_OF_KIND.keys() & find_kinds(Role)


def test_an_invoice_service_requests_what_is_certified_and_does_nothing_else() -> None:
    assert find_kinds([Role.INVOICE_SERVICE]) == INVOICE_SERVICE_KINDS == {"invoice_request"}
    assert list_roles("invoice_request") == [Role.INVOICE_SERVICE]
    assert find_exclusion([Role.INVOICE_SERVICE, Role.ASSIGNED_ACCOUNTANT]) is None
    for role in ORDERING_ROLES:
        assert "does not account" in (get_exclusion(role, Role.INVOICE_SERVICE) or "")


def test_the_roles_of_a_kind_begin_with_those_that_validate_it() -> None:
    assert list_roles("service") == [Role.AUTHORISING_OFFICER, Role.CERTIFIER, Role.UO_MANAGER]
    assert list_roles("earmark") == [Role.PROGRAMME_MANAGER, Role.BOP_MANAGER, Role.UO_MANAGER]
    assert list_roles("payment") == []


def test_the_table_of_the_kernels_agrees_with_the_rows() -> None:
    table = build_role_kinds()
    assert table.shape == (len(Role), len(CATALOG))
    assert (MAY_ENTER, MAY_VALIDATE) == (Hand.ENTRY, Hand.VALIDATION)
    assert not table[:, 0].any()
    for row, role in zip(table.tolist(), Role, strict=True):
        rights = get_rights(role)
        for kind, number in KIND_NUMBERS.items():
            assert bool(row[number] & MAY_ENTER) == (kind in rights.entered), (role, kind)
            assert bool(row[number] & MAY_VALIDATE) == (kind in rights.validated), (role, kind)


# ------------------------------------------------------------------------------------------------- exclusions


def test_which_roles_exclude_each_other() -> None:
    """Written from the rules: GBCP art. 9, and those of our own."""
    reads = {Role.AUDITOR, *ORDERING_ROLES}
    expected = {
        *(frozenset({order, account}) for order in ORDERING_ROLES for account in ACCOUNTING_ROLES),
        *(frozenset({_ALONE, role}) for role in Role if role is not _ALONE),
        *(frozenset({Role.BUDGET_CONTROLLER, role}) for role in ORDERING_ROLES),
        *(frozenset({Role.AUDITOR, role}) for role in (reads | ACCOUNTING_ROLES) - {Role.AUDITOR}),
    }
    assert {frozenset(pair) for pair in combinations(Role, 2) if get_exclusion(*pair)} == expected


def test_the_controller_may_be_the_accountant() -> None:
    assert find_exclusion([Role.BUDGET_CONTROLLER, Role.ASSIGNED_ACCOUNTANT]) is None


def test_the_first_pair_that_excludes_each_other() -> None:
    roles = [Role.OPERATOR, Role.CENTRAL_ACCOUNTANT, Role.CERTIFIER, Role.UO_MANAGER]
    assert find_exclusion(roles) == (Role.UO_MANAGER, Role.CENTRAL_ACCOUNTANT)
    assert find_exclusion([Role.OPERATOR, Role.AUDITOR]) is None
    assert find_exclusion([]) is None


def test_sides_of_roles() -> None:
    assert {Role.ASSIGNED_ACCOUNTANT, Role.CENTRAL_ACCOUNTANT} == PAYING_ROLES
    assert PAYING_ROLES | {Role.INVOICE_SERVICE} == ACCOUNTING_ROLES
    assert len(ORDERING_ROLES) == 5
    assert {rights.side for rights in ROLES} == set(Side)
    assert all(len(pair) == 2 and reason for pair, reason in EXCLUSIONS.items())


def test_what_one_sender_may_not_have_by_two_keys() -> None:
    """Reading and operating take no part in acts: a sender may have a key of them beside any other."""
    assert "orders" in (find_sender_exclusion([Role.CERTIFIER], [Role.CENTRAL_ACCOUNTANT]) or "")
    assert "opens" in (find_sender_exclusion([_ALONE], [Role.OPERATOR, Role.BOP_MANAGER]) or "")
    assert "controls" in (find_sender_exclusion([Role.UO_MANAGER], [Role.BUDGET_CONTROLLER]) or "")
    for passive in (Role.AUDITOR, Role.OPERATOR):
        for role in Role:
            assert find_sender_exclusion([passive], [role]) is None
            assert find_sender_exclusion([role], [passive]) is None
