"""The options of the commands on persons, and the entries that they state."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from service.configuration.settings import UsageError

Hand = Literal["entry", "validation", "both"]
PersonCode = Annotated[str, Parameter(help="Code of the person, as files and forms state it.")]
RoleName = Annotated[str, Parameter(help="Role, as docs/commands.md lists them.")]


@dataclass(frozen=True, slots=True)
class TermOptions:
    """From when to when something holds, and up to which amount."""

    first: Annotated[str, Parameter(name="--from", help="First day, as in 2018-01-01.")]
    last: Annotated[str, Parameter(name="--to", help="Last day, it included. Default: no end.")] = ""
    ceiling: Annotated[str, Parameter(help="Greatest act, in euros. Default: no limit.")] = ""

    def to_fields(self) -> dict[str, Any]:
        """Return the fields of an entry."""
        return {"first_day": self.first, "last_day": self.last or None, "ceiling": self.ceiling}


@dataclass(frozen=True, slots=True)
class PlaceOptions:
    """What a person does in a role, and where."""

    hand: Annotated[Hand, Parameter(help="Whether the person enters acts, validates them, or either.")]
    centre: Annotated[
        str, Parameter(help="Fund centre, with those below it. Default: every fund centre.")
    ] = ""
    accountant: Annotated[str, Parameter(help="Code of an accountant. Default: every accountant.")] = ""


@dataclass(frozen=True, slots=True)
class DelegationOptions:
    """Who lets whom validate what."""

    owner: Annotated[str, Parameter(help="Code of the person who delegates.")]
    delegate: Annotated[str, Parameter(help="Code of the person who then validates.")]
    role: RoleName
    centre: Annotated[
        list[str],
        Parameter(
            negative="",
            help="Fund centres, each with those below it. Default: every fund centre of the owner.",
        ),
    ] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LoginOptions:
    """By what a person is proved, and from when to when."""

    first: Annotated[str, Parameter(name="--from", help="First day, as in 2018-01-01.")]
    last: Annotated[str, Parameter(name="--to", help="Last day, it included. Default: no end.")] = ""
    user: Annotated[str, Parameter(help="User of the operating system where commands run.")] = ""
    key: Annotated[str, Parameter(help="Name of an API key, or ISSUER/SUBJECT of a system with tokens.")] = ""

    def to_fields(self) -> dict[str, Any]:
        """Return the fields of an entry.

        Raises
        ------
        UsageError
            Not one of both is named.
        """
        if bool(self.user) == bool(self.key):
            raise UsageError("a login is by --user or by --key: state one of both")
        means = {"means": "user", "name": self.user} if self.user else {"means": "key", "name": self.key}
        return {**means, "first_day": self.first, "last_day": self.last or None}


@dataclass(frozen=True, slots=True)
class CoupleOptions:
    """From when to when two persons are spouses or partners."""

    first: Annotated[str, Parameter(name="--from", help="First day, as in 2018-01-01.")]
    last: Annotated[str, Parameter(name="--to", help="Last day, it included. Default: no end.")] = ""


@dataclass(frozen=True, slots=True)
class AgreementOptions:
    """Which sender, for which kinds, and how its system separates entry from validation."""

    sender: Annotated[str, Parameter(help="Sender whose lines name no person.")]
    kind: Annotated[list[str], Parameter(negative="", help="One or more kinds of act.")]
    separation: Annotated[str, Parameter(help="How its system separates entry from validation.")]


def build_entry(fields: dict[str, Any], place: str = "") -> Any:
    """Return the entry with these fields, checked by itself.

    Raises
    ------
    UsageError
        A field is missing or not valid; ``place`` names the line.
    """
    import msgspec

    from core.directory_entries import DirectoryEntry, find_fault
    from core.roles import Role

    role = fields.get("role")
    if role is not None and role not in list(Role):
        raise UsageError(f"{place}{role!r} is not a role: state one of {', '.join(Role)}")
    try:
        entry = msgspec.convert(fields, DirectoryEntry, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"{place}{error}. docs/commands.md says what each field contains") from error
    if fault := find_fault(entry):
        raise UsageError(f"{place}{fault}")
    return entry


def list_centres(centres: Sequence[str]) -> list[str]:
    """Return the fund centres of a delegation; none are all."""
    return list(centres) or ["*"]
