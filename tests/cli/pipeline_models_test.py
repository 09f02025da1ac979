"""What a run computes does not depend on its pipeline: models, data and schedules, through the binary."""

import json
import struct
import unittest

from program import SHARD, SOURCE, PipelineTest
from settings_test import EVERY_LAYER


class PipelineModelsTest(PipelineTest):
    def assert_shapes_agree(self, config, *overrides, shapes=("1x2",)):
        """Losses and scores; the runs are called by their shapes, among them "1x1"."""
        outputs = {shape: self.train(config, shape, shape, *overrides).stdout for shape in ("1x1", *shapes)}
        self.assertLess(self.losses("1x1")[-1], self.losses("1x1")[0], "it learns")
        score = self.records("1x1", "evaluation")[-1]
        for shape in shapes:
            self.assert_same_losses(self.losses("1x1"), self.losses(shape))
            other = self.records(shape, "evaluation")[-1]
            self.assertLess(abs(score["loss"] - other["loss"]) / score["loss"], 1e-9)
            self.assertEqual(score["accuracy"], other["accuracy"])
        return outputs

    def small_images(self, model, **changes):
        return self.image_run(model, **{"global_batch": 16, "micro_batch": 4, "label_smoothing": 0.1, **changes})

    def test_mlp(self):
        self.assert_shapes_agree(self.small_images("{name: mlp, hidden: [32, 16], dropout: 0.1}"))

    def test_convnet(self):
        self.assert_shapes_agree(self.small_images("{name: convnet, channels: [4, 8], hidden: 16, dropout: 0.1}"))

    def test_resnet_with_group_norm(self):
        resnet = "{name: resnet, depth: 18, base_width: 4, norm: group, norm_groups: 2, input: [1, 28, 28], classes: 10}"
        self.assert_shapes_agree(self.small_images(resnet), "optimizer.lr=0.01")

    def test_resnet_with_the_batch_norm_of_micro_batches(self):
        resnet = "{name: resnet, depth: 18, base_width: 4, input: [1, 28, 28], classes: 10}"
        self.assert_shapes_agree(self.small_images(resnet), "optimizer.lr=0.01")

    def test_gpt(self):
        self.assert_shapes_agree(self.deep_gpt(steps=12, precision="fp64"), shapes=("1x2", "2x2"))

    def test_a_model_spelled_out_layer_by_layer(self):
        self.assert_shapes_agree(self.small_images(EVERY_LAYER), shapes=("1x2", "1x4"))

    def test_a_schedule_from_a_table_in_pytorchs_notation(self):
        table = self.write("table.csv", "0F0,0F1,,,,0F2,0B0,,0F3,0B1,,0B2,0B3\n,1F0,1B0,1F1,1B1,,1F2,1I2,1F3,1I3,1W2,1W3\n")
        config = self.deep_gpt(steps=12, precision="fp64")
        for name, schedule in (("built-in", "1f1b"), ("table", f"{{file: {table}}}")):
            self.train(config, "2x2", name, f"parallel.schedule={schedule}")
        self.assert_same_losses(self.losses("built-in"), self.losses("table"), 1e-12)

    def test_damaged_images_are_skipped(self):
        content = bytearray(SHARD.read_bytes())
        image = content.index(b"IDAT")
        content[image + 8:image + 12] = b"\0\0\0\0"
        damaged = self.folder / "train.tar"
        damaged.write_bytes(content)
        config = self.small_images("{name: mlp}", train=damaged, global_batch=100, micro_batch=25, steps=40)
        outputs = self.assert_shapes_agree(config, "data.on_error=skip", shapes=("1x2", "2x2"))
        for output in outputs.values():  # 4 epochs of 1000 samples
            self.assertIn("skipped 4 damaged training samples", output)

    def test_damaged_text_is_skipped(self):
        tokens = list((SOURCE / "configs/data/text/test.txt").read_bytes()[:40 * 33])
        tokens[500] = 256  # which a vocabulary of 256 lacks
        damaged = self.folder / "train.tokens"
        header = struct.pack("<8sIIQQQ24x", b"ECHTOKEN", 1, 2, len(tokens), 256, 0)
        damaged.write_bytes(header + struct.pack(f"<{len(tokens)}H", *tokens))
        config = self.deep_gpt(steps=20, precision="fp64")
        settings = [f"data.train={damaged}", "data.train_range=[0, 1]", "data.on_error=skip"]
        outputs = self.assert_shapes_agree(config, *settings, shapes=("1x2", "2x2"))
        for output in outputs.values():  # 4 epochs of 40 samples
            self.assertIn("skipped 4 damaged training samples", output)


class TraceTest(PipelineTest):
    def test_every_computation_of_the_chosen_steps_is_there_on_one_clock(self):
        finished = self.train(self.deep_gpt(steps=5), "2x2", "gpt", "parallel.schedule=zb_h1", "trace.enabled=true",
                              "trace.first_step=3", "trace.steps=2")
        self.assertIn("trace.json", finished.stdout)
        events = json.loads((self.folder / "runs/gpt/trace.json").read_text())["traceEvents"]
        done = [event for event in events if event["ph"] == "X"]
        for rank in range(4):  # 2 steps of 4 micro-batches, on one stage
            kinds = [event["cat"] for event in done if event["pid"] == rank]
            for kind in ("forward", "backward for inputs", "backward for weights"):
                self.assertEqual(kinds.count(kind), 8, f"rank {rank}: {kind}")
        # rank 0 sends to rank 2: what a stage computes starts after the stage before has computed it
        ends = {event["name"]: event["ts"] + event["dur"] for event in done if event["pid"] == 0}
        starts = {event["name"]: event["ts"] for event in done if event["pid"] == 2}
        for micro_batch in range(4):
            self.assertLessEqual(ends[f"0F{micro_batch}"], starts[f"1F{micro_batch}"])

    def test_the_last_stage_updates_before_the_first_is_done(self):
        # The norm, to which the first stage adds its part last, is checked afterwards.
        model = "{name: mlp, hidden: [600, 600, 600, 600]}"
        config = self.image_run(model, global_batch=800, micro_batch=200, steps=20)
        self.train(config, "1x2", "mlp", "parallel.schedule=gpipe", "optimizer.clip_norm=1e9", "trace.enabled=true",
                   "trace.first_step=3", "trace.steps=18")
        events = json.loads((self.folder / "runs/mlp/trace.json").read_text())["traceEvents"]
        done = [event for event in events if event["ph"] == "X"]

        def ends(rank, name):
            return sorted(event["ts"] + event["dur"] for event in done if event["pid"] == rank and event["name"] == name)

        updates = [event["ts"] for event in done if event["pid"] == 1 and event["name"] == "optimizer"]
        windows = list(zip(ends(1, "1B3"), ends(0, "0B3"), strict=True))
        self.assertEqual(len(windows), 18)
        early = sum(any(begin <= start < end for start in updates) for begin, end in windows)
        self.assertGreaterEqual(early, 2, windows)  # nearly all where nothing else runs


if __name__ == "__main__":
    unittest.main()
