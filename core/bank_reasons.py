"""Why a bank gave money back, or would not move it, and what the engine does about it.

The codes are those of ISO 20022's external lists; what follows from each is our own decision (``domain`` section 4) and
stands in ``core/reference/bank_reasons.csv`` to be corrected there.  Some of it is no matter of choice: a table that
would pay twice, or blame a payee for what was our own fault, does not load.
"""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from core.reference.files import SHIPPED, Row, broken, rows

CODE_LETTERS = 4
UNKNOWN = "NARR"
"""In place of a code where the bank gave words, or none."""
_FILE = "bank_reasons.csv"
_COLUMNS = ("code", "phase", "action", "blocks", "meaning", "french")


class Phase(StrEnum):
    """When a bank says so: before settlement, after it, or because somebody asked for the money back."""

    REJECT = "reject"
    RETURN = "return"
    RECALL = "recall"


class Action(StrEnum):
    """What the engine does with the debt."""

    NEW_DETAILS = "new_details"
    """Open again; paid once the payee has new bank details."""
    OTHER_BANK = "other_bank"
    """Open again; paid once the payee's bank is corrected."""
    OTHER_METHOD = "other_method"
    """Open again; somebody chooses another way to pay."""
    COMPLETE = "complete"
    """Open again; somebody completes the payee's name or address."""
    REPRESENT = "represent"
    """Our own fault: open again, presented as it was, and nobody is blamed."""
    NEXT_DAY = "next_day"
    """Too late for the day: open again, presented on the next."""
    MANUAL = "manual"
    """Open again; somebody looks at it before it is paid."""
    STOP = "stop"
    """Open again, and the payee blocked: heirs or an authority come first."""
    INVESTIGATE = "investigate"
    """Never opened by itself: the money may have been paid another time."""
    RECALL = "recall"
    """Never opened by itself: somebody had asked for the money back."""


class Blocks(StrEnum):
    """What is not paid to any more."""

    NOTHING = ""
    IBAN = "iban"
    PAYEE = "payee"


class Reissue(StrEnum):
    """Who may send the money again."""

    BY_ITSELF = "by_itself"
    WITH_NEW_DETAILS = "with_new_details"
    BY_HAND = "by_hand"
    NEVER = "never"


_REISSUE: Mapping[Action, Reissue] = {
    Action.REPRESENT: Reissue.BY_ITSELF,
    Action.NEXT_DAY: Reissue.BY_ITSELF,
    Action.NEW_DETAILS: Reissue.WITH_NEW_DETAILS,
    Action.OTHER_BANK: Reissue.WITH_NEW_DETAILS,
    Action.INVESTIGATE: Reissue.NEVER,
    Action.RECALL: Reissue.NEVER,
}
"""The others are for somebody to decide."""


class Reason(NamedTuple):
    """One row of the table."""

    code: str
    phases: frozenset[Phase]
    action: Action
    blocks: Blocks
    meaning: str
    french: str

    @property
    def reopens(self) -> bool:
        """Whether the payee's debt is open again with the bank's answer."""
        return self.reissue is not Reissue.NEVER

    @property
    def reissue(self) -> Reissue:
        """Who may send the money again."""
        return _REISSUE.get(self.action, Reissue.BY_HAND)


_ANY = Reason(
    UNKNOWN, frozenset(Phase), Action.MANUAL, Blocks.NOTHING, "Reason not in the table", "Motif hors table"
)
_FIXED: Mapping[str, tuple[str, frozenset[Action], frozenset[Blocks]]] = {
    "AM05": ("a duplicate is never paid again", frozenset({Action.INVESTIGATE}), frozenset({Blocks.NOTHING})),
    "AM04": (
        "our own account is not the payee's fault",
        frozenset({Action.REPRESENT}),
        frozenset({Blocks.NOTHING}),
    ),
    "ED05": (
        "a failed settlement is not the payee's fault",
        frozenset({Action.REPRESENT}),
        frozenset({Blocks.NOTHING}),
    ),
    "MD07": ("a payee who died is not paid", frozenset({Action.STOP}), frozenset({Blocks.PAYEE})),
    "RR04": ("a payee under sanctions is not paid", frozenset({Action.STOP}), frozenset({Blocks.PAYEE})),
}
"""What no edition of the table may change (``domain`` 4, A54, A60)."""


class BankReasons:
    """The table, by code."""

    def __init__(self, reasons: Mapping[str, Reason]) -> None:
        self._reasons = reasons

    @property
    def codes(self) -> list[str]:
        """Every code there is a row for."""
        return list(self._reasons)

    def of(self, code: str) -> Reason:
        """The row of ``code``; one that there is none for is a matter for somebody to look at."""
        return self._reasons.get(code) or _ANY._replace(code=code or UNKNOWN)


def load(folder: Path = SHIPPED) -> BankReasons:
    """Read the table in ``folder``; the shipped one where that has none.

    Raises
    ------
    ReferenceDataError
        A cell is not one of its column, a code stands twice or lacks, or the table would pay what must not be paid.
    """
    path = folder.joinpath(_FILE)
    found: dict[str, Reason] = {}
    for row in rows(path if path.exists() else SHIPPED.joinpath(_FILE), _COLUMNS):
        reason = _reason(row)
        if reason.code in found:
            raise broken(row.place, f"{reason.code} stands twice", "Keep one of the two lines.")
        _check_fixed(reason, row.place)
        found[reason.code] = reason
    missing = _FIXED.keys() - found.keys()
    if missing:
        raise broken(str(path), f"no line for {', '.join(sorted(missing))}", "Add one.")
    return BankReasons(found)


def _reason(row: Row) -> Reason:
    code = row.cells["code"]
    if len(code) != CODE_LETTERS or not (code.isascii() and code.isalnum() and code.upper() == code):
        raise broken(row.place, f"{code!r} is no reason code", f"Write {CODE_LETTERS} capitals or digits.")
    try:
        phases = frozenset(map(Phase, row.cells["phase"].split()))
        action, blocks = Action(row.cells["action"]), Blocks(row.cells["blocks"])
    except ValueError as error:
        raise broken(row.place, str(error), f"Phases: {', '.join(Phase)}; actions: {', '.join(Action)}; "
                     f"blocks: iban, payee or nothing.") from error  # fmt: skip
    if not phases:
        raise broken(row.place, "no phase", f"Write one or more of {', '.join(Phase)}.")
    return Reason(code, phases, action, blocks, row.cells["meaning"], row.cells["french"])


def _check_fixed(reason: Reason, place: str) -> None:
    why, actions, blocks = _FIXED.get(reason.code, ("", frozenset(Action), frozenset(Blocks)))
    if reason.action not in actions or reason.blocks not in blocks:
        found = f"{reason.code} is {reason.action}, blocking {reason.blocks or 'nothing'}"
        wanted = f"{', '.join(sorted(actions))}, blocking {', '.join(sorted(blocks)) or 'nothing'}"
        raise broken(place, found, f"It must be {wanted}: {why}.")
