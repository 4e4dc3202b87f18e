"""A check for every column of the page's tables."""

from collections.abc import Mapping
from functools import partial

from core.money import format_euros
from core.outcome_codes import Outcome
from tests.service.http.browser.expected_figures import Row
from tests.service.http.browser.figure_checks import Check, Moment
from tests.service.http.browser.page_texts import parse_count, parse_rounded

BATCHES = 12
_UNKNOWN: Row = {"done": None, "batch": None, "accepted": None, "refused": None}
_ENDS: Mapping[str, tuple[str, dict[str, bool]]] = {
    "integrated": ("integrated", {"is_whole": True}),
    "partly": ("partly_integrated", {}),
    "refusedFiles": ("refused", {"is_none": True}),
}


def _check_senders(moment: Moment) -> None:
    """Check that the senders shown are those with valid keys and those who sent something."""
    senders = {sender for (sender,) in moment.last_event.read_rows("flows", "sender")}
    assert senders == {
        dict(labels)["sender"] for name, labels in moment.before.samples if name == "lines_total"
    }


def _check_received(moment: Moment) -> None:
    """Check the files received; all were submitted before."""
    for sender, received in moment.last_event.read_rows("flows", "sender", "received"):
        moment.check_between(parse_count(received), "submissions", sender=sender)
        tickets = moment.tickets[0].values()
        submitted = [
            ticket for ticket in tickets if ticket["sender"] == sender and ticket["format"] != "form"
        ]
        assert parse_count(received) == len(submitted)


def _check_in_treatment(moment: Moment) -> None:
    for received, *states in moment.last_event.read_rows("flows", "received", "inTreatment", *_ENDS):
        assert parse_count(received) == sum(map(parse_count, states))


def _check_ended_files(column: str, moment: Moment) -> None:
    state, conditions = _ENDS[column]
    for sender, files in moment.last_event.read_rows("flows", "sender", column):
        assert parse_count(files) == moment.database.files(sender, **conditions)
        moment.check_between(parse_count(files), "submissions", sender=sender, state=state)


def _check_lines_of_sender(column: str, outcome: str, moment: Moment) -> None:
    for sender, lines in moment.last_event.read_rows("flows", "sender", column):
        assert parse_count(lines) == moment.database.lines(outcome, sender)
        moment.check_between(parse_count(lines), "lines_total", sender=sender, outcome=outcome)


def _check_refusals(moment: Moment) -> None:
    stored = {Outcome(row["code"]).name: row["lines"] for row in moment.database.tables["reasons"]}
    lines_by_reason = {
        reason: parse_count(lines)
        for reason, lines in moment.last_event.read_rows("refusals", "reason", "lines")
    }
    assert lines_by_reason == stored
    for reason, lines in lines_by_reason.items():
        moment.check_between(lines, "refusals_total", reason=reason)
    assert list(lines_by_reason.values()) == sorted(lines_by_reason.values(), reverse=True)


def _check_share_of_refusals(moment: Moment) -> None:
    rows = moment.last_event.read_rows("refusals", "lines", "share")
    refused = sum(parse_count(lines) for lines, _ in rows)
    for lines, share in rows:
        assert parse_rounded(share).overlaps(parse_count(lines) / refused, parse_count(lines) / refused)


def _check_programmes(moment: Moment) -> None:
    page_programmes = {
        (year, code) for code, year in moment.last_event.read_rows("programmes", "programme", "year")
    }
    assert page_programmes == {key[:2] for key in moment.database.programmes()}


def _check_credits(measure: str, column: str, index: int, moment: Moment) -> None:
    stored = moment.database.programmes()
    name = ("budget_opened_cents", "budget_available_cents")[index]
    for code, year, cents in moment.last_event.read_rows("programmes", "programme", "year", column):
        assert cents == f"€{format_euros(stored[year, code, measure][index])}"
        labels = {"programme": code, "year": year, "measure": measure}
        before, after = (metrics.count(name, **labels) for metrics in (moment.before, moment.after))
        assert before >= parse_count(cents) >= after, "under load, credits are used and none are opened"


def _check_remaining_share(measure: str, moment: Moment) -> None:
    columns = (f"{measure}Opened", f"{measure}Left", f"{measure}Share")
    for opened_text, remaining, share in moment.last_event.read_rows("programmes", *columns):
        expected = parse_count(remaining) / parse_count(opened_text) if parse_count(opened_text) else 0
        assert parse_rounded(share).overlaps(expected, expected)


def _check_batches(column: str, name: str, moment: Moment) -> None:
    stored = [f"{row[name]:,}" for row in moment.database.tables["batches"][:BATCHES]]
    assert [text for (text,) in moment.last_event.read_rows("batches", column)] == stored


def _check_batch_cells(column: str, moment: Moment) -> None:
    rows = moment.database.tables["batches"][:BATCHES]
    expected = {
        "at": [f"{row['committed_at']:%H:%M:%S}" for row in rows],
        "amount": [f"€{format_euros(row['amount'])}" for row in rows],
        "chain": [row["chain"].hex()[:12] for row in rows],
        "proof": ["Verify"] * len(rows),
    }
    assert [text for (text,) in moment.last_event.read_rows("batches", column)] == expected[column]


def _check_submissions(moment: Moment) -> None:
    """Check the last twelve submissions; all forms of a sender are one submission."""
    page_submissions = [
        parse_count(number) for (number,) in moment.last_event.read_rows("submissions", "submission")
    ]
    assert page_submissions in [sorted(tickets, reverse=True)[:12] for tickets in moment.tickets]


def _check_file_and_sender(moment: Moment) -> None:
    for number, file, sender in moment.last_event.read_rows("submissions", "submission", "file", "sender"):
        row = moment.tickets[1][parse_count(number)]
        assert (file, sender) == (row["file_name"], row["sender"])


def _check_state(moment: Moment) -> None:
    for number, state in moment.last_event.read_rows("submissions", "submission", "state"):
        before, after = (tickets.get(parse_count(number), _UNKNOWN) for tickets in moment.tickets)
        assert state in {"waiting", "in progress", "decided"}
        assert state == "decided" or not before["done"]
        assert state != "decided" or after["done"]
        assert state != "waiting" or before["batch"] is None


def _check_lines_of_submission(column: str, name: str, moment: Moment) -> None:
    for number, lines in moment.last_event.read_rows("submissions", "submission", column):
        before, after = (tickets.get(parse_count(number), _UNKNOWN)[name] or 0 for tickets in moment.tickets)
        assert before <= parse_count(lines) <= after


CELLS: Mapping[str, Check] = {
    "flows.sender": _check_senders,
    "flows.received": _check_received,
    "flows.inTreatment": _check_in_treatment,
    **{f"flows.{column}": partial(_check_ended_files, column) for column in _ENDS},
    "flows.acceptedLines": partial(_check_lines_of_sender, "acceptedLines", "accepted"),
    "flows.refusedLines": partial(_check_lines_of_sender, "refusedLines", "refused"),
    **dict.fromkeys(("refusals.reason", "refusals.lines"), _check_refusals),
    "refusals.share": _check_share_of_refusals,
    **dict.fromkeys(("programmes.programme", "programmes.year"), _check_programmes),
    **{
        f"programmes.{measure}{name}": partial(_check_credits, measure, f"{measure}{name}", index)
        for measure in ("ae", "cp")
        for index, name in enumerate(("Opened", "Left"))
    },
    **{f"programmes.{measure}Share": partial(_check_remaining_share, measure) for measure in ("ae", "cp")},
    "batches.batch": partial(_check_batches, "batch", "batch"),
    "batches.entries": partial(_check_batches, "entries", "entries"),
    "batches.duplicates": partial(_check_batches, "duplicates", "duplicates"),
    "batches.refusedShort": partial(_check_batches, "refusedShort", "refusals"),
    **{
        f"batches.{column}": partial(_check_batch_cells, column)
        for column in ("at", "amount", "chain", "proof")
    },
    "submissions.submission": _check_submissions,
    **dict.fromkeys(("submissions.file", "submissions.sender"), _check_file_and_sender),
    "submissions.state": _check_state,
    "submissions.acceptedShort": partial(_check_lines_of_submission, "acceptedShort", "accepted"),
    "submissions.refusedShort": partial(_check_lines_of_submission, "refusedShort", "refused"),
}
TABLES: Mapping[str, Check] = {f"cell {name}": check for name, check in CELLS.items()}
