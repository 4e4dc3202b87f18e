"""The benchmark of statements finds every transfer, and says so of each format."""

from bench.payments.statement_benchmark import measure


def test_statements_are_verified_and_timed() -> None:
    found = measure(500)
    assert [each.what for each in found] == ["camt.053", "cfonb.120"]
    assert all(each.transfers == 500 and each.size_bytes > 50_000 for each in found)
    assert all(each.megabytes_a_second > 0 for each in found)
