"""``crescendo person``: persons, their roles, delegations, logins and partners; agreements of senders that name no person."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from service.cli import person_tables
from service.cli.caller import ReasonOptions, decide_as
from service.cli.person_options import (
    AgreementOptions,
    CoupleOptions,
    DelegationOptions,
    LoginOptions,
    PersonCode,
    PlaceOptions,
    RoleName,
    TermOptions,
    build_entry,
    list_centres,
)
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption
from service.database import session
from service.terminal import console

app = App(
    name="person",
    help="Persons, their roles, delegations and logins; agreements of senders that name no person.",
)
EXIT_REFUSED = 1
_Because = Annotated[ReasonOptions, Parameter(name="*")]
_Term = Annotated[TermOptions, Parameter(name="*")]


@app.command
def add(
    code: PersonCode,
    *,
    name: Annotated[str, Parameter(help="Name of the person.")],
    because: _Because,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Add a person.  Exit code 1 if the code is taken."""
    return _change(options, because, {"type": "add", "code": code, "name": name})


@app.command
def grant(
    code: PersonCode,
    role: RoleName,
    *,
    place: Annotated[PlaceOptions, Parameter(name="*")],
    term: _Term,
    because: _Because,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Give a person a role at a place.  Exit code 1 if a role of the person excludes it on the same days."""
    fields = {"type": "grant", "person": code, "role": role, "hand": place.hand}
    places = {"centre": place.centre, "accountant": place.accountant}
    return _change(options, because, {**fields, **places, **term.to_fields()})


@app.command
def delegate(
    number: Annotated[str, Parameter(help="Number of the delegation.")],
    *,
    persons: Annotated[DelegationOptions, Parameter(name="*")],
    term: _Term,
    because: _Because,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Let a person validate in the name of another.  Exit code 1 if the directory does not allow it."""
    fields = {"type": "delegate", "number": number, "owner": persons.owner, "delegate": persons.delegate}
    places = {"role": persons.role, "centres": list_centres(persons.centre)}
    return _change(options, because, {**fields, **places, **term.to_fields()})


@app.command
def agree(
    number: Annotated[str, Parameter(help="Number of the agreement.")],
    *,
    agreement: Annotated[AgreementOptions, Parameter(name="*")],
    term: _Term,
    because: _Because,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Record that the system of a sender separates entry from validation.  Exit code 1 if the number is taken."""
    fields = {"type": "agree", "number": number, "sender": agreement.sender, "kinds": agreement.kind}
    return _change(options, because, {**fields, "separation": agreement.separation, **term.to_fields()})


@app.command
def login(
    code: PersonCode,
    *,
    means: Annotated[LoginOptions, Parameter(name="*")],
    because: _Because,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Give a person a means of proof.  Exit code 1 if it proves somebody on these days, or there is no such key."""
    return _change(options, because, {"type": "login", "person": code, **means.to_fields()})


@app.command
def couple(
    code: PersonCode,
    partner: Annotated[str, Parameter(help="Code of the spouse or partner.")],
    *,
    days: Annotated[CoupleOptions, Parameter(name="*")],
    because: _Because,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Record spouses or partners.  Exit code 1 if one has a role that orders and the other one that accounts on these days."""
    fields = {"type": "couple", "person": code, "partner": partner}
    return _change(options, because, {**fields, "first_day": days.first, "last_day": days.last or None})


@app.command
def end(
    subject: Annotated[
        Literal["role", "delegation", "agreement", "login", "couple"], Parameter(help="What ends.")
    ],
    number: Annotated[str, Parameter(help="Its number, as list shows it.")],
    *,
    on: Annotated[str, Parameter(help="Its new last day, as in 2018-06-30: an earlier one.")],
    because: _Because,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """End a role, a delegation, an agreement, a login or a couple.  Exit code 1 if there is none, or if it ends by then."""
    return _change(options, because, {"type": f"end_{subject}", "number": number, "last_day": on})


@app.command
def load(
    file: Annotated[Path, Parameter(help="CSV file: the columns are the fields of the entries.")],
    *,
    because: _Because,
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Store all entries of a file as one change, or none.  Exit code 1 if the directory does not allow one of them."""
    from service.cli.person_files import read_person_file

    lines = read_person_file(file)
    return _store(options, because, lines.entries, places=lines.places)


@app.command(name="list")
def list_directory(*, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """List persons, roles, delegations, agreements, logins and couples, and the changes, last one first."""
    from posting.store import directory_rows

    listing = session.query_database(options.read_settings(), directory_rows.load_directory)
    if json:
        console.print_json(listing)
        return
    for table in person_tables.build_tables(listing):
        console.print_table(table)


def _change(options: DataOptions, because: ReasonOptions, fields: dict[str, Any]) -> int:
    """Store a change of one entry."""
    return _store(options, because, [build_entry(fields)])


def _store(
    options: DataOptions, because: ReasonOptions, entries: Sequence[Any], *, places: Sequence[str] = ()
) -> int:
    from posting.store import directory_draft, directory_store

    reason, caller = because.require_reason()
    try:
        number = decide_as(
            options,
            caller,
            lambda connection, person: directory_store.store_change(
                connection, directory_store.NewChange(entries, reason, person, places)
            ),
        )
    except directory_draft.RefusedChange as refused:
        console.print_line(str(refused))
        return EXIT_REFUSED
    counts = console.format_count(len(entries), "entry", "entries")
    console.print_line(f"Change {number} with {counts} holds from the next batch on.")
    return 0
