"""Checkpoints of pipelines: how they are stored, and going on from them on any shape of the job."""

import re
import unittest

import numpy
from safetensors.numpy import load_file

from program import PipelineTest, over, run

KINDS = ("model", "optimizer", "ema")


def parts(checkpoint, kind):
    return sorted([*checkpoint.glob(f"{kind}.safetensors"), *checkpoint.glob(f"{kind}-*.safetensors")])


def stored(checkpoint, kind):
    """The tensors of one kind, each as one row, put together from parts and pieces ("NAME[begin:end]")."""
    pieces = {}
    for part in parts(checkpoint, kind):
        for entry, values in load_file(part).items():
            name, begin = re.fullmatch(r"(.*?)(?:\[(\d+):\d+\])?", entry).groups()
            pieces.setdefault(name, []).append((int(begin or 0), values.ravel()))
    tensors = {}
    for name, found in pieces.items():
        found.sort(key=lambda piece: piece[0])
        tensors[name] = numpy.concatenate([values for begin, values in found])
        ends = numpy.cumsum([values.size for begin, values in found])
        assert [begin for begin, values in found] == [0, *ends[:-1]], f"{name} has gaps, or elements twice"
    return tensors


class PipelineCheckpointTest(PipelineTest):
    def assert_same_tensors(self, expected, actual):
        for kind in KINDS:
            one, other = stored(expected, kind), stored(actual, kind)
            self.assertEqual(set(one), set(other), kind)
            for name in one:
                largest = max(numpy.abs(one[name]).max(), 1e-30)
                self.assertLess(numpy.abs(one[name] - other[name]).max() / largest, 1e-9, f"{kind}: {name}")

    def assert_same_runs(self, expected, actual, steps):
        self.assert_same_losses(self.losses(expected)[-steps:], self.losses(actual))
        one, other = (self.records(name, "evaluation")[-1] for name in (expected, actual))
        self.assertLess(abs(one["loss"] - other["loss"]) / one["loss"], 1e-9)
        self.assertEqual(one["accuracy"], other["accuracy"])
        self.assert_same_tensors(self.checkpoint(expected, 30), self.checkpoint(actual, 30))

    def goes_on_anywhere(self, *overrides):
        """From 2 × 2 after step 10, on every shape; and from each of those, after step 20, on 2 × 2."""
        config = self.deep_gpt(steps=30, precision="fp64")
        overrides = ["ema_decay=0.9", *overrides]  # and small_gpt clips and drops out
        self.train(config, "1x1", "undisturbed", *overrides)
        self.train(config, "2x2", "2x2", *overrides)
        self.assert_same_runs("undisturbed", "2x2", 30)
        for shape in ("4x1", "1x4", "1x1"):
            finished = self.train(config, shape, shape, *overrides, f"checkpoint.resume={self.checkpoint('2x2', 10)}")
            self.assertIn("continues  step 10", finished.stdout)
            self.assert_same_runs("undisturbed", shape, 20)
            self.train(config, "2x2", f"after-{shape}", *overrides, f"checkpoint.resume={self.checkpoint(shape, 20)}")
            self.assert_same_runs("undisturbed", f"after-{shape}", 10)
        return config

    def test_a_checkpoint_goes_on_on_any_shape_of_the_job(self):
        config = self.goes_on_anywhere()
        checkpoint = self.checkpoint("2x2", 30)
        self.assertEqual([part.name for part in parts(checkpoint, "optimizer")],
                         [f"optimizer-0000{part}-of-00002.safetensors" for part in (1, 2)])
        self.assert_is_shown(checkpoint, files=6)
        for shape in ("2x2", "4x1", "1x4", "1x1"):
            settings, ranks = over(shape)
            finished = run("evaluate", config, "name=2x2", *settings, **ranks)
            self.assert_succeeds(finished)
            score = self.records("undisturbed", "evaluation")[-1]
            self.assertIn(f"loss {score['loss']:.4f}", finished.stdout)
            self.assertIn(f"accuracy {100 * score['accuracy']:.2f} %", finished.stdout)

    def test_so_does_one_with_a_sharded_optimizer(self):
        self.goes_on_anywhere("parallel.shard_optimizer=true")
        checkpoint = self.checkpoint("2x2", 30)
        self.assertEqual([part.name for part in parts(checkpoint, "optimizer")],
                         [f"optimizer-0000{part}-of-00004.safetensors" for part in (1, 2, 3, 4)])
        self.assertTrue(any("[0:" in name for part in parts(checkpoint, "optimizer") for name in load_file(part)),
                        "no tensor is cut, so pieces are not tested")
        self.assert_is_shown(checkpoint, files=8)

    def assert_is_shown(self, checkpoint, files):
        finished = run("inspect", checkpoint)
        self.assert_succeeds(finished)
        self.assertEqual(finished.stdout.count("checksum verified"), files)
        for kind in KINDS:
            for part in parts(checkpoint, kind):
                for name in load_file(part):
                    self.assertIn(f"  {name} ", finished.stdout)


if __name__ == "__main__":
    unittest.main()
