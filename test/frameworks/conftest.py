"""Fetches what generatePrinted.ts prints, once per session, so that what is tested is never stale."""

import functools
import json
import os
import pathlib
import subprocess

# Read when Keras and JAX are imported: Keras on PyTorch, so that TensorFlow is not needed.
os.environ["KERAS_BACKEND"] = "torch"
os.environ["JAX_PLATFORMS"] = "cpu"

root = pathlib.Path(__file__).resolve().parents[2]


@functools.cache
def printed():
    """The printed functions with their golden cases (see generatePrinted.ts)."""
    tsx = root / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx")
    done = subprocess.run(
        [str(tsx), "test/frameworks/generatePrinted.ts"], cwd=root, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode != 0:
        raise RuntimeError(f"generatePrinted.ts failed:\n{done.stderr}")
    return json.loads(done.stdout)


def pytest_generate_tests(metafunc):
    if "function" in metafunc.fixturenames:
        functions = [f for f in printed()["functions"] if f["language"] in metafunc.module.LANGUAGES]
        metafunc.parametrize("function", functions, ids=[f"{f['language']}-{f['manner']}-{f['loss']}" for f in functions])
    if "expression" in metafunc.fixturenames:
        expressions = printed()["expressions"]
        metafunc.parametrize("expression", expressions, ids=[f"{e['language']}-{e['name']}" for e in expressions])
