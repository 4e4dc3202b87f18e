"""Keyed fingerprints of the texts that name an act, a predecessor or a payee.

key = sender (32 bits) | family (16) | exercise (16), then the reference; a payee's code belongs to no sender.
"""

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.catalog import Family
from core.tables.columns import allocate_undefined_columns, seal
from core.tables.invoices import Suppliers
from core.tables.journal import Bytes, Fingerprints, Spans, Words
from kernels import hashing, invoices

Secret = tuple[int, int]
BANK_SALT = int(Field.IBAN)
"""Distinguishes a digest of bank details from the digests of other texts."""

_PAYEE_PREFIX = int(Family.THIRD_PARTY) << 16


def build_prefixes(
    sender: int | NDArray[np.integer], family: NDArray[np.integer], exercise: int | NDArray[np.integer]
) -> NDArray[np.uint64]:
    """Build the prefixes that distinguish equal references of different senders, families and exercises."""
    apart = np.asarray(sender).astype(np.uint64) << np.uint64(32)
    return apart | (family.astype(np.uint64) << np.uint64(16)) | np.asarray(exercise).astype(np.uint64)


def build_kind_prefixes(
    sender: int | NDArray[np.integer], families: NDArray[np.integer], kind: NDArray[np.integer]
) -> NDArray[np.uint64]:
    """Build the prefixes of lines of these kinds, without exercise; ``families`` are by kind."""
    if isinstance(sender, int):
        return build_prefixes(sender, families, 0)[kind]
    return build_prefixes(sender, families[kind], 0)


def fingerprint_texts(
    spans: Spans, text: Bytes, prefix: NDArray[np.uint64], *, secret: Secret
) -> Fingerprints:
    """Return 96 bits for each text; 0 for an empty text."""
    fingerprints = allocate_undefined_columns(Fingerprints, len(spans.start))
    hashing.fingerprint_texts(spans, text, seal(Words(prefix)), to_secret_words(secret), fingerprints)
    return seal(fingerprints)


def fingerprint_payees(spans: Spans, text: Bytes, secret: Secret) -> Fingerprints:
    """Return 96 bits for each payee code."""
    return fingerprint_texts(spans, text, np.full(len(spans.start), _PAYEE_PREFIX, np.uint64), secret=secret)


def fingerprint_invoices(spans: Spans, text: Bytes, suppliers: Suppliers, *, secret: Secret) -> Fingerprints:
    """Return 96 bits for the invoices of each number and supplier; 0 without a number."""
    fingerprints = allocate_undefined_columns(Fingerprints, len(spans.start))
    invoices.fingerprint_invoices(spans, text, seal(suppliers), to_secret_words(secret), fingerprints)
    return seal(fingerprints)


def digest_ibans(spans: Spans, text: Bytes) -> NDArray[np.uint64]:
    """Return 64 bits for each IBAN; 0 for an empty one."""
    words = allocate_undefined_columns(Words, len(spans.start))
    hashing.digest_texts(spans, text, np.uint64(BANK_SALT), words)
    return words.word


def to_secret_words(secret: Secret) -> Words:
    """Return the secret in the form that the kernels take."""
    return seal(Words(np.array(secret, np.uint64)))
