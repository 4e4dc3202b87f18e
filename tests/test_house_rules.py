"""The rules of this repository, measured on its source; house_exceptions.toml lists what still breaks one."""

import ast
import importlib.util
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import LONGEST_FILES

ROOT = Path(__file__).parent.parent
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = tuple(CONFIG["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
EXCEPTIONS = tomllib.loads((ROOT / "tests/house_exceptions.toml").read_text())

MONEY_PACKAGES = ("core", "kernels", "posting", "settlement")
MUTABLE_DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
MUTABLE_MAKERS = {"list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict"}
KERNEL_FIELDS = ("Reads", "Order", "Outcomes", "Overflow", "Cost", "Oracle")
# The third parties that only some places may import: packages, or modules of that name anywhere.
HOMES = {
    "numba": {"kernels"},
    "llvmlite": {"kernels"},
    "asyncpg": {"*_queries", "store", "database"},
    "prometheus_client": {"monitoring"},
    "litestar": {"service"},
    "uvicorn": {"service"},
    "lxml": {"ingest", "markup", "settlement"},
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Source(NamedTuple):
    """One product file, parsed."""

    path: str  # relative to the repository
    lines: int
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.path.split("/")[0]


def parse(path: Path) -> Source:
    text = path.read_text()
    return Source(path.relative_to(ROOT).as_posix(), len(text.splitlines()), ast.parse(text))


@cache
def read_sources() -> tuple[Source, ...]:
    """Return the product's files, parsed once, by the test that reads them first: each process collects all tests."""
    return tuple(parse(path) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))


def functions() -> Iterator[tuple[Source, str, Function]]:
    for source in read_sources():
        for node in ast.walk(source.tree):
            if isinstance(node, Function):
                yield source, f"{source.path}:{node.name}", node


def body_lines(node: Function) -> int:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def parameters(node: Function) -> int:
    names = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def is_float(node: ast.AST) -> bool:
    """Return whether ``node`` introduces a float: literal, true division (except paths), conversion or dtype."""
    match node:
        case ast.Constant(value=float()):
            return True
        case ast.BinOp(op=ast.Div()):
            return not any(isinstance(part, ast.JoinedStr) or _is_text(part) for part in ast.walk(node))
        case ast.AugAssign(op=ast.Div()) | ast.Call(func=ast.Name(id="float")):
            return True
        case ast.Attribute(attr="float16" | "float32" | "float64" | "true_divide"):
            return True
    return False


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def is_mutable(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        name = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
        return name in MUTABLE_MAKERS
    return isinstance(value, MUTABLE_DISPLAYS)


def is_sealed(annotation: ast.expr) -> bool:
    """Return whether the type checker refuses every change: ``Mapping[...]``, ``Sequence[...]``."""
    names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    return bool(names & {"Mapping", "Sequence"})


def mutable_globals(tree: ast.Module) -> int:
    assignments = [node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    unsealed = [
        node for node in assignments if not (isinstance(node, ast.AnnAssign) and is_sealed(node.annotation))
    ]
    global_statements = [node for node in ast.walk(tree) if isinstance(node, ast.Global)]
    return sum(is_mutable(node.value) for node in unsealed) + len(global_statements)


def find_imports(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def is_home(source: Source, homes: set[str]) -> bool:
    parts = Path(source.path).with_suffix("").parts
    return not homes.isdisjoint(parts) or ("*_queries" in homes and parts[-1].endswith("_queries"))


def kernels() -> Iterator[tuple[str, Function]]:
    for source, key, node in functions():
        names = [
            d.func.id for d in node.decorator_list if isinstance(d, ast.Call) and isinstance(d.func, ast.Name)
        ]
        if source.package == "kernels" and "kernel" in names:
            yield key, node


def fields(node: Function) -> dict[str, str]:
    """Return the field block of a kernel's docstring: the first word of each line, and the rest."""
    lines = (ast.get_docstring(node) or "").splitlines()
    return {word: rest.strip() for word, _, rest in (line.partition(" ") for line in lines)}


def is_defined(dotted: str) -> bool:
    """Return whether ``tests.oracle.<module>.<name>`` is an existing function or class."""
    module, _, name = dotted.rpartition(".")
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if not module.startswith("tests.oracle.") or not path.is_file():
        return False
    definitions = [node for node in parse(path).tree.body if isinstance(node, Function | ast.ClassDef)]
    return any(node.name == name for node in definitions)


def long_files() -> dict[str, int]:
    return {source.path: source.lines for source in read_sources() if source.lines > 300}


def long_bodies() -> dict[str, int]:
    return {
        key: body_lines(f)
        for s, key, f in functions()
        if body_lines(f) > (60 if s.package == "kernels" else 40)
    }


def many_parameters() -> dict[str, int]:
    return {key: parameters(f) for s, key, f in functions() if parameters(f) > 6}


def floats() -> dict[str, int]:
    return {
        s.path: sum(map(is_float, ast.walk(s.tree))) for s in read_sources() if s.package in MONEY_PACKAGES
    }


def mutable_state() -> dict[str, int]:
    return {source.path: mutable_globals(source.tree) for source in read_sources()}


def strangers() -> dict[str, int]:
    """Count the third parties imported outside their places."""
    return {
        s.path: sum(not is_home(s, HOMES[name]) for name in find_imports(s.tree) & HOMES.keys())
        for s in read_sources()
    }


RULES = {
    rule.__name__: rule
    for rule in (long_files, long_bodies, many_parameters, floats, mutable_state, strangers)
}


@pytest.mark.parametrize("rule", RULES)
def test_the_source_keeps_the_rule(rule: str) -> None:
    """The comparison is for equality, so that the list of exceptions can only shrink."""
    measures = {where: measure for where, measure in RULES[rule]().items() if measure}
    assert measures == EXCEPTIONS.get(rule, {})


def test_exceptions_name_known_rules() -> None:
    assert EXCEPTIONS.keys() <= RULES.keys()


def test_every_kernel_explains_itself() -> None:
    missing = {
        key: missing_fields
        for key, node in kernels()
        if (missing_fields := [f for f in KERNEL_FIELDS if not fields(node).get(f)])
        or not fields(node).keys() & {"Fills", "Advances"}
    }
    assert missing == {}


def test_every_kernel_has_its_oracle() -> None:
    without_oracle = [key for key, node in kernels() if not is_defined(fields(node).get("Oracle", ""))]
    assert without_oracle == []


def test_only_the_signature_compiles() -> None:
    callers = [
        s.path
        for s in read_sources()
        for n in ast.walk(s.tree)
        if isinstance(n, ast.Name) and n.id in {"njit", "jit"}
    ]
    assert set(callers) <= {"kernels/jit.py"}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_this_repositorys_own(package: str) -> None:
    """A wheel that ships a top-level ``core`` or ``service`` would otherwise be imported in its place."""
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin == str(ROOT / package / "__init__.py")


def test_every_package_is_listed_wherever_packages_are() -> None:
    present = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    linted = set(CONFIG["tool"]["importlinter"]["root_packages"])
    layers = CONFIG["tool"]["importlinter"]["contracts"][0]["layers"]
    layered = {name.strip() for layer in layers for name in layer.split("|")}
    assert present == linted == layered | {"tests"} == set(PACKAGES) | {"tests"}


def test_every_folder_of_the_repository_is_one_of_the_project() -> None:
    """Data of a trial, such as a ledger, lies in a folder that is not committed."""
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}
    own = {name for name in folders if not any(fnmatch(name, pattern) for pattern in ignored)}
    assert own == {*PACKAGES, "docs", "tests", "tools"}


def test_the_longest_files_exist() -> None:
    assert [file for file in LONGEST_FILES if not (ROOT / file).is_file()] == []
