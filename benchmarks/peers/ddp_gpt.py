"""The peer of benchmarks/train_step: PyTorch DistributedDataParallel (gloo, eager) on the model of benchmarks/gpt_step.yaml.

Run with: python -m torch.distributed.run --nproc-per-node 2 ddp_gpt.py [--bf16] [--steps N] [--small]
Prints one JSON object: median seconds a step, tokens a second, peak resident memory of a rank in bytes, and the time on
the wall clock at which the first optimizer step was finished.
"""

import argparse
import json
import resource
import statistics
import sys
import time

import torch
import torch.distributed as dist
import torch.nn as nn
import torch.nn.functional as F

from gpt_block import Block

SMALL = "--small" in sys.argv  # one layer of width 64: what is left is start-up
LAYERS, HEADS, WIDTH = (1, 1, 64) if SMALL else (6, 6, 384)
CONTEXT, VOCABULARY, BATCH = 256, 256, 8


class Gpt(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList(Block(WIDTH, HEADS) for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)

    def forward(self, tokens, targets):
        x = self.tokens(tokens) + self.positions.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x)
        logits = F.linear(self.norm(x), self.tokens.weight)
        return F.cross_entropy(logits.view(-1, VOCABULARY), targets.reshape(-1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--steps", type=int, default=10, help="after two that are not timed")
    arguments = parser.parse_args()

    dist.init_process_group("gloo")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = nn.parallel.DistributedDataParallel(Gpt())
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, fused=True)
    seconds, first_step_at = [], 0.0
    for step in range(arguments.steps + 2):
        started = time.perf_counter()
        tokens = torch.randint(0, VOCABULARY, (BATCH, CONTEXT + 1))
        with torch.autocast("cpu", torch.bfloat16, enabled=arguments.bf16):
            loss = model(tokens[:, :-1], tokens[:, 1:])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        loss.item()
        first_step_at = first_step_at or time.time()
        seconds.append(time.perf_counter() - started)
    dist.barrier()
    if dist.get_rank() == 0:
        median = statistics.median(seconds[2:] or seconds)
        print(json.dumps({
            "seconds_per_step": median,
            "tokens_per_second": dist.get_world_size() * BATCH * CONTEXT / median,
            "resident_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "first_step_at": first_step_at,
        }))
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
