"""FOLDER/prompts.parquet: the beginnings of COUNT of the texts of FOLDER/texts.parquet, of many lengths; FOLDER/texts.txt: all texts, a
line each.

    make_prompts.py FOLDER COUNT
"""

import pathlib
import sys

import pyarrow
import pyarrow.parquet

folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
texts = [text for text in pyarrow.parquet.read_table(folder / "texts.parquet")["text"].to_pylist() if text.isascii()]
(folder / "texts.txt").write_text("".join(text + "\n" for text in texts))
prompts = [text[:8 + 7 * i % 50] for i, text in enumerate(texts[:count])]
pyarrow.parquet.write_table(pyarrow.table({"n": range(count), "text": prompts}), folder / "prompts.parquet")
