"""The verdict: each cause by itself, several at once in the order of severity, and the stage that limits."""

import math
import string

import pytest

from monitoring.alert_rules import RULES, FiringAlert, Severity
from monitoring.verdict import AccountDifference, CauseCode, PausedSender, Situation, judge
from monitoring.verdict_sentences import ALERT_SENTENCES, CAUSE_SENTENCES, format_duration

WORK = Situation(oldest_seconds=3, lines=7000, loads={"reading": 0.2, "deciding": 0.92, "writing": 0.4})
PAUSE = PausedSender("MIN-09", "wrong nomenclature", 3)


def fire(name: str, label: str = "", value: float = 400) -> FiringAlert:
    (rule,) = [rule for rule in RULES if rule.name == name]
    return FiringAlert(name, rule.severity, label, value)


def list_codes(situation: Situation) -> list[str]:
    return [cause.code for cause in judge(situation).causes]


def test_all_is_well() -> None:
    verdict = judge(Situation())
    assert verdict.is_well
    assert (verdict.english, verdict.french) == (
        "All is well. Nothing waits.",
        "Tout va bien. Rien n\u2019attend.",
    )
    assert (verdict.causes, verdict.first_step, verdict.limit.stage) == ([], None, None)


@pytest.mark.parametrize(
    ("situation", "code", "severity", "english", "french"),
    [
        (Situation(is_disk_full=True), "disk_full", "page", "a disk is full", "un disque est plein"),
        (
            WORK._replace(cut_off_seconds=3600, empty_seconds=9000),
            "cut_off_late",
            "page",
            "late for the cut-off: the queue is empty in 2 h 30 min, the cut-off is in 60 min",
            "en retard pour la clôture : file vide dans 2 h 30 min, clôture dans 60 min",
        ),
        (
            WORK._replace(cut_off_seconds=-1),
            "cut_off_past",
            "page",
            "the cut-off is past, and 7,000 lines wait",
            "la clôture est passée, et 7\u202f000 lignes attendent",
        ),
        (
            WORK._replace(cut_off_seconds=-1, paused_lines=6990),
            "cut_off_past",
            "page",
            "the cut-off is past, and 10 lines wait",
            "la clôture est passée, et 10 lignes attendent",
        ),
        (
            Situation(differences=[AccountDifference("FR76X", -1_234_567)]),
            "books_differ",
            "page",
            "books and bank differ by 12,345.67 euros on FR76X",
            "écart de 12\u202f345,67 euros entre livres et banque sur FR76X",
        ),
        (
            Situation(files_lost=2),
            "files_lost",
            "page",
            "files lost from the spool, to be sent again: 2",
            "fichiers perdus, à renvoyer : 2",
        ),
        (
            Situation(paused=[PAUSE]),
            "sender_paused",
            "ticket",
            "MIN-09 is paused (wrong nomenclature; files that wait: 3)",
            "MIN-09 en pause (wrong nomenclature ; fichiers en attente : 3)",
        ),
        (
            Situation(state="loading"),
            "loading",
            "ticket",
            "the service loads its book",
            "le service charge ses données",
        ),
        (
            Situation(state="stopping"),
            "stopping",
            "ticket",
            "the service stops and accepts no more work",
            "le service s\u2019arrête et n\u2019accepte plus de travail",
        ),
    ],
)
def test_each_measured_cause(
    situation: Situation, code: str, severity: str, english: str, french: str
) -> None:
    verdict = judge(situation)
    (cause,) = verdict.causes
    assert not verdict.is_well
    assert (cause.code, cause.severity, cause.alert) == (code, severity, "")
    assert english in cause.english
    assert f"Not well: {cause.english}." in verdict.english
    assert french in cause.french
    assert f"À traiter : {cause.french}." in verdict.french


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_alert_is_a_cause(rule: object) -> None:
    name = rule.name  # type: ignore[attr-defined]
    (cause,) = judge(Situation(firing=[fire(name, "MIN-09")])).causes
    assert (cause.alert, cause.severity) == (name, rule.severity)  # type: ignore[attr-defined]
    assert cause.code in set(CauseCode)
    assert "{" not in cause.english + cause.french


def test_an_alert_that_is_measured_too_is_one_cause() -> None:
    situation = WORK._replace(
        cut_off_seconds=60,
        empty_seconds=600,
        is_disk_full=True,
        firing=[fire("CrescendoDiskFull"), fire("CrescendoMissesCutOff", value=60)],
    )
    causes = judge(situation).causes
    assert [(cause.code, cause.alert) for cause in causes] == [
        ("disk_full", "CrescendoDiskFull"),
        ("cut_off_late", "CrescendoMissesCutOff"),
    ]
    assert "the queue is empty in 10 min" in causes[1].english


def test_several_causes_are_ordered_by_severity() -> None:
    situation = WORK._replace(
        cut_off_seconds=60,
        empty_seconds=600,
        files_lost=1,
        paused=[PAUSE],
        differences=[AccountDifference("FR76X", 1)],
        firing=[fire("CrescendoTurnedAway", "key-unknown"), fire("CrescendoStuck"), fire("CrescendoErrors", "/v1/acts")],
    )  # fmt: skip
    verdict = judge(situation)
    assert [cause.code for cause in verdict.causes] == [
        *("stuck", "cut_off_late", "books_differ", "files_lost", "sender_paused", "errors", "turned_away")
    ]
    severities = [cause.severity for cause in verdict.causes]
    assert severities == sorted(severities)
    assert verdict.english.startswith("Not well: nothing is committed, and work has waited for 7 min; late")
    assert verdict.english.endswith(
        "; many requests are rejected: key-unknown. Decision limits (92% of a core)."
    )
    assert verdict.french.endswith("key-unknown. La décision limite (92\u202f% d\u2019un cœur).")


def test_a_rule_that_fires_for_many_senders_stays_short() -> None:
    firing = [fire("CrescendoRefusalsJump", f"MIN-{number:02}", number / 10) for number in range(9)]
    (cause,) = judge(Situation(firing=firing)).causes
    assert cause.english == "far more lines than before are refused: MIN-08, MIN-07, MIN-06, +6"


def test_many_paused_senders_stay_short() -> None:
    pauses = [PausedSender(f"MIN-{number:02}", "x" * 300, 0) for number in range(9)]
    causes = judge(Situation(paused=pauses)).causes
    assert [cause.english.split(" ")[0] for cause in causes] == ["MIN-00", "MIN-01", "MIN-02", "6"]
    assert max(len(cause.french) for cause in causes) < 130


def test_idle_work_is_not_late() -> None:
    assert list_codes(Situation(cut_off_seconds=-1, lines=5)) == [], "only work of paused senders waits"
    assert list_codes(WORK._replace(cut_off_seconds=60, empty_seconds=59)) == []
    assert list_codes(WORK._replace(cut_off_seconds=60, empty_seconds=math.inf)) == [], (
        "the alert waits 5 minutes"
    )
    assert list_codes(WORK._replace(empty_seconds=1e9)) == [], "there is no cut-off"


def test_not_ready_for_long_replaces_loading() -> None:
    assert list_codes(Situation(state="loading", firing=[fire("CrescendoNotReady")])) == ["not_ready"]


@pytest.mark.parametrize(
    ("situation", "stage", "english"),
    [
        (Situation(loads={"deciding": 0.9}), None, "Nothing waits."),
        (Situation(lines=9), None, "Only work of paused senders waits."),
        (WORK, "deciding", "Decision limits (92% of a core)."),
        (WORK._replace(loads={"reading": 1.2, "deciding": 0.9}), "reading", "Reading limits (120% of a core)."),
        (WORK._replace(loads={"writing": 0.5, "deciding": 0.4}), "writing", "Writing limits (50% of a core)."),
        (WORK._replace(loads={"database": 0.9, "deciding": 0.4}), "database", "The database limits."),
        (WORK._replace(loads={"deciding": 0.01}), "database", "The database limits."),
        (WORK._replace(loads={}), "database", "The database limits."),
    ],
)  # fmt: skip
def test_the_stage_that_limits(situation: Situation, stage: str | None, english: str) -> None:
    limit = judge(situation).limit
    assert (limit.stage, limit.english) == (stage, english)
    assert limit.french


def test_an_empty_ledger_names_the_first_step() -> None:
    without_keys, with_keys = (judge(Situation(is_empty=True, keys=keys)).first_step for keys in (0, 2))
    assert without_keys
    assert with_keys
    assert without_keys.command == "crescendo access create DIRECTORATE --role budget_directorate"
    assert "crescendo submit" in with_keys.command
    assert "crédits" in with_keys.french
    assert "credits" in with_keys.english
    assert judge(Situation(is_empty=True)).is_well, "an empty ledger is not a fault"


def test_both_languages_name_the_same_values() -> None:
    def list_fields(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for sentence in (*CAUSE_SENTENCES.values(), *ALERT_SENTENCES.values()):
        assert list_fields(sentence.english) == list_fields(sentence.french)
    assert ALERT_SENTENCES.keys() == {rule.name for rule in RULES}


def test_severities_follow_the_rules() -> None:
    for rule in RULES:
        (cause,) = judge(Situation(firing=[fire(rule.name)])).causes
        is_page = list(CauseCode).index(CauseCode(cause.code)) < list(CauseCode).index(
            CauseCode.SENDER_PAUSED
        )
        assert is_page == (rule.severity is Severity.PAGE), rule.name


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "250 ms"), (1, "1 s"), (119, "119 s"), (120, "2 min"), (7199, "2 h 00 min"), (90_000, "25 h 00 min")],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
