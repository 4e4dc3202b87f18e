"""Check the lines of a file or form against the roles and programmes of the key that sends it.

The check runs while the file is validated.  A key that is limited to some programmes must name the fund centre on every
line, even where a line could inherit it: the engine then refuses a line whose predecessor lies elsewhere, so that the key
cannot spend the credits of other programmes.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.act_fields import Field
from core.catalog import CATALOG, KIND_NUMBERS
from core.roles import Role, find_kinds, find_sender_exclusion, list_roles
from core.senders import SENDER_OF_KIND
from service.auth.credentials import Caller
from service.auth.failures import PermissionDenied

_PROGRAMME_LENGTH = 4
_KIND, _COUNTERPART, _FUND_CENTRE = (
    field.column for field in (Field.KIND, Field.COUNTERPART, Field.FUND_CENTRE)
)
_KINDS_WITHOUT_PROGRAMME = frozenset(kind.name for kind in CATALOG if kind.is_payee_act)
"""Kinds of act about third parties, which belong to no programme."""


class PerimeterCheck:
    """Checks the lines of one file, batch by batch, and collects the programmes that they name."""

    def __init__(self, caller: Caller, place: str = "file") -> None:
        """``place`` is the name of the file in refusals."""
        self._caller, self._place = caller, place
        self._lines = 0
        self._programmes: set[str] | None = set()

    @property
    def programmes(self) -> list[str] | None:
        """The programmes of the lines checked so far, in order; None once a line does not name its own."""
        return None if self._programmes is None else sorted(self._programmes)

    def check_lines(self, lines: pa.RecordBatch) -> None:
        """Check some lines of the file.

        Raises
        ------
        PermissionDenied
            None of the caller's roles may send a kind, or any at all; or a programme lies outside the caller's perimeter.
        """
        kinds = _encode_column(lines, Field.KIND)
        require_sending_role(self._caller)
        if not all(map(self._may_send, kinds.dictionary.to_pylist())):
            row = int(np.argmin(_test_rows(kinds, self._may_send)))
            where = f"{self._place}, line {self._lines + row + 1:,}"
            raise _deny_kind(self._caller, where, kinds[row].as_py())
        if self._programmes is not None:
            self._check_programmes(lines, kinds)
        self._lines += lines.num_rows

    def check_form(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Check the lines of a form, without Arrow columns: for so few lines they would cost more than the check.

        Raises
        ------
        PermissionDenied
            As for ``check_lines``.
        """
        require_sending_role(self._caller)
        for number, row in enumerate(rows, 1):
            if not self._may_send(kind := row.get(_KIND, "")):
                raise _deny_kind(self._caller, f"form, line {number:,}", kind)
        if self._caller.programmes and not all(map(self._is_inside, rows)):
            raise self._build_refusal()

    def _may_send(self, kind: str) -> bool:
        # A line of no known kind is refused by the engine, and the refusal is stored: that too is sending.
        return kind not in KIND_NUMBERS or kind in self._caller.kinds

    def _is_inside(self, row: Mapping[str, str]) -> bool:
        counterpart = row.get(_COUNTERPART, "")
        is_centre_allowed = row.get(_KIND) in _KINDS_WITHOUT_PROGRAMME or self._is_allowed(
            row.get(_FUND_CENTRE, "")
        )
        return is_centre_allowed and (not counterpart or self._is_allowed(counterpart))

    def _is_allowed(self, centre: str) -> bool:
        return centre[:_PROGRAMME_LENGTH] in self._caller.programmes

    def _check_programmes(self, lines: pa.RecordBatch, kinds: pa.DictionaryArray) -> None:
        centres = _encode_column(lines, Field.FUND_CENTRE)
        counterparts = _encode_column(lines, Field.COUNTERPART)
        needs_none = _test_rows(kinds, lambda kind: kind in _KINDS_WITHOUT_PROGRAMME)
        if self._caller.programmes:
            is_centre_allowed = self._mark_inside(centres) | needs_none
            is_counterpart_allowed = self._mark_inside(counterparts) | _test_rows(
                counterparts, lambda text: not text
            )
            if not (is_centre_allowed & is_counterpart_allowed).all():
                raise self._build_refusal()
        if not (_test_rows(centres, bool) | needs_none).all():
            self._programmes = None
        elif self._programmes is not None:
            texts = [*centres.dictionary.to_pylist(), *counterparts.dictionary.to_pylist()]
            self._programmes |= {text[:_PROGRAMME_LENGTH] for text in texts if text}

    def _build_refusal(self) -> PermissionDenied:
        programmes = ", ".join(sorted(self._caller.programmes))
        detail = (
            f"Key {self._caller.key} is limited to {programmes}: every line must name a fund centre there"
        )
        return PermissionDenied("perimeter-not-held", detail)

    def _mark_inside(self, centres: pa.DictionaryArray) -> NDArray[np.bool_]:
        return _test_rows(centres, self._is_allowed)


def _deny_kind(caller: Caller, where: str, kind: str) -> PermissionDenied:
    """Return the refusal of a line whose kind no role of the caller may send."""
    roles = list_roles(kind)
    detail = f"{where}: no role of key {caller.key} may send a {kind}"
    if not roles:
        sender = SENDER_OF_KIND[kind]
        remedy = f"Leave the line out: only Crescendo itself sends this kind, as {sender}"
        return PermissionDenied("role-not-held", detail, where=where, kind=kind, roles=roles, remedy=remedy)
    needed = " or ".join(roles)
    return PermissionDenied(
        "role-not-held",
        f"{detail}, which needs the role {needed}",
        where=where,
        kind=kind,
        roles=roles,
        remedy=_describe_remedy(caller, roles),
    )


def _describe_remedy(caller: Caller, roles: Sequence[Role]) -> str:
    """Return how the acts that need one of some roles are sent: by a key of the caller's sender, or of another one."""
    is_excluded = find_sender_exclusion(roles[:1], caller.roles) is not None
    needed, sender = " or ".join(roles), "SENDER" if is_excluded else caller.sender
    remedy = f"Send the acts of this kind with a key that has the role {needed}; an operator creates it: "
    remedy += f"crescendo access create {sender} --role {roles[0]}"
    if is_excluded:
        held = " and ".join(sorted(caller.roles))
        remedy += f". Name another sender than {caller.sender}: no sender has that role beside {held}"
    return remedy


def require_sending_role(caller: Caller) -> None:
    """Refuse a caller whose roles may send no act, whatever it sends: a file without lines would be stored too.

    Raises
    ------
    PermissionDenied
        None of its roles may send acts.
    """
    if not caller.kinds:
        needed = ", ".join(role for role in Role if find_kinds((role,)))
        remedy = f"Use a key that has a role which sends acts: {needed}"
        raise PermissionDenied("role-not-held", f"No role of key {caller.key} may send acts", remedy=remedy)


def require_all_programmes(caller: Caller, detail: str) -> None:
    """Refuse a caller that is limited to some programmes; ``detail`` says why the request concerns all of them.

    Raises
    ------
    PermissionDenied
        The caller's key has a perimeter.
    """
    if caller.programmes:
        programmes = ", ".join(sorted(caller.programmes))
        raise PermissionDenied("perimeter-not-held", f"Key {caller.key} is limited to {programmes}: {detail}")


def _encode_column(lines: pa.RecordBatch, field: Field) -> pa.DictionaryArray:
    """Return a column as distinct texts and their index per line; a missing column or value reads as empty text."""
    is_present = field.column in lines.schema.names
    column = lines.column(field.column) if is_present else pa.nulls(lines.num_rows, pa.string())
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pa.string()).fill_null("").dictionary_encode()


def _test_rows(texts: pa.DictionaryArray, test: Callable[[str], bool]) -> NDArray[np.bool_]:
    """Return whether the text of each line passes ``test``, which is called once per distinct text."""
    passes = np.array([test(text) for text in texts.dictionary.to_pylist()], bool)
    return passes[texts.indices.to_numpy()]
