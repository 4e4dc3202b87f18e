"""One comparison for every column of the page's tables."""

from collections.abc import Mapping
from functools import partial

from core.money import euros
from core.outcome_codes import Outcome
from tests.service.http.browser.expected_figures import Row
from tests.service.http.browser.figure_checks import Check, Moment
from tests.service.http.browser.page_texts import about, exact

BATCHES = 12
_UNKNOWN: Row = {"done": None, "batch": None, "accepted": None, "refused": None}
_ENDS: Mapping[str, tuple[str, dict[str, bool]]] = {
    "integrated": ("integrated", {"is_whole": True}),
    "partly": ("partly_integrated", {}),
    "refusedFiles": ("refused", {"is_none": True}),
}


def _senders(moment: Moment) -> None:
    """All that hold keys which open something, and those who sent."""
    found = {sender for (sender,) in moment.shown.rows("flows", "sender")}
    assert found == {dict(at)["sender"] for name, at in moment.before.samples if name == "lines_total"}


def _received(moment: Moment) -> None:
    """Every file was handed in before; where it is now, the other columns say."""
    for sender, received in moment.shown.rows("flows", "sender", "received"):
        moment.lies_between(exact(received), "submissions", sender=sender)
        known = moment.tickets[0].values()
        handed_in = [each for each in known if each["sender"] == sender and each["format"] != "form"]
        assert exact(received) == len(handed_in)


def _in_treatment(moment: Moment) -> None:
    for received, *states in moment.shown.rows("flows", "received", "inTreatment", *_ENDS):
        assert exact(received) == sum(map(exact, states))


def _ended(column: str, moment: Moment) -> None:
    state, how = _ENDS[column]
    for sender, files in moment.shown.rows("flows", "sender", column):
        assert exact(files) == moment.stored.files(sender, **how)
        moment.lies_between(exact(files), "submissions", sender=sender, state=state)


def _lines_of_sender(column: str, outcome: str, moment: Moment) -> None:
    for sender, lines in moment.shown.rows("flows", "sender", column):
        assert exact(lines) == moment.stored.lines(outcome, sender)
        moment.lies_between(exact(lines), "lines_total", sender=sender, outcome=outcome)


def _refusals(moment: Moment) -> None:
    stored = {Outcome(row["code"]).name: row["lines"] for row in moment.stored.tables["reasons"]}
    shown = {reason: exact(lines) for reason, lines in moment.shown.rows("refusals", "reason", "lines")}
    assert shown == stored
    for reason, lines in shown.items():
        moment.lies_between(lines, "refusals_total", reason=reason)
    assert list(shown.values()) == sorted(shown.values(), reverse=True)


def _share_of_refusals(moment: Moment) -> None:
    rows = moment.shown.rows("refusals", "lines", "share")
    refused = sum(exact(lines) for lines, _ in rows)
    for lines, share in rows:
        assert about(share).meets(exact(lines) / refused, exact(lines) / refused)


def _programmes(moment: Moment) -> None:
    shown = {(year, code) for code, year in moment.shown.rows("programmes", "programme", "year")}
    assert shown == {key[:2] for key in moment.stored.programmes()}


def _credits(measure: str, column: str, place: int, moment: Moment) -> None:
    stored = moment.stored.programmes()
    name = ("budget_opened_cents", "budget_available_cents")[place]
    for code, year, cents in moment.shown.rows("programmes", "programme", "year", column):
        assert cents == f"€{euros(stored[year, code, measure][place])}"
        named = {"programme": code, "year": year, "measure": measure}
        before, after = (each.count(name, **named) for each in (moment.before, moment.after))
        assert before >= exact(cents) >= after, "credits are taken, and none are opened in a load"


def _part_left(measure: str, moment: Moment) -> None:
    columns = (f"{measure}Opened", f"{measure}Left", f"{measure}Share")
    for opened, left, share in moment.shown.rows("programmes", *columns):
        part = exact(left) / exact(opened) if exact(opened) else 0
        assert about(share).meets(part, part)


def _batches(column: str, name: str, moment: Moment) -> None:
    stored = [f"{row[name]:,}" for row in moment.stored.tables["batches"][:BATCHES]]
    assert [text for (text,) in moment.shown.rows("batches", column)] == stored


def _batch_cells(column: str, moment: Moment) -> None:
    rows = moment.stored.tables["batches"][:BATCHES]
    told = {
        "at": [f"{row['committed_at']:%H:%M:%S}" for row in rows],
        "amount": [f"€{euros(row['amount'])}" for row in rows],
        "chain": [row["chain"].hex()[:12] for row in rows],
        "proof": ["Verify"] * len(rows),
    }
    assert [text for (text,) in moment.shown.rows("batches", column)] == told[column]


def _submissions(moment: Moment) -> None:
    """The last twelve; a sender's forms become one with the first of them."""
    shown = [exact(number) for (number,) in moment.shown.rows("submissions", "submission")]
    assert shown in [sorted(each, reverse=True)[:12] for each in moment.tickets]


def _whose(moment: Moment) -> None:
    for number, file, sender in moment.shown.rows("submissions", "submission", "file", "sender"):
        row = moment.tickets[1][exact(number)]
        assert (file, sender) == (row["file_name"], row["sender"])


def _state(moment: Moment) -> None:
    for number, state in moment.shown.rows("submissions", "submission", "state"):
        before, after = (each.get(exact(number), _UNKNOWN) for each in moment.tickets)
        assert state in {"waiting", "in treatment", "decided"}
        assert state == "decided" or not before["done"]
        assert state != "decided" or after["done"]
        assert state != "waiting" or before["batch"] is None


def _lines_of_submission(column: str, name: str, moment: Moment) -> None:
    for number, lines in moment.shown.rows("submissions", "submission", column):
        before, after = (each.get(exact(number), _UNKNOWN)[name] or 0 for each in moment.tickets)
        assert before <= exact(lines) <= after


CELLS: Mapping[str, Check] = {
    "flows.sender": _senders,
    "flows.received": _received,
    "flows.inTreatment": _in_treatment,
    **{f"flows.{column}": partial(_ended, column) for column in _ENDS},
    "flows.acceptedLines": partial(_lines_of_sender, "acceptedLines", "accepted"),
    "flows.refusedLines": partial(_lines_of_sender, "refusedLines", "refused"),
    **dict.fromkeys(("refusals.reason", "refusals.lines"), _refusals),
    "refusals.share": _share_of_refusals,
    **dict.fromkeys(("programmes.programme", "programmes.year"), _programmes),
    **{
        f"programmes.{measure}{name}": partial(_credits, measure, f"{measure}{name}", place)
        for measure in ("ae", "cp")
        for place, name in enumerate(("Opened", "Left"))
    },
    **{f"programmes.{measure}Share": partial(_part_left, measure) for measure in ("ae", "cp")},
    "batches.batch": partial(_batches, "batch", "batch"),
    "batches.entries": partial(_batches, "entries", "entries"),
    "batches.duplicates": partial(_batches, "duplicates", "duplicates"),
    "batches.refusedShort": partial(_batches, "refusedShort", "refusals"),
    **{f"batches.{column}": partial(_batch_cells, column) for column in ("at", "amount", "chain", "proof")},
    "submissions.submission": _submissions,
    **dict.fromkeys(("submissions.file", "submissions.sender"), _whose),
    "submissions.state": _state,
    "submissions.acceptedShort": partial(_lines_of_submission, "acceptedShort", "accepted"),
    "submissions.refusedShort": partial(_lines_of_submission, "refusedShort", "refused"),
}
TABLES: Mapping[str, Check] = {f"cell {name}": check for name, check in CELLS.items()}
