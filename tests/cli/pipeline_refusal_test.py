"""What pipelines refuse, before anything starts or when a step is not finite: exit codes and messages."""

import math
import unittest

from safetensors.numpy import load_file

from program import PipelineTest

TABLE = """
0F0,0F1,0F2,0B0,0F3,0B1,0B2,0B3
1F0,1B0,1F1,1B1,1F2,1B2,1F3,1B3
"""


class PipelineRefusalTest(PipelineTest):
    def assert_refused(self, shape, overrides, *messages):
        finished = self.attempt(self.deep_gpt(), shape, "refused", *overrides)
        self.assertEqual(finished.returncode, 3, finished.stderr)
        for message in messages:
            self.assertIn(message, finished.stderr)
        self.assertEqual(finished.stderr.count("error (rank "), 1, "one rank speaks for all")
        self.assertFalse((self.folder / "runs").exists(), "nothing is started")

    def test_pipelines_that_do_not_divide_the_ranks(self):
        self.assert_refused("2x2", ["parallel.pipeline=3"],
                            "parallel.pipeline: 3 does not divide the 4 ranks of this job; use 2 or 4, or start 3 or 6 ranks")
        self.assert_refused("1x2", ["parallel.pipeline=4"],
                            "parallel.pipeline: 4 does not divide the 2 ranks of this job; use 2, or start 4 ranks")

    def test_more_stages_than_layers(self):
        self.assert_refused("1x2", ["parallel.schedule={interleaved: 4}"], "8 stages", "the model has 6", "at most 6")

    def test_micro_batches_that_do_not_divide_or_are_too_few(self):
        self.assert_refused("2x2", ["global_batch=7", "micro_batch=7"],
                            "global_batch: 7 does not divide among 2 replicas; use 6 or 8, or 1 or 7 replicas")
        self.assert_refused("2x2", ["micro_batch=8"],
                            "micro_batch: 8 does not divide the 4 samples that each of 2 replicas has", "use 4")
        self.assert_refused("2x2", ["micro_batch=4"],
                            "micro_batch: 4 leaves 1 micro-batch a step, too few for the 2 ranks of a pipeline; use 2 or less")
        self.assert_refused("1x4", ["micro_batch=4"],
                            "micro_batch: 4 leaves 2 micro-batches a step, too few for the 4 ranks of a pipeline; use 2 or less")
        self.assert_refused("2x2", ["global_batch=2", "micro_batch=1"],
                            "global_batch: gives each replica 1 sample a step, too few for the 2 ranks of a pipeline; "
                            "use at least 4")

    def test_splits_that_are_none(self):
        for split, message in {
            "[embedding, blok.1]": "parallel.split: the model has no layer 'blok.1'; did you mean 'block.1'?",
            "[embedding]": "parallel.split: names 1 stage, which no schedule has on 2 ranks; name 2 for 1f1b, 4 for zb_v",
            "[embedding, block.0, block.1]": "parallel.split: names 3 stages, which no schedule has on 2 ranks; name 2 for 1f1b",
            "[embedding, embedding]": "names 'embedding' a second time",
            "[block.0, block.1]": "parallel.split: starts with 'block.0', so the layers before it are on no stage; "
                                  "start with 'embedding'",
        }.items():
            self.assert_refused("1x2", [f"parallel.split={split}"], message)
        self.assert_refused("1x4", ["parallel.split=[embedding, block.1, block.0, head]"],
                            "parallel.split: 'block.0' stands after 'block.1', but comes before it in the model")

    def test_layers_to_recompute_that_are_not_there(self):
        self.assert_refused("1x2", ["parallel.recompute=[blok.1]"],
                            "parallel.recompute: no layer of the model is called 'blok.1'; did you mean 'block.1'?")

    def assert_table_is_refused(self, table, *messages):
        path = self.write("table.csv", table)
        self.assert_refused("1x2", [f"parallel.schedule={{file: {path}}}", "micro_batch=2"], "table.csv", *messages)

    def test_tables_that_are_no_schedule(self):
        for right, wrong, messages in (
            ("1B0,1F1", "1F1,1B1,1B0", ["rank 1, action", "(1B1): stands a second time"]),
            ("1F2,1B2", "1B2,1F2", ["rank 1, action 4 (1B2): must stand behind 1F2"]),
            (",0B3", "", ["rank 0: 0B3 is missing, or its halves"]),
            (",0B3", ",0B4", ["rank 0, action", "(0B4): there are only 4 micro-batches, counted from 0"]),
            ("1F3,1B3", "1F3,0F3,1B3", ["rank 1, action", "(0F3): stage 0 is on rank 0, and a stage is on one rank only"]),
            ("1F3,1B3", "1F3,1Q3", ["table.csv:3: cell 8: '1Q3' is no action of a pipeline schedule"]),
        ):
            self.assertEqual(TABLE.count(right), 1)
            self.assert_table_is_refused(TABLE.replace(right, wrong), *messages)

    def test_a_table_in_which_ranks_wait_for_each_other(self):
        self.assert_table_is_refused("""
0F0,0SEND_F0,0F1,0SEND_F1,0F2,0SEND_F2,0F3,0SEND_F3,0RECV_B0,0B0,0RECV_B1,0B1,0RECV_B2,0B2,0RECV_B3,0B3
1RECV_F0,1F0,1B0,1SEND_B0,1RECV_F1,1F1,1B1,1SEND_B1,1RECV_F3,1F3,1B3,1SEND_B3,1RECV_F2,1F2,1B2,1SEND_B2
""", "(1RECV_F3): is out of order: rank 0 sends micro-batch 2 at this point")

    def test_a_table_for_another_job(self):
        for shape, micro_batch in (("1x2", 1), ("1x4", 2)):
            path = self.write("table.csv", TABLE)
            ranks = shape[-1]
            self.assert_refused(shape, [f"parallel.schedule={{file: {path}}}", f"micro_batch={micro_batch}"],
                                "table.csv is for 2 ranks and 4 micro-batches",
                                f"a pipeline of this job has {ranks} ranks and {8 // micro_batch} micro-batches",
                                "set parallel.pipeline: 2")


class PipelineNotFiniteTest(PipelineTest):
    DIVERGING = ["optimizer.name=sgd", "optimizer.lr=1000", "optimizer.clip_norm=1e30"]

    def test_the_layer_and_its_rank_are_named_by_all(self):
        for shape, split in (("2x2", "[embedding, block.0]"), ("1x4", "[embedding, block.0, norm, head]")):
            finished = self.attempt(self.deep_gpt(), shape, shape, *self.DIVERGING, f"parallel.split={split}")
            self.assertEqual(finished.returncode, 7, finished.stderr)
            owner = {"2x2": 2, "1x4": 1}[shape]  # of the blocks, in the first replica
            for rank in range(4):
                self.assertRegex(finished.stderr, rf"error \(rank {rank}\): step \d+, rank {owner}: "
                                 r"the (output of layer|gradient of) block\.\d\S* is not finite")

    def test_such_steps_are_skipped_when_asked(self):
        finished = self.attempt(self.deep_gpt(steps=30), "2x2", "gpt", *self.DIVERGING, "on_nan=skip",
                                "parallel.split=[embedding, block.0]")
        self.assert_succeeds(finished)
        self.assertRegex(finished.stderr, r"warning \(rank 0\): step \d+, rank 2: .* is not finite.*; the step is skipped")
        self.assertEqual(len(self.records("gpt")), 30)
        skipped = finished.stderr.count("the step is skipped")
        self.assertTrue(0 < skipped < 30, skipped)
        parts = list(self.checkpoint("gpt", 30).glob("model-*.safetensors"))
        self.assertEqual(len(parts), 2)
        for part in parts:
            for name, values in load_file(part).items():
                self.assertTrue(math.isfinite(values.sum(dtype="float64")), name)


if __name__ == "__main__":
    unittest.main()
