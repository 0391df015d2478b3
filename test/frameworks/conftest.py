"""Fetches what generatePrinted.ts prints, once per session, so that what is tested is never stale."""

import functools
import json
import os
import pathlib
import subprocess

# Read when Keras and JAX are imported: Keras on PyTorch, so that TensorFlow is not needed.
os.environ["KERAS_BACKEND"] = "torch"
os.environ["JAX_PLATFORMS"] = "cpu"
# Much is compiled, and each only run a few times.
os.environ["XLA_FLAGS"] = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"

root = pathlib.Path(__file__).resolve().parents[2]


@functools.cache
def printed():
    """The printed functions with the batches that they are run on (see generatePrinted.ts)."""
    tsx = root / "node_modules" / ".bin" / ("tsx.cmd" if os.name == "nt" else "tsx")
    done = subprocess.run(
        [str(tsx), "test/frameworks/generatePrinted.ts"], cwd=root, capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode != 0:
        raise RuntimeError(f"generatePrinted.ts failed:\n{done.stderr}")
    return json.loads(done.stdout)


def pytest_generate_tests(metafunc):
    if "snippet" in metafunc.fixturenames:
        snippets = [(case, offer) for case in printed()["cases"] for offer in case["offered"] if "code" in offer]
        ids = [f"{offer['language']}-{offer['manner']}-{case['id']}" for case, offer in snippets]
        metafunc.parametrize("snippet", snippets, ids=ids)
    if "expression" in metafunc.fixturenames:
        expressions = printed()["expressions"]
        metafunc.parametrize("expression", expressions, ids=[f"{e['language']}-{e['name']}" for e in expressions])
