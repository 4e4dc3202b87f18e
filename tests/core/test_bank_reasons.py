"""The table of reason codes: what a bank says, what is done, and what no edition of the table may change."""

from pathlib import Path

import pytest

from core.bank_reasons import UNKNOWN_REASON, BlockedParty, DebtAction, ReasonPhase, Reissue, load
from core.errors import ReferenceDataError
from core.reference.files import SAMPLE_FOLDER

TABLE = load()
TEXT = SAMPLE_FOLDER.joinpath("bank_reasons.csv").read_text(encoding="utf-8")


def test_every_code_of_the_domain_has_a_row() -> None:
    named = "AC01 AC04 AC06 AG01 AG02 AM04 AM05 BE04 RR03 CNOR RC01 ED05 MD07 MS02 MS03 RR04 TM01 CERI"
    assert set(f"{named} FOCR DUPL TECH FRAD CUST".split()) == set(TABLE.codes)


@pytest.mark.parametrize("code", ["AM05", "FOCR", "DUPL", "TECH", "FRAD", "CUST"])
def test_what_may_have_been_paid_already_is_never_opened_by_itself(code: str) -> None:
    assert not TABLE.get(code).reopens_debt
    assert TABLE.get(code).reissue is Reissue.NEVER


@pytest.mark.parametrize("code", ["AM04", "ED05"])
def test_our_own_faults_are_presented_again_and_blame_nobody(code: str) -> None:
    found = TABLE.get(code)
    assert (found.action, found.blocks, found.reissue) == (
        DebtAction.REPRESENT,
        BlockedParty.NOTHING,
        Reissue.AUTOMATIC,
    )
    assert found.phases == {ReasonPhase.REJECT}


@pytest.mark.parametrize("code", ["MD07", "RR04"])
def test_the_dead_and_the_sanctioned_are_blocked(code: str) -> None:
    found = TABLE.get(code)
    assert (found.action, found.blocks, found.reopens_debt) == (DebtAction.STOP, BlockedParty.PAYEE, True)
    assert found.reissue is Reissue.MANUAL


@pytest.mark.parametrize("code", ["AC01", "AC04"])
def test_a_wrong_account_waits_for_another(code: str) -> None:
    assert TABLE.get(code).blocks is BlockedParty.IBAN
    assert TABLE.get(code).reissue is Reissue.WITH_NEW_DETAILS


@pytest.mark.parametrize(
    ("code", "told"), [("ZZ99", "ZZ99"), ("", UNKNOWN_REASON), (UNKNOWN_REASON, UNKNOWN_REASON)]
)
def test_a_code_without_a_row_is_for_somebody_to_look_at(code: str, told: str) -> None:
    found = TABLE.get(code)
    assert (found.code, found.action, found.reissue, found.reopens_debt) == (
        told,
        DebtAction.MANUAL,
        Reissue.MANUAL,
        True,
    )


def test_every_row_says_what_it_means_in_both_languages() -> None:
    assert all(TABLE.get(code).meaning and TABLE.get(code).french for code in TABLE.codes)


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("AM05,reject return,investigate", "AM05,reject return,represent", "a duplicate is never paid again"),
        ("AM04,reject,represent,,", "AM04,reject,represent,payee,", "not the payee's fault"),
        ("ED05,reject,represent,,", "ED05,reject,represent,iban,", "not the payee's fault"),
        ("MD07,return,stop,payee", "MD07,return,manual,payee", "who died is not paid"),
        ("RR04,reject return,stop,payee", "RR04,reject return,stop,", "under sanctions is not paid"),
        ("TM01,reject,next_day", "TM01,reject,tomorrow", "'tomorrow' is not a valid Action"),
        ("TM01,reject,", "TM01,later,", "'later' is not a valid Phase"),
        ("TM01,reject,", "TM01,,", "no phase"),
        ("TM01,reject,next_day,,", "TM01,reject,next_day,all,", "'all' is not a valid Blocks"),
        ("TM01,", "tm01,", "is no reason code"),
        ("TM01,", "TM011,", "is no reason code"),
        ("TM01,", "AC01,", "AC01 stands twice"),
        ("AM05,", "AM06,", "no line for AM05"),
        ("code,phase", "code,when", "columns are code, when"),
    ],
)
def test_a_table_that_must_not_be_does_not_load(tmp_path: Path, was: str, becomes: str, told: str) -> None:
    assert TEXT.count(was) == 1 or was == "TM01,reject,"
    tmp_path.joinpath("bank_reasons.csv").write_text(TEXT.replace(was, becomes, 1), encoding="utf-8")
    with pytest.raises(ReferenceDataError, match=r"bank_reasons\.csv") as refused:
        load(tmp_path)
    assert told in str(refused.value)


def test_a_folder_without_the_table_has_the_shipped_one(tmp_path: Path) -> None:
    assert load(tmp_path).codes == TABLE.codes


def test_another_action_where_it_is_a_matter_of_choice(tmp_path: Path) -> None:
    changed = TEXT.replace("MS03,reject return,manual", "MS03,reject return,new_details")
    tmp_path.joinpath("bank_reasons.csv").write_text(changed, encoding="utf-8")
    assert load(tmp_path).get("MS03").reissue is Reissue.WITH_NEW_DETAILS
