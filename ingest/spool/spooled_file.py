"""One file of the spool, and the record of it that lies beside its bytes."""

import hashlib
from pathlib import Path

import msgspec

from core.errors import FileUnreadable, FormatUnknown
from ingest.formats.detection import FileFormat, translate_decoder_errors
from ingest.sidecars import strip_assignment_suffix
from ingest.spool.envelope import Envelope
from ingest.spool.file_claims import FileIdentity
from posting.store.submission_rows import FileStatements

CONTENT_FILE = "original"
_NAME_CHARACTERS_MAX = 255


class SpooledFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file in the spool, as one sender sent it."""

    path: Path
    sha256: bytes
    size_bytes: int
    format: FileFormat
    name: str
    """The sender's name for the file."""
    envelope: Envelope

    @property
    def folder(self) -> Path:
        """The folder of the file and of what is derived from it."""
        return self.path.parent

    @property
    def identity(self) -> FileIdentity:
        """The sender and the hash of the bytes: what makes the file one submission."""
        return FileIdentity(self.envelope.sender, self.sha256)

    def restore_statements(self, stored: FileStatements) -> "SpooledFile":
        """Return the file as it was registered, whatever is stated when it is sent again."""
        flags = {"atomic": stored.atomic, "sepa_only": stored.sepa_only}
        stored_flags = {name: flag for name, flag in flags.items() if flag is not None}
        envelope = msgspec.structs.replace(
            self.envelope, charset=stored.charset, extra_columns=bool(stored.extra_columns), **stored_flags
        )
        return msgspec.structs.replace(self, envelope=envelope)


class SpoolRecord(msgspec.Struct, frozen=True):
    """The record beside the bytes, one for each sender."""

    size_bytes: int
    format: FileFormat
    name: str
    envelope: Envelope


class FileMissing(FileUnreadable):
    """A file is not in the spool."""


class FileChanged(FileUnreadable):
    """The bytes of a file in the spool are not those that were received."""


def check_bytes(spooled: SpooledFile) -> None:
    """Raise ``FileChanged`` unless the bytes of a file are those received, ``FileUnreadable`` if they cannot be read."""
    position = f"spool, {spooled.sha256.hex()}"
    with translate_decoder_errors(position), spooled.path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    if digest != spooled.sha256:
        raise FileChanged(
            position, f"The content has changed: its SHA-256 is now {digest.hex()}", "Send the file again"
        )


def check_name(name: str) -> None:
    """Raise ``FormatUnknown`` unless a file may have this name."""
    if not name or len(name) > _NAME_CHARACTERS_MAX or not name.isprintable():
        raise FormatUnknown(
            repr(name)[:80],
            "This is not a valid file name",
            f"Use up to {_NAME_CHARACTERS_MAX} printable characters",
        )
    if strip_assignment_suffix(name):
        remedy = "Send both as one archive: tar --format=ustar -cf FILE.tar FILE.xml FILE.xml.imputation.csv"
        raise FormatUnknown(name, "The payment file of these account assignments is missing", remedy)


def format_record_name(sender: str) -> str:
    """Return the name of the record of one sender."""
    return f"envelope-{sender}.json"


def build_spooled_file(folder: Path, digest: bytes, record: SpoolRecord) -> SpooledFile:
    """Build the description of a file from its record."""
    return SpooledFile(
        path=folder / CONTENT_FILE,
        sha256=digest,
        size_bytes=record.size_bytes,
        format=record.format,
        name=record.name,
        envelope=record.envelope,
    )
