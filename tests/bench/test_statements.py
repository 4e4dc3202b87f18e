"""The benchmark of statements matches every transfer in both formats."""

from bench.payments.statement_benchmark import measure


def test_statements_are_verified_and_timed() -> None:
    figures = measure(500)
    assert [figure.name for figure in figures] == ["camt.053", "cfonb.120"]
    assert all(figure.transfers == 500 and figure.size_bytes > 50_000 for figure in figures)
    assert all(figure.megabytes_a_second > 0 for figure in figures)
