"""Cached held lines are the same as lines that are read and resolved again."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ingest.queue import held_lines
from ingest.queue.held_lines import HeldLinesCache, concat_pieces, list_positions, take_rows
from posting.batch import LineSpan, Piece, Progress
from tests.file_strategies import File, files
from tests.posting.text_engine import TextEngine

few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _list_rows(piece: Piece) -> list[list]:
    """List all that is decided about and stored of each line."""
    spans = zip(piece.reference.start.tolist(), piece.reference.end.tolist(), strict=True)
    texts = [piece.text.data[start:end].tobytes() for start, end in spans]
    columns = (piece.acts, piece.lines, piece.day, piece.cents, piece.field)
    return [texts, *(column.tolist() for column in columns)]


def _list_holdable(piece: Piece) -> list[int]:
    """Return the first lines of the acts without fault whose lines all have a predecessor."""
    acts = piece.acts
    never = set(acts["head"][(acts["fault"] != 0) | (acts["previous_high"] == 0)].tolist())
    return [head for head in np.unique(acts["head"]).tolist() if head not in never]


def _find_lines(piece: Piece, heads: list[int]) -> NDArray[np.intp]:
    return np.flatnonzero(np.isin(piece.acts["head"], heads))


def _draw_lines(draw: st.DataObject, piece: Piece) -> NDArray[np.intp]:
    """Draw the lines of some acts."""
    heads = draw.draw(st.lists(st.sampled_from(_list_holdable(piece) or [-1]), unique=True))
    return _find_lines(piece, heads)


@few
@given(presented=files(acts_max=12), data=st.data())
def test_selected_acts_equal_those_resolved_alone(presented: list[File], data: st.DataObject) -> None:
    text_engine = TextEngine()
    for rows in presented:
        piece = text_engine.build_piece(rows)
        at = _draw_lines(data, piece)
        selected = take_rows(piece, at)
        assert selected.raw.equals(piece.raw.take(pa.array(at)))
        assert len(selected.new_words) == 0
        if len(at):
            anew = replace(text_engine.build_piece([rows[row] for row in at]), lines=at.astype(np.int32))
            assert _list_rows(selected) == _list_rows(anew)


@few
@given(presented=files(acts_max=12), data=st.data())
def test_concatenated_pieces_equal_the_whole(presented: list[File], data: st.DataObject) -> None:
    text_engine = TextEngine()
    for rows in presented:
        complete = text_engine.build_piece(rows)
        heads = np.unique(complete.acts["head"]).tolist()
        cut = data.draw(st.sampled_from([*heads, len(rows)]))
        spans = (range(cut), range(cut, len(rows)))
        parts = [take_rows(complete, np.array(span, np.intp)) for span in spans]
        assert _list_rows(concat_pieces(parts)) == _list_rows(complete)
        assert concat_pieces(parts).raw.equals(complete.raw)


def _build_held_piece(acts: int, lines: int = 2, first: int = 0) -> Piece:
    """Build a piece of services without commitment, all of them held."""
    text_engine = TextEngine()
    rows = [_build_service_row(act, line) for act in range(acts) for line in range(1, lines + 1)]
    piece = text_engine.build_piece(rows, text_engine.create_submission(first + len(rows)), first)
    piece.submission.held = [LineSpan(first + act * lines, lines) for act in range(acts)]
    return piece


def _build_service_row(act: int, line: int) -> dict[str, str]:
    row = {"kind": "service", "exercise": "2018", "date": "2018-05-02", "amount": "1.00", "predecessor": "EJ"}
    return row | {"reference": f"SF-{act}", "line": str(line)}


def test_held_lines_are_cached_until_their_submission_is_decided() -> None:
    cache, piece = HeldLinesCache(), _build_held_piece(4)
    cache.add(piece)
    positions = list_positions([LineSpan(6, 2), LineSpan(2, 2)])
    assert positions.tolist() == [2, 3, 6, 7]
    cached = cache.find_piece(1, positions)
    assert cached is not None
    assert _list_rows(cached) == _list_rows(take_rows(piece, positions))
    assert cache.find_piece(1, list_positions([LineSpan(6, 2), LineSpan(8, 2)])) is None
    assert cache.find_piece(2, positions) is None
    cache.remove(1)
    assert cache.find_piece(1, positions) is None


def test_lines_are_cached_once_in_any_order() -> None:
    """As after a restart, when later lines are decided before earlier ones are read again."""
    cache, early, late = HeldLinesCache(), _build_held_piece(2), _build_held_piece(3, first=4)
    late = replace(late, submission=early.submission, progress_after=Progress(2, 10, True))
    early.submission.held = [*early.submission.held, *(LineSpan(4 + 2 * act, 2) for act in range(3))]
    for piece in (late, early, late):
        cache.add(piece)
    positions = list_positions(early.submission.held)
    cached = cache.find_piece(1, positions)
    assert cached is not None
    assert cached.lines.tolist() == list(range(10))
    assert _list_rows(cached) == _list_rows(concat_pieces([early, late]))


def test_too_many_lines_are_not_cached(monkeypatch) -> None:
    monkeypatch.setattr(held_lines, "CACHED_LINES_MAX", 7)
    cache, piece = HeldLinesCache(), _build_held_piece(4)
    cache.add(piece)
    assert cache.find_piece(1, list_positions([LineSpan(0, 2)])) is None
    cache.add(piece)
    assert cache.find_piece(1, list_positions([LineSpan(0, 2)])) is None
