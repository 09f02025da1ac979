"""The peer of benchmarks/run pipeline: torch.distributed.pipelining (gloo) on the model of benchmarks/pipeline_step.yaml.

Run with: python -m torch.distributed.run --nproc-per-node 2 pipeline_gpt.py --schedule 1F1B [--micro-batches 8]
Schedules: GPipe, 1F1B, Interleaved1F1B, InterleavedZeroBubble, ZBVZeroBubble. Prints one JSON object: median seconds a
step, tokens a second, peak resident memory of a rank in bytes.
"""

import argparse
import json
import resource
import statistics
import time

import torch
import torch.distributed as dist
import torch.nn as nn
import torch.nn.functional as F
from torch.distributed.pipelining import PipelineStage
from torch.distributed.pipelining.schedules import get_schedule_class

from gpt_block import Block

LAYERS, HEADS, WIDTH, CONTEXT, VOCABULARY, MICRO_BATCH = 12, 6, 384, 256, 256, 2


class Stage(nn.Module):
    def __init__(self, blocks, first, last):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, WIDTH) if first else None
        self.positions = nn.Embedding(CONTEXT, WIDTH) if first else None
        self.blocks = nn.ModuleList(Block(WIDTH, HEADS) for _ in range(blocks))
        self.norm = nn.LayerNorm(WIDTH) if last else None
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False) if last else None

    def forward(self, x):
        if self.embedding is not None:
            x = self.embedding(x) + self.positions.weight[: x.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)) if self.head is not None else x


def loss_of(logits, targets):
    return F.cross_entropy(logits.view(-1, VOCABULARY), targets.reshape(-1))


def stages_of_rank(schedule, rank, ranks):
    if schedule in ("GPipe", "1F1B"):
        return [rank], ranks
    if schedule == "ZBVZeroBubble":
        return [rank, 2 * ranks - 1 - rank], 2 * ranks
    return [rank, rank + ranks], 2 * ranks


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--schedule", default="1F1B")
    parser.add_argument("--micro-batches", type=int, default=8)
    parser.add_argument("--steps", type=int, default=8, help="after two that are not timed")
    arguments = parser.parse_args()

    dist.init_process_group("gloo")
    torch.set_num_threads(1)
    torch.manual_seed(dist.get_rank())
    numbers, count = stages_of_rank(arguments.schedule, dist.get_rank(), dist.get_world_size())
    stages = [
        PipelineStage(Stage(LAYERS // count, n == 0, n == count - 1), n, count, torch.device("cpu")) for n in numbers
    ]
    schedule_class = get_schedule_class(arguments.schedule)
    single = arguments.schedule in ("GPipe", "1F1B")
    schedule = schedule_class(stages[0] if single else stages, arguments.micro_batches, loss_fn=loss_of)
    parameters = [parameter for stage in stages for parameter in stage.submod.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=3e-4, fused=True)
    samples = arguments.micro_batches * MICRO_BATCH
    seconds = []
    for _ in range(arguments.steps + 2):
        dist.barrier()
        started = time.perf_counter()
        tokens = torch.randint(0, VOCABULARY, (samples, CONTEXT + 1))
        inputs = (tokens[:, :-1].contiguous(),) if 0 in numbers else ()
        targets = {"target": tokens[:, 1:].contiguous(), "losses": []} if count - 1 in numbers else {}
        schedule.step(*inputs, **targets)
        optimizer.step()
        optimizer.zero_grad()
        dist.barrier()
        seconds.append(time.perf_counter() - started)
    memory = torch.tensor([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024])
    dist.all_reduce(memory, dist.ReduceOp.MAX)
    if dist.get_rank() == 0:
        median = statistics.median(seconds[2:])
        print(json.dumps({
            "seconds_per_step": median,
            "tokens_per_second": samples * CONTEXT / median,
            "resident_bytes": memory.item(),
        }))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
