"""The Python client of the HTTP service. Importing it loads no decoder, no kernel and no database driver."""

from service.client.client import Client, FileShortened, Progress, Refused, ResultsMissing, Unreachable

__all__ = ("Client", "FileShortened", "Progress", "Refused", "ResultsMissing", "Unreachable")
