"""What a file asks for, against what its key may ask for: looked at while the file is proved.

A key that is limited to some programmes must name the fund centre on every line, also where a line could inherit
it: the engine then refuses a line whose predecessor lies elsewhere, so that nothing outside can be drawn on.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.act_fields import Field
from core.catalog import CATALOG, KIND_NUMBERS
from service.auth.credentials import Caller
from service.http.problems import Problem

_PROGRAMME_LENGTH = 4
_KIND, _COUNTERPART, _FUND_CENTRE = (
    each.column for each in (Field.KIND, Field.COUNTERPART, Field.FUND_CENTRE)
)
_KINDS_WITHOUT_PROGRAMME = frozenset(kind.name for kind in CATALOG if kind.is_payee_act)
"""Kinds that belong to no programme."""


class PerimeterCheck:
    """Watches the lines of a file go by."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._programmes: set[str] | None = set()

    @property
    def programmes(self) -> list[str] | None:
        """Those that the lines seen name, in order; None where a line lies in one that it does not name."""
        return None if self._programmes is None else sorted(self._programmes)

    def check_lines(self, lines: pa.RecordBatch) -> None:
        """Look at some lines.

        Raises
        ------
        Problem
            A kind that none of the caller's roles may send, or a programme outside of its perimeter.
        """
        kinds = _encode_column(lines, Field.KIND)
        self._check_kinds(kinds.dictionary.to_pylist())
        if self._programmes is not None:
            self._check_programmes(lines, kinds)

    def check_form(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Look at the lines of a form: they are few, and columns of their own would cost more than the form.

        Raises
        ------
        Problem
            As ``see``.
        """
        self._check_kinds({row.get(_KIND, "") for row in rows})
        if self._caller.programmes and not all(map(self._is_inside, rows)):
            raise self._build_refusal()

    def _check_kinds(self, kinds: Iterable[str]) -> None:
        for kind in kinds:
            if kind in KIND_NUMBERS and kind not in self._caller.kinds:
                raise _forbidden("role", f"No role of key {self._caller.key} may send a {kind}")

    def _is_inside(self, row: Mapping[str, str]) -> bool:
        other = row.get(_COUNTERPART, "")
        is_placed = row.get(_KIND) in _KINDS_WITHOUT_PROGRAMME or self._is_allowed(row.get(_FUND_CENTRE, ""))
        return is_placed and (not other or self._is_allowed(other))

    def _is_allowed(self, centre: str) -> bool:
        return centre[:_PROGRAMME_LENGTH] in self._caller.programmes

    def _check_programmes(self, lines: pa.RecordBatch, kinds: pa.DictionaryArray) -> None:
        centres, others = _encode_column(lines, Field.FUND_CENTRE), _encode_column(lines, Field.COUNTERPART)
        is_unplaced = _test_rows(kinds, lambda kind: kind in _KINDS_WITHOUT_PROGRAMME)
        if self._caller.programmes:
            placed = self._mark_inside(centres) | is_unplaced
            if not (placed & (self._mark_inside(others) | _test_rows(others, lambda text: not text))).all():
                raise self._build_refusal()
        if not (_test_rows(centres, bool) | is_unplaced).all():
            self._programmes = None
        elif self._programmes is not None:
            texts = [*centres.dictionary.to_pylist(), *others.dictionary.to_pylist()]
            self._programmes |= {text[:_PROGRAMME_LENGTH] for text in texts if text}

    def _build_refusal(self) -> Problem:
        allowed = ", ".join(sorted(self._caller.programmes))
        told = f"Key {self._caller.key} is limited to {allowed}: every line must name a fund centre there"
        return _forbidden("perimeter", told)

    def _mark_inside(self, centres: pa.DictionaryArray) -> NDArray[np.bool_]:
        return _test_rows(centres, self._is_allowed)


def require_all_programmes(who: Caller, detail: str) -> None:
    """Let pass who is limited to no programmes.

    Raises
    ------
    Problem
        The caller is, and what it asks for is not.
    """
    if who.programmes:
        limits = ", ".join(sorted(who.programmes))
        raise _forbidden("perimeter", f"Key {who.key} is limited to {limits}: {detail}")


def _encode_column(lines: pa.RecordBatch, field: Field) -> pa.DictionaryArray:
    """A column as texts that stand there, and which of them each line has; empty where nothing is said."""
    is_there = field.column in lines.schema.names
    column = lines.column(field.column) if is_there else pa.nulls(lines.num_rows, pa.string())
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pa.string()).fill_null("").dictionary_encode()


def _test_rows(texts: pa.DictionaryArray, test: Callable[[str], bool]) -> NDArray[np.bool_]:
    """Whether the text of each line passes."""
    passes = np.array([test(text) for text in texts.dictionary.to_pylist()], bool)
    return passes[texts.indices.to_numpy()]


def _forbidden(code: str, detail: str) -> Problem:
    return Problem(HTTPStatus.FORBIDDEN, f"{code}-not-held", detail)
