"""An engine on the small reference data that decides rows of text, without a database."""

from functools import cache

import numpy as np

from core.nomenclature import ORDINARY_FUND
from ingest.queue.open_submission import build_piece
from ingest.resolution.resolver import ResolutionContext, Sender, resolve
from ingest.resolution.text_columns import DictionaryCache
from posting.batch import Batch, BatchResult, Piece, Progress, Submission
from posting.book.book_state import BookState
from posting.book.cells import CellNumbers
from posting.book.checkpoint import NO_CHECKPOINT
from posting.book.code_numbers import CodeKind, NumbersByCode, number_codes
from posting.book.empty_book import create_empty_book
from posting.book.registry import ReferenceData, Registry
from posting.engine import Engine
from posting.hash_chain import ChainHead
from posting.recovery.book_loading import LoadedBook
from tests.accountants import ACCOUNTANTS
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
    """Return an empty book."""
    return LoadedBook(create_empty_book(build_registry()), START, SECRET, NO_CHECKPOINT)


class TextEngine:
    """An engine with its book, and the resolver of its rows."""

    def __init__(self, loaded: LoadedBook | None = None) -> None:
        book = loaded or load_empty_book()
        self.engine = Engine(book.state, book.head)
        if not book.state.directory.persons:
            self.engine.follow_directory(ACCOUNTANTS)
        cells = CellNumbers(book.state.cell_words[1:])
        self.loaded = book
        self.context = ResolutionContext(book.state.registry, cells, DictionaryCache(), book.secret)
        self._submissions = 0

    @property
    def state(self) -> BookState:
        return self.engine.state

    def create_submission(self, lines: int) -> Submission:
        """Create the next submission of the one sender."""
        self._submissions += 1
        return Submission(self._submissions, "ministry", lines)

    def build_piece(self, rows: File, submission: Submission | None = None, first: int = 0) -> Piece:
        """Build the piece of ``rows`` from line ``first`` of a submission on, as in its first pass."""
        owner = submission or self.create_submission(len(rows))
        lines, next_line = np.arange(first, first + len(rows), dtype=np.int32), first + len(rows)
        resolved = resolve(to_text(rows), SENDER, self.context)
        progress = Progress(1, next_line, next_line == owner.lines)
        return build_piece(resolved, owner, lines, progress_after=progress)

    def evaluate(self, *pieces: Piece, holding: bool = False) -> BatchResult:
        """Decide one batch."""
        return self.engine.evaluate(Batch(list(pieces), holding))

    def decide_files(self, *files: File) -> BatchResult:
        """Decide one batch of whole files, each a submission of its own, without holding acts."""
        return self.evaluate(*map(self.build_piece, files))


def find_node(centre: str, item: str = "HT2", year: int = 2018, fund: str = ORDINARY_FUND) -> int:
    """Return the position of a node in the book."""
    numbers, nomenclature = build_registry().numbers, load_reference().nomenclatures[year]
    sheet = int(nomenclature.items[item].staff) * 3 + int(nomenclature.funds[fund].family)
    position = (np.array(numbers[CodeKind.CENTRE][centre]), np.array(year), np.array(sheet))
    return int(build_registry().find_node_positions(*position))
