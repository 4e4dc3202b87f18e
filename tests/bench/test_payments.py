"""The benchmark of payment runs at a small size: it verifies its result, and detects wrong sums."""

from pathlib import Path

import pytest

from bench.payments import payable_requests
from bench.payments.payable_requests import Size
from bench.payments.payment_benchmark import measure
from posting.book.registry import ReferenceData


async def test_all_requests_are_paid(dsn: str, tmp_path: Path) -> None:
    steps: list[str] = []
    figures = await measure(dsn, tmp_path, Size(5_000), report_progress=steps.append)
    assert (figures.payments, len(steps) > 3) == (5_000, True)
    assert figures.files >= 20
    assert figures.size_bytes > 300 * figures.payments
    assert figures.payments_a_second > 0
    assert list(figures.seconds) == [
        "propose",
        "release",
        "acts",
        "commit, the start of the engine included",
        "files",
    ]


async def test_wrong_sums_give_no_figures(dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files = payable_requests.write_files
    monkeypatch.setattr(
        payable_requests,
        "write_files",
        lambda *arguments: (write_files(*arguments)[0], write_files(*arguments)[1] + 1),
    )
    with pytest.raises(RuntimeError, match="expected are"):
        await measure(dsn, tmp_path, Size(100), report_progress=lambda _: None)


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    reference, contents = ReferenceData.load(), []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        paths, cents = payable_requests.write_files(tmp_path / name, Size(1_000, seed=3), reference)
        contents.append((cents, [path.read_bytes() for path in paths]))
    assert contents[0] == contents[1]
