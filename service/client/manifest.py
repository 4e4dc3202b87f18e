"""What is said of a file that is sent: with the call, and in ``FILE.manifest.json`` beside it; item by item the call wins.

Light, as all that a ministry's system loads: whether what is said can be true, and is, the service judges.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import FileUnreadable, FormatUnknown, LimitExceeded
from ingest.sidecars import MANIFEST_SUFFIX

MANIFEST_BYTES_MAX = 2**16
_FLAGS = frozenset({"sepa_only", "atomic"})
_KEYS = frozenset({"sender", "batch_id", "version", "count", "control_sum", "sha256"}) | _FLAGS
_REMEDY = "Write one JSON object: the envelope"
HASH_HEADER = "Crescendo-Sha256"
"""The header of the hash."""
EnvelopeValues = Mapping[str, str | bool]


def merge_manifest(path: Path, envelope: EnvelopeValues) -> dict[str, str | bool]:
    """What is ``given``, and where it says nothing, what the manifest beside ``path`` says.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        The manifest does not read, or something said is nothing that may be said.
    """
    manifest = path.with_name(f"{path.name}{MANIFEST_SUFFIX}")
    beside = _check_values(_read_manifest(manifest), manifest.name) if manifest.exists() else {}
    return {**beside, **_check_values(envelope, path.name)}


def to_headers(envelope: EnvelopeValues) -> dict[str, str]:
    """The headers that say it; ``atomic`` stands in the query."""
    told = {key: value for key, value in envelope.items() if key != "atomic"}
    return {
        f"Crescendo-{key.replace('_', '-').title()}": str(value).lower() if key in _FLAGS else str(value)
        for key, value in told.items()
    }


def _check_values(values: Mapping[str, Any], where: str) -> EnvelopeValues:
    for key, value in values.items():
        if key not in _KEYS:
            raise FormatUnknown(where, f"Unknown key {key!r}", f"The keys are {', '.join(sorted(_KEYS))}")
        is_text = isinstance(value, str) and value.isascii() and value.isprintable() and value.strip()
        if not (isinstance(value, bool) if key in _FLAGS else is_text):
            told = f"Write printable text, and true or false for {' and '.join(sorted(_FLAGS))}"
            raise FormatUnknown(where, f"{key} is {value!r}"[:200], told)
    return values


def _read_manifest(manifest: Path) -> Mapping[str, Any]:
    try:
        with manifest.open("rb") as file:
            text = file.read(MANIFEST_BYTES_MAX + 1)
        if len(text) > MANIFEST_BYTES_MAX:
            raise LimitExceeded(
                manifest.name, f"Over {MANIFEST_BYTES_MAX:,} bytes", "Write the envelope alone"
            )
        found = json.loads(text.decode(), object_pairs_hook=_reject_repeated_names)
    except (OSError, ValueError, RecursionError) as error:
        raise FileUnreadable(manifest.name, f"Not a JSON object: {error}"[:300], _REMEDY) from error
    if not isinstance(found, dict):
        raise FileUnreadable(manifest.name, f"A JSON {type(found).__name__}, not an object", _REMEDY)
    return found


def _reject_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which no name stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found
