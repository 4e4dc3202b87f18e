"""The envelope of a file: its sender, its batch, and the totals that it must have.

Item by item the most specific source wins: the command or request, then a ``.manifest.json`` beside the file, then
the envelope inside the file.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.errors import EnvelopeMismatch, FormatUnknown, LimitExceeded
from core.money import CENTS_PER_EURO, format_euros
from core.senders import SENDER_PATTERN
from ingest.formats.charsets import parse_charset
from ingest.formats.detection import MANIFEST_BYTES_MAX, translate_decoder_errors
from ingest.formats.jsonl import parse_object
from ingest.formats.read_options import ReadOptions
from ingest.sidecars import MANIFEST_SUFFIX

FORMAT_VERSION = "1"
"""The supported version of the flat act format."""

METADATA_PREFIX = b"crescendo."

_SENDER_REGEX = re.compile(SENDER_PATTERN)
_BATCH_ID_REGEX = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/+()?,'-]{0,34}")
_COUNT_REGEX = re.compile(r"[0-9]{1,9}")
_SUM_REGEX = re.compile(r"(-?)([0-9]{1,16})(?:\.([0-9]{1,2}))?")
_SHA256_REGEX = re.compile(r"[0-9a-fA-F]{64}")
_FLAGS = frozenset({"sepa_only", "atomic", "extra_columns"})
_EMBEDDED_KEYS = frozenset({"sender", "batch_id", "version", "count", "control_sum"}) | _FLAGS
_MANIFEST_KEYS = _EMBEDDED_KEYS | {"sha256", "charset"}


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """The statements about a file; an empty text or None is an item that was not stated.

    The envelope of a spooled file always has a sender and a batch id.
    """

    sender: str = ""
    batch_id: str = ""
    version: str = FORMAT_VERSION
    count: int | None = None
    control_cents: int | None = None
    sha256: bytes | None = None
    sepa_only: bool = False
    """The sender wants no payment outside SEPA: amounts over the SEPA limit are refused, not sent by other means."""
    atomic: bool = False
    """The sender wants all acts of the file accepted, or none."""
    charset: str = ""
    """The charset of a CSV file."""
    extra_columns: bool = False
    """The file may have columns that are not those of the format; they are not read."""

    @property
    def read_options(self) -> ReadOptions:
        """What the sender states about the reading of the file."""
        return ReadOptions(self.charset, self.extra_columns, may_allow_extra=True)


def parse_envelope(
    items: Mapping[str, Any], position: str, keys: frozenset[str] = _MANIFEST_KEYS
) -> Envelope:
    """Build an envelope from texts; ``control_sum`` is in euros with at most two decimals.

    Raises
    ------
    FormatUnknown
        An unknown key or version, or a value that its key does not allow.
    """
    for key, value in items.items():
        if key not in keys:
            raise FormatUnknown(
                position, f"The key {key!r} is unknown", f"The keys are {', '.join(sorted(keys))}"
            )
        if not isinstance(value, str | bool) or isinstance(value, bool) != (key in _FLAGS) or value == "":
            remedy = f"Write text, and true or false for {' and '.join(sorted(_FLAGS))}"
            raise FormatUnknown(position, f"{key} is {value!r}", remedy)
    count, control_sum, sha256 = (items.get(key) for key in ("count", "control_sum", "sha256"))
    return check_envelope(
        Envelope(
            sender=items.get("sender", ""),
            batch_id=items.get("batch_id", ""),
            version=items.get("version", FORMAT_VERSION),
            count=None if count is None else int(_match(_COUNT_REGEX, "count", count, position=position)[0]),
            control_cents=None if control_sum is None else parse_control_sum(control_sum, position),
            sha256=None
            if sha256 is None
            else bytes.fromhex(_match(_SHA256_REGEX, "sha256", sha256, position=position)[0]),
            charset=parse_charset(items["charset"], position) if "charset" in items else "",
            **{flag: items.get(flag, False) for flag in _FLAGS},
        ),
        position,
    )


def check_envelope(envelope: Envelope, position: str) -> Envelope:
    """Return ``envelope`` if its items are valid.

    Raises
    ------
    FormatUnknown
        Sender or batch id too long or with characters that are not allowed; an unsupported version.
    """
    if envelope.sender:
        _match(_SENDER_REGEX, "sender", envelope.sender, position=position)
    if envelope.batch_id:
        _match(_BATCH_ID_REGEX, "batch_id", envelope.batch_id, position=position)
    if envelope.version != FORMAT_VERSION:
        raise FormatUnknown(
            position,
            f"The envelope states version {envelope.version!r}",
            f"State version {FORMAT_VERSION} of the flat act format",
        )
    return envelope


def parse_control_sum(text: str, position: str) -> int:
    """Return ``1234.5`` as 123450 cents, exactly.

    Raises
    ------
    FormatUnknown
        Anything but digits with at most two decimals.
    """
    minus, whole, decimals = _match(_SUM_REGEX, "control_sum", text, position=position).groups(default="")
    cents = int(whole) * CENTS_PER_EURO + int(decimals.ljust(2, "0"))
    return -cents if minus else cents


def _match(pattern: re.Pattern[str], key: str, value: str, *, position: str) -> re.Match[str]:
    match = pattern.fullmatch(value)
    if match is None:
        raise FormatUnknown(
            position, f"{key} is {value[:80]!r}", f"Write a value that matches {pattern.pattern}"
        )
    return match


def read_manifest(path: Path) -> Envelope:
    """Read ``<file>.manifest.json``; return an empty envelope if it does not exist.

    Raises
    ------
    FormatUnknown, FileUnreadable, LimitExceeded
        It exists and is invalid.
    """
    manifest = path.with_name(f"{path.name}{MANIFEST_SUFFIX}")
    if not manifest.exists():
        return Envelope()
    with translate_decoder_errors(manifest.name), manifest.open("rb") as file:
        text = file.read(MANIFEST_BYTES_MAX + 1)
    if len(text) > MANIFEST_BYTES_MAX:
        raise LimitExceeded(
            manifest.name,
            f"The manifest has more than {MANIFEST_BYTES_MAX:,} bytes",
            "Write nothing but the envelope",
        )
    return parse_envelope(parse_object(text, manifest.name), manifest.name)


def parse_metadata_envelope(metadata: Mapping[bytes, bytes], name: str) -> Envelope:
    """Build an envelope from the ``crescendo.`` keys of the schema of a Parquet or Arrow file."""
    position = f"{name}, schema metadata"
    items: dict[str, Any] = {}
    for key, value in metadata.items():
        if key.startswith(METADATA_PREFIX):
            text = value.decode("ascii", "replace")
            items[key.removeprefix(METADATA_PREFIX).decode("ascii", "replace")] = text
    for flag in _FLAGS & items.keys():
        items[flag] = {"true": True, "false": False}.get(items[flag], items[flag])
    return parse_envelope(items, position, _EMBEDDED_KEYS)


def parse_line_envelope(items: Mapping[str, Any] | None, name: str) -> Envelope:
    """Build an envelope from the ``envelope`` object in the first line of a JSON Lines file."""
    return parse_envelope(items or {}, f"{name}, line 1, envelope", _EMBEDDED_KEYS)


def merge_envelopes(envelopes: Iterable[Envelope]) -> Envelope:
    """Merge envelopes: each item comes from the first one that states it; a flag is set if any of them sets it."""
    blank = msgspec.structs.asdict(Envelope())
    items = dict(blank)
    for envelope in envelopes:
        fields = msgspec.structs.asdict(envelope)
        items |= {key: value for key, value in fields.items() if items[key] == blank[key]}
    return Envelope(**items)


def check_hash(envelope: Envelope, file_hash: bytes, name: str) -> None:
    """Raise ``EnvelopeMismatch`` if the file has another hash than its envelope states."""
    if envelope.sha256 not in (None, file_hash):
        stated_hash = (envelope.sha256 or b"").hex()
        difference = f"The envelope states SHA-256 {stated_hash}, the file has {file_hash.hex()}"
        raise EnvelopeMismatch(name, difference, "The file changed on its way: send the file again")


def check_message_id(envelope: Envelope, embedded: Envelope, name: str) -> None:
    """Raise ``EnvelopeMismatch`` if the batch id stated for a payment file is not its MsgId."""
    if envelope.batch_id != embedded.batch_id:
        difference = f"The envelope states the batch id {envelope.batch_id}, the file has the MsgId {embedded.batch_id}"
        raise EnvelopeMismatch(name, difference, "Leave the batch id out: the MsgId takes its place")


def check_totals(envelope: Envelope, lines: int, cents: int, *, name: str) -> None:
    """Raise ``EnvelopeMismatch``, with both figures, if count or control sum differ from those of the file."""
    if envelope.count not in (None, lines):
        difference = f"The envelope states {envelope.count:,} lines, the file has {lines:,}"
        raise EnvelopeMismatch(name, difference, "Send the whole file, or the envelope that belongs to it")
    if envelope.control_cents not in (None, cents):
        expected = format_euros(envelope.control_cents or 0)
        difference = f"The envelope states a control sum of {expected}, the file has {format_euros(cents)}"
        raise EnvelopeMismatch(name, difference, "Send the whole file, or the envelope that belongs to it")
