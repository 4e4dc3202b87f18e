"""Third parties: their codes, names and bank accounts are computed from their numbers, and so need no memory.

None of them exists: names contain numbers, account numbers are invented.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.year.text_columns import (
    ByteRows,
    build_code_column,
    build_text_column,
    encode_digits,
    encode_texts,
)

ZIPF = 1.05

_NAMES = encode_texts("Fournisseur ", "Association ", "Particulier ")
_BANKS = (
    (30004, "BNPAFRPP"), (30003, "SOGEFRPP"), (30002, "CRLYFRPP"), (10278, "CMCIFR2A"), (20041, "PSSTFRPP"),
    (30066, "CMCIFRPP"), (10071, "TRPUFRP1"), (18206, "AGRIFRPP"), (17515, "CEPAFRPP"), (10107, "BREDFRPP"),
)  # fmt: skip
_GERMAN, _BELGIAN = "DEUTDEFF", "GEBABEBB"

_SPREAD = 3**18
"""Prime to every power of ten: multiplying by it scatters consecutive numbers without repeating one."""


def draw_payees(count: int, payees: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """Draw the payees of ``count`` acts by Zipf's law, low numbers most often."""
    drawn = rng.random(count)
    drawn *= payees ** (1 - ZIPF) - 1
    drawn += 1
    np.power(drawn, 1 / (1 - ZIPF), out=drawn)
    return np.minimum(drawn.astype(np.int32) - 1, payees - 1)


class PayeeCodes(NamedTuple):
    """A code for each payee, as rows of bytes, and how many of them count."""

    codes: ByteRows
    lengths: NDArray[np.int64]


def build_codes(payees: NDArray[np.integer]) -> PayeeCodes:
    """Build each payee's code and its length: ten digits, or for three in ten a national number of fourteen digits."""
    number = payees.astype(np.int64)
    codes = np.zeros((len(number), 14), np.uint8)
    codes[:, :10] = encode_digits(10**9 + number * _SPREAD % 10**9, 10)
    is_national = number % 10 >= 7
    codes[is_national] = _build_sirets(number[is_national])
    return PayeeCodes(codes, np.where(is_national, 14, 10))


def build_names(payees: NDArray[np.integer]) -> ByteRows:
    """Build a name for each payee."""
    return np.hstack([_NAMES[payees % len(_NAMES)], encode_digits(payees, 7)])


def _build_sirets(number: NDArray[np.int64]) -> ByteRows:
    siren = encode_digits(number * _SPREAD % 10**8, 8)
    siren = np.hstack([siren, _compute_luhn(siren)])
    siret = np.hstack([siren, np.broadcast_to(encode_texts("0001"), (len(siren), 4))])
    return np.hstack([siret, _compute_luhn(siret)])


def _compute_luhn(digits: ByteRows) -> ByteRows:
    """Compute the check digit after each row of digits."""
    values = (digits[:, ::-1] - ord("0")).astype(np.int64)
    values[:, ::2] = values[:, ::2] * 2 // 10 + values[:, ::2] * 2 % 10
    return ((-values.sum(axis=1) % 10) + ord("0")).astype(np.uint8)[:, None]


def build_ibans(payees: NDArray[np.integer], invalid: NDArray[np.bool_] | None = None) -> pa.StringArray:
    """Build each payee's IBAN, valid except where ``invalid``; one in fifty is German or Belgian."""
    number = payees.astype(np.int64)
    ibans = np.zeros((len(number), 27), np.uint8)
    width = np.full(len(number), 27)
    german, belgian = _find_foreign_banks(number)
    for is_of_country, build in (
        (~german & ~belgian, _build_french_ibans),
        (german, _build_german_ibans),
        (belgian, _build_belgian_ibans),
    ):
        part = build(number[is_of_country])
        ibans[is_of_country, : part.shape[1]] = part
        width[is_of_country] = part.shape[1]
    if invalid is not None:
        last_check_digit = ibans[invalid, 3] - ord("0")
        ibans[invalid, 3] = (last_check_digit + 1) % 10 + ord("0")
    return build_text_column(ibans, width)


def build_bics(payees: NDArray[np.integer]) -> pa.DictionaryArray:
    """Build the BIC of each payee's bank."""
    german, belgian = _find_foreign_banks(payees)
    french = payees % len(_BANKS)
    positions = np.where(german, len(_BANKS), np.where(belgian, len(_BANKS) + 1, french))
    return build_code_column(positions, [*(bic for _, bic in _BANKS), _GERMAN, _BELGIAN])


def _find_foreign_banks(number: NDArray[np.integer]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    return number % 100 == 49, number % 100 == 99


def _build_french_ibans(number: NDArray[np.int64]) -> ByteRows:
    """Build French IBANs: an account number with its correct key is 0 mod 97, so that every IBAN begins with FR76."""
    bank = np.array([code for code, _ in _BANKS])[number % len(_BANKS)]
    branch, account = number % 4_999 + 1, number * _SPREAD % 10**11
    key = 97 - (89 * bank + 15 * branch + 3 * account) % 97
    head = np.broadcast_to(encode_texts("FR76"), (len(number), 4))
    return np.hstack(
        [
            head,
            encode_digits(bank, 5),
            encode_digits(branch, 5),
            encode_digits(account, 11),
            encode_digits(key, 2),
        ]
    )


def _build_german_ibans(number: NDArray[np.int64]) -> ByteRows:
    bank, account = number % 7_777 + 50_070_000, number * _SPREAD % 10**10
    remainder = (bank % 97 * pow(10, 10, 97) + account) % 97
    return _build_foreign_ibans(
        "DE", remainder, np.hstack([encode_digits(bank, 8), encode_digits(account, 10)])
    )


def _build_belgian_ibans(number: NDArray[np.int64]) -> ByteRows:
    account = number * _SPREAD % 10**10
    key = np.where(account % 97 == 0, 97, account % 97)
    return _build_foreign_ibans(
        "BE", (account % 97 * 100 + key) % 97, np.hstack([encode_digits(account, 10), encode_digits(key, 2)])
    )


def _build_foreign_ibans(country: str, remainder: NDArray[np.int64], account: ByteRows) -> ByteRows:
    """Build IBANs of ``account``, whose value mod 97 is ``remainder``.

    The check digits are 98 minus the remainder of account, country (A is 10, B is 11, ...) and 00, mod 97.
    """
    tail = int("".join(str(int(letter, 36)) for letter in country)) * 100
    check = 98 - (remainder * pow(10, 6, 97) + tail) % 97
    return np.hstack(
        [np.broadcast_to(encode_texts(country), (len(account), 2)), encode_digits(check, 2), account]
    )
