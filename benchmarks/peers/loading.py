"""What the peers of benchmarks/loader have in common: batches of a DataLoader, counted, timed and summed up as it does."""

import argparse
import itertools
import json
import os
import pathlib
import time

import torch

CPUS = 2


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--warm-up", type=int, default=1, help="batches that are summed up, not timed")
    parser.add_argument("--batches", type=int, default=0, help="batches that are timed")
    parser.add_argument("--workers", type=int, default=CPUS)
    return parser.parse_args()


def processes(pid):
    """A process and all that it has started."""
    yield pid
    for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from processes(int(child))


def resident_bytes():
    """Of all processes together, shared pages in proportion."""
    total = 0
    for pid in processes(os.getpid()):
        lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


class Sums:
    def __init__(self):
        self.sum = self.squares = self.targets = 0.0
        self.count = 0

    def add(self, inputs, targets):
        values = inputs.double()
        self.sum += values.sum().item()
        self.squares += values.square().sum().item()
        self.count += inputs.numel()
        self.targets += targets.sum().item()

    def json(self):
        mean = self.sum / self.count
        deviation = (self.squares / self.count - mean * mean) ** 0.5
        return {"sum": self.sum, "targets": self.targets, "mean": mean, "deviation": deviation}


def endless(loader):
    while True:
        yield from loader


def measure(loader, arguments):
    """`loader` gives batches of (inputs, targets), again and again. Prints one JSON object."""
    batches, sums = endless(loader), Sums()
    first = next(batches)
    first_batch_at = time.time()
    sums.add(*first)
    for batch in itertools.islice(batches, arguments.warm_up - 1):
        sums.add(*batch)
    started, samples, size = time.perf_counter(), 0, 0
    for inputs, targets in itertools.islice(batches, arguments.batches):
        samples += len(targets)
        size += inputs.nbytes + targets.nbytes
    seconds = time.perf_counter() - started
    print(json.dumps({"first_batch_at": first_batch_at, "seconds": seconds, "samples": samples, "bytes": size,
                      "sums": sums.json(), "resident_bytes": resident_bytes()}))


torch.set_num_threads(1)
