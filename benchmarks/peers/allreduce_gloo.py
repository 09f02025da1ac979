"""The peer of benchmarks/allreduce: torch.distributed's all-reduce over gloo, float32.

Run with: python -m torch.distributed.run --nproc-per-node 2 allreduce_gloo.py ELEMENTS...
Prints one JSON object: {"ELEMENTS": median seconds, ...}.
"""

import json
import statistics
import sys
import time

import torch
import torch.distributed as dist


def median_seconds(elements: int) -> float:
    tensor = torch.ones(elements)
    repeats = max(5, min(100, (1 << 26) // elements))
    seconds = []
    for repeat in range(3 + repeats):
        tensor.fill_(1)
        dist.barrier()
        start = time.perf_counter()
        dist.all_reduce(tensor)
        if repeat >= 3:
            seconds.append(time.perf_counter() - start)
    assert bool((tensor == dist.get_world_size()).all())
    return statistics.median(seconds)


def main() -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    results = {size: median_seconds(int(size)) for size in sys.argv[1:]}
    if dist.get_rank() == 0:
        print(json.dumps(results), flush=True)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
