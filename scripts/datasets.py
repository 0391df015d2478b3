"""Writes the data sets that Loss Lab ships: CSV files with a header row in media/datasets.

Usage: python scripts/datasets.py [DIRECTORY]      (needs scikit-learn 1.9.1)

Everything comes from scikit-learn's bundled copies (origin and licence of each: NOTICE), unscaled, in their row
order, every number as its shortest text that reads back as the same float64. The three-point line is written here.
"""

import csv
import sys
from pathlib import Path

from sklearn import datasets


def text(value):
    """The shortest text of a number: 5.1, 0.0001, and 5 for 5.0."""
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def write(directory, name, header, rows):
    with open(directory / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def classes(bunch, target):
    header = [*map(str, bunch.feature_names), target]
    names = [str(name) for name in bunch.target_names]
    return header, ([*map(text, row), names[y]] for row, y in zip(bunch.data, bunch.target))


def main(directory):
    directory.mkdir(parents=True, exist_ok=True)
    write(directory, "line", ["x", "y"], [["1", "2"], ["2", "4"], ["3", "6"]])
    write(directory, "iris", *classes(datasets.load_iris(), "species"))
    write(directory, "wine", *classes(datasets.load_wine(), "cultivar"))
    write(directory, "breast-cancer", *classes(datasets.load_breast_cancer(), "diagnosis"))
    write(directory, "digits", *classes(datasets.load_digits(), "digit"))
    diabetes = datasets.load_diabetes(scaled=False)
    write(
        directory,
        "diabetes",
        [*diabetes.feature_names, "progression"],
        ([*map(text, row), text(y)] for row, y in zip(diabetes.data, diabetes.target)),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "media" / "datasets")
