"""FOLDER/large.parquet, about GIGABYTES of ten columns of random numbers, which no one can compress, in row groups of a million rows.

    make_large_table.py FOLDER GIGABYTES
"""

import pathlib
import sys

import numpy
import pyarrow
import pyarrow.parquet

folder, gigabytes = pathlib.Path(sys.argv[1]), float(sys.argv[2])
NAMES = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
ROWS = 1_000_000
rng = numpy.random.default_rng(0)
schema = pyarrow.schema([(name, pyarrow.float64()) for name in NAMES])
with pyarrow.parquet.ParquetWriter(folder / "large.parquet", schema, use_dictionary=False, compression="none") as writer:
    for _ in range(round(gigabytes * 1e9 / (8 * len(NAMES) * ROWS))):
        columns = [rng.normal(0, 0.05, ROWS) for _ in NAMES]
        writer.write_table(pyarrow.table(columns, schema=schema), row_group_size=ROWS)
