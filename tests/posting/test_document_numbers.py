"""Document numbers: what the engine stores is what a plain count over the journal gives."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from hypothesis import HealthCheck, given, settings

from core.catalog import CATALOG
from core.journals import JOURNAL_OF_KIND, JOURNALS, DocumentName, parse_name, read_code
from core.tables.document_ranges import DocumentRanges
from core.tables.journal import Entries
from posting.batch import BatchResult
from posting.pgcopy import HEADER, TRAILER, decode
from tests.file_strategies import File, files
from tests.posting.text_engine import TextEngine

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Series(NamedTuple):
    """What a document number counts in."""

    exercise: int
    accountant: int
    journal: int


Numbers = dict[Series, list[tuple[int, int]]]
"""By series: the number and the first entry of each document."""


def _decode_stored(result: BatchResult) -> Numbers:
    stream = result.streams.get("document_range", np.zeros(0, np.uint8))
    rows, texts = decode(DocumentRanges, HEADER + stream.tobytes() + TRAILER, 1)
    numbers: Numbers = {}
    for row, (exercise, accountant, journal) in enumerate(
        zip(rows.exercise.tolist(), rows.accountant.tolist(), rows.journal.tolist(), strict=True)
    ):
        assert rows.batch[row] == result.number
        array = texts.text.data[texts.spans.start[row] : texts.spans.end[row]].tobytes()
        words = np.frombuffer(array, ">i4").tolist()
        assert words[:5] == [1, 0, 23, rows.documents[row], 1]
        assert set(words[5::2]) == {4}
        entries = [int(rows.first_entry[row]) + start for start in words[6::2]]
        first = int(rows.first_number[row])
        numbers[Series(exercise, accountant, journal)] = list(enumerate(entries, first))
    return numbers


def _count_documents(result: BatchResult, last: dict[Series, int]) -> Numbers:
    """Number the documents of the entries of a batch, one entry after the other."""
    rows, texts = decode(Entries, HEADER + result.streams["entry"].tobytes() + TRAILER, 1)
    numbers: Numbers = defaultdict(list)
    act: tuple[object, ...] = ()
    counted_series: set[Series] = set()
    for row, entry in enumerate(rows.entry_id.tolist()):
        kind, exercise = int(rows.kind[row]), int(rows.exercise[row])
        owner = int(rows.source[row]) if CATALOG[kind].carries else 0
        next_act = (int(rows.submission[row]), CATALOG[kind].family, exercise, texts.decode_row(row), owner)
        if next_act != act:
            act, counted_series = next_act, set()
        series = Series(exercise, int(rows.accountant[row]), JOURNAL_OF_KIND[kind])
        if series.journal and series not in counted_series:
            counted_series.add(series)
            last[series] += 1
            numbers[series].append((last[series], entry))
    return dict(numbers)


@few
@given(presented=files(acts_max=25))
def test_the_stored_numbers_are_those_of_a_plain_count(presented: list[File]) -> None:
    harness, last = TextEngine(), defaultdict[Series, int](int)
    for rows in presented:
        result = harness.decide_files(rows)
        assert _decode_stored(result) == _count_documents(result, last)


def test_a_batch_without_entries_gives_no_number() -> None:
    assert "document_range" not in TextEngine().decide_files([]).streams


def test_the_journals_of_the_kinds_do_not_change() -> None:
    """The journal of a kind decides stored numbers: this list only grows at its end."""
    counts = {journal.code: JOURNAL_OF_KIND.count(journal.number) for journal in JOURNALS}
    assert sum(counts.values()) == sum(1 for kind in CATALOG[1:] if not kind.is_payee_act)
    assert [journal.number for journal in JOURNALS] == list(range(1, len(JOURNALS) + 1))
    frozen = "..BBBBBBBEEEDDDDDDPKKKKPPDDPD...DDDEEEBBBBBBBBBCCOOCRRRRRBBBBBBUUDPPRROOOOODDCBEEEEEEIIIIDDKRRUUUULLKKKKKDPDCD"
    frozen += "BBBBBBBBBIIIIIIIIII"
    letters = {"BUD": "B", "ENG": "E", "DEP": "D", "PAI": "P", "BNQ": "K", "REC": "R"}
    letters |= {"INV": "I", "OUV": "U", "CLO": "L", "OD": "O", "BAS": "C", "": "."}
    assert "".join(letters[read_code(number)] for number in JOURNAL_OF_KIND)[: len(frozen)] == frozen


def test_every_kind_that_posts_has_a_journal() -> None:
    """The reports name the document of every entry that they list, and no kind of a third party posts."""
    without = [kind for kind, journal in zip(CATALOG[1:], JOURNAL_OF_KIND[1:], strict=True) if not journal]
    assert without == [kind for kind in CATALOG[1:] if kind.is_payee_act]


def test_the_name_of_a_document_is_read_as_it_is_written() -> None:
    for name in (DocumentName("ACC-1", 2018, "DEP", 17), DocumentName("", 2019, "OD", 1)):
        assert parse_name(str(name)) == name
    for text in ("", "ACC/2018/DEP", "ACC/18a/DEP/1", "ACC/2018/XYZ/1", "ACC/2018/DEP/-1", "/2018/DEP/1"):
        assert parse_name(text) is None
