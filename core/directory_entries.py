"""The entries of the directory of persons, as a command, a request or a file states them, and what each must be by itself."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

import msgspec

from core.catalog import KIND_NUMBERS
from core.directory import PERSON_BYTES_MAX
from core.money import AMOUNT_MAX, CENTS_PER_EURO
from core.periods import YEAR_FIRST, YEAR_LAST
from core.roles import Role
from core.senders import RESERVED_SENDERS, SENDER_OF_KIND, SENDER_PATTERN

NAME_LETTERS_MAX = 200
PLACE_LETTERS_MAX = 64
SEPARATION_LETTERS_MAX = 1000
CENTRES_MAX = 100
"""Fund centres of one delegation."""
EVERYWHERE = "*"
"""Stands alone in the fund centres of a delegation: all of them."""
HandName = Literal["entry", "validation", "both"]
MeansName = Literal["user", "key"]
"""A user of the operating system; an API key, or a system with tokens as ISSUER/SUBJECT."""
LOGIN_LETTERS_MAX = 300

_SENDER = re.compile(SENDER_PATTERN)
_CEILING = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,2}))?", re.ASCII)


class PersonEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="add"):
    """A person becomes known: by a code, which files and forms state, and a name."""

    code: str
    name: str


class RoleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="grant"):
    """A person has a role at a place from one day on."""

    person: str
    role: Role
    hand: HandName
    first_day: date
    last_day: date | None = None
    centre: str = ""
    """A fund centre with those below it; empty for all."""
    accountant: str = ""
    """An accountant; empty for all."""
    ceiling: str = ""
    """The greatest act in euros; empty for no limit."""


class DelegationEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="delegate"):
    """A person lets another validate in the owner's name."""

    number: str
    owner: str
    delegate: str
    role: Role
    centres: list[str]
    """Fund centres with those below them; ``*`` alone for all."""
    first_day: date
    last_day: date | None = None
    ceiling: str = ""


class AgreementEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="agree"):
    """A sender's own system separates entry from validation."""

    number: str
    sender: str
    kinds: list[str]
    first_day: date
    separation: str
    """How it does so."""
    last_day: date | None = None
    ceiling: str = ""


class LoginEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="login"):
    """A person has a means of proof."""

    person: str
    means: MeansName
    name: str
    """Name of the user or of the key."""
    first_day: date
    last_day: date | None = None


class CoupleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="couple"):
    """Two persons are spouses or partners."""

    person: str
    partner: str
    first_day: date
    last_day: date | None = None


class RoleEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="end_role"):
    """A role has an earlier last day."""

    number: int
    last_day: date


class DelegationEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="end_delegation"):
    """A delegation has an earlier last day."""

    number: str
    last_day: date


class AgreementEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="end_agreement"):
    """An agreement has an earlier last day."""

    number: str
    last_day: date


class LoginEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="end_login"):
    """A login has an earlier last day."""

    number: int
    last_day: date


class CoupleEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="end_couple"):
    """Two persons are spouses or partners until an earlier last day."""

    number: int
    last_day: date


DirectoryEnd = RoleEnd | DelegationEnd | AgreementEnd | LoginEnd | CoupleEnd
DirectoryEntry = (
    PersonEntry | RoleEntry | DelegationEntry | AgreementEntry | LoginEntry | CoupleEntry | DirectoryEnd
)


def parse_ceiling(text: str) -> int | None:
    """Return ``1234.5`` as 123450 cents; None for no limit.

    Raises
    ------
    ValueError
        The text is not such an amount above zero.
    """
    if not text:
        return None
    match = _CEILING.fullmatch(text)
    cents = int(match[1]) * CENTS_PER_EURO + int((match[2] or "").ljust(2, "0")) if match else 0
    if not 0 < cents <= AMOUNT_MAX:
        raise ValueError(text)
    return cents


def find_fault(entry: DirectoryEntry) -> str:
    """Return what is wrong with an entry by itself, and what to do; empty if nothing is."""
    match entry:
        case PersonEntry():
            faults = [_check_code("code", entry.code), _check_text("name", entry.name, NAME_LETTERS_MAX)]
        case RoleEntry():
            faults = _check_term(entry)
            faults += [_check_place(code) for code in (entry.centre, entry.accountant) if code]
        case DelegationEntry():
            faults = [_check_code("number", entry.number), *_check_centres(entry.centres)]
            faults += _check_term(entry)
        case AgreementEntry():
            faults = [
                _check_code("number", entry.number),
                _check_sender(entry.sender),
                _check_kinds(entry.kinds),
            ]
            faults += _check_term(entry)
            faults.append(_check_text("separation", entry.separation, SEPARATION_LETTERS_MAX))
        case CoupleEntry():
            faults = [_check_days(entry.first_day, entry.last_day)]
        case LoginEntry():
            faults = [_check_text("name", entry.name, LOGIN_LETTERS_MAX)]
            faults.append(_check_days(entry.first_day, entry.last_day))
        case _:
            faults = [_check_days(entry.last_day, None)]
    return _find_first(faults)


def _find_first(faults: Iterable[str]) -> str:
    return next(filter(None, faults), "")


def _check_code(name: str, code: str) -> str:
    if _is_plain(code) and len(code.encode()) <= PERSON_BYTES_MAX:
        return ""
    return f"{name} {code!r} is not a code: state 1 to {PERSON_BYTES_MAX} bytes of printable characters, without spaces around"


def _check_place(code: str) -> str:
    if _is_plain(code) and len(code) <= PLACE_LETTERS_MAX:
        return ""
    return f"{code!r} is not the code of a fund centre or an accountant: state one of the reference data"


def _check_text(name: str, text: str, letters_max: int) -> str:
    if _is_plain(text) and len(text) <= letters_max:
        return ""
    return f"{name} is not such a text: state 1 to {letters_max} printable characters, without spaces around"


def _is_plain(text: str) -> bool:
    """Return whether a text is printable and not empty, without spaces around."""
    return bool(text) and text == text.strip() and text.isprintable()


def _check_term(entry: RoleEntry | DelegationEntry | AgreementEntry) -> list[str]:
    return [_check_days(entry.first_day, entry.last_day), _check_ceiling(entry.ceiling)]


def _check_days(first: date, last: date | None) -> str:
    for day in filter(None, (first, last)):
        if not YEAR_FIRST <= day.year <= YEAR_LAST:
            return f"{day} is not in the years that the ledger may have: state a day of {YEAR_FIRST} to {YEAR_LAST}"
    if last and last < first:
        return f"the last day {last} is before the first day {first}: state a later last day"
    return ""


def _check_ceiling(ceiling: str) -> str:
    try:
        parse_ceiling(ceiling)
    except ValueError:
        euros_max = AMOUNT_MAX // CENTS_PER_EURO
        return (
            f"ceiling {ceiling!r} is not an amount above zero: state euros, as in 5000.00, up to {euros_max}"
        )
    return ""


def _check_centres(centres: Sequence[str]) -> list[str]:
    if not 0 < len(centres) <= CENTRES_MAX or len(set(centres)) < len(centres):
        return [
            f"a delegation has 1 to {CENTRES_MAX} different fund centres: state them, or {EVERYWHERE} alone for all"
        ]
    if EVERYWHERE in centres:
        return [f"{EVERYWHERE} stands beside other fund centres: state it alone"] if len(centres) > 1 else []
    return [_check_place(centre) for centre in centres]


def _check_sender(sender: str) -> str:
    if sender in RESERVED_SENDERS:
        return f"sender {sender} is reserved, as {', '.join(sorted(RESERVED_SENDERS))} are: state another one"
    if _SENDER.fullmatch(sender):
        return ""
    return f"sender {sender!r} is not a name of a sender: state 1 to 35 letters, digits, dots, dashes and underscores"


def _check_kinds(kinds: Sequence[str]) -> str:
    if not kinds or len(set(kinds)) < len(kinds):
        return "an agreement is for different kinds of act: state one or more, each once"
    for kind in kinds:
        if kind not in KIND_NUMBERS:
            return f"there is no kind of act {kind!r}: state one that docs/kinds.md lists"
        if kind in SENDER_OF_KIND:
            return f"acts of the kind {kind} are sent by {SENDER_OF_KIND[kind]} alone: leave it out"
    return ""
