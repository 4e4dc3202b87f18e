"""Files of named SQL statements, which start with ``-- name: x``.

They are read here because verification shares no code with the engine, and both keep their statements in such files.
"""

from importlib.resources import files


def read_queries(package: str, *names: str) -> dict[str, str]:
    """Return the statements of a package's SQL files, by name and in the order of the files.

    Raises
    ------
    ValueError
        Two statements have one name: the second would replace the first.
    """
    statements: dict[str, str] = {}
    for name in names:
        for block in files(package).joinpath(name).read_text(encoding="utf-8").split("-- name: ")[1:]:
            title, _, sql = block.partition("\n")
            if title.strip() in statements:
                raise ValueError(f"{package}/{name}: another statement is named {title.strip()}")
            statements[title.strip()] = sql.strip().removesuffix(";")
    return statements


def read_all_queries(package: str) -> dict[str, str]:
    """Return the statements of all SQL files of a package; each may stand in a file beside the module that runs it."""
    names = sorted(file.name for file in files(package).iterdir() if file.name.endswith(".sql"))
    return read_queries(package, *names)
