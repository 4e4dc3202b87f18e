"""Imports between the folders of ``service`` have no circles."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

SERVICE = Path(__file__).parents[2] / "service"


def find_folder(module: str) -> str:
    """Return the first-level folder of a module of ``service``; the root for modules and packages of the root."""
    parts = module.split(".")
    is_folder = len(parts) > 1 and (SERVICE / parts[1]).is_dir()
    return ".".join(parts[:2]) if is_folder else "service"


def list_imports(path: Path) -> set[str]:
    """Return the modules that a file imports, also within functions."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    return modules


def test_folders_of_service_have_no_import_circle() -> None:
    graph: dict[str, set[str]] = {}
    for path in SERVICE.rglob("*.py"):
        folder = find_folder(".".join(path.relative_to(SERVICE.parent).with_suffix("").parts))
        imported = {
            find_folder(module) for module in list_imports(path) if module.partition(".")[0] == "service"
        }
        graph.setdefault(folder, set()).update(imported - {folder})
    assert len(graph) > 5
    TopologicalSorter(graph).prepare()  # raises CycleError
