"""The steps of closing a year that are built: each is a file of acts that the sender ``closing`` gives to the engine."""

from enum import StrEnum
from typing import NamedTuple


class Step(StrEnum):
    """A step; its name is part of the batch id of its files."""

    COMMITMENTS = "C06"
    REQUESTS = "C04"
    RESULT = "C12"
    OPENING = "C14"


class StepDescription(NamedTuple):
    """One row of the plan."""

    step: Step
    french: str
    summary: str
    source: str
    persons: int = 1
    """Two where the step cannot be undone: one prepares it, another one confirms and executes it."""


PLAN = (
    StepDescription(
        Step.COMMITMENTS,
        "bascule des engagements juridiques et des services faits",
        "Carry open commitments, and services that are certified and not requested, into the next year.",
        "GBCP art. 161; rule A64",
    ),
    StepDescription(
        Step.REQUESTS,
        "bascule des demandes de paiement non payées",
        "Release what unpaid requests reserve in the year, and reserve it in the next.",
        "LOLF art. 28; rule A30",
    ),
    StepDescription(
        Step.RESULT,
        "détermination du résultat",
        "Bring each accountant's charges and products to the account of the result, and later what changed of them.",
        "chart 60 and 6411820000; rule A62",
        persons=2,
    ),
    StepDescription(
        Step.OPENING,
        "balances d'entrée",
        "Open each accountant's balances of classes 1 to 5, and later what changed of them.",
        "rule A61",
        persons=2,
    ),
)
"""The steps in the order in which they are executed."""
TWO_PERSON_STEPS = frozenset(row.step for row in PLAN if row.persons == 2)
