"""The tensorboard package reads what write_events wrote."""

import subprocess
import sys
import tempfile
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def load(folder):
    events = EventAccumulator(str(folder))
    events.Reload()
    return events


def points(events, tag):
    return [(event.step, event.value) for event in events.Scalars(tag)]


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    (folder / "first").mkdir()
    subprocess.run([sys.argv[1], folder], check=True)

    first = load(folder / "first")
    assert first.file_version == 2.0, first.file_version
    assert sorted(first.Tags()["scalars"]) == ["evaluation/accuracy", "train/loss", "train/lr"], first.Tags()
    loss = points(first, "train/loss")
    assert [step for step, _ in loss] == [10, 20, 30, 40, 50], loss
    assert all(abs(value - 1 / step) < 1e-7 for step, value in loss), loss
    assert points(first, "evaluation/accuracy") == [(50, 0.75)]
    assert first.Scalars("train/loss")[0].wall_time > 1.7e9
    (text,) = first.Tensors("config")
    assert text.tensor_proto.string_val[0] == b"```yaml\nseed: 0\n```", text
    assert first.SummaryMetadata("config").plugin_data.plugin_name == "text"

    # The continuation from step 30 takes the place of what came after it.
    run = load(folder / "run")
    assert [step for step, _ in points(run, "train/loss")] == [10, 20, 30, 40]
    assert points(run, "train/loss")[-1] == (40, 7.0)
    assert points(run, "train/lr")[-1] == (40, 0.25)
