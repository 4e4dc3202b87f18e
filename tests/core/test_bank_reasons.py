"""The table of reason codes: the reaction to each, and the reactions that no edition of the table may change."""

from pathlib import Path

import pytest

from core.bank_reasons import UNKNOWN_REASON, BlockedParty, DebtAction, ReasonPhase, Reissue, load
from core.errors import ReferenceDataError
from core.reference.files import SAMPLE_FOLDER

TABLE = load()
TEXT = SAMPLE_FOLDER.joinpath("bank_reasons.csv").read_text(encoding="utf-8")


def test_every_expected_code_has_a_row() -> None:
    codes = "AC01 AC04 AC06 AG01 AG02 AM04 AM05 BE04 RR03 CNOR RC01 ED05 MD07 MS02 MS03 RR04 TM01 CERI"
    assert set(f"{codes} FOCR DUPL TECH FRAD CUST".split()) == set(TABLE.codes)


@pytest.mark.parametrize("code", ["AM05", "FOCR", "DUPL", "TECH", "FRAD", "CUST"])
def test_a_debt_that_may_be_paid_already_is_never_reopened(code: str) -> None:
    assert not TABLE.get(code).reopens_debt
    assert TABLE.get(code).reissue is Reissue.NEVER


@pytest.mark.parametrize("code", ["AM04", "ED05"])
def test_faults_of_the_state_are_presented_again_and_block_nobody(code: str) -> None:
    reason = TABLE.get(code)
    assert (reason.action, reason.blocks, reason.reissue) == (
        DebtAction.REPRESENT,
        BlockedParty.NOTHING,
        Reissue.AUTOMATIC,
    )
    assert reason.phases == {ReasonPhase.REJECT}


@pytest.mark.parametrize("code", ["MD07", "RR04"])
def test_deceased_and_sanctioned_payees_are_blocked(code: str) -> None:
    reason = TABLE.get(code)
    assert (reason.action, reason.blocks, reason.reopens_debt) == (DebtAction.STOP, BlockedParty.PAYEE, True)
    assert reason.reissue is Reissue.MANUAL


@pytest.mark.parametrize("code", ["AC01", "AC04"])
def test_a_wrong_account_needs_new_bank_details(code: str) -> None:
    assert TABLE.get(code).blocks is BlockedParty.IBAN
    assert TABLE.get(code).reissue is Reissue.WITH_NEW_DETAILS


@pytest.mark.parametrize(
    ("code", "expected"), [("ZZ99", "ZZ99"), ("", UNKNOWN_REASON), (UNKNOWN_REASON, UNKNOWN_REASON)]
)
def test_an_unknown_code_asks_for_a_manual_decision(code: str, expected: str) -> None:
    reason = TABLE.get(code)
    assert (reason.code, reason.action, reason.reissue, reason.reopens_debt) == (
        expected,
        DebtAction.MANUAL,
        Reissue.MANUAL,
        True,
    )


def test_every_row_has_a_meaning_in_both_languages() -> None:
    assert all(TABLE.get(code).meaning and TABLE.get(code).french for code in TABLE.codes)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("AM05,reject return,investigate", "AM05,reject return,represent", "a duplicate is never paid again"),
        ("AM04,reject,represent,,", "AM04,reject,represent,payee,", "not the payee's fault"),
        ("ED05,reject,represent,,", "ED05,reject,represent,iban,", "not the payee's fault"),
        ("MD07,return,stop,payee", "MD07,return,manual,payee", "who died is not paid"),
        ("RR04,reject return,stop,payee", "RR04,reject return,stop,", "under sanctions is not paid"),
        ("TM01,reject,next_day", "TM01,reject,tomorrow", "'tomorrow' is not a valid DebtAction"),
        ("TM01,reject,", "TM01,later,", "'later' is not a valid ReasonPhase"),
        ("TM01,reject,", "TM01,,", "no phase"),
        ("TM01,reject,next_day,,", "TM01,reject,next_day,all,", "'all' is not a valid BlockedParty"),
        ("TM01,", "tm01,", "is not a reason code"),
        ("TM01,", "TM011,", "is not a reason code"),
        ("TM01,", "AC01,", "AC01 is listed twice"),
        ("AM05,", "AM06,", "no line for AM05"),
        ("code,phase", "code,when", "columns are code, when"),
    ],
)
def test_an_invalid_table_does_not_load(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert TEXT.count(old) == 1 or old == "TM01,reject,"
    tmp_path.joinpath("bank_reasons.csv").write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=r"bank_reasons\.csv") as refused:
        load(tmp_path)
    assert message in str(refused.value)


def test_a_folder_without_the_table_has_that_of_the_sample(tmp_path: Path) -> None:
    assert load(tmp_path).codes == TABLE.codes


def test_an_action_that_is_not_mandatory_may_be_changed(tmp_path: Path) -> None:
    changed = TEXT.replace("MS03,reject return,manual", "MS03,reject return,new_details")
    tmp_path.joinpath("bank_reasons.csv").write_text(changed, encoding="utf-8")
    assert load(tmp_path).get("MS03").reissue is Reissue.WITH_NEW_DETAILS
