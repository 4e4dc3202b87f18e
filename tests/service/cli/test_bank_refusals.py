"""Acts of bank messages that were refused are posted once the cause is gone, and nothing is posted twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from tests.period_decisions import decide_period
from tests.service.command_line import run_crescendo
from tests.service.small_state import NEVER, State, copy_state, open_state, paris_time

OWED = 6
CLOSED = "2018-11"
"""The month that is closed and opened again."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    async with open_state(database, tmp_path_factory.mktemp("owing"), OWED) as state:
        yield state


@pytest_asyncio.fixture
async def state(template: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, template, tmp_path / "state") as copy:
        yield copy


async def pay_and_list_statements(state: State, day: str) -> list[Path]:
    """Pay a run on ``day``, and return the bank's files without notices."""
    at = paris_time(day)
    files = await state.pay_due(at.date(), at)
    return [
        path for path in state.list_files(state.simulate_bank(files, NEVER)) if "camt054" not in path.name
    ]


async def submit_term(state: State, kind: str, reference: str, predecessor: str) -> None:
    act = {"kind": kind, "reference": reference, "predecessor": predecessor}
    await state.submit_accepted([{**act, "exercise": 2018, "date": "2018-10-02"}])


async def count_decided_lines(state: State) -> int:
    ((entries,),) = await state.fetch(
        "select (select count(*) from entry) + (select count(*) from duplicate)"
    )
    return entries


async def test_acts_refused_in_a_closed_month_are_posted_once_it_is_open(state: State) -> None:
    files = await pay_and_list_statements(state, "2018-11-05")
    await decide_period(state.dsn, CLOSED, "close")
    closed = await state.import_files(files)
    refused = [message.refused for message in closed.messages if message.debits]
    assert refused
    assert all(message.keys() == {"PERIOD_CLOSED"} for message in refused)
    assert sum(message["PERIOD_CLOSED"] for message in refused) == OWED
    assert "bank_debit" not in await state.count_kinds()
    still = await state.import_files(files, again=True)
    assert [message.refused for message in still.messages if message.debits] == refused
    await decide_period(state.dsn, CLOSED, "reopen")
    plain = await state.import_files(files)
    assert plain.posted is None
    assert [message.refused for message in plain.messages if message.debits] == refused
    after_opening = await state.import_files(files, again=True)
    assert after_opening.posted
    assert sum(receipt.accepted.lines for receipt in after_opening.posted.receipts) == OWED
    assert not any(message.refused for message in after_opening.messages)
    await check_agreement(state)


async def check_agreement(state: State) -> None:
    """Check that everything is debited once, and ``--again`` has nothing to do."""
    assert (await state.count_kinds())["bank_debit"] == OWED
    assert await state.read_unmatched() == []
    assert await state.read_in_transit() == []
    assert (await state.read_status()).agrees
    assert (await state.verify()).findings == []


async def test_accepted_acts_of_the_same_message_are_not_posted_again(state: State) -> None:
    """One message has movements of November, which is closed, and of December."""
    await submit_term(state, "term_suspension", "S1", "DP-2")
    november = await pay_and_list_statements(state, "2018-11-05")
    await submit_term(state, "term_resumption", "S2", "S1")
    december = await pay_and_list_statements(state, "2018-12-05")
    files = merge_statements(state, november, december)
    await decide_period(state.dsn, CLOSED, "close")
    closed = await state.import_files(files)
    assert {name for message in closed.messages for name in message.refused} == {"PERIOD_CLOSED"}
    assert (await state.count_kinds())["bank_debit"] == 1
    await decide_period(state.dsn, CLOSED, "reopen")
    after_opening = await state.import_files(files, again=True)
    assert after_opening.posted
    assert sum(receipt.accepted.lines for receipt in after_opening.posted.receipts) == OWED - 1
    assert sum(receipt.duplicate.lines for receipt in after_opening.posted.receipts) == 1
    await check_agreement(state)
    previous = await count_decided_lines(state)
    once_more = await state.import_files(files, again=True)
    assert once_more.posted is None
    assert await count_decided_lines(state) == previous
    assert not list((state.settings.data / "bank").iterdir())


def merge_statements(state: State, *answers: list[Path]) -> list[Path]:
    """Merge the statements of each account into one message."""
    statements_by_account: dict[str, list[Path]] = {}
    for path in [path for group in answers for path in group if "camt053" in path.name]:
        statements_by_account.setdefault(path.name.partition("camt053-")[2][:23], []).append(path)
    merged_paths = []
    for account, paths in statements_by_account.items():
        texts = [path.read_text() for path in paths]
        bodies = [text[text.index("<Stmt>") : text.rindex("</Stmt>")] for text in texts]
        end = texts[0][texts[0].rindex("</Stmt>") :]
        path = state.folder / f"{account}.xml"
        path.write_text(texts[0][: texts[0].index("<Stmt>")] + "</Stmt>".join(bodies) + end)
        merged_paths.append(path)
    return merged_paths


async def test_the_command_prints_a_remedy(state: State) -> None:
    files = await pay_and_list_statements(state, "2018-11-05")
    await decide_period(state.dsn, CLOSED, "close")
    arguments = (
        "bank",
        "import",
        *files,
        "--no-interest",
        "--database",
        state.dsn,
        "--data",
        state.settings.data,
    )
    environment = {"CRESCENDO_REFERENCE": str(state.reference)}
    for _ in range(2):
        result = await run_crescendo(*arguments, environment=environment)
        assert result.code == 0, result.err
        assert "PERIOD_CLOSED 3 (crescendo bank unmatched)" in result.out
        assert "crescendo bank import --again FILE" in result.out
    await decide_period(state.dsn, CLOSED, "reopen")
    result = await run_crescendo(*arguments, "--again", environment=environment)
    assert result.code == 0, result.err
    assert "refused by the journal" not in result.out
    await check_agreement(state)
