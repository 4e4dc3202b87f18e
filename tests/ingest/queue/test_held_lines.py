"""Lines kept because they wait: the very same as if they were read and resolved again."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ingest.queue import held_lines
from ingest.queue.held_lines import KeptLines, narrowed, positions, together
from posting.batch import Piece, Stage
from tests.file_strategies import File, files
from tests.posting.text_engine import Desk

few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _told(piece: Piece) -> list[list]:
    """All that is decided by and stored of each line."""
    spans = zip(piece.reference.start.tolist(), piece.reference.end.tolist(), strict=True)
    texts = [piece.text.data[start:end].tobytes() for start, end in spans]
    columns = (piece.acts, piece.lines, piece.day, piece.cents, piece.field)
    return [texts, *(column.tolist() for column in columns)]


def _able_to_wait(piece: Piece) -> list[int]:
    """First lines of the acts without fault that all follow something."""
    acts = piece.acts
    never = set(acts["head"][(acts["fault"] != 0) | (acts["previous_high"] == 0)].tolist())
    return [head for head in np.unique(acts["head"]).tolist() if head not in never]


def _lines_of(piece: Piece, heads: list[int]) -> NDArray[np.intp]:
    return np.flatnonzero(np.isin(piece.acts["head"], heads))


def _chosen(draw: st.DataObject, piece: Piece) -> NDArray[np.intp]:
    """The lines of some acts."""
    heads = draw.draw(st.lists(st.sampled_from(_able_to_wait(piece) or [-1]), unique=True))
    return _lines_of(piece, heads)


@few
@given(presented=files(acts_max=12), data=st.data())
def test_acts_taken_out_are_those_resolved_by_themselves(presented: list[File], data: st.DataObject) -> None:
    desk = Desk()
    for rows in presented:
        piece = desk.piece(rows)
        at = _chosen(data, piece)
        taken = narrowed(piece, at)
        assert taken.raw.equals(piece.raw.take(pa.array(at)))
        assert len(taken.new_words) == 0
        if len(at):
            anew = replace(desk.piece([rows[row] for row in at]), lines=at.astype(np.int32))
            assert _told(taken) == _told(anew)


@few
@given(presented=files(acts_max=12), data=st.data())
def test_parts_together_are_the_whole(presented: list[File], data: st.DataObject) -> None:
    desk = Desk()
    for rows in presented:
        whole = desk.piece(rows)
        heads = np.unique(whole.acts["head"]).tolist()
        cut = data.draw(st.sampled_from([*heads, len(rows)]))
        spans = (range(cut), range(cut, len(rows)))
        parts = [narrowed(whole, np.array(span, np.intp)) for span in spans]
        assert _told(together(parts)) == _told(whole)
        assert together(parts).raw.equals(whole.raw)


def _waiting(acts: int, lines: int = 2, first: int = 0) -> Piece:
    """A piece of services without commitment, all of them held."""
    desk = Desk()
    rows = [_service(act, line) for act in range(acts) for line in range(1, lines + 1)]
    piece = desk.piece(rows, desk.submission(first + len(rows)), first)
    piece.submission.held = [(first + act * lines, lines) for act in range(acts)]
    return piece


def _service(act: int, line: int) -> dict[str, str]:
    row = {"kind": "service", "exercise": "2018", "date": "2018-05-02", "amount": "1.00", "predecessor": "EJ"}
    return row | {"reference": f"SF-{act}", "line": str(line)}


def test_what_waits_is_kept_until_its_submission_is_done() -> None:
    kept, piece = KeptLines(), _waiting(4)
    kept.keep(piece)
    wanted = positions([(6, 2), (2, 2)])
    assert wanted.tolist() == [2, 3, 6, 7]
    found = kept.piece(1, wanted)
    assert found is not None
    assert _told(found) == _told(narrowed(piece, wanted))
    assert kept.piece(1, positions([(6, 2), (8, 2)])) is None
    assert kept.piece(2, wanted) is None
    kept.forget(1)
    assert kept.piece(1, wanted) is None


def test_lines_are_kept_once_in_whatever_order_they_come() -> None:
    """As after a restart, when later lines are decided before earlier ones are read again."""
    kept, early, late = KeptLines(), _waiting(2), _waiting(3, first=4)
    late = replace(late, submission=early.submission, then=Stage(2, 10, True))
    early.submission.held = [*early.submission.held, *((4 + 2 * act, 2) for act in range(3))]
    for piece in (late, early, late):
        kept.keep(piece)
    wanted = positions(early.submission.held)
    found = kept.piece(1, wanted)
    assert found is not None
    assert found.lines.tolist() == list(range(10))
    assert _told(found) == _told(together([early, late]))


def test_too_many_lines_are_not_kept(monkeypatch) -> None:
    monkeypatch.setattr(held_lines, "KEPT_LINES_MAX", 7)
    kept, piece = KeptLines(), _waiting(4)
    kept.keep(piece)
    assert kept.piece(1, positions([(0, 2)])) is None
    kept.keep(piece)
    assert kept.piece(1, positions([(0, 2)])) is None
