"""Names of result files: the suffix of each kind, and safe names for files whose own name cannot be used."""

import hashlib
import os

RECEIPT_SUFFIX = ".receipt.json"
REFUSALS_SUFFIX = ".refusals.csv"
PAIN002_SUFFIX = ".pain002.xml"
PROBLEM_SUFFIX = ".problem.json"
PAYMENT_SUFFIXES = (".xml", ".tar")
"""Suffixes of payment files, whose senders get a pain.002."""
NAME_BYTES_MAX = 180
"""With a prefix and a suffix such a name still fits the 255 bytes of a file system."""
_DIGEST_LETTERS = 12


def is_plain(name: str) -> bool:
    """Return whether a file may have this name: short, printable, without a slash, no dot or dash in front."""
    is_short = 0 < len(os.fsencode(name)) <= NAME_BYTES_MAX
    return is_short and name.isprintable() and name[0] not in ".-" and "/" not in name


def to_safe_name(name: str) -> str:
    """Return ``name`` if it is plain, otherwise its ASCII letters and digits and a digest that makes it unique."""
    if is_plain(name):
        return name
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:_DIGEST_LETTERS]
    letters = (letter if letter.isascii() and letter.isalnum() else "_" for letter in name[:80])
    return f"{''.join(letters)}-{digest}"
