"""Makes token shards as docs/formats/token-shard.md describes them, of random tokens.

    python make_tokens.py FOLDER SEQUENCES          # FOLDER/shard-NUMBER.tokens, four shards of SEQUENCES × 1,024 tokens and one
"""

import pathlib
import struct
import sys

import numpy as np

SHARDS, LENGTH, VOCABULARY, HEADER = 4, 1024, 50257, 64


def main(folder, sequences):
    random = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(SHARDS):
        tokens = random.integers(0, VOCABULARY, sequences * LENGTH + 1, dtype=np.uint16)
        header = struct.pack("<8sIIQQQQQQ", b"ECHTOKEN", 1, 2, len(tokens), VOCABULARY, 0, 0, 0, 0)
        assert len(header) == HEADER
        (folder / f"shard-{i:06d}.tokens").write_bytes(header + tokens.tobytes())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
