"""Prints the largest difference between the probabilities in two Parquet tables of the same keys, and how many classes differ.

    python compare_labels.py OURS PEERS
"""

import json
import sys

import numpy as np
import pyarrow.parquet


def main(ours, peers):
    tables = [pyarrow.parquet.read_table(path).sort_by("key") for path in (ours, peers)]
    assert tables[0]["key"].to_pylist() == tables[1]["key"].to_pylist()
    probabilities = [np.array(table["probability"], np.float64) for table in tables]
    classes = [np.array(table["prediction"]) for table in tables]
    print(json.dumps({"difference": float(np.abs(probabilities[0] - probabilities[1]).max()),
                      "other_classes": int((classes[0] != classes[1]).sum())}))


if __name__ == "__main__":
    main(*sys.argv[1:])
