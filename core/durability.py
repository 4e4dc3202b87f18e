"""What outlives the end of the machine: files, and the names of files in their folders."""

import os
from pathlib import Path


def flush_path(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk: a new file is durable once both it and its folder are flushed."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
