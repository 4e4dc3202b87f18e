"""Rules for names, signatures and folders, measured on the source; CONTRIBUTING.md states them for people."""

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.test_house_rules import Function, Source, parse, read_sources

ROOT = Path(__file__).parent.parent

PARTICIPLES = frozenset(
    "asked brought chosen come found gathered given gone kept known left made meant noted put said"
    " seen shown sought spelt stated taken told understood wanted written".split()
)
"""Participles that do not say what a value holds.  States of an act or payment (held, paid, sent) are not among them."""

METAPHORS = frozenset("broom desk door eyes lookout onlooker sight stranger".split())

POINTERS = frozenset("each here one there what who whoever".split())
"""Pronouns and adverbs: a name says what it holds, not where the reader stands."""

VERBS_IN_ED = frozenset("embed feed need seed shed speed".split())

NOUNS_IN_ING = frozenset(
    "accounting hashing matching numbering parsing processing packing reading rounding sampling scheduling tuning timing"
    " maintaining loading closing string grouping spending binding crossing".split()
)
"""Words in -ing that a module may end with, because the field uses them as nouns."""

VERB_MODULES = frozenset({"posting/store/migrate.py", "reporting/verification/verify.py"})
"""Modules named by a verb, because their one public function is that verb."""

VERBS = frozenset(
    "answer ask build check complete cut decide detect draw explain fetch find follow gather give inspect judge keep learn"
    " load make measure migrate pack place propose read resolve respond say send serve settle spell"
    " take tell try verify watch write".split()
)

STATES = frozenset(
    "accepted allowed begun blocked debited due expired held lost opened paid pending received refused rejected sent"
    " unmatched".split()
)
"""States of an act, a payment, credits, a file or a key, by which a value may be named."""

PREDICATES = frozenset("are has is on was".split())
"""First words of functions that return whether something has a state, or that are called once it has."""

STATE_NAMES = frozenset(
    "act_not_found build_not_found connection_made data_received from_permission_denied not_found not_found_audited"
    " _rate_limited sender_paused".split()
)
"""Functions named by the problem that they return, or by the event of a library that calls them."""


def words(name: str) -> list[str]:
    """Split a snake-case or camel-case name into lower-case words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).strip("_").lower().split("_")


def is_property(node: Function) -> bool:
    names = [d.attr if isinstance(d, ast.Attribute) else getattr(d, "id", "") for d in node.decorator_list]
    return bool({"property", "cached_property", "setter", "fixture"} & set(names)) or any(
        isinstance(d, ast.Call) and isinstance(d.func, ast.Attribute) and d.func.attr == "fixture"
        for d in node.decorator_list
    )


def is_participle(word: str) -> bool:
    return word in PARTICIPLES or (word.endswith("ed") and word not in VERBS_IN_ED)


def functions(sources: tuple[Source, ...]) -> Iterator[tuple[str, Function]]:
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, Function):
                yield f"{source.path}:{node.lineno} {node.name}", node


def bindings(source: Source) -> Iterator[tuple[int, str]]:
    """Yield every name that the file binds: variables, parameters, functions and classes, but for the fields of records.

    Fields are names of columns and of JSON keys, which are stored and sent.
    """
    fields = {
        id(statement.target)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.AnnAssign)
    }
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in fields:
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, Function | ast.ClassDef):
            yield node.lineno, node.name


@cache
def read_tests() -> tuple[Source, ...]:
    """Return the tests' files, parsed once."""
    return tuple(parse(path) for path in sorted((ROOT / "tests").rglob("*.py")))


@pytest.mark.parametrize("read", [read_sources, read_tests], ids=["product", "tests"])
def test_no_name_is_a_participle_a_metaphor_or_a_pointer(read: Callable[[], tuple[Source, ...]]) -> None:
    forbidden = PARTICIPLES | METAPHORS | POINTERS
    offenders = [
        f"{source.path}:{line} {name}"
        for source in read()
        for line, name in bindings(source)
        if name.strip("_").lower() in forbidden or METAPHORS & set(words(name))
    ]
    assert offenders == []


@pytest.mark.parametrize("read", [read_sources, read_tests], ids=["product", "tests"])
def test_functions_are_named_by_verbs(read: Callable[[], tuple[Source, ...]]) -> None:
    offenders = [
        where
        for where, node in functions(read())
        if not is_property(node) and is_participle(words(node.name)[0]) and words(node.name)[0] not in STATES
    ]
    assert offenders == []


def test_a_function_names_what_it_works_on() -> None:
    """A verb with a participle alone does not say it: ``read_unfinished_receipts``, not ``read_unfinished``."""
    offenders = []
    for where, node in functions(read_sources()):
        first, *rest = words(node.name)
        is_open = bool(rest) and is_participle(rest[-1]) and not (is_property(node) or first in PREDICATES)
        if is_open and node.name not in STATE_NAMES:
            offenders.append(where)
    assert offenders == []


def test_modules_are_named_by_nouns() -> None:
    offenders = []
    for source in read_sources():
        last = words(Path(source.path).stem)[-1]
        is_command = source.path.startswith("service/cli/")
        is_noun = not (last.endswith("ing") and last not in NOUNS_IN_ING) and not is_participle(last)
        if not (is_noun and last not in VERBS) and not is_command and source.path not in VERB_MODULES:
            offenders.append(source.path)
    assert offenders == []


def test_a_class_name_means_one_thing() -> None:
    """Words that once named many classes each name one at most."""
    watched = {
        "Answer", "Asked", "Budget", "Claims", "Found", "Known", "Lines", "Outcome", "Part", "Place", "Said", "Sort",
        "Stage", "Standing", "Stored",
    }  # fmt: skip
    places: dict[str, list[str]] = {}
    for source in read_sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.ClassDef) and node.name in watched:
                places.setdefault(node.name, []).append(source.path)
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def is_mixed(annotation: ast.expr | None) -> bool:
    """Tell whether the annotation holds a tuple of fixed length whose members differ in type."""
    for node in ast.walk(annotation) if annotation else ():
        if not (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple)):
            continue
        members = [ast.unparse(member) for member in node.slice.elts]
        if getattr(node.value, "id", "") == "tuple" and "..." not in members and len(set(members)) > 1:
            return True
    return False


def test_no_public_signature_has_a_mixed_tuple() -> None:
    """A tuple of different things has no names: a NamedTuple has.  Kernels take what Numba asks for."""
    offenders = []
    for where, node in functions(read_sources()):
        annotations = [a.annotation for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        is_public = not node.name.startswith("_") and not where.startswith("kernels/")
        if is_public and any(map(is_mixed, [*annotations, node.returns])):
            offenders.append(where)
    assert offenders == []


def test_parameters_beyond_three_are_named_by_the_caller() -> None:
    """Kernels are called by position, as Numba asks for it."""
    offenders = []
    for where, node in functions(read_sources()):
        names = [a.arg for a in (*node.args.posonlyargs, *node.args.args)]
        names = names[1:] if names[:1] in (["self"], ["cls"]) else names
        if len(names) > 3 and not where.startswith("kernels/"):
            offenders.append(where)
    assert offenders == []


def folder(module: str) -> str:
    return module.rpartition("/")[0]


def imports_of(source: Source, modules: dict[str, str]) -> set[str]:
    """Return the paths of the modules that ``source`` imports, wherever in the file it does."""
    paths = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        paths |= {modules[name] for name in names if name in modules}
    return paths


def folder_arrows() -> dict[str, set[str]]:
    """Return which folder imports from which; a folder and its own subfolder count as one family and are left out."""
    modules = {
        source.path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): source.path
        for source in read_sources()
    }
    arrows: dict[str, set[str]] = {}
    for source in read_sources():
        start = folder(source.path)
        for path in imports_of(source, modules):
            end = folder(path)
            is_family = f"{start}/".startswith(f"{end}/") or f"{end}/".startswith(f"{start}/")
            if not is_family:
                arrows.setdefault(start, set()).add(end)
    return arrows


def circle_from(start: str, arrows: dict[str, set[str]]) -> list[str]:
    """Return a shortest path that leads from ``start`` back to it; empty if there is none."""
    ways, visited = [[start]], set()
    for way in ways:
        for end in sorted(arrows.get(way[-1], ())):
            if end == start:
                return [*way, end]
            if end not in visited:
                visited.add(end)
                ways.append([*way, end])
    return []


def test_no_folders_import_each_other_in_a_circle() -> None:
    arrows = folder_arrows()
    assert [way for start in sorted(arrows) if (way := circle_from(start, arrows))] == []
