"""Every wait has an end: each call that waits has a time limit, or says beside it why it needs none.

``# no time limit: ...`` on the line of the call, or on one of the lines of comment above it, gives the reason.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.test_house_rules import read_sources

ROOT = Path(__file__).parent.parent
REASON = "no time limit:"
WAITING_METHODS = frozenset({"wait", "wait_for", "join", "result", "get", "acquire", "communicate", "wait4"})
"""Calls of these names wait if they have no argument, or none but what to wait for."""

LIMITED_CALLS = frozenset(
    {"connect", "create_pool", "HTTPConnection", "HTTPSConnection", "urlopen", "run", "create_connection"}
)
"""Calls of these names need an argument ``timeout``, if they belong to the modules below."""

LIMITED_MODULES = frozenset({"asyncpg", "client", "request", "subprocess", "socket"})


def call_name(node: ast.Call) -> tuple[str, str]:
    """Return the name of what is called, and that of the object or module before it."""
    if not isinstance(node.func, ast.Attribute):
        return (getattr(node.func, "id", ""), "")
    owner = node.func.value
    return node.func.attr, owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")


def has_limit(node: ast.Call) -> bool:
    names = {keyword.arg or ast.unparse(keyword.value) for keyword in node.keywords}
    return any("timeout" in name or "limits" in name for name in names)


def waits_without_limit(node: ast.Call) -> bool:
    name, owner = call_name(node)
    if name in LIMITED_CALLS and owner in LIMITED_MODULES:
        return not has_limit(node)
    if name == "flock":
        return "LOCK_NB" not in ast.unparse(node)
    if name == "wait_for" and owner in {"_changed", "changed"}:
        return len(node.args) < 2
    if name in {"wait4", "waitpid"}:
        return True
    return name in WAITING_METHODS - {"wait_for"} and not node.args and not has_limit(node)


def is_limited_outside(node: ast.Call, parents: dict[ast.AST, ast.AST]) -> bool:
    """Return whether the call lies within ``asyncio.timeout``."""
    child: ast.AST = node
    while (parent := parents.get(child)) is not None:
        if isinstance(parent, ast.AsyncWith) and any(
            "asyncio.timeout(" in ast.unparse(item) for item in parent.items
        ):
            return True
        if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef):
            return False
        child = parent
    return False


def has_reason(node: ast.Call, lines: list[str]) -> bool:
    """Return whether the reason stands on a line of the call, or in the comment above its statement."""
    if any(REASON in line for line in lines[node.lineno - 1 : node.end_lineno]):
        return True
    above = node.lineno - 2
    while above >= 0 and lines[above].lstrip().startswith("#"):
        if REASON in lines[above]:
            return True
        above -= 1
    return False


def offenders() -> Iterator[str]:
    for source in read_sources():
        lines = (ROOT / source.path).read_text().splitlines()
        parents = {
            child: parent for parent in ast.walk(source.tree) for child in ast.iter_child_nodes(parent)
        }
        for node in ast.walk(source.tree):
            if (
                isinstance(node, ast.Call)
                and waits_without_limit(node)
                and not is_limited_outside(node, parents)
                and not has_reason(node, lines)
            ):
                yield f"{source.path}:{node.lineno} {ast.unparse(node)[:80]}"


def test_every_wait_has_an_end_or_a_reason() -> None:
    assert list(offenders()) == []


def test_no_wait_forgets_its_cancellation() -> None:
    """On Python 3.11 ``asyncio.wait_for`` does, if what it waits for ends at that moment; ``asyncio.timeout`` does not."""
    calls = [
        f"{source.path}:{node.lineno}"
        for source in read_sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and call_name(node) == ("wait_for", "asyncio")
    ]
    assert calls == []
