"""``crescendo pay``: payment runs, from what is due to files for the bank."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from cyclopts import App, Parameter

from core.payment_rules import ZONE
from service.cli.options import HERE, Json, Place
from service.cli.pay_interest import interest
from service.cli.time_options import Moment, moment
from service.settings import Misuse
from service.terminal import console, signals

app = App(name="pay", help="Payment runs, from what is due to files for the bank; late interest.")
app.command(interest)
EXIT_REFUSED = 1
_LETTERS_MAX = 70
_REASON_LETTERS_MAX = 300

Run = Annotated[int, Parameter(help="Number of the run.")]
Who = Annotated[
    str, Parameter(name="--as", help="Who does this; kept with it. Who proposed a run does not release it.")
]


@dataclass(frozen=True, slots=True)
class Because:
    """Why something is done, and by whom."""

    by: Who
    reason: Annotated[str, Parameter(help="Why, for the record.")] = ""

    def said(self) -> tuple[str, str]:
        """Reason and person, checked."""
        return _plain("--reason", self.reason, _REASON_LETTERS_MAX, empty=True), person(self.by)


@dataclass(frozen=True, slots=True)
class Due:
    """What is proposed, by whom and when."""

    by: Who
    until: Annotated[
        str | None, Parameter(help="Pay what is due up to this day, as in 2018-12-21. Today, unless given.")
    ] = None
    at: Moment = ""


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a run's lines that is shown."""

    lines: Annotated[int, Parameter(help="So many lines besides the totals; 0 for none.")] = 0
    first: Annotated[int, Parameter(name="--from", help="The first line shown.")] = 1
    left_out: Annotated[
        bool, Parameter(negative="", show_default=False, help="Of the lines, those that are not paid alone.")
    ] = False


TOTALS = Part()


@dataclass(frozen=True, slots=True)
class Order:
    """Who has a run issued, when, and how the bank is told."""

    by: Who
    at: Moment = ""
    version: Annotated[Literal["09", "03"], Parameter(help="Version of pain.001.001.")] = "09"


@app.command
def propose(*, due: Annotated[Due, Parameter(name="*")], place: Place = HERE, json: Json = False) -> None:
    """Propose to pay what is due: one transfer a request, grouped by accountant; what is left out, with the reason."""
    from service.engine import payment_runs
    from settlement.runs.proposals import Proposed

    who, today = person(due.by), moment(due.at).astimezone(ZoneInfo(ZONE)).date()
    wanted = Proposed(who, _day(due.until) if due.until else today, today)
    run = payment_runs.propose(place.settings(), wanted)
    _show(place, run, json)


@app.command(name="list")
def listing(*, place: Place = HERE, json: Json = False) -> None:
    """Every run, and how far it is."""
    from service.cli.payment_run_report import runs
    from service.engine import payment_runs
    from settlement.runs import run_queries

    found = payment_runs.at_desk(place.settings(), lambda connection, _: run_queries.runs(connection))
    for each in found:
        each.pop("terms")
    if json:
        console.as_json(found)
    else:
        console.show(runs(found))


@app.command
def show(
    run: Run,
    *,
    part: Annotated[Part, Parameter(name="*")] = TOTALS,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """What a run pays, by accountant; what it leaves out, by reason; its lines, if wanted."""
    _show(place, run, json, (part.lines, max(part.first, 1) - 1, part.left_out))


@app.command
def hold(
    run: Run,
    *numbers: Annotated[int, Parameter(help="Lines of the run.")],
    because: Annotated[Because, Parameter(name="*")],
    place: Place = HERE,
) -> None:
    """Keep lines out of a proposed run: they may be proposed again in another one."""
    _change(place, run, "hold", (numbers, because))


@app.command
def unhold(
    run: Run,
    *numbers: Annotated[int, Parameter(help="Lines of the run.")],
    because: Annotated[Because, Parameter(name="*")],
    place: Place = HERE,
) -> None:
    """Let held lines be paid after all; so too one left out because the bank sent the last transfer back."""
    _change(place, run, "unhold", (numbers, because))


@app.command
def regroup(
    run: Run,
    *payees: Annotated[str, Parameter(help="Payees, by their codes.")],
    because: Annotated[Because, Parameter(name="*")],
    apart: Annotated[
        bool, Parameter(negative="", show_default=False, help="One transfer a request again.")
    ] = False,
    place: Place = HERE,
) -> None:
    """Pay payees who ask for it by one transfer for all their requests; others are paid request by request."""
    from service.engine import payment_runs
    from settlement.runs import run_edits, run_queries

    reason, by = because.said()

    async def work(connection: run_queries.Connection, _: Any) -> None:
        numbers = [await run_edits.payee(connection, code) for code in payees]
        await run_edits.change(connection, run, "ungroup" if apart else "regroup", (numbers, reason, by))

    payment_runs.at_desk(place.settings(), work)
    console.say(f"Run {run}: {console.count(len(payees), 'payee')} {'apart' if apart else 'put together'}.")


@app.command
def release(run: Run, *, by: Who, place: Place = HERE, json: Json = False) -> None:
    """Find a run good: nothing of it changes any more, and it may be issued. Not by who proposed it."""
    from service.engine import payment_runs
    from settlement.runs import run_edits

    who = person(by)
    lines, cents = payment_runs.at_desk(
        place.settings(), lambda connection, _: run_edits.release(connection, run, who)
    )
    if json:
        console.as_json({"run": run, "lines": lines, "cents": cents, "released_by": who})
    else:
        from core.money import euros

        console.say(f"Run {run} is released: {console.count(lines, 'line')}, {euros(cents)} euros.")


@app.command
def abandon(run: Run, *, because: Annotated[Because, Parameter(name="*")], place: Place = HERE) -> None:
    """Give a proposed run up: what it was to pay may be proposed anew."""
    from service.engine import payment_runs
    from settlement.runs import run_edits

    reason, by = because.said()
    payment_runs.at_desk(
        place.settings(), lambda connection, _: run_edits.abandon(connection, run, reason, by)
    )
    console.say(f"Run {run} is abandoned.")


@app.command
def issue(
    run: Run,
    *,
    order: Annotated[Order, Parameter(name="*")],
    place: Place = HERE,
    json: Json = False,
) -> int:
    """Post the payments of a released run, and write what was accepted to files for the bank.

    Whenever it is stopped or killed, the same command goes on: nothing is issued twice, nothing is left out.

    Exit codes: 0 issued; 1 issued, but some lines were refused and are in no file; 2 wrong usage; 3 it cannot go on;
    130 interrupted.
    """
    from service.engine import payment_runs
    from settlement.orders.pain001_writer import Version
    from settlement.runs.issue import Issue

    how = Issue(person(order.by), moment(order.at), Version(order.version))
    if not payment_runs.issue(place.settings(), run, how):
        console.note("Stopped in good order, nothing is lost: the same command goes on from here.")
        return signals.EXIT_INTERRUPTED
    found = _show(place, run, json)
    return EXIT_REFUSED if found["refused"] else 0


@app.command
def files(run: Run, *, place: Place = HERE, json: Json = False) -> None:
    """The files of an issued run, where they are; one that is gone is made again, the same to the byte."""
    from service.cli.payment_run_report import listed
    from service.engine import payment_runs

    found = payment_runs.again(place.settings(), run)
    if json:
        console.as_json(found)
    else:
        console.show(listed(found))


def _show(
    place: Place, run: int, json: bool, wanted: tuple[int, int, bool] = (0, 0, False)
) -> dict[str, Any]:
    from service.cli.payment_run_report import told
    from service.engine import payment_runs
    from settlement.runs import run_status

    found = payment_runs.at_desk(
        place.settings(), lambda connection, _: run_status.described(connection, run, wanted)
    )
    if json:
        console.as_json(found)
    else:
        console.tell(told(found))
    return found


def _change(place: Place, run: int, what: str, said: tuple[Sequence[int], Because]) -> None:
    from service.engine import payment_runs
    from settlement.runs import run_edits

    numbers, because = said
    if not numbers:
        raise Misuse("name at least one line; crescendo pay show --lines shows them")
    reason, by = because.said()
    payment_runs.at_desk(
        place.settings(), lambda connection, _: run_edits.change(connection, run, what, (numbers, reason, by))
    )
    console.say(f"Run {run}: {console.count(len(numbers), 'line')} {'held' if what == 'hold' else 'let go'}.")


def person(name: str) -> str:
    """Who does something."""
    return _plain("--as", name, _LETTERS_MAX)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Misuse(f"--until {text!r} is no day; write it as in 2018-12-21") from error


def _plain(option: str, text: str, letters_max: int, *, empty: bool = False) -> str:
    told = text.strip()
    if not (told or empty) or not (told.isprintable() and len(told) <= letters_max):
        raise Misuse(
            f"{option} must be up to {letters_max} printable letters{'' if empty else ', and not blank'}"
        )
    return told
