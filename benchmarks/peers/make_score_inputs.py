"""What is scored: FOLDER/diabetes.parquet, scikit-learn's 442 rows again and again until there are ROWS; FOLDER/diabetes.csv, them once with
their target; FOLDER/texts.parquet, 4,000 lines of Python's standard library.

    make_score_inputs.py FOLDER ROWS
"""

import glob
import pathlib
import sys
import sysconfig

import pandas
import pyarrow
import pyarrow.parquet
from sklearn.datasets import load_diabetes

folder, rows = pathlib.Path(sys.argv[1]), int(sys.argv[2])
x, y = load_diabetes(return_X_y=True, as_frame=True)
pandas.concat([x] * (rows // len(x) + 1), ignore_index=True)[:rows].to_parquet(folder / "diabetes.parquet")
x.assign(target=y).to_csv(folder / "diabetes.csv", index=False)
lines = [line.strip() for path in sorted(glob.glob(sysconfig.get_path("stdlib") + "/*.py"))
         for line in open(path, errors="ignore")]
texts = [line for line in lines if len(line) > 20][:4000]
pyarrow.parquet.write_table(pyarrow.table({"n": range(len(texts)), "text": texts}), folder / "texts.parquet", row_group_size=500)
