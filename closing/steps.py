"""The plan of the closing of a year: sixteen steps in five phases, one row each, in the order of their execution.

A step is a file of acts that the sender ``closing`` gives to the engine, or a proof of what the journal contains, or a lock.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Step(StrEnum):
    """A step; its name is part of the batch id of its files."""

    LAST_DATES = "C01"
    REVIEW = "C02"
    CUT = "C03"
    REQUESTS = "C04"
    WITHDRAWALS = "C05"
    COMMITMENTS = "C06"
    EARMARKS = "C07"
    INVENTORY = "C08"
    SUSPENSE = "C09"
    LIAISON = "C10"
    CASH = "C11"
    RESULT = "C12"
    LOCK = "C13"
    OPENING = "C14"
    CARRY_OVER = "C15"
    ALLOCATION = "C16"


class Phase(StrEnum):
    """A part of the closing with dates of its own."""

    LAST_DATES = "last dates"
    CUT = "budget cut"
    ROLLOVER = "rollover"
    INVENTORY = "inventory"
    RESULT = "result"


PHASES_FRENCH: Mapping[Phase, str] = {
    Phase.LAST_DATES: "dates limites",
    Phase.CUT: "arrêté budgétaire",
    Phase.ROLLOVER: "bascule",
    Phase.INVENTORY: "inventaire",
    Phase.RESULT: "résultat et reports",
}


class StepType(StrEnum):
    """What the execution of a step does."""

    ACTS = "acts"
    """It gives acts to the engine."""
    CHECK = "check"
    """It proves what the journal contains, and posts nothing."""
    LOCK = "lock"
    """It locks the months of the year."""


class StepDescription(NamedTuple):
    """One row of the plan."""

    step: Step
    phase: Phase
    type: StepType
    french: str
    summary: str
    source: str
    dates: str
    """When it is due."""
    needs: tuple[Step, ...] = ()
    """What must be proven before it is executed."""
    last_needs: tuple[Step, ...] = ()
    """What must be proven before it too once it annuls what is left, after 31 March.

    Before that no file of theirs may be undecided, and it is not proven before they are.
    """
    renewed: tuple[Step, ...] = ()
    """The checks that are executed again right before it, as the journal may have changed since their proof."""
    persons: int = 1
    """Two where the step cannot be undone: one prepares it, another one confirms and executes it."""
    obstacle: str = ""
    """What stands against its reversal; empty where it can be reversed."""


_NO_REVERSAL = "the engine has no act that undoes"
PLAN = (
    StepDescription(
        Step.LAST_DATES,
        Phase.LAST_DATES,
        StepType.CHECK,
        "dates limites par nature d'acte",
        "Show the last dates that the calendar has for the year, and its complementary period.",
        "GBCP art. 134; decree 2007-687; rule A04",
        "November, December",
    ),
    StepDescription(
        Step.REVIEW,
        Phase.CUT,
        StepType.CHECK,
        "contrôles préalables",
        "Count what is unfinished, and find what must not be there: budget expenses on suspense accounts, runs not issued.",
        "LOLF art. 28",
        "31 December",
        (Step.LAST_DATES,),
    ),
    StepDescription(
        Step.CUT,
        Phase.CUT,
        StepType.CHECK,
        "arrêté des consommations d'AE",
        "Prove that nothing consumed AE of the year after 31 December.",
        "LOLF art. 8, 28; GBCP art. 159",
        "31 December, 24:00",
        (Step.REVIEW,),
    ),
    StepDescription(
        Step.WITHDRAWALS,
        Phase.ROLLOVER,
        StepType.CHECK,
        "engagements à clôturer",
        "Count the commitments that are open: ministries withdraw what is not used, and C06 carries the rest.",
        "GBCP art. 160",
        "December",
        (Step.CUT,),
    ),
    StepDescription(
        Step.COMMITMENTS,
        Phase.ROLLOVER,
        StepType.ACTS,
        "bascule des engagements juridiques et des services faits",
        "Carry open commitments, and services that are certified and not requested, into the next year.",
        "GBCP art. 161; rule A64",
        "1 to 10 January",
        (Step.CUT,),
        renewed=(Step.REVIEW,),
        obstacle=f"{_NO_REVERSAL} a commitment_carry (REVERSAL_FORBIDDEN, A64), and ministries go on with what was carried",
    ),
    StepDescription(
        Step.REQUESTS,
        Phase.ROLLOVER,
        StepType.ACTS,
        "bascule des demandes de paiement non payées",
        "Release what unpaid requests reserve in the year, and reserve it in the next.",
        "LOLF art. 28; rule A30",
        "after the last payment of the year",
        (Step.CUT,),
        renewed=(Step.REVIEW,),
        obstacle=f"{_NO_REVERSAL} a request_carry: its payment_request_rejection gives the amount back to the request of the "
        "year before, which then has to be rejected too, so nothing is open again for C04",
    ),
    StepDescription(
        Step.EARMARKS,
        Phase.ROLLOVER,
        StepType.ACTS,
        "report des affectations non engagées",
        "Carry what is earmarked and not engaged by orders; after 31 March, release the rest; withdraw void earmarks.",
        "GBCP art. 157, 158; LOLF art. 15; rule A17",
        "January to 31 March; the rest after it",
        (Step.CUT,),
        persons=2,
        obstacle=f"{_NO_REVERSAL} a carryover_out: its order is corrected by another order",
    ),
    StepDescription(
        Step.OPENING,
        Phase.ROLLOVER,
        StepType.ACTS,
        "balances d'entrée",
        "Open each accountant's balances of classes 1 to 5, and later what changed of them; final once C13 is proven.",
        "rule A61",
        "from 2 January; final after C13",
        (Step.CUT,),
        persons=2,
        obstacle=f"{_NO_REVERSAL} an opening: a later execution opens the difference",
    ),
    StepDescription(
        Step.INVENTORY,
        Phase.INVENTORY,
        StepType.ACTS,
        "inventaire : dotations aux amortissements, contre-passation des charges à payer",
        "Charge what the plans of assets give by the end of the year, and reverse its accruals on 2 January of the next.",
        "chart 6811, 60 and 4081000000; rule A65",
        "January to March",
        (Step.CUT,),
        obstacle=f"{_NO_REVERSAL} an inventory_reversal or an asset_depreciation: a charge that was too high is left out of "
        "the next one",
    ),
    StepDescription(
        Step.SUSPENSE,
        Phase.INVENTORY,
        StepType.CHECK,
        "apurement et justification des comptes d'attente",
        "Prove that each item on a suspense account is cleared or justified.",
        "LOLF art. 28; rule A70",
        "January to March",
        (Step.CUT,),
    ),
    StepDescription(
        Step.LIAISON,
        Phase.INVENTORY,
        StepType.CHECK,
        "comptes de liaison soldés",
        "Prove that each account between accountants is zero over all of them together.",
        "chart 1842100000, 1842300000",
        "March",
        (Step.CUT,),
    ),
    StepDescription(
        Step.CASH,
        Phase.INVENTORY,
        StepType.CHECK,
        "centralisation de la trésorerie",
        "Prove that each operations account has in the books what the bank states; no balance leaves its accountant.",
        "chart 5120000000; rule A56",
        "March",
        (Step.LIAISON,),
    ),
    StepDescription(
        Step.RESULT,
        Phase.RESULT,
        StepType.ACTS,
        "détermination du résultat",
        "Bring each accountant's charges and products to the account of the result, and later what changed of them.",
        "chart 60 and 6411820000; rule A62",
        "March",
        (Step.INVENTORY, Step.SUSPENSE, Step.LIAISON),
        renewed=(Step.SUSPENSE, Step.LIAISON),
        persons=2,
        obstacle=f"{_NO_REVERSAL} a result: a later execution brings the difference",
    ),
    StepDescription(
        Step.LOCK,
        Phase.RESULT,
        StepType.LOCK,
        "verrouillage de l'exercice",
        "Lock every month of the year for all accountants, in order, and seal its sums by account.",
        "rule A04",
        "31 March",
        (Step.RESULT,),
        renewed=(Step.SUSPENSE, Step.LIAISON, Step.CASH),
        persons=2,
        obstacle="a lock is final (rule A04)",
    ),
    StepDescription(
        Step.CARRY_OVER,
        Phase.RESULT,
        StepType.ACTS,
        "reports de crédits",
        "Carry credits over by orders of two ministers; from 1 April on, once C04 and C07 are proven, annul the rest.",
        "LOLF art. 15, 21; rules A66, A67",
        "by 31 March; the rest after it",
        (Step.CUT,),
        last_needs=(Step.REQUESTS, Step.EARMARKS),
        persons=2,
        obstacle=f"{_NO_REVERSAL} a carryover_out: its order is corrected by another order",
    ),
    StepDescription(
        Step.ALLOCATION,
        Phase.RESULT,
        StepType.ACTS,
        "affectation du résultat",
        "Bring the result to the account that the settlement act names, once it is promulgated.",
        "LOLF art. 37; loi 2014-855 art. 3 II; rule A62",
        "after the settlement act",
        (Step.LOCK, Step.OPENING),
        persons=2,
        obstacle=f"{_NO_REVERSAL} the allocation of a result",
    ),
)
"""The steps in the order in which they are executed."""
DESCRIPTIONS: Mapping[Step, StepDescription] = {row.step: row for row in PLAN}
TWO_PERSON_STEPS = frozenset(row.step for row in PLAN if row.persons == 2)
CARRIES = (
    Step.COMMITMENTS,
    Step.REQUESTS,
    Step.EARMARKS,
    Step.RESULT,
    Step.OPENING,
    Step.CARRY_OVER,
    Step.ALLOCATION,
)
"""The steps whose acts carry what is open into the next year, or bring the result to its account."""
UNUSED = frozenset({Step.EARMARKS, Step.CARRY_OVER})
"""Those of them that carry or annul credits."""
