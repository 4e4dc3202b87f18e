"""Files of named SQL statements, which start with ``-- name: x``.

They are read here because verification shares no code with the engine, and both keep their statements in such files.
"""

from importlib.resources import files


def read_queries(package: str, name: str) -> dict[str, str]:
    """Return the statements of a package's SQL file, by name and in the order of the file."""
    blocks = files(package).joinpath(name).read_text(encoding="utf-8").split("-- name: ")[1:]
    titled = (block.split("\n", 1) for block in blocks)
    return {title.strip(): sql.strip().removesuffix(";") for title, sql in titled}


def read_all_queries(package: str) -> dict[str, str]:
    """Return the statements of all SQL files of a package; each may stand in a file beside the module that runs it."""
    names = sorted(file.name for file in files(package).iterdir() if file.name.endswith(".sql"))
    return {title: sql for name in names for title, sql in read_queries(package, name).items()}
