"""An engine on the small reference data that is given rows of text; nothing is stored."""

from functools import cache

import numpy as np

from core.nomenclature import ORDINARY_FUND
from ingest.resolution.resolver import ResolutionContext, Sender, resolve
from ingest.resolution.text_columns import DictionaryCache
from posting.batch import Batch, BatchResult, Piece, Progress, Submission
from posting.book.book_state import BookState, create_empty_book
from posting.book.cells import CellNumbers
from posting.book.checkpoint import CheckpointExtent
from posting.book.registry import CodeKind, NumbersByCode, ReferenceData, Registry, number_codes
from posting.engine import ChainHead, Engine
from posting.recovery.book_loading import LoadedBook
from tests.file_strategies import REFERENCE, File
from tests.ingest.row_strategies import to_text

SECRET = (11, 13)
SENDER = Sender(1)
START = ChainHead(0, bytes(32))


@cache
def load_reference() -> ReferenceData:
    return ReferenceData.load(REFERENCE)


@cache
def build_registry() -> Registry:
    numbers: NumbersByCode = {}
    number_codes(numbers, {**load_reference().list_codes(), CodeKind.SENDER: ["ministry"]})
    return Registry(load_reference(), numbers)


def load_empty_book() -> LoadedBook:
    """A book in which nothing happened yet."""
    return LoadedBook(create_empty_book(build_registry()), START, SECRET, CheckpointExtent(0, 0, 0, 0))


class TextEngine:
    """A book, and what brings rows before it."""

    def __init__(self, loaded: LoadedBook | None = None) -> None:
        found = loaded or load_empty_book()
        self.engine = Engine(found.state, found.head)
        cells = CellNumbers(found.state.cell_words[1:])
        self.loaded = found
        self.context = ResolutionContext(found.state.registry, cells, DictionaryCache(), found.secret)
        self._submissions = 0

    @property
    def state(self) -> BookState:
        return self.engine.state

    def create_submission(self, lines: int) -> Submission:
        """The next submission, of one sender."""
        self._submissions += 1
        return Submission(self._submissions, "ministry", lines)

    def build_piece(self, rows: File, submission: Submission | None = None, first: int = 0) -> Piece:
        """``rows`` from line ``first`` of a submission on, as its first pass presents them."""
        owner = submission or self.create_submission(len(rows))
        lines, then = np.arange(first, first + len(rows), dtype=np.int32), first + len(rows)
        raw = to_text(rows)
        found = resolve(raw, SENDER, self.context)
        parts = (found.day, found.cents, found.reference, found.text, found.field, found.new_words)
        return Piece(
            owner,
            found.acts,
            lines,
            *parts,
            raw,
            Progress(1, then, then == owner.lines),
            cells_before=found.cells_before,
        )

    def evaluate(self, *pieces: Piece, holding: bool = False) -> BatchResult:
        """Decide one batch."""
        return self.engine.evaluate(Batch(list(pieces), holding))

    def decide_files(self, *files: File) -> BatchResult:
        """One batch of whole files, each a submission of its own, for good."""
        return self.evaluate(*map(self.build_piece, files))


def find_node(centre: str, item: str = "HT2", year: int = 2018, fund: str = ORDINARY_FUND) -> int:
    """Position in the book of a node."""
    numbers, of = build_registry().numbers, load_reference().nomenclatures[year]
    sheet = int(of.items[item].staff) * 3 + int(of.funds[fund].family)
    place = (np.array(numbers[CodeKind.CENTRE][centre]), np.array(year), np.array(sheet))
    return int(build_registry().find_node_positions(*place))
