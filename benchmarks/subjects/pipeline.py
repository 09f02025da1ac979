"""Pipelines beside torch.distributed.pipelining, and what `plan` says of a step beside what it takes."""

import json
import pathlib
import re
import statistics
import sys
import tempfile

from subjects.measuring import BUILD, HERE, MEMORY_WRAPPER, RANKS, print_table, run


def bubble_of(trace):
    """Idle share of the ranks between the first and the last computation of a step, the mean over ranks and traced steps."""
    shares = []
    events = [event for event in json.loads(trace.read_text())["traceEvents"] if event["ph"] == "X"]
    for rank in {event["pid"] for event in events}:
        own = sorted((event for event in events if event["pid"] == rank), key=lambda event: event["ts"])
        ends = [i for i, event in enumerate(own) if event["name"] == "reduction"]
        for first, last in zip([0, *[end + 1 for end in ends]], ends):
            computed = [e for e in own[first:last] if "ward" in e["cat"]]
            span = computed[-1]["ts"] + computed[-1]["dur"] - computed[0]["ts"]
            shares.append(1 - sum(event["dur"] for event in computed) / span)
    return max(shares)


def measure_pipeline(schedule, micro_batches=8, steps=10):
    with tempfile.TemporaryDirectory() as folder:
        run(["mpirun", "-n", RANKS, sys.executable, "-c", MEMORY_WRAPPER, folder, BUILD / "echelon", "train",
             HERE / "pipeline_step.yaml", f"output={folder}", f"parallel.schedule={schedule}", "trace.enabled=true",
             f"global_batch={2 * micro_batches}",
             f"steps={steps}", "trace.first_step=2"])
        lines = (pathlib.Path(folder) / "pipeline_step/metrics.jsonl").read_text().splitlines()
        steps = [record for record in map(json.loads, lines) if record["kind"] == "step"]
        memory = max(int(file.read_text()) for file in pathlib.Path(folder).glob("memory.*"))
        bubble = bubble_of(pathlib.Path(folder) / "pipeline_step/trace.json")
    return {"tokens/s": statistics.median(step["tokens_per_second"] for step in steps[2:]),
            "memory a rank, MB": memory / 1e6, "bubble, %": 100 * bubble}


def measure_peer_pipeline(python, schedule):
    program = ["-m", "torch.distributed.run", "--nproc-per-node", RANKS, HERE / "peers/pipeline_gpt.py"]
    output, _ = run([python, *program, "--schedule", schedule])
    figures = json.loads(output.splitlines()[-1])
    return {"tokens/s": figures["tokens_per_second"], "memory a rank, MB": figures["resident_bytes"] / 1e6}


def pipeline(options):
    """Every schedule against the peer's 1F1B, run in turn; then what memory does when there are more micro-batches."""
    schedules = ["gpipe", "1f1b", "interleaved", "zb_h1", "zb_v"]
    ours = {schedule: [] for schedule in schedules}
    peers = []
    for _ in range(options.repeats):
        if options.peer_python:
            peers.append(measure_peer_pipeline(options.peer_python, "1F1B"))
        for schedule in schedules:
            ours[schedule].append(measure_pipeline(schedule))
    for schedule in schedules:
        print_table(f"pipeline of {RANKS} ranks, {schedule}, beside the peer's 1F1B", ours[schedule], peers,
                    ["tokens/s", "memory a rank, MB"])
        bubbles = [figures["bubble, %"] for figures in ours[schedule]]
        print(f"  bubble {statistics.median(bubbles):.1f} % ({min(bubbles):.1f} to {max(bubbles):.1f})")
    print()
    for schedule in ("gpipe", "1f1b"):
        memory = {count: measure_pipeline(schedule, count, steps=3)["memory a rank, MB"] for count in (8, 64)}
        print(f"  memory of a rank, {schedule}: {memory[8]:.0f} MB with 8 micro-batches, {memory[64]:.0f} MB with 64")


def seconds_in(text):
    value, unit = re.search(r"speed +([0-9.]+) (s|ms) a step", text).groups()
    return float(value) / (1000 if unit == "ms" else 1)


def prediction(options):
    """What `plan` says of a step on this machine, before and after it is measured."""
    print("\nstep time predicted by plan and measured, seconds (medians)")
    for ranks, pipeline, schedule in ((1, 1, "1f1b"), (2, 1, "1f1b"), (2, 2, "1f1b"), (2, 2, "zb_v"), (4, 2, "zb_v"), (4, 4, "zb_h1")):
        overrides = [f"parallel.pipeline={pipeline}", f"parallel.schedule={schedule}"]
        predicted, measured = [], []
        for _ in range(options.repeats):
            with tempfile.TemporaryDirectory() as folder:
                plan = [BUILD / "echelon", "plan", HERE / "pipeline_step.yaml", "--ranks", ranks, *overrides]
                predicted.append(seconds_in(run(plan)[0]))
                run(["mpirun", "--oversubscribe", "-n", ranks, BUILD / "echelon", "train", HERE / "pipeline_step.yaml",
                     f"output={folder}", "steps=6", *overrides])
                lines = (pathlib.Path(folder) / "pipeline_step/metrics.jsonl").read_text().splitlines()
                steps = [record for record in map(json.loads, lines) if record["kind"] == "step"]
                measured.append(statistics.median(step["seconds_per_step"] for step in steps[2:]))
        ours, real = statistics.median(predicted), statistics.median(measured)
        print(f"  {ranks} ranks, pipelines of {pipeline}, {schedule:<6} predicted {ours:6.2f}   measured {real:6.2f} "
              f"({min(measured):.2f} to {max(measured):.2f})   {100 * (ours / real - 1):+.1f} %")
