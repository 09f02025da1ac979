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

    def small_gpt(self, name="gpt.yaml", **changes):
        """A GPT of one layer on the text in the tree; a step takes some milliseconds."""
        settings = {"steps": 40, "precision": "fp32", "dropout": 0.1, **changes}
        return self.write(name, f"""
model: {{name: gpt, layers: 1, heads: 2, width: 32, context: 32, vocabulary: 256, dropout: {settings["dropout"]}}}
data:
  name: text
  train: {SOURCE}/configs/data/text/test.txt
  test: {SOURCE}/configs/data/text/test.txt
  train_range: [0.0, 0.9]
  test_range: [0.9, 1.0]
  sequence_length: 32
global_batch: 8
micro_batch: 2
steps: {settings["steps"]}
precision: {settings["precision"]}
output: {self.folder}/runs
optimizer: {{name: adamw, lr: 0.003, weight_decay: 0.1, clip_norm: 1.0, schedule: {{name: cosine, warmup_steps: 5}}}}
checkpoint: {{every_steps: 10, keep: 100, keep_best: 0}}
log: {{every_steps: 1}}
""")

    def records(self, run_name, kind="step"):
        lines = (self.folder / "runs" / run_name / "metrics.jsonl").read_text().splitlines()
        return [record for record in map(json.loads, lines) if record["kind"] == kind]

    def losses(self, run_name):
        return [record["loss"] for record in self.records(run_name)]

    def file_bytes(self, run_name, step, file="model.safetensors"):
        return (self.folder / "runs" / run_name / "checkpoints" / f"step-{step:08d}" / file).read_bytes()

    def forget_checkpoints_after(self, run_name, step):
        """Leaves the run as if it had been killed after `step`."""
        for folder in (self.folder / "runs" / run_name / "checkpoints").glob("step-????????"):
            if int(folder.name[5:]) > step:
                shutil.rmtree(folder)

    def assert_succeeds(self, finished):
        self.assertEqual(finished.returncode, 0, finished.stdout + finished.stderr)
