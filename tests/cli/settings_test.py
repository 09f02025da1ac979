"""What single settings do to a run, through the binary: models, data, precision, averages and failures that are skipped."""

import json
import math
import tarfile
import unittest

from program import SHARD, SOURCE, ProgramTest, run

TOKENIZER = SOURCE / "tests/tokenizer/golden/plain.json"

RESNET = "{name: resnet, depth: 18, base_width: 4, input: [1, 28, 28], classes: 10}"
EVERY_LAYER = """
  name: sequential
  input: [1, 28, 28]
  layers:
    - {conv: {out: 8, padding: 1, bias: false}}
    - {group_norm: {groups: 4}}
    - {relu: {}}
    - {max_pool: {size: 3, stride: 2}}
    - {conv: {out: 8, stride: 2}}
    - {silu: {}}
    - {avg_pool: {size: 2}}
    - {gelu: {}}
    - {dropout: {rate: 0.1}}
    - {flatten: {}}
    - {linear: {out: 10}}
"""


class SettingsTest(ProgramTest):
    def assert_ranks_agree(self, config, *overrides, tolerance=1e-9):
        for ranks in (1, 2):
            self.assert_succeeds(run("train", config, *overrides, f"name=ranks{ranks}", ranks=ranks))
        one, two = self.losses("ranks1"), self.losses("ranks2")
        self.assertLess(one[-1], one[0], "it learns")
        self.assertLess(max(abs(a - b) / a for a, b in zip(one, two, strict=True)), tolerance)

    def test_sync_batch_norm_makes_a_resnet_independent_of_the_number_of_ranks(self):
        config = self.image_run(RESNET, evaluate="{every_steps: 12}")
        self.assert_ranks_agree(config, "parallel.sync_batch_norm=true")
        self.assert_succeeds(run("train", config, "name=apart", ranks=2))
        apart, together = self.losses("apart"), self.losses("ranks1")
        self.assertGreater(abs(apart[-1] - together[-1]), 1e-4, "statistics of each rank's part differ")

    def test_a_model_spelled_out_layer_by_layer(self):
        self.assert_ranks_agree(self.image_run(EVERY_LAYER))

    def test_batch_norm_in_a_spelled_out_model(self):
        layers = EVERY_LAYER.replace("{group_norm: {groups: 4}}", "{batch_norm: {}}")
        self.assert_ranks_agree(self.image_run(layers), "parallel.sync_batch_norm=true")

    def test_images_in_class_folders_train_like_the_same_images_in_a_shard(self):
        with tarfile.open(SHARD) as shard:
            content = {member.name: shard.extractfile(member).read() for member in shard}
        for name in content:
            if name.endswith(".png"):
                folder = self.folder / "digits" / content[name[:-4] + ".cls"].decode()
                folder.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content[name])
        model = "{name: mlp, hidden: [32]}"
        config = self.image_run(model, train=self.folder / "digits", steps=31, global_batch=100, evaluate="{every_steps: 31}")
        self.assert_succeeds(run("train", config, "name=folders", ranks=2))
        config = self.image_run(model, steps=31, global_batch=100, evaluate="{every_steps: 31}")
        self.assert_succeeds(run("train", config, "name=shard", ranks=2))
        accuracy = [self.records(name, "evaluation")[-1]["accuracy"] for name in ("folders", "shard")]
        self.assertGreater(min(accuracy), 0.7)
        self.assertAlmostEqual(*accuracy, delta=0.1, msg="the same images, in another order")

    def test_text_through_a_tokenizer(self):
        config = self.small_gpt(steps=30, precision="fp64")
        vocabulary = 500
        text = ["data.tokenizer=" + str(TOKENIZER), f"model.vocabulary={vocabulary}"]
        self.assert_ranks_agree(config, *text)
        self.assertAlmostEqual(self.losses("ranks1")[0], math.log(vocabulary), delta=0.2)
        finished = run("train", config, text[0], "name=small")
        self.assertEqual(finished.returncode, 4, finished.stderr)
        self.assertIn("489", finished.stderr)  # the least vocabulary of the model

    def test_bf16_learns_like_fp32(self):
        for precision in ("fp32", "bf16"):
            self.assert_succeeds(run("train", self.small_gpt(), f"name={precision}", f"precision={precision}", ranks=2))
        pairs = list(zip(self.losses("fp32"), self.losses("bf16"), strict=True))
        self.assertNotEqual(*pairs[-1])
        self.assertLess(max(abs(a - b) / a for a, b in pairs), 0.02)

    def test_the_average_of_the_weights_is_stored_evaluated_and_continued(self):
        config = self.small_gpt()
        self.assert_succeeds(run("train", config, "name=whole", "ema_decay=0.9", ranks=2))
        self.assert_succeeds(run("train", config, "name=plain", ranks=2))
        self.assertEqual(self.losses("whole"), self.losses("plain"), "the average does not touch the training")
        scores = {name: self.records(name, "evaluation")[-1]["loss"] for name in ("whole", "plain")}
        self.assertNotEqual(scores["whole"], scores["plain"])
        finished = run("evaluate", config, "name=whole", "ema_decay=0.9")
        self.assert_succeeds(finished)
        self.assertIn(f"loss {scores['whole']:.4f}", finished.stdout)
        self.assert_succeeds(run("train", config, "name=parts", "ema_decay=0.9", ranks=2))
        self.forget_checkpoints_after("parts", 20)
        self.assert_succeeds(run("train", config, "name=parts", "ema_decay=0.9", ranks=2))
        self.assertEqual(self.file_bytes("whole", 40, "ema.safetensors"),
                         self.file_bytes("parts", 40, "ema.safetensors"))

    def test_a_step_that_is_not_finite_is_skipped_when_asked(self):
        config = self.small_gpt(steps=30)
        diverging = ["optimizer.name=sgd", "optimizer.lr=1000", "optimizer.clip_norm=1e30"]
        finished = run("train", config, *diverging, "on_nan=skip", "checkpoint.every_steps=30", ranks=2)
        self.assert_succeeds(finished)
        self.assertRegex(finished.stderr, r"warning.*step \d+, rank \d: .* is not finite.*; the step is skipped")
        self.assertEqual(len(self.records("gpt")), 30)
        stored = self.file_bytes("gpt", 30)
        header = json.loads(stored[8:8 + int.from_bytes(stored[:8], "little")])
        self.assertGreater(len(header), 10)
        self.assert_succeeds(run("inspect", self.folder / "runs/gpt"))

    def test_gradient_buckets_do_not_change_the_result(self):
        config = self.small_gpt(precision="fp64", steps=10)
        self.assert_succeeds(run("train", config, "name=one", ranks=2))
        self.assert_succeeds(run("train", config, "name=many", "parallel.bucket_mb=0.01",
                                 "parallel.first_bucket_mb=0.001", ranks=2))
        for a, b in zip(self.losses("one"), self.losses("many"), strict=True):
            self.assertLess(abs(a - b) / a, 1e-12)


if __name__ == "__main__":
    unittest.main()
