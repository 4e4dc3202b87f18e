"""The roles of persons, keys and senders: what each may do, and which exclude each other."""

from enum import StrEnum


class Role(StrEnum):
    """A role."""

    BUDGET_DIRECTORATE = "budget_directorate"
    PROGRAMME_MANAGER = "programme_manager"
    BOP_MANAGER = "bop_manager"
    UO_MANAGER = "uo_manager"
    AUTHORISING_OFFICER = "authorising_officer"
    CERTIFIER = "certifier"
    BUDGET_CONTROLLER = "budget_controller"
    ASSIGNED_ACCOUNTANT = "assigned_accountant"
    CENTRAL_ACCOUNTANT = "central_accountant"
    AUDITOR = "auditor"
    OPERATOR = "operator"
