"""An engine on the small reference data that is given rows of text; nothing is stored."""

from functools import cache

import numpy as np

from core.nomenclature import ORDINARY_FUND
from ingest.resolution.resolver import Context, Sender, resolve
from ingest.resolution.text_columns import Memory
from posting.batch import Batch, Outcome, Piece, Stage, Submission
from posting.book.book_state import State, empty
from posting.book.cells import CellNumbers
from posting.book.checkpoint import Mark
from posting.book.registry import Coded, Numbers, Reference, Registry, number
from posting.engine import Engine, Head
from posting.recovery.book_loading import Loaded
from tests.file_strategies import REFERENCE, File
from tests.ingest.row_strategies import as_text

SECRET = (11, 13)
SENDER = Sender(1)
START = Head(0, bytes(32))


@cache
def reference() -> Reference:
    return Reference.load(REFERENCE)


@cache
def registry() -> Registry:
    numbers: Numbers = {}
    number(numbers, {**reference().codes(), Coded.SENDER: ["ministry"]})
    return Registry(reference(), numbers)


def nothing() -> Loaded:
    """A book in which nothing happened yet."""
    return Loaded(empty(registry()), START, SECRET, Mark(0, 0, 0, 0))


class Desk:
    """A book, and what brings rows before it."""

    def __init__(self, loaded: Loaded | None = None) -> None:
        found = loaded or nothing()
        self.engine = Engine(found.state, found.head)
        cells = CellNumbers(found.state.cell_words[1:])
        self.loaded = found
        self.context = Context(found.state.registry, cells, Memory(), found.secret)
        self._submissions = 0

    @property
    def state(self) -> State:
        return self.engine.state

    def submission(self, lines: int) -> Submission:
        """The next submission, of one sender."""
        self._submissions += 1
        return Submission(self._submissions, "ministry", lines)

    def piece(self, rows: File, submission: Submission | None = None, first: int = 0) -> Piece:
        """``rows`` from line ``first`` of a submission on, as its first pass presents them."""
        owner = submission or self.submission(len(rows))
        lines, then = np.arange(first, first + len(rows), dtype=np.int32), first + len(rows)
        raw = as_text(rows)
        found = resolve(raw, SENDER, self.context)
        parts = (found.day, found.cents, found.reference, found.text, found.field, found.new_words)
        return Piece(
            owner,
            found.acts,
            lines,
            *parts,
            raw,
            Stage(1, then, then == owner.lines),
            cells_before=found.cells_before,
        )

    def evaluate(self, *pieces: Piece, holding: bool = False) -> Outcome:
        """Decide one batch."""
        return self.engine.evaluate(Batch(list(pieces), holding))

    def present(self, *files: File) -> Outcome:
        """One batch of whole files, each a submission of its own, for good."""
        return self.evaluate(*map(self.piece, files))


def node(centre: str, item: str = "HT2", year: int = 2018, fund: str = ORDINARY_FUND) -> int:
    """Position in the book of a node."""
    numbers, of = registry().numbers, reference().nomenclatures[year]
    sheet = int(of.items[item].staff) * 3 + int(of.funds[fund].family)
    place = (np.array(numbers[Coded.CENTRE][centre]), np.array(year), np.array(sheet))
    return int(registry().node_positions(*place))
