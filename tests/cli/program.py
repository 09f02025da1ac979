"""Runs the echelon program as a user would, for the end-to-end tests beside this file."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ["ECHELON"]
SOURCE = pathlib.Path(os.environ["ECHELON_SOURCE_DIR"])
SCORING = ("label.yaml", "score.yaml", "write.yaml")  # of configs/, those that train nothing
SHARD = SOURCE / "configs/data/mnist5k/train-000.tar"
MPIRUN = os.environ.get("ECHELON_MPIRUN", "mpirun")


def command(*arguments, ranks=1):
    launcher = [MPIRUN, "-n", str(ranks)] if ranks > 1 else []
    return [*launcher, PROGRAM, *map(str, arguments)]


def run(*arguments, ranks=1, timeout=50, **options):
    return subprocess.run(
        command(*arguments, ranks=ranks), capture_output=True, text=True, timeout=timeout, **options)


def start(*arguments, ranks=1):
    return subprocess.Popen(
        command(*arguments, ranks=ranks), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the condition did not come about")
        time.sleep(0.02)


def is_running(process):
    """Whether the program runs in it."""
    try:
        return os.readlink(f"/proc/{process}/exe") == os.path.realpath(PROGRAM)
    except FileNotFoundError:
        return False


def ranks_of(launcher):
    """Process ids of the ranks below a launcher, in the order they were started; of those that are still there."""
    children = pathlib.Path(f"/proc/{launcher}/task/{launcher}/children").read_text().split()
    return [int(child) for child in children if is_running(child)]


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own."""

    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="echelon-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def put(self, name, content):
        """Writes bytes, into a folder that need not be there."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def small_gpt(self, name="gpt.yaml", **changes):
        """A GPT of one layer on the text in the tree; a step takes some milliseconds."""
        settings = {"layers": 1, "micro_batch": 2, "steps": 40, "precision": "fp32", "dropout": 0.1, **changes}
        return self.write(name, f"""
model: {{name: gpt, layers: {settings["layers"]}, heads: 2, width: 32, context: 32, vocabulary: 256, dropout: {settings["dropout"]}}}
data:
  name: text
  train: {SOURCE}/configs/data/text/test.txt
  test: {SOURCE}/configs/data/text/test.txt
  train_range: [0.0, 0.9]
  test_range: [0.9, 1.0]
  sequence_length: 32
global_batch: 8
micro_batch: {settings["micro_batch"]}
threads: 1
steps: {settings["steps"]}
precision: {settings["precision"]}
output: {self.folder}/runs
optimizer: {{name: adamw, lr: 0.003, weight_decay: 0.1, clip_norm: 1.0, schedule: {{name: cosine, warmup_steps: 5}}}}
checkpoint: {{every_steps: 10, keep: 100, keep_best: 0}}
log: {{every_steps: 1}}
""")

    def image_run(self, model, train=SHARD, **changes):
        settings = {"steps": 12, "global_batch": 32, "precision": "fp64", "threads": 1, **changes}
        return self.write("images.yaml", f"""
model: {model}
data: {{name: images, train: {train}, test: {SOURCE}/configs/data/mnist5k/test-000.tar, size: 28, channels: 1}}
output: {self.folder}/runs
optimizer: {{name: sgd, lr: 0.05, momentum: 0.9}}
log: {{every_steps: 1}}
""" + "".join(f"{key}: {value}\n" for key, value in settings.items()))

    def started(self, config, *overrides, ranks, name="gpt"):
        """A run that has done a dozen steps; killed after the test."""
        process = start("train", config, f"name={name}", *overrides, ranks=ranks)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        metrics = self.folder / "runs" / name / "metrics.jsonl"
        wait_for(lambda: metrics.exists() and metrics.read_text().count("\n") > 12)
        return process

    def records(self, run_name, kind="step"):
        lines = (self.folder / "runs" / run_name / "metrics.jsonl").read_text().splitlines()
        return [record for record in map(json.loads, lines) if record["kind"] == kind]

    def losses(self, run_name):
        return [record["loss"] for record in self.records(run_name)]

    def checkpoint(self, run_name, step):
        return self.folder / "runs" / run_name / "checkpoints" / f"step-{step:08d}"

    def file_bytes(self, run_name, step, file="model.safetensors"):
        return (self.checkpoint(run_name, step) / file).read_bytes()

    def forget_checkpoints_after(self, run_name, step):
        """Leaves the run as if it had been killed after `step`."""
        for folder in (self.folder / "runs" / run_name / "checkpoints").glob("step-????????"):
            if int(folder.name[5:]) > step:
                shutil.rmtree(folder)

    def assert_succeeds(self, finished):
        self.assertEqual(finished.returncode, 0, finished.stdout + finished.stderr)

    def assert_same_losses(self, expected, actual, tolerance=1e-9):
        for step, (a, b) in enumerate(zip(expected, actual, strict=True)):
            self.assertLess(abs(a - b) / a, tolerance, f"step {step} of these")


def over(shape):
    """For a job of `shape` "2x3", two replicas over three ranks each: the settings and the number of ranks."""
    replicas, pipeline = map(int, shape.split("x"))
    return [f"parallel.pipeline={pipeline}"], {"ranks": replicas * pipeline}


class PipelineTest(ProgramTest):
    def deep_gpt(self, **changes):
        """Three blocks with embedding, norm and head: six layers, so that four stages fit."""
        return self.small_gpt(**{"layers": 3, "micro_batch": 1, **changes})

    def attempt(self, config, shape, name, *overrides):
        settings, ranks = over(shape)
        return run("train", config, f"name={name}", *settings, *overrides, **ranks)

    def train(self, config, shape, name, *overrides):
        finished = self.attempt(config, shape, name, *overrides)
        self.assert_succeeds(finished)
        return finished

    def training(self, config, shape, name, *overrides):
        settings, ranks = over(shape)
        return self.started(config, *settings, *overrides, name=name, **ranks)
