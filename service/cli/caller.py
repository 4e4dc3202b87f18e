"""Who calls a command: the one place through which every ``--as`` goes.

The user of the operating system is that of the process, and not a variable of its environment.  A key or token comes from a
file or from the environment, as the arguments of a process are visible to others.
"""

import os
import pwd
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from cyclopts import Parameter

from service.configuration.input_files import check_files
from service.configuration.settings import UsageError

if TYPE_CHECKING:
    from core.person_decisions import StatedPerson
    from service.auth.person_credentials import CommandCaller
    from service.cli.shared_options import DataOptions

TOKEN_VARIABLE = "CRESCENDO_TOKEN"  # noqa: S105 -- the name of a variable
_NAME_LETTERS_MAX = 70
_REASON_LETTERS_MAX = 300
_TOKEN_BYTES_MAX = 16_384
Value = TypeVar("Value")

PersonOption = Annotated[
    str,
    Parameter(
        name="--as",
        help="Your name, for the record; your code once the directory of persons knows somebody, and you are proved.",
    ),
]
TokenFileOption = Annotated[
    Path | None,
    Parameter(
        name="--token-file",
        show_default=False,
        help="File with an API key or token that proves who you are. Default: the user of the operating system does. "
        f"Also {TOKEN_VARIABLE}, which contains it.",
    ),
]


@dataclass(frozen=True, slots=True)
class CallerOptions:
    """Who calls the command, by name."""

    by: PersonOption
    token_file: TokenFileOption = None

    def read_caller(self) -> "CommandCaller":
        """Return the caller, whose credential is not verified yet."""
        return build_caller(check_text("--as", self.by, _NAME_LETTERS_MAX), self.token_file)


@dataclass(frozen=True, slots=True)
class UnnamedCallerOptions:
    """Who calls the command, by name or by the credential alone."""

    by: PersonOption = ""
    token_file: TokenFileOption = None

    def read_caller(self) -> "CommandCaller":
        """Return the caller, whose credential is not verified yet."""
        name = check_text("--as", self.by, _NAME_LETTERS_MAX, may_be_empty=True)
        return build_caller(name, self.token_file)


UNNAMED_CALLER = UnnamedCallerOptions()


@dataclass(frozen=True, slots=True)
class ReasonOptions(CallerOptions):
    """The reason of a change, and who makes it."""

    reason: Annotated[str, Parameter(help="Why, for the record.")] = ""

    def validate(self) -> "tuple[str, CommandCaller]":
        """Return reason and caller, checked."""
        reason = check_text("--reason", self.reason, _REASON_LETTERS_MAX, may_be_empty=True)
        return reason, self.read_caller()

    def require_reason(self) -> "tuple[str, CommandCaller]":
        """Return reason and caller, checked; without a reason nothing is decided.

        Raises
        ------
        UsageError
            No reason is stated.
        """
        reason, caller = self.validate()
        if not reason:
            raise UsageError("--reason must say why")
        return reason, caller


def build_caller(name: str, token_file: Path | None = None) -> "CommandCaller":
    """Return the caller with a name: this process and its environment say the rest."""
    from service.auth.person_credentials import CommandCaller

    token = _read_token_file(token_file) if token_file else os.environ.get(TOKEN_VARIABLE, "").strip()
    return CommandCaller(name, find_user(), token)


def find_user() -> str:
    """Return the name of the user of this process; its number if the operating system has no name for it."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def decide_as(
    options: "DataOptions",
    caller: "CommandCaller",
    decide: Callable[[Any, "StatedPerson"], Awaitable[Value]],
) -> Value:
    """Verify the credential of the caller, and run a query that stores a decision in their name.

    Raises
    ------
    PersonNotProved
        The credential is not accepted, or the caller may not decide; nothing is stored.
    """
    from service.database import session

    async def work(connection: Any) -> Value:
        from service.auth.person_credentials import act_as

        async with act_as(connection, caller) as person:
            return await decide(connection, person)

    return session.update_database(options.read_settings(), work)


def check_text(option: str, text: str, letters_max: int, *, may_be_empty: bool = False) -> str:
    """Return a text that a person writes for the record, without spaces around."""
    stripped = text.strip()
    if not (stripped or may_be_empty) or not (stripped.isprintable() and len(stripped) <= letters_max):
        raise UsageError(
            f"{option} must have at most {letters_max} printable characters{'' if may_be_empty else ', not only spaces'}"
        )
    return stripped


def _read_token_file(path: Path) -> str:
    check_files([path])
    with path.open("rb") as file:
        content = file.read(_TOKEN_BYTES_MAX + 1)
    try:
        token = content.decode("ascii").strip()
    except UnicodeDecodeError:
        token = ""
    if not token or len(content) > _TOKEN_BYTES_MAX:
        raise UsageError(f"{path.name} contains no key or token: write it into the file, and nothing else")
    return token
