"""``crescendo reference check``, ``diff`` and ``load``: changes are explained before they are used."""

import csv
import io
import json
from pathlib import Path

import asyncpg
import pytest

from core.errors import LeaseHeld
from core.person_decisions import StatedPerson
from posting.book.registry import ReferenceData
from posting.store.journal_store import PostgresStore
from reporting.reference.folder_comparison import compare
from service.configuration.loaded_reference import find_loaded_folder
from service.engine.reference_loading import FolderDraft, LedgerState
from tests.file_strategies import REFERENCE
from tests.reference_years import copy_reference, remove_lines, replace_text
from tests.service.cli.test_reference import _enter_operator
from tests.service.command_line import CommandResult, run_crescendo
from tests.settlement.runs.small_state import SmallState, iban

AS_ZOE = ("--as", "zoe", "--reason", "Nomenclature of June")
_COLUMNS = "reference;kind;exercise;date;fund_centre;commitment_item;amount"


async def _run(state: SmallState, *words: str | Path, reference: str = "") -> CommandResult:
    environment = {
        "CRESCENDO_DATABASE": state.dsn,
        "CRESCENDO_DATA": str(state.folder),
        "CRESCENDO_REFERENCE": reference,
        "CRESCENDO_TOKEN": "",
    }
    return await run_crescendo(*map(str, words), environment=environment)


async def _load(state: SmallState, folder: Path, *words: str) -> CommandResult:
    return await _run(state, "reference", "load", folder, *AS_ZOE, *words)


async def _process(state: SmallState, number: int) -> CommandResult:
    path = state.folder / f"credits-{number}.csv"
    path.write_text(f"{_COLUMNS}\nLFI-{number};budget_opening_ae;2018;2018-01-02;0117;HT2;1,00\n")
    return await _run(state, "run", path, "--sender", "BUDGET")


async def _commit(state: SmallState) -> None:
    """Commit 10,000 euros to a supplier on a unit, of which 4,000 are certified."""
    await state.register_payees({"payee": "S1", "iban": iban(1)})
    await state.post(
        [
            {"kind": "commitment", "reference": "C1", "payee": "S1", "amount": "10000"} | state.unit,
            {"kind": "service", "reference": "V1", "predecessor": "C1", "amount": "4000"},
        ]
    )


@pytest.fixture
async def state(dsn: str, tmp_path: Path) -> SmallState:
    """A ledger that works with the small reference data, which are loaded."""
    folder = tmp_path / "data"
    folder.mkdir()
    small = await SmallState(dsn, folder).open()
    loaded = await _load(small, REFERENCE, "--yes")
    assert loaded.code == 0, loaded
    return small


async def test_check_names_each_fault_with_its_line(tmp_path: Path) -> None:
    reference = copy_reference(tmp_path)
    replace_text(reference, "2018/accounts.csv", ",credit,", ",kredit,")
    replace_text(reference, "2018/centres.csv", "0177-D013-DD13,0177-D013,", "0177-D013-DD1,0177-D013,")
    result = await run_crescendo("reference", "check", reference)
    rows = list(csv.reader((REFERENCE / "2018" / "accounts.csv").read_text().splitlines()))
    lines = [at for at, row in enumerate(rows, 1) if row[2] == "credit"]
    assert result.code == 1, result
    assert (
        f"2018/accounts.csv, line {lines[0]}: 'kredit' is not a normal side. Write one of debit" in result.out
    )
    assert result.out.count("is not a normal side") == len(lines)
    assert "'0177-D013-DD1' is not a uo code" in result.out
    assert str(reference) in result.out.splitlines()[-1]


async def test_check_accepts_what_the_engine_accepts() -> None:
    result = await run_crescendo("reference", "check", REFERENCE, "--json")
    assert result.code == 0, result
    check = result.json()
    assert (check["faults"], check["warnings"], check["years"]) == ([], [], [2018, 2019])
    ReferenceData.load(REFERENCE)


async def test_check_of_no_folder_is_wrong_usage(tmp_path: Path) -> None:
    result = await run_crescendo("reference", "check", tmp_path / "nothing")
    assert (result.code, "there is no such folder" in result.err) == (2, True), result


async def test_diff_says_what_depends_on_a_removed_unit(state: SmallState, tmp_path: Path) -> None:
    await _commit(state)
    changed = copy_reference(tmp_path)
    remove_lines(changed, "2018/centres.csv", "0177-D013-DD13,")
    replace_text(changed, "2018/items.csv", "63,Transferts aux collectivités territoriales", "63,Transferts")
    result = await _run(state, "reference", "diff", changed)
    assert result.code == 1, result
    text = result.out
    assert (
        "removed: fund centre 0177-D013-DD13 of 2018 and 2019 (centres.csv). It is in use: 4 entries; "
        "1 open commitment, 10,000.00 euros remain to be paid; credits of 3,000,000,000.00 in AE and 3,000,000,000.00 in CP."
        in text
    )
    assert (
        'changed: commitment item 63 of 2018 and 2019 (items.csv): label "Transferts aux collectivités territoriales" '
        'becomes "Transferts".' in text
    )
    assert "Refused, as accepted acts depend on it: centres.csv of 2018: 0177-D013-DD13 is missing" in text
    stored = await state.fetch_rows("select count(*) as uses from reference_acceptance")
    assert stored == [{"uses": 0}]


async def test_diff_lists_no_more_than_its_limit(state: SmallState, tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    path = changed / "2018" / "areas.csv"
    path.write_text(path.read_text() + "".join(f"0177-{at},0177,New\n" for at in range(30, 90)))
    short, whole = [await _run(state, "reference", "diff", changed, *words) for words in ((), ("--full",))]
    assert (short.code, whole.code) == (0, 0), short
    assert (
        short.out.count("added: functional area"),
        "And 20 more changes: --full lists all." in short.out,
    ) == (40, True)
    assert (whole.out.count("added: functional area"), "--full" in whole.out) == (60, False)


async def test_diff_for_programs_has_a_row_for_each_cell(state: SmallState, tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    replace_text(changed, "2018/items.csv", "63,Transferts aux collectivités territoriales", "63,Transferts")
    as_csv = await _run(state, "reference", "diff", changed, "--csv")
    (row,) = csv.DictReader(io.StringIO(as_csv.out))
    assert (row["change"], row["code"], row["years"], row["column"], row["after"]) == (
        *("changed", "63", "2018 2019", "label", "Transferts"),
    )
    as_json = json.loads((await _run(state, "reference", "diff", changed, "--json")).out)
    (change,) = as_json["changes"]
    assert (change["cells"][0]["before"], as_json["breach"], as_json["is_equal"]) == (
        *("Transferts aux collectivités territoriales", "", False),
    )


async def test_diff_of_the_same_files_is_empty(state: SmallState) -> None:
    result = await _run(state, "reference", "diff", REFERENCE)
    assert (result.code, "nothing changes" in result.out) == (0, True), result


async def test_loaded_files_are_those_of_the_next_start(state: SmallState, tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    replace_text(changed, "2018/items.csv", "63,Transferts aux collectivités territoriales", "63,Transferts")
    loaded = await _load(state, changed, "--yes")
    assert (loaded.code, 'label "Transferts aux collectivités' in loaded.out) == (0, True), loaded
    replace_text(changed, "2018/items.csv", "63,Transferts", "63,Changed after the load")
    folder = find_loaded_folder(state.folder)
    assert folder
    assert "63,Transferts,6" in (folder / "2018" / "items.csv").read_text()
    assert (await _process(state, 1)).code == 0
    (use,) = await state.fetch_rows(
        "select encode(digest, 'hex') as digest from reference_use order by reference_use desc limit 1"
    )
    assert use["digest"] == folder.name
    (acceptance,) = await state.fetch_rows(
        "select encode(digest, 'hex') as digest, reason, by from reference_acceptance"
    )
    assert acceptance == {"digest": folder.name, "reason": "Nomenclature of June", "by": "zoe"}
    verified = await _run(state, "verify")
    assert verified.code == 0, verified


async def test_the_same_load_again_changes_nothing(state: SmallState, tmp_path: Path) -> None:
    changed = copy_reference(tmp_path)
    replace_text(changed, "2018/items.csv", "63,Transferts aux collectivités territoriales", "63,Transferts")
    first, second = [await _load(state, changed, "--yes") for _ in range(2)]
    assert (first.code, second.code, "nothing is loaded" in second.out) == (0, 0, True), second
    assert await state.fetch_rows("select count(*) as rows from reference_acceptance") == [{"rows": 1}]


async def test_a_load_that_breaks_accepted_acts_is_refused(state: SmallState, tmp_path: Path) -> None:
    before = find_loaded_folder(state.folder)
    changed = copy_reference(tmp_path)
    replace_text(changed, "2018/programmes.csv", "Économie et finances,1", "Économie et finances,0")
    used = await _process(state, 1)
    assert used.code == 0
    refused = await _load(state, changed, "--yes")
    assert (
        refused.code,
        "0117 is in use with estimated 1, and the file now has estimated 0" in refused.out,
    ) == (1, True), refused
    assert find_loaded_folder(state.folder) == before
    assert await state.fetch_rows("select count(*) as rows from reference_acceptance") == [{"rows": 0}]


async def test_a_load_with_faults_is_refused(state: SmallState, tmp_path: Path) -> None:
    before = find_loaded_folder(state.folder)
    changed = copy_reference(tmp_path)
    replace_text(changed, "2018/treasury.csv", "transit,", "tranzit,")
    refused = await _load(state, changed, "--yes")
    assert (refused.code, "2018/treasury.csv, line 2: 'tranzit' is not a shared role" in refused.out) == (
        1,
        True,
    ), refused
    assert find_loaded_folder(state.folder) == before


async def test_nothing_is_loaded_without_consent(state: SmallState, tmp_path: Path) -> None:
    before = find_loaded_folder(state.folder)
    changed = copy_reference(tmp_path)
    replace_text(changed, "2018/items.csv", "63,Transferts aux collectivités territoriales", "63,Transferts")
    refused = await _load(state, changed)
    assert (refused.code, "Add --yes" in refused.err) == (2, True), refused
    assert find_loaded_folder(state.folder) == before


async def test_a_setting_that_names_a_folder_prevents_the_load(state: SmallState, tmp_path: Path) -> None:
    refused = await _run(
        state, "reference", "load", copy_reference(tmp_path), *AS_ZOE, "--yes", reference=str(REFERENCE)
    )
    assert (refused.code, f"the setting reference names {REFERENCE}" in refused.err) == (2, True), refused


async def test_only_an_operator_loads_once_there_is_one(state: SmallState, tmp_path: Path) -> None:
    await _enter_operator(state)
    before = find_loaded_folder(state.folder)
    changed = copy_reference(tmp_path)
    replace_text(changed, "2018/items.csv", "63,Transferts aux collectivités territoriales", "63,Transferts")
    of_other = await _run(state, "reference", "load", changed, "--as", "eve", "--reason", "x", "--yes")
    assert (of_other.code, find_loaded_folder(state.folder)) == (2, before), of_other
    assert (await _load(state, changed, "--yes")).code == 0
    assert (await _process(state, 1)).code == 0


async def test_a_loaded_folder_that_is_lost_stops_the_start(state: SmallState) -> None:
    folder = find_loaded_folder(state.folder)
    assert folder
    folder.rename(folder.with_name("elsewhere"))
    refused = await _process(state, 1)
    assert (refused.code, "the reference data that it names are missing" in refused.err) == (2, True), refused


def _change_label(folder: Path, label: str = "Transferts") -> Path:
    """Return a copy of the reference data in which an item has another label, which no accepted act depends on."""
    changed = copy_reference(folder)
    replace_text(changed, "2018/items.csv", "63,Transferts aux collectivités territoriales", f"63,{label}")
    return changed


def _add_area(folder: Path) -> Path:
    """Return a copy of the reference data with one more functional area."""
    changed = copy_reference(folder)
    with (changed / "2018" / "areas.csv").open("a") as file:
        file.write("0177-99,0177,New\n")
    return changed


async def test_beside_an_engine_only_additions_are_loaded(state: SmallState, tmp_path: Path) -> None:
    before = find_loaded_folder(state.folder)
    changed, added = _change_label(tmp_path), _add_area(tmp_path / "added")
    async with PostgresStore(state.dsn).own_lease("crescendo serve"):
        refused = await _load(state, changed, "--yes")
        assert (refused.code, "Stop it first; other additions" in refused.err) == (3, True), refused
        assert "these files remove, change or merge 1 rows" in refused.err
        assert find_loaded_folder(state.folder) == before
        loaded = await _load(state, added, "--yes")
        assert loaded.code == 0, loaded
        assert "the service after its next start: restart it now." in loaded.out
    assert (await _load(state, changed, "--yes")).code == 0


async def test_an_engine_that_starts_before_the_consent_refuses_the_load(
    state: SmallState, tmp_path: Path
) -> None:
    before = find_loaded_folder(state.folder)
    assert before
    reference = ReferenceData.load(_change_label(tmp_path))
    comparison = compare(reference.folder, before, reference)
    draft = FolderDraft(state.settings, comparison, reference, LedgerState())
    connection = await asyncpg.connect(state.dsn)
    async with PostgresStore(state.dsn).own_lease("crescendo serve"):
        with pytest.raises(LeaseHeld):
            await draft.accept(connection, reason="x", by=StatedPerson("zoe"))
    await connection.close()
    assert find_loaded_folder(state.folder) == before


async def test_the_files_of_before_are_loaded_from_the_data_folder(state: SmallState, tmp_path: Path) -> None:
    before = find_loaded_folder(state.folder)
    assert before
    assert (await _load(state, _change_label(tmp_path), "--yes")).code == 0
    assert find_loaded_folder(state.folder) != before
    assert (await _load(state, before, "--yes")).code == 0
    assert find_loaded_folder(state.folder) == before
    assert (await _process(state, 1)).code == 0


async def test_diff_names_the_faults_of_the_folder_in_use(state: SmallState, tmp_path: Path) -> None:
    folder = find_loaded_folder(state.folder)
    assert folder
    funds = folder / "2018" / "funds.csv"
    for content in (b"code,family,programme\nN/A,ordinary,\xff\n", b"code,family,programme\nN/A,ordinary\n"):
        funds.write_bytes(content)
        result = await _run(state, "reference", "diff", _change_label(tmp_path / str(len(content))))
        assert result.code == 1, result
        assert f"{folder} is in use, and has faults: nothing can be compared with it." in result.out
        assert "2018/funds.csv" in result.out
        assert "Traceback" not in result.err


async def test_what_the_ledger_did_not_use_last_is_loaded_again(state: SmallState, tmp_path: Path) -> None:
    """A setting had the ledger use other files since the load: its record says so, and the load adds an acceptance."""
    assert (await _process(state, 1)).code == 0
    assert "nothing is loaded" in (await _load(state, REFERENCE, "--yes")).out
    path = state.folder / "credits-2.csv"
    path.write_text(f"{_COLUMNS}\nLFI-2;budget_opening_ae;2018;2018-01-02;0117;HT2;1,00\n")
    other = await _run(state, "run", path, "--sender", "BUDGET", reference=str(_change_label(tmp_path)))
    assert other.code == 0, other
    loaded = await _load(state, REFERENCE, "--yes")
    assert (loaded.code, "Acceptance 1: the reference data" in loaded.out) == (0, True), loaded
    assert "nothing is loaded" in (await _load(state, REFERENCE, "--yes")).out


async def test_control_characters_of_labels_do_not_reach_the_terminal(
    state: SmallState, tmp_path: Path
) -> None:
    changed = _change_label(tmp_path, "\x1b[2J\x1b[HNothing changes")
    result = await _run(state, "reference", "diff", changed)
    assert (result.code, "\x1b" in result.out) == (0, False), result
    assert 'becomes "\\x1b[2J\\x1b[HNothing changes"' in result.out


async def test_who_may_not_load_leaves_no_copy(state: SmallState, tmp_path: Path) -> None:
    await _enter_operator(state)
    folder = state.folder / "reference"
    before = sorted(path.name for path in folder.iterdir())
    of_other = await _run(
        state, "reference", "load", _change_label(tmp_path), "--as", "eve", "--reason", "x", "--yes"
    )
    assert of_other.code == 2, of_other
    assert sorted(path.name for path in folder.iterdir()) == before


async def test_a_setting_that_names_a_loaded_folder_prevents_the_load(
    state: SmallState, tmp_path: Path
) -> None:
    folder = find_loaded_folder(state.folder)
    refused = await _run(
        state, "reference", "load", _change_label(tmp_path), *AS_ZOE, "--yes", reference=str(folder)
    )
    assert (refused.code, f"the setting reference names {folder}" in refused.err) == (2, True), refused
