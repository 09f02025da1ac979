"""Augmented and mixed images, through the binary: the same over any ranks, and after any interruption."""

import unittest

from program import PipelineTest, SHARD, SOURCE

AUGMENT = "crop: shift, shift: 2, rand_augment: 9, erase: 0.25, mixup: 0.2, cutmix: 1.0"


class ImagesTest(PipelineTest):
    def config(self, augment=AUGMENT, **changes):
        settings = {"global_batch": 16, "micro_batch": 4, "steps": 10, "label_smoothing": 0.1, "threads": 1,
                    "precision": "fp64", **changes}
        return self.write("config.yaml", f"""
model: {{name: mlp, input: [1, 28, 28], hidden: [32, 32, 32], classes: 10}}
data:
  name: images
  train: {SHARD}
  test: {SOURCE}/configs/data/mnist5k/test-000.tar
  size: 28
  channels: 1
  threads: 2
  augment: {{{augment}}}
output: {self.folder}/runs
optimizer: {{name: sgd, lr: 0.05, momentum: 0.9}}
log: {{every_steps: 1}}
""" + "".join(f"{key}: {value}\n" for key, value in settings.items()))

    def test_mixed_batches_are_the_same_on_any_ranks(self):
        config = self.config()
        self.train(config, "1x1", "1x1")
        for shape, *overrides in (["2x1"], ["4x1", "micro_batch=2"], ["1x2"], ["2x2"], ["1x1", "micro_batch=16"]):
            name = shape + "".join(overrides)
            self.train(config, shape, name, *overrides)
            self.assert_same_losses(self.losses("1x1"), self.losses(name))
            ours, theirs = (self.records(run, "evaluation")[-1]["loss"] for run in ("1x1", name))
            self.assertLess(abs(ours - theirs), 1e-9)

    def test_mixing_is_what_makes_the_difference(self):
        """The first step has the same weights and, but for the mixture, the same images."""
        losses = {}
        for name, augment in {"none": "mixup: 0", "mixup": "mixup: 1", "cutmix": "cutmix: 1"}.items():
            self.train(self.config(augment, steps=1), "1x1", name)
            losses[name] = self.losses(name)[0]
        self.assertEqual(len(set(losses.values())), 3, losses)

    def test_continuing_is_bit_identical_to_never_having_stopped(self):
        config = self.config(precision="fp32")
        self.train(config, "2x1", "whole", "checkpoint.every_steps=10")
        self.train(config, "2x1", "parts", "checkpoint.every_steps=5", "checkpoint.keep=10")
        self.forget_checkpoints_after("parts", 5)
        self.train(config, "2x1", "parts")
        self.assertEqual(self.file_bytes("whole", 10), self.file_bytes("parts", 10))

    def test_mixed_classes_are_learned(self):
        self.train(self.config("mixup: 0.2, cutmix: 1.0", global_batch=50, micro_batch=50, steps=160, precision="fp32"),
                   "1x1", "run")
        self.assertGreater(self.records("run", "evaluation")[-1]["accuracy"], 0.7)

    def test_a_batch_of_one_is_not_mixed(self):
        finished = self.attempt(self.config(), "1x1", "run", "global_batch=1", "micro_batch=1")
        self.assertNotEqual(finished.returncode, 0)
        self.assertIn("global_batch: must be at least 2", finished.stderr)

    def test_a_gpu_decodes_for_runs_on_gpus_only(self):
        finished = self.attempt(self.config("flip: true"), "1x1", "run", "data.decode=gpu", "device=cpu")
        self.assertEqual(finished.returncode, 3, finished.stderr)
        self.assertIn("data.decode: gpu contradicts device: cpu", finished.stderr)


if __name__ == "__main__":
    unittest.main()
