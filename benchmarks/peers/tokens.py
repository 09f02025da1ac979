"""The peer of benchmarks/loader tokens: token shards, mapped by numpy, in a shuffling DataLoader.

    python tokens.py FOLDER [--warm-up N] [--batches N] [--workers N]

FOLDER holds the shards of make_tokens.py. Batches of 8 × 1,024 tokens and as many targets, two worker processes. See loading.py.
"""

import loading
import numpy as np
import torch
from make_tokens import HEADER, LENGTH


class Tokens(torch.utils.data.Dataset):
    def __init__(self, folder):
        paths = sorted(folder.glob("shard-*.tokens"))
        self.shards = [np.memmap(path, dtype=np.uint16, mode="r", offset=HEADER) for path in paths]
        self.sequences = (len(self.shards[0]) - 1) // LENGTH  # the same in each

    def __len__(self):
        return len(self.shards) * self.sequences

    def __getitem__(self, index):
        shard, sequence = divmod(index, self.sequences)
        start = sequence * LENGTH
        tokens = torch.from_numpy(self.shards[shard][start:start + LENGTH + 1].astype(np.int64))
        return tokens[:-1], tokens[1:]


def main():
    arguments = loading.options()
    loading.measure(torch.utils.data.DataLoader(Tokens(arguments.folder), batch_size=8, shuffle=True, drop_last=True,
                                                num_workers=arguments.workers, persistent_workers=True), arguments)


if __name__ == "__main__":
    main()
