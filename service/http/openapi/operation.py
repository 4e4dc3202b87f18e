"""What is said of a route, and of a parameter behind the question mark."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Parameter(NamedTuple):
    """One parameter behind the question mark."""

    name: str
    told: str
    schema: Mapping[str, Any]
    is_required: bool = False

    def to_openapi(self) -> dict[str, Any]:
        """As OpenAPI wants it."""
        said = {"name": self.name, "in": "query", "description": self.told, "schema": dict(self.schema)}
        return {**said, "required": True} if self.is_required else said


class Operation(NamedTuple):
    """What one route does."""

    summary: str
    responses: Mapping[str, Any]
    """By status: the type of the answer, a media type with text, or what is meant."""
    query: Sequence[str | Parameter] = ()
    body: Mapping[str, Any] | None = None
    headers: Sequence[str] = ()
    more: str = ""
    """What the summary leaves open."""
    example: Any = None
    """An answer, as a service gave it."""
    texts: Mapping[str, str] = {}
    """Media types in which the answer is given as text, and an example."""
