"""The envelope of a file to send: values given with the call, completed from ``FILE.manifest.json`` beside the file.

This module is light, like everything that a client loads: only keys and types are checked here, the rest by the service.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import FileUnreadable, FormatUnknown, LimitExceeded
from ingest.sidecars import MANIFEST_SUFFIX

MANIFEST_BYTES_MAX = 2**16
_FLAGS = frozenset({"sepa_only", "atomic", "extra_columns"})
_KEYS = frozenset({"sender", "batch_id", "version", "count", "control_sum", "sha256", "charset"}) | _FLAGS
_REMEDY = "Write the envelope as one JSON object"
HASH_HEADER = "Crescendo-Sha256"
"""The header with the hash of the file."""
EnvelopeValues = Mapping[str, str | bool]


def merge_manifest(path: Path, envelope: EnvelopeValues) -> dict[str, str | bool]:
    """Return the values of ``envelope`` and, for keys that it lacks, those of the manifest beside ``path``.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        The manifest cannot be read, or a key or value is not allowed.
    """
    manifest = path.with_name(f"{path.name}{MANIFEST_SUFFIX}")
    manifest_values = _check_values(_read_manifest(manifest), manifest.name) if manifest.exists() else {}
    return {**manifest_values, **_check_values(envelope, path.name)}


def to_headers(envelope: EnvelopeValues) -> dict[str, str]:
    """Return the envelope as headers, without ``atomic``, which is a query parameter."""
    in_headers = {key: value for key, value in envelope.items() if key != "atomic"}
    return {
        f"Crescendo-{key.replace('_', '-').title()}": str(value).lower() if key in _FLAGS else str(value)
        for key, value in in_headers.items()
    }


def _check_values(values: Mapping[str, Any], place: str) -> EnvelopeValues:
    for key, value in values.items():
        if key not in _KEYS:
            raise FormatUnknown(
                place, f"The key {key!r} is unknown", f"The keys are {', '.join(sorted(_KEYS))}"
            )
        is_text = isinstance(value, str) and value.isascii() and value.isprintable() and value.strip()
        if not (isinstance(value, bool) if key in _FLAGS else is_text):
            remedy = f"Write printable text, and true or false for {' and '.join(sorted(_FLAGS))}"
            raise FormatUnknown(place, f"{key} is {value!r}"[:200], remedy)
    return values


def _read_manifest(manifest: Path) -> Mapping[str, Any]:
    try:
        with manifest.open("rb") as file:
            text = file.read(MANIFEST_BYTES_MAX + 1)
        if len(text) > MANIFEST_BYTES_MAX:
            raise LimitExceeded(
                manifest.name,
                f"The manifest has more than {MANIFEST_BYTES_MAX:,} bytes",
                "Write nothing but the envelope",
            )
        # numbers stay the text that they were written as, like in the manifests that a command reads
        document = json.loads(
            text.decode(), object_pairs_hook=_reject_repeated_names, parse_int=str, parse_float=str
        )
    except (OSError, ValueError, RecursionError) as error:
        raise FileUnreadable(
            manifest.name, f"The manifest is not a JSON object: {error}"[:300], _REMEDY
        ) from error
    if not isinstance(document, dict):
        raise FileUnreadable(
            manifest.name, f"The manifest is a JSON {type(document).__name__}, not an object", _REMEDY
        )
    return document


def _reject_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the JSON object; a repeated name is an error."""
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a name occurs twice")
    return document
