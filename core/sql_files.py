"""Files of named SQL statements, which start with ``-- name: x``.

They are read here because verification shares no code with the engine, and both keep their statements in such files.
"""

from importlib.resources import files


def read_queries(package: str, name: str) -> dict[str, str]:
    """Return the statements of a package's SQL file, by name and in the order of the file."""
    blocks = files(package).joinpath(name).read_text(encoding="utf-8").split("-- name: ")[1:]
    titled = (block.split("\n", 1) for block in blocks)
    return {title.strip(): sql.strip().removesuffix(";") for title, sql in titled}
