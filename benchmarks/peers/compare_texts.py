"""How many texts that Echelon wrote, of PREDICTIONS by their column n, are those of PEER.

    compare_texts.py PREDICTIONS PEER
"""

import json
import sys

import pyarrow.dataset
import pyarrow.parquet

ours = pyarrow.dataset.dataset(sys.argv[1]).to_table().sort_by("n")["generated"].to_pylist()
peer = [text.decode(errors="replace") for text in pyarrow.parquet.read_table(sys.argv[2])["text"].to_pylist()]
print(json.dumps({"texts": len(ours), "equal": sum(a == b for a, b in zip(ours, peer, strict=True))}))
