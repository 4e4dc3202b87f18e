"""The kinds of act, one row each.  A new kind is a new row and a scenario; the kernels walk the rows as data.

Effects follow ``domain`` 2.5 (which act consumes what) and 3.4 (entries).  A kind that *mirrors* undoes its
predecessor: every effect of the predecessor's own kind, with the other sign, debit and credit exchanged.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from core.codes import Outcome
from core.columns import Code
from core.columns import Small as Sign


class Role(IntEnum):
    """What an account is for.  The year's chart says which account plays it for a commitment item."""

    NONE = 0
    EXPENSE = 1
    ACCRUED = 2
    CREDITOR = 3


class Family(IntEnum):
    """Kinds that share one space of references: a payment request's number is unique whatever its flow."""

    NONE = 0
    THIRD_PARTY = 1
    BUDGET = 2
    COMMITMENT = 3
    COMMITMENT_CHANGE = 4
    SERVICE = 5
    SERVICE_CANCELLATION = 6
    PAYMENT_REQUEST = 7
    REJECTION = 8


class Budget(IntEnum):
    """How a kind acts on the budget."""

    NONE = 0
    SPEND = 1
    OPEN = 2
    ALLOT = 3
    MOVE = 4
    EARMARK = 5


class Measure(IntEnum):
    """Which appropriation a budget kind opens, allots or moves."""

    NONE = 0
    AE = 1
    CP = 2


class Remainder(IntEnum):
    """What is left on an earlier line, and may be drawn by later ones."""

    NONE = 0
    OPEN = 1
    """Of a commitment: engaged, neither certified nor requested without service.  Of any other: not yet reversed."""
    UNBILLED = 2
    """Of a commitment: certified, not yet requested."""


class ActKind(NamedTuple):
    """One row of the catalog.  Signs are -1, 0 or +1, applied to the amount."""

    name: str
    french: str
    family: Family
    follows: Family = Family.NONE
    mirrors: bool = False
    budget: Budget = Budget.NONE
    measure: Measure = Measure.NONE
    ae_reserved: int = 0
    ae_consumed: int = 0
    cp_reserved: int = 0
    draws: Remainder = Remainder.NONE
    feeds: Remainder = Remainder.NONE
    shortfall: Outcome = Outcome.ACCEPTED
    debit: Role = Role.NONE
    credit: Role = Role.NONE
    pays: bool = False
    """Needs a payee."""


_F, _B, _R = Family, Budget, Remainder
_O = Outcome

CATALOG: tuple[ActKind, ...] = (
    ActKind("none", "", _F.NONE),
    ActKind("third_party", "tiers", _F.THIRD_PARTY),
    ActKind("budget_opening_ae", "ouverture d'AE", _F.BUDGET, budget=_B.OPEN, measure=Measure.AE),
    ActKind("budget_opening_cp", "ouverture de CP", _F.BUDGET, budget=_B.OPEN, measure=Measure.CP),
    ActKind("allotment_ae", "mise à disposition d'AE", _F.BUDGET, budget=_B.ALLOT, measure=Measure.AE),
    ActKind("allotment_cp", "mise à disposition de CP", _F.BUDGET, budget=_B.ALLOT, measure=Measure.CP),
    ActKind("budget_move_ae", "mouvement d'AE", _F.BUDGET, budget=_B.MOVE, measure=Measure.AE),
    ActKind("budget_move_cp", "mouvement de CP", _F.BUDGET, budget=_B.MOVE, measure=Measure.CP),
    ActKind("earmark", "affectation", _F.BUDGET, budget=_B.EARMARK, measure=Measure.AE),
    ActKind("commitment", "engagement juridique", _F.COMMITMENT, budget=_B.SPEND, ae_consumed=1, feeds=_R.OPEN),
    ActKind("commitment_increase", "engagement complémentaire", _F.COMMITMENT_CHANGE, follows=_F.COMMITMENT,
            budget=_B.SPEND, ae_consumed=1, feeds=_R.OPEN),
    ActKind("commitment_decrease", "retrait d'engagement", _F.COMMITMENT_CHANGE, follows=_F.COMMITMENT,
            budget=_B.SPEND, ae_consumed=-1, draws=_R.OPEN, shortfall=_O.COMMITMENT_EXCEEDED),
    ActKind("service", "service fait certifié", _F.SERVICE, follows=_F.COMMITMENT,
            draws=_R.OPEN, feeds=_R.UNBILLED, shortfall=_O.COMMITMENT_EXCEEDED,
            debit=Role.EXPENSE, credit=Role.ACCRUED),
    ActKind("service_cancellation", "annulation de service fait", _F.SERVICE_CANCELLATION, follows=_F.SERVICE,
            mirrors=True, shortfall=_O.SERVICE_ALREADY_BILLED),
    ActKind("payment_request", "demande de paiement, flux 1", _F.PAYMENT_REQUEST, follows=_F.COMMITMENT,
            budget=_B.SPEND, cp_reserved=1, draws=_R.UNBILLED, shortfall=_O.SERVICE_INSUFFICIENT,
            debit=Role.ACCRUED, credit=Role.CREDITOR, pays=True),
    ActKind("payment_request_without_service", "demande de paiement, flux 2 et 3", _F.PAYMENT_REQUEST,
            follows=_F.COMMITMENT, budget=_B.SPEND, cp_reserved=1, draws=_R.OPEN,
            shortfall=_O.COMMITMENT_EXCEEDED, debit=Role.EXPENSE, credit=Role.CREDITOR, pays=True),
    ActKind("direct_payment_request", "demande de paiement directe, flux 4", _F.PAYMENT_REQUEST, budget=_B.SPEND,
            ae_reserved=1, cp_reserved=1, debit=Role.EXPENSE, credit=Role.CREDITOR, pays=True),
    ActKind("payment_request_rejection", "rejet de demande de paiement", _F.REJECTION, follows=_F.PAYMENT_REQUEST,
            mirrors=True, shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL),
)  # fmt: skip
"""Position is the kind's number, stored with entries: append only."""

KIND_NUMBER: Mapping[str, int] = {kind.name: number for number, kind in enumerate(CATALOG) if number}


class Effects(NamedTuple):
    """The catalog as the kernels read it: one row per kind."""

    family: Code
    follows: Code
    mirrors: Code
    budget: Code
    measure: Code
    ae_reserved: Sign
    ae_consumed: Sign
    cp_reserved: Sign
    draws: Code
    feeds: Code
    shortfall: Code
    debit: Code
    credit: Code
    pays: Code


def effects() -> Effects:
    """The catalog laid out in columns."""
    signs = {"ae_reserved", "ae_consumed", "cp_reserved"}
    columns = ([getattr(kind, name) for kind in CATALOG] for name in Effects._fields)
    types = (np.int16 if name in signs else np.uint8 for name in Effects._fields)
    return Effects._make(np.array(column, dtype) for column, dtype in zip(columns, types, strict=True))
