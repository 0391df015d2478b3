"""The shipped CSV files hold exactly scikit-learn's data: every value, every class, in order."""

import csv
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "media" / "datasets"
LOADERS = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast-cancer": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
    "diabetes": lambda: datasets.load_diabetes(scaled=False),
}


def read(name):
    with open(FOLDER / f"{name}.csv", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


@pytest.mark.parametrize("name", LOADERS)
def test_equals_scikit_learn(name):
    bunch = LOADERS[name]()
    header, rows = read(name)
    assert header[:-1] == [str(n) for n in bunch.feature_names]
    features = np.array([[float(cell) for cell in row[:-1]] for row in rows])
    np.testing.assert_array_equal(features, bunch.data)
    if name == "diabetes":
        np.testing.assert_array_equal([float(row[-1]) for row in rows], bunch.target)
    else:
        assert [row[-1] for row in rows] == [str(bunch.target_names[y]) for y in bunch.target]


def test_line():
    assert read("line") == (["x", "y"], [["1", "2"], ["2", "4"], ["3", "6"]])


def test_generator_script_reproduces_the_files(tmp_path):
    spec = importlib.util.spec_from_file_location("generator", ROOT / "scripts" / "datasets.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(tmp_path)
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == sorted(path.name for path in FOLDER.glob("*.csv"))
    for name in written:
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()
