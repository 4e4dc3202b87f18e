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
from core.catalog import CATALOG, KIND_NUMBER
from service.auth.api_keys import Caller
from service.http.problems import Problem

_PROGRAMME_LETTERS = 4
_KIND, _COUNTERPART, _FUND_CENTRE = (
    each.column for each in (Field.KIND, Field.COUNTERPART, Field.FUND_CENTRE)
)
_UNPLACED = frozenset(kind.name for kind in CATALOG if kind.is_of_payee)
"""Kinds that belong to no programme."""


class Perimeter:
    """Watches the lines of a file go by."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._named: set[str] | None = set()

    @property
    def programmes(self) -> list[str] | None:
        """Those that the lines seen name, in order; None where a line lies in one that it does not name."""
        return None if self._named is None else sorted(self._named)

    def see(self, lines: pa.RecordBatch) -> None:
        """Look at some lines.

        Raises
        ------
        Problem
            A kind that none of the caller's roles may send, or a programme outside of its perimeter.
        """
        kinds = _texts(lines, Field.KIND)
        self._see_kinds(kinds.dictionary.to_pylist())
        if self._named is not None:
            self._see_programmes(lines, kinds)

    def see_form(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Look at the lines of a form: they are few, and columns of their own would cost more than the form.

        Raises
        ------
        Problem
            As ``see``.
        """
        self._see_kinds({row.get(_KIND, "") for row in rows})
        if self._caller.programmes and not all(map(self._holds, rows)):
            raise self._outside()

    def _see_kinds(self, kinds: Iterable[str]) -> None:
        for kind in kinds:
            if kind in KIND_NUMBER and kind not in self._caller.kinds:
                raise _forbidden("role", f"No role of key {self._caller.key} may send a {kind}")

    def _holds(self, row: Mapping[str, str]) -> bool:
        other = row.get(_COUNTERPART, "")
        is_placed = row.get(_KIND) in _UNPLACED or self._names(row.get(_FUND_CENTRE, ""))
        return is_placed and (not other or self._names(other))

    def _names(self, centre: str) -> bool:
        return centre[:_PROGRAMME_LETTERS] in self._caller.programmes

    def _see_programmes(self, lines: pa.RecordBatch, kinds: pa.DictionaryArray) -> None:
        centres, others = _texts(lines, Field.FUND_CENTRE), _texts(lines, Field.COUNTERPART)
        is_unplaced = _rows(kinds, lambda kind: kind in _UNPLACED)
        if self._caller.programmes:
            placed = self._lies_inside(centres) | is_unplaced
            if not (placed & (self._lies_inside(others) | _rows(others, lambda text: not text))).all():
                raise self._outside()
        if not (_rows(centres, bool) | is_unplaced).all():
            self._named = None
        elif self._named is not None:
            texts = [*centres.dictionary.to_pylist(), *others.dictionary.to_pylist()]
            self._named |= {text[:_PROGRAMME_LETTERS] for text in texts if text}

    def _outside(self) -> Problem:
        allowed = ", ".join(sorted(self._caller.programmes))
        told = f"Key {self._caller.key} is limited to {allowed}: every line must name a fund centre there"
        return _forbidden("perimeter", told)

    def _lies_inside(self, centres: pa.DictionaryArray) -> NDArray[np.bool_]:
        return _rows(centres, self._names)


def check_whole(who: Caller, told: str) -> None:
    """Let pass who is limited to no programmes.

    Raises
    ------
    Problem
        The caller is, and what it asks for is not.
    """
    if who.programmes:
        limits = ", ".join(sorted(who.programmes))
        raise _forbidden("perimeter", f"Key {who.key} is limited to {limits}: {told}")


def _texts(lines: pa.RecordBatch, field: Field) -> pa.DictionaryArray:
    """A column as texts that stand there, and which of them each line has; empty where nothing is said."""
    is_there = field.column in lines.schema.names
    column = lines.column(field.column) if is_there else pa.nulls(lines.num_rows, pa.string())
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pa.string()).fill_null("").dictionary_encode()


def _rows(texts: pa.DictionaryArray, test: Callable[[str], bool]) -> NDArray[np.bool_]:
    """Whether the text of each line passes."""
    passes = np.array([test(text) for text in texts.dictionary.to_pylist()], bool)
    return passes[texts.indices.to_numpy()]


def _forbidden(code: str, detail: str) -> Problem:
    return Problem(HTTPStatus.FORBIDDEN, f"{code}-not-held", detail)
