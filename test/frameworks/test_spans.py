"""Our syntax tree of Python against Python's own `ast`: the kind and the range of every expression and statement."""

import ast
import json
import pathlib
import shutil
import subprocess
import sysconfig
from collections import Counter

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = sorted((ROOT / "test" / "fixtures" / "python").glob("*.py"))

# One kind of ours for the async forms and the starred try.
SAME = {
    "AsyncFunctionDef": "FunctionDef",
    "AsyncFor": "For",
    "AsyncWith": "With",
    "TryStar": "Try",
}


def line_starts(source: str) -> list[int]:
    """UTF-16 offset of the start of every line, by Python's idea of a line (LF, CRLF, CR)."""
    starts, offset, index = [0], 0, 0
    while index < len(source):
        character = source[index]
        offset += 2 if ord(character) > 0xFFFF else 1
        if character == "\r" and source[index + 1 : index + 2] == "\n":
            index += 1
            offset += 1
        if character in "\r\n":
            starts.append(offset)
        index += 1
    return starts


def python_spans(source: str) -> Counter:
    """(kind, from, to) of Python's ast in UTF-16 offsets; what lies inside f-strings is left out."""
    starts = line_starts(source)
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    mark = 1 if source.startswith("\ufeff") else 0

    def offset(line: int, column: int) -> int:
        # Python counts UTF-8 bytes, without the byte order mark.
        text = lines[line - 1]
        first = mark if line == 1 else 0
        before = text[first:].encode("utf-8")[:column].decode("utf-8")
        return starts[line - 1] + first + len(before.encode("utf-16-le")) // 2

    found: Counter = Counter()

    def visit(node: ast.AST) -> None:
        if isinstance(node, (ast.expr, ast.stmt)):
            kind = SAME.get(type(node).__name__, type(node).__name__)
            found[
                (
                    kind,
                    offset(node.lineno, node.col_offset),
                    offset(node.end_lineno, node.end_col_offset),
                )
            ] += 1
            if isinstance(node, ast.JoinedStr):
                return
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(source.removeprefix("\ufeff")))
    return found


def our_spans(paths: list[pathlib.Path]) -> dict:
    tsx = ROOT / "node_modules" / ".bin" / "tsx"
    dump = ROOT / "test" / "frameworks" / "dumpSpans.ts"
    done = subprocess.run(
        [str(tsx) if tsx.exists() else shutil.which("tsx"), str(dump), *map(str, paths)],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def ours() -> dict:
    return our_spans(FIXTURES)


def test_there_are_fixtures():
    assert len(FIXTURES) >= 8


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_spans_equal_those_of_ast(path, ours):
    expected = python_spans(path.read_bytes().decode("utf-8"))
    actual = Counter(tuple(entry) for entry in ours[str(path)]["spans"])
    assert sum(expected.values()) > 0
    assert {"missing": expected - actual, "extra": actual - expected} == {
        "missing": Counter(),
        "extra": Counter(),
    }


def test_spans_equal_those_of_ast_in_the_standard_library():
    """Real code: the modules of the running Python. Files that the grammar cannot read are few, and are left out."""
    library = pathlib.Path(sysconfig.get_path("stdlib"))
    paths = [path for path in sorted(library.glob("*.py")) if path.stat().st_size < 100_000]
    result = our_spans(paths)
    read = [path for path in paths if result[str(path)]["clean"]]
    assert len(paths) > 100
    assert len(read) > 0.9 * len(paths)
    different = []
    for path in read:
        expected = python_spans(path.read_bytes().decode("utf-8"))
        if expected != Counter(tuple(entry) for entry in result[str(path)]["spans"]):
            different.append(path.name)
    assert different == []
