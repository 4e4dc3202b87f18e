"""The small parts of the plain model, compared with published values and known facts."""

import json
import struct
import subprocess
import sys
from datetime import date, timedelta

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import AMOUNT_MAX
from core.outcome_codes import Outcome
from tests.act_strategies import INT64_EDGES, DecisionCase, cases, to_columns
from tests.oracle import amounts, cells, copy_rows, days, hashing, iban, key_index, whole_numbers
from tests.oracle.lines import to_line

_KEY = bytes(range(16))


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (0, "a3817f04ba25a8e66df67214c7550293"),
        (1, "da87c1d86b99af44347659119b22fc45"),
        (2, "8177228da4a45dc7fca38bdef60affe4"),
        (8, "3b62a9ba6258f5610f83e264f31497b4"),
        (11, "0151c568386b6677a2b4dc6f81e5dc18"),
    ],
)
def test_the_wide_hash_gives_the_published_values(length: int, expected: str) -> None:
    """The values of the reference implementation, with 2 and 4 rounds; ours differs only in the rounds."""
    first, second = key_index.compute_siphash128(_KEY, bytes(range(length)), rounds=(2, 4))
    assert struct.pack("<QQ", first, second).hex() == expected


@pytest.mark.parametrize(("length", "expected"), [(0, "310e0edd47db6f72"), (1, "fd67dc93c539f874")])
def test_the_narrow_hash_gives_the_published_values(length: int, expected: str) -> None:
    assert (
        struct.pack("<Q", key_index.compute_siphash64(_KEY, bytes(range(length)), rounds=(2, 4))).hex()
        == expected
    )


def test_the_narrow_hash_is_the_interpreters_own() -> None:
    """CPython hashes bytes with SipHash-1-3; without a seed its key is zero."""
    program = "import json; print(json.dumps([hash(bytes(range(n))) for n in range(1, 100)]))"
    environment = {"PYTHONHASHSEED": "0"}
    output = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=True, text=True
    ).stdout
    assert sys.hash_info.algorithm == "siphash13"
    ours = [key_index.compute_siphash64(bytes(16), bytes(range(length))) for length in range(1, 100)]
    assert [word % 2**64 for word in json.loads(output)] == ours


def test_fingerprints_differ_by_text_and_prefix() -> None:
    fingerprints = hashing.fingerprint_texts([b"EJ-1", b"EJ-1", b"EJ-2", b""], [1, 2, 1, 1], 5, 6)
    assert len(set(fingerprints)) == 4
    assert fingerprints[3] == (0, 0)
    assert all(low < 2**32 for _, low in fingerprints)
    assert fingerprints != hashing.fingerprint_texts([b"EJ-1", b"EJ-1", b"EJ-2", b""], [1, 2, 1, 1], 6, 5)


def test_digests_differ_by_text_and_salt() -> None:
    digests = [*hashing.digest_texts([b"a", b"b", b""], 1), *hashing.digest_texts([b"a", b"b"], 2)]
    assert len(set(digests)) == 5
    assert digests[2] == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(
            ("EJ-1", ("EJ-1", 1)),
            ("EJ-1#2", ("EJ-1", 2)),
            ("EJ#1#3", ("EJ#1", 3)),
            ("EJ-1#0012", ("EJ-1", 12)),
        ),
        *(
            (text, None)
            for text in ("#", "#0", "EJ-1#", "EJ-1#0", "EJ-1#x", "EJ-1#-1", "EJ-1#1 ", "EJ-1#10000000000")
        ),
        *(("#1", ("", 1)), ("#0012", ("", 12)), ("@7", ("", -7)), ("@7#1", ("@7", 1)), ("a@7", ("a@7", 1))),
        *((text, None) for text in ("@", "@0", "@x", "@7 ", "@-7", "@10000000000")),
    ],
)
def test_predecessors_are_split(text: str, expected: tuple[str, int] | None) -> None:
    assert hashing.split_predecessor(text) == expected


@pytest.mark.parametrize("text", ["a\nb", "\0", "a\x7f", "\tEJ", "123456"])
def test_flawed_texts_are_detected(text: str) -> None:
    assert hashing.is_flawed(text.encode(), 5)


@pytest.mark.parametrize("text", ["", "12345", "éé", "a b~"])
def test_texts_that_are_not_flawed(text: str) -> None:
    assert not hashing.is_flawed(text.encode(), 5)


def test_cells_are_numbered_in_order_of_first_occurrence() -> None:
    words = [70]
    assert cells.number_cells([90, -1, 70, 80, 90], words) == [1, -1, 0, 2, 1]
    assert words == [70, 90, 80]


def test_inserted_keys_are_found() -> None:
    rows: key_index.Rows = {}
    key_index.index_keys(rows, [(1, 1), (1, 2), (2, 1)], 0, 3)
    assert [key_index.find_key(rows, high, low) for high, low in ((1, 1), (1, 2), (2, 1), (2, 2))] == [
        0,
        1,
        2,
        -1,
    ]
    with pytest.raises(KeyError):
        key_index.insert_key(rows, 3, (1, 2))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("0.01", 1), ("0,1", 10), ("12", 1200), ("007.50", 750), ("1000000000000.00", AMOUNT_MAX)),
        *(("0", Outcome.AMOUNT_NOT_POSITIVE), ("0.00", Outcome.AMOUNT_NOT_POSITIVE)),
        *(("-0.01", Outcome.AMOUNT_NOT_POSITIVE), (f"-{10**30}", Outcome.AMOUNT_NOT_POSITIVE)),
        *(("1000000000000.01", Outcome.AMOUNT_OVER_LIMIT), ("9" * 40, Outcome.AMOUNT_OVER_LIMIT)),
        *(
            (text, Outcome.AMOUNT_INVALID)
            for text in ("", " ", "1.", ".5", "1.000", "1..2", "1.2,3", "1,234.50")
        ),
        *(
            (text, Outcome.AMOUNT_INVALID)
            for text in ("+1", "--1", "- 1", "1-", "1e3", "1 000", "1_000", "0x10")
        ),
        *(
            (text, Outcome.AMOUNT_INVALID)
            for text in (" 1", "1 ", "1\n", "NaN", "inf", "\u0661", "1\u00a0000")
        ),
    ],
)
def test_amounts_are_parsed(text: str, expected: int) -> None:
    """A fault comes with zero cents."""
    fault = isinstance(expected, Outcome)
    assert amounts.parse(text) == ((0, expected) if fault else (expected, Outcome.ACCEPTED))


@given(st.integers(1, AMOUNT_MAX))
def test_written_amounts_are_parsed_back(cents: int) -> None:
    assert amounts.parse(f"{cents // 100}.{cents % 100:02}") == (cents, Outcome.ACCEPTED)


@given(st.sampled_from(INT64_EDGES) | st.integers(AMOUNT_MAX - 1, AMOUNT_MAX + 1))
def test_whole_cents_are_checked_alike(cents: int) -> None:
    sign = "-" if cents < 0 else ""
    text = f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02}"
    assert amounts.check_cents(cents) == amounts.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("0", 0), ("1", 1), ("0012", 12), ("2018", 2018), ("9999999999", 9_999_999_999)),
        *((text, None) for text in ("", "-1", "+1", "1.0", " 1", "1 ", "1_0", "x", "10000000000", "\u0661")),
    ],
)
def test_whole_numbers_are_parsed(text: str, expected: int | None) -> None:
    assert whole_numbers.parse(text) == expected


@pytest.mark.parametrize("text", ["", "2018-02-29", "2018-13-01", "2018-00-10", "2018-01-00", "0000-01-01"])
def test_days_that_do_not_exist_are_refused(text: str) -> None:
    assert days.parse(text) is None


@pytest.mark.parametrize(
    "text", ["31/12/2018", "2018/12/31", "20181231", "2018-1-1", "18-12-31", "2018-12-31 ", "x"]
)
def test_other_notations_of_days_are_refused(text: str) -> None:
    assert days.parse(text) is None


@given(st.dates())
def test_written_days_are_parsed_back(day: date) -> None:
    number = days.parse(day.isoformat())
    assert number is not None
    assert date(1970, 1, 1) + timedelta(number) == day
    assert days.split_day(number) == (day.year, day.month, day.day)


@pytest.mark.parametrize(
    "text",
    [
        *("FR7630006000011234567890189", "FR1420041010050500013M02606", "DE89370400440532013000"),
        *("GB29NWBK60161331926819", "NO9386011117947", "MT84MALT011000012345MTLCAST001S", "BE68539007547034"),
        *("LC55HEMM000100010012001200023015", "CH9300762011623852957", "SC18SSCB11010000000000001497USD"),
    ],
)
def test_published_ibans_are_valid(text: str) -> None:
    assert iban.is_iban(text)
    assert iban.add_check_digits(text[:2], text[4:]) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", "FR", "fr7630006000011234567890189", "FR76 3000 6000 0112 3456 7890 189"),
        *("FR763000600001123456789018", "FR76300060000112345678901890", "ZZ7630006000011234567890189"),
        *("FR7630006000011234567890\u0661\u0668\u0669", "7630006000011234567890189FR"),
    ],
)
def test_invalid_ibans_are_refused(text: str) -> None:
    assert not iban.is_iban(text)


@given(st.sampled_from(sorted(iban.LENGTHS)), st.data())
def test_one_wrong_character_makes_an_iban_invalid(country: str, data: st.DataObject) -> None:
    account = data.draw(st.text("0123456789", min_size=(n := iban.LENGTHS[country] - 4), max_size=n))
    right = iban.add_check_digits(country, account)
    at = data.draw(st.integers(2, len(right) - 1))
    digit = data.draw(st.sampled_from("0123456789").filter(right[at].__ne__))
    assert iban.is_iban(right)
    assert not iban.is_iban(right[:at] + digit + right[at + 1 :])


def test_a_copy_row_byte_by_byte() -> None:
    row = copy_rows.encode_row(
        ("int2", "int4", "int8", "date", "text", "bytea"), (-1, 2, 3, 10957, "é", None)
    )
    assert row.hex(" ") == (
        "00 06 00 00 00 02 ff ff 00 00 00 04 00 00 00 02 00 00 00 08 00 00 00 00 00 00 00 03 "
        "00 00 00 04 00 00 00 00 00 00 00 02 c3 a9 ff ff ff ff"
    )


@pytest.mark.parametrize(("postgres", "value"), [("int2", 2**15), ("int4", -(2**31) - 1), ("int8", 2**63)])
def test_a_number_out_of_range_is_refused(postgres: str, value: int) -> None:
    with pytest.raises(struct.error):
        copy_rows.encode_field(postgres, value)


@given(
    st.lists(
        st.tuples(st.binary(min_size=3, max_size=3), st.lists(st.binary(max_size=9), min_size=2, max_size=2))
    )
)
def test_joined_rows_are_split_back(rows: list[tuple[bytes, list[bytes]]]) -> None:
    data = copy_rows.append_texts([head for head, _ in rows], [own for _, own in rows])
    assert copy_rows.split_texts(data, 3, 2) == rows


async def test_postgresql_reads_the_encoded_rows(dsn: str) -> None:
    types = ("int2", "int4", "int8", "date", "text", "bytea")
    rows = [(-(2**15), 2**31 - 1, edge, 17_532, f"é {edge}", b"\0\xff") for edge in INT64_EDGES]
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("create table t (a int2, b int4, c int8, d date, e text, f bytea)")
        await connection.copy_to_table(
            "t", source=memoryview(copy_rows.encode_stream(types, rows)), format="binary"
        )
        read_rows = [
            tuple(record)
            for record in await connection.fetch("select a, b, c, d - '1970-01-01', e, f from t")
        ]
    finally:
        await connection.close()
    assert read_rows == rows


@given(cases(acts_max=5))
def test_columns_convert_back_to_lines(case: DecisionCase) -> None:
    for batch in case.batches:
        laid_out = to_columns(batch.lines)
        back = [
            to_line({name: column[at] for name, column in laid_out.items()}) for at in range(len(batch.lines))
        ]
        assert back == batch.lines
