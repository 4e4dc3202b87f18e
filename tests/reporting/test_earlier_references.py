"""What to do about an act on a commitment of the year before that is not carried yet: not to send the commitment again."""

from pathlib import Path

from reporting import act_history, code_labels
from reporting.act_narrative import render
from reporting.code_names import read_names
from reporting.earlier_references import stream_refused_lines
from service.database import command_queries
from service.database.embedded_server import Database
from tests.closing.closing_state import open_year_end
from tests.service.small_state import State

SERVICE = {"kind": "service", "exercise": 2019, "date": "2019-01-02", "amount": "10.00"}


async def test_the_commitment_of_the_year_before_is_named(database: Database, tmp_path: Path) -> None:
    async with open_year_end(database, tmp_path / "state") as state:
        ((entry,),) = await state.fetch("select entry_id from entry where reference = 'EJ-1'")
        on_commitment = {**SERVICE, "reference": "SF-20", "predecessor": "EJ-1"}
        on_nothing = {**SERVICE, "reference": "SF-21", "predecessor": "EJ-77"}
        await state.submit([on_commitment, on_nothing])
        hint = f"2018 has this reference (@{entry}), the exercise of this line does not"
        actions = await read_actions(state)
        assert actions["SF-20"].startswith(hint)
        assert "have C06 executed" in actions["SF-20"]
        assert actions["SF-21"].startswith("Send that act first")
        async with command_queries.connect(state.dsn) as connection:
            names = await read_names(connection, code_labels.load(state.reference))
            explanation = await act_history.explain(connection, names, "SF-20")
        assert any(hint in str(part) for part in render(explanation))


async def read_actions(state: State) -> dict[str, str]:
    """Return what to do about each refused line of the last submission, by its reference."""
    ((submission,),) = await state.fetch("select max(submission) from submission")
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        pages = [page async for page in stream_refused_lines(connection, names, submission)]
    return {line.reference: line.action for page in pages for line in page}
