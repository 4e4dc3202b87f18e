"""The description of a route and of its query parameters."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Parameter(NamedTuple):
    """One query parameter."""

    name: str
    description: str
    schema: Mapping[str, Any]
    is_required: bool = False

    def to_openapi(self) -> dict[str, Any]:
        """Return the parameter as an OpenAPI object."""
        parameter = {
            "name": self.name,
            "in": "query",
            "description": self.description,
            "schema": dict(self.schema),
        }
        return {**parameter, "required": True} if self.is_required else parameter


class Operation(NamedTuple):
    """What one route does."""

    summary: str
    responses: Mapping[str, Any]
    """By status: the type of the response, the codes of problems, an OpenAPI response, or a description."""
    query: Sequence[Parameter] = ()
    body: Mapping[str, Any] | None = None
    """The request body: an OpenAPI media type object by media type."""
    headers: Sequence[str] = ()
    description: str = ""
    """Details beyond the summary."""
    other_media: Mapping[str, str] = {}
    """Other media types of the response, each with an example; empty for none."""
    body_types: Sequence[type] = ()
    """The types that schemas of the request body refer to."""
