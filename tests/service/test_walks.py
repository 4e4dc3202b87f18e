"""The walks of docs/walks, followed on a real database: each command of a page ends and prints as the page says."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.walk_pages import FOLDER, PAGES, VARYING, Step, fits_answer, parse_steps, read_page
from tests.service.walk_screens import run_walk

STEPS_MIN = 6
LETTERS = str.maketrans("0123456789aeiou", "1234567890eioua")


@pytest.mark.parametrize("page", PAGES)
async def test_a_walk_goes_as_its_page_says(page: str, tmp_path: Path, empty_dsn: str) -> None:
    steps = list(parse_steps(read_page(page)))
    assert len(steps) >= STEPS_MIN
    (tmp_path / f"{page}-reference").mkdir()  # the page may have been followed before
    screens = await run_walk(steps, tmp_path, empty_dsn)
    for step, screen in zip(steps, screens, strict=True):
        assert screen.codes == step.list_codes(), step.commands
        assert fits_answer(step.answer, screen.text), screen.text
        for line, changed in list_changes(step):
            assert not fits_answer(changed, screen.text), f"this line is compared with nothing: {line}"


def list_changes(step: Step) -> Iterator[tuple[str, str]]:
    """Yield each line of an answer that has a letter or digit, and the answer with that line changed."""
    lines = step.answer.splitlines()
    for number, line in enumerate(lines):
        changed = line.translate(LETTERS)
        if changed != line:
            yield line, "\n".join([*lines[:number], changed, *lines[number + 1 :]])


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_each_file_once_and_shows_more_than_it_leaves_out(page: str) -> None:
    steps = list(parse_steps(read_page(page)))
    names = [name for step in steps for name in step.files]
    assert len(names) == len(set(names))
    lines = [line for step in steps for line in step.answer.splitlines()]
    assert lines.count(VARYING) * 5 < len(lines)


def test_the_list_names_every_page() -> None:
    text = FOLDER.joinpath("README.md").read_text()
    assert {f"{page}.md" for page in PAGES} | {"README.md"} == {path.name for path in FOLDER.glob("*.md")}
    assert all(f"[{page}.md]({page}.md)" in text for page in PAGES)


@pytest.mark.parametrize(
    ("answer", "is_fit"),
    [
        ("Paid  10.00\nbatch …", True),
        ("Paid  10.00\n…", True),
        ("…\nbatch 7", True),
        ("Paid  10.00", False),
        ("batch 7\nPaid  10.00", False),
        ("Paid 10.00\nbatch 7", False),
        ("Paid  10.00\nbatch …7", False),
        ("Paid  10x00\nbatch 7", False),
    ],
)
def test_an_answer_is_compared_to_the_letter_where_it_states_no_placeholder(
    answer: str, is_fit: bool
) -> None:
    assert fits_answer(answer, "\nPaid  10.00  \nbatch 7\n\n") is is_fit
