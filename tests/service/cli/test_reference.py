"""``crescendo reference accept``: changed reference files are used once an operator, who is proved, has accepted them."""

import os
import pwd
import shutil
from datetime import date
from pathlib import Path

from core.directory_entries import LoginEntry, PersonEntry, RoleEntry
from core.person_decisions import StatedPerson
from core.roles import Role
from tests.file_strategies import REFERENCE
from tests.proved_persons import change_directory
from tests.service.command_line import CommandResult, run_crescendo
from tests.settlement.runs.small_state import SmallState

USER = pwd.getpwuid(os.getuid()).pw_name
_FIRST_DAY = date(2018, 1, 1)
_WHY = ("--reason", "Nouveau plafond")
_COLUMNS = "reference;kind;exercise;date;fund_centre;commitment_item;amount"


async def _run(state: SmallState, *words: str, reference: Path) -> CommandResult:
    environment = {
        "CRESCENDO_DATABASE": state.dsn,
        "CRESCENDO_DATA": str(state.folder),
        "CRESCENDO_REFERENCE": str(reference),
        "CRESCENDO_TOKEN": "",
    }
    return await run_crescendo(*words, environment=environment)


async def _process(state: SmallState, number: int, reference: Path) -> CommandResult:
    path = state.folder / f"credits-{number}.csv"
    path.write_text(f"{_COLUMNS}\nLFI-{number};budget_opening_ae;2018;2018-01-02;0117;HT2;1,00\n")
    return await _run(state, "run", str(path), "--sender", "BUDGET", reference=reference)


async def _enter_operator(state: SmallState) -> None:
    zoe = (
        PersonEntry("zoe", "Zoé"),
        RoleEntry("zoe", Role.OPERATOR, "both", _FIRST_DAY),
        LoginEntry("zoe", "user", USER, _FIRST_DAY),
    )
    await change_directory(state.dsn, *zoe, by=StatedPerson("Claire"))


def _copy_reference(folder: Path) -> Path:
    shutil.copytree(REFERENCE, folder)
    rules = folder / "payments.toml"
    rules.write_text(rules.read_text() + "# changed\n")
    return folder


async def test_changed_files_wait_for_an_operator(dsn: str, tmp_path: Path) -> None:
    state = await SmallState(dsn, tmp_path).open()
    await _enter_operator(state)
    changed = _copy_reference(tmp_path / "reference")
    refused = await _process(state, 1, changed)
    assert (refused.code, "payments.toml changed since the ledger's last use" in refused.err) == (3, True), (
        refused
    )
    of_other = await _run(state, "reference", "accept", "--as", "eve", *_WHY, reference=changed)
    assert (of_other.code, f"the user {USER} proves zoe" in of_other.err) == (2, True), of_other
    accepted = await _run(state, "reference", "accept", "--as", "zoe", *_WHY, reference=changed)
    assert (accepted.code, "Acceptance 1:" in accepted.out, "  payments.toml" in accepted.out) == (
        0,
        True,
        True,
    )
    assert (await _process(state, 2, changed)).code == 0
    verified = await _run(state, "verify", reference=changed)
    assert verified.code == 0, verified


async def test_files_that_are_the_same_need_no_acceptance(dsn: str, tmp_path: Path) -> None:
    state = await SmallState(dsn, tmp_path).open()
    await _enter_operator(state)
    assert (await _process(state, 1, REFERENCE)).code == 0
    needless = await _run(state, "reference", "accept", "--as", "zoe", *_WHY, reference=REFERENCE)
    assert (needless.code, "nothing is to be accepted" in needless.out) == (1, True), needless
    unexplained = await _run(state, "reference", "accept", "--as", "zoe", reference=REFERENCE)
    assert (unexplained.code, "--reason must say why" in unexplained.err) == (2, True), unexplained
