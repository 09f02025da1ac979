"""How many texts that Echelon wrote, of PREDICTIONS by their column n, are those of PEER, and how many tokens both wrote.

    compare_texts.py PREDICTIONS PEER
"""

import json
import sys

import pyarrow.dataset
import pyarrow.parquet

ours = pyarrow.dataset.dataset(sys.argv[1]).to_table().sort_by("n")
peer = pyarrow.parquet.read_table(sys.argv[2])["text"].to_pylist()
texts = [text.decode(errors="replace") for text in peer]
print(json.dumps({"equal": sum(a == b for a, b in zip(ours["generated"].to_pylist(), texts, strict=True)),
                  "our_tokens": sum(ours["tokens"].to_pylist()), "peer_tokens": sum(map(len, peer))}))
