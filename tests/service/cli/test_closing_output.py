"""What a step of the closing prints about lines that wait, and about references that the next year uses already."""

import pytest

from closing.carry_acts import RenamedAct, RenamedActs
from closing.step_sums import BlockedSum, StepSums
from closing.steps import Step
from service.cli import closing_output
from service.engine.processing_result import ProcessingResult, Speed
from service.engine.year_closing import StepResult

POSTED = ProcessingResult(
    receipts=[],
    known=[],
    rejected=[],
    twice=[],
    reasons=[],
    batch=9,
    chain="",
    speed=Speed(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, {}),
    is_interrupted=False,
    lost=[],
    answered=[],
)
WAITING = StepSums([], [BlockedSum("commitment_carry", "no programme", 2, 500)], 0)


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (StepResult(2018, Step.COMMITMENTS, WAITING), "Nothing was done: 2 lines wait."),
        (
            StepResult(2018, Step.COMMITMENTS, StepSums([], [BlockedSum("commitment_carry", "no programme", 1, 500)], 0)),
            "Nothing was done: 1 line waits.",
        ),
        (StepResult(2018, Step.COMMITMENTS, WAITING, waits="a run"), "The step cannot begin: a run"),
        (StepResult(2018, Step.COMMITMENTS, StepSums([], [], 3)), "Nothing of 2018 is left for this step to carry."),
    ],
)  # fmt: skip
def test_a_step_that_carries_nothing_says_why(
    capsys: pytest.CaptureFixture[str], result: StepResult, line: str
) -> None:
    closing_output.print_step(result)
    assert line in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("count", "line"),
    [
        (1, "1 reference was already used in 2019: EJ-1 goes on as 2018.1.9."),
        (
            23,
            "23 references were already used in 2019: "
            + ", ".join(f"EJ-{number} goes on as 2018.{number}.9" for number in range(1, 21))
            + ", and 3 more.",
        ),
    ],
)
def test_references_that_the_next_year_uses_are_named(
    capsys: pytest.CaptureFixture[str], count: int, line: str
) -> None:
    acts = [RenamedAct(f"EJ-{number}", f"2018.{number}.9") for number in range(1, count + 1)]
    result = StepResult(
        2018,
        Step.COMMITMENTS,
        StepSums([], [], 0),
        posted=POSTED,
        renamed=RenamedActs(count, acts),
    )
    closing_output.print_step(result)
    assert line in capsys.readouterr().out.replace("\n", " ")
