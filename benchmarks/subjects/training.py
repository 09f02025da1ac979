"""The training step, start-up and look-ups in the file system, beside DDP; all-reduce beside gloo."""

import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

from subjects.measuring import BUILD, ENVIRONMENT, HERE, MEMORY_WRAPPER, RANKS, print_table, run

LOOKUPS = "open,openat,openat2,stat,lstat,newfstatat,statx,access,faccessat,faccessat2,readlink,readlinkat,getdents64"
# Around a rank: its look-ups, in a file of its own.
TRACE_WRAPPER = f'exec strace -f -qq -e trace={LOOKUPS} -o "$0/trace.$$" "$@"'


def echelon_command(folder, overrides, wrapper=()):
    return ["mpirun", "-n", RANKS, *wrapper, BUILD / "echelon", "train", HERE / "gpt_step.yaml", f"output={folder}", *overrides]


def peer_command(python, arguments, wrapper=()):
    program = [*wrapper, python, HERE / "peers/ddp_gpt.py", *arguments]
    return [python, "-m", "torch.distributed.run", "--nproc-per-node", RANKS, "--no-python", *program]


SMALL = ["model.layers=1", "model.heads=1", "model.width=64", "steps=3"]


def measure_echelon(*overrides):
    with tempfile.TemporaryDirectory() as folder:
        _, started = run(echelon_command(folder, overrides, [sys.executable, "-c", MEMORY_WRAPPER, folder]))
        lines = (pathlib.Path(folder) / "gpt_step/metrics.jsonl").read_text().splitlines()
        steps = [record for record in map(json.loads, lines) if record["kind"] == "step"]
        memory = max(int(file.read_text()) for file in pathlib.Path(folder).glob("memory.*"))
    return {"tokens/s": statistics.median(step["tokens_per_second"] for step in steps[2:]),
            "launch to first step, s": steps[0]["time"] - started,
            "memory a rank, MB": memory / 1e6}


def measure_peer(python, *arguments):
    output, started = run(peer_command(python, arguments))
    figures = json.loads(output.splitlines()[-1])
    return {"tokens/s": figures["tokens_per_second"],
            "launch to first step, s": figures["first_step_at"] - started,
            "memory a rank, MB": figures["resident_bytes"] / 1e6}


def compare(title, options, overrides, arguments, keys=None):
    ours, peers = [], []
    for _ in range(options.repeats):
        ours.append(measure_echelon(*overrides))
        if options.peer_python:
            peers.append(measure_peer(options.peer_python, *arguments))
    print_table(title, ours, peers, keys)


def train_step(options):
    where = f"GPT 10.8 M, {RANKS} ranks of one thread"
    compare(f"training step, fp32, {where}", options, ["precision=fp32"], [])
    compare(f"training step, bf16, {where}", options, ["precision=bf16"], ["--bf16"])


def startup(options):
    compare("start-up, GPT of one layer", options, SMALL, ["--small", "--steps", "1"],
            ["launch to first step, s", "memory a rank, MB"])


def count_lookups(command):
    with tempfile.TemporaryDirectory() as folder:
        run(command(folder, ["bash", "-c", TRACE_WRAPPER, folder]))
        counts = []
        for trace in pathlib.Path(folder).glob("trace.*"):
            calls = [line for line in trace.read_text().splitlines() if "resumed>" not in line]
            counts.append(sum(1 for call in calls if not re.search(r'"/(sys|proc|dev)(/|")', call)))
    return {"file look-ups a rank": max(counts)}


def lookups(options):
    def echelon(folder, wrapper):
        return echelon_command(folder, ["steps=1"], wrapper)

    def peer(folder, wrapper):
        return peer_command(options.peer_python, ["--steps", "-1"], wrapper)

    ours = [count_lookups(echelon)]
    print_table("file look-ups to the end of the first step", ours, [count_lookups(peer)] if options.peer_python else [])


def allreduce(options):
    environment = {**ENVIRONMENT, **({"ECHELON_PEER_PYTHON": options.peer_python} if options.peer_python else {})}
    subprocess.run(["mpirun", "-n", str(RANKS), BUILD / "benchmarks/allreduce"], env=environment, check=True)
