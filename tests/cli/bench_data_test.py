"""bench data: measurements as a user asks for them, whose numbers must fit together."""

import json
import re
import unittest

from program import SOURCE, ProgramTest, run

LOADING = ("read", "decode", "transform", "fields", "convert", "assemble", "mix", "copy")
LOOP = ("plan", "wait", "use")
SLACK = 0.1  # seconds: of a stage that began before the measured time
SCALE = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}


class BenchDataTest(ProgramTest):
    def measure(self, config, *arguments, ranks=1):
        file = self.folder / "numbers.json"
        finished = run("bench", "data", SOURCE / "configs" / config, *arguments, "--json", file, ranks=ranks,
                       cwd=self.folder)
        self.assert_succeeds(finished)
        self.assertEqual(list(self.folder.iterdir()), [file], "it leaves nothing else behind")
        return json.loads(file.read_text()), finished.stdout

    def assert_consistent(self, numbers, text, ranks, micro_batch, prefetch=4):
        self.assertEqual([rank["rank"] for rank in numbers["ranks"]], list(range(ranks)))
        for rank in numbers["ranks"]:
            self.assertGreater(rank["batches"], 0)
            self.assertEqual(rank["samples"], rank["batches"] * micro_batch)
            # What is loaded ahead when measuring begins and ends.
            self.assertLessEqual(abs(rank["loading"]["samples"] - rank["samples"]), (prefetch + 1) * micro_batch)
            seconds = rank["loading"]["seconds"]
            threads = sum(seconds[stage] for stage in LOADING + ("idle",))
            self.assertLessEqual(threads, (rank["seconds"] + SLACK) * rank["threads"])
            self.assertGreater(threads, 0.5 * rank["seconds"] * rank["threads"])
            loop = sum(seconds[stage] for stage in LOOP)
            self.assertLessEqual(loop, rank["seconds"] + SLACK)
            self.assertGreater(loop, 0.9 * rank["seconds"])
            self.assertGreater(rank["opening_seconds"], 0)
            self.assertGreater(rank["first_batch_seconds"], 0)
            self.assertLessEqual(sum(rank["opening"]["seconds"].values()), rank["opening_seconds"])
            memory = rank["memory"]
            self.assertGreater(memory["own"], 0)
            self.assertGreater(memory["resident"], memory["own"])
            self.assertGreaterEqual(memory["peak"], memory["resident"])
        total = numbers["total"]
        for key in ("batches", "samples", "tokens", "threads", "cores"):
            self.assertEqual(total[key], sum(rank[key] for rank in numbers["ranks"]))
        self.assertEqual(total["seconds"], max(rank["seconds"] for rank in numbers["ranks"]))
        self.assertAlmostEqual(total["samples_per_second"] * total["seconds"], total["samples"], places=3)
        self.assertAlmostEqual(total["bytes_per_second"] * total["seconds"], total["loading"]["bytes"], delta=1)
        self.assert_text_agrees(numbers, text)

    def assert_text_agrees(self, numbers, text):
        self.assertIn(f"limit    {numbers['limit']}", text)
        shown = re.search(rf"rate +([\d.]+) ?([kMG]?) {numbers['samples']}/s", text)
        rate = numbers["total"]["samples_per_second"]
        self.assertAlmostEqual(float(shown[1]) * SCALE[shown[2]] / rate, 1, delta=0.01)
        seconds = numbers["total"]["loading"]["seconds"]
        for stage in LOADING:
            self.assertEqual(seconds[stage] > 0, re.search(rf"^  {stage} ", text, re.MULTILINE) is not None, stage)

    def test_images(self):
        for ranks in (1, 2):
            numbers, text = self.measure("quickstart.yaml", "--seconds", 1, ranks=ranks)
            self.assert_consistent(numbers, text, ranks, 64 // ranks)
            self.assertEqual(numbers["samples"], "images")
            self.assertEqual(numbers["total"]["tokens"], 0)
            seconds = numbers["total"]["loading"]["seconds"]
            self.assertGreater(min(seconds["read"], seconds["decode"], seconds["transform"]), 0)
            self.assertEqual(seconds["convert"], 0)
            # Of the training images as they lie in the shards.
            average = numbers["total"]["loading"]["bytes"] / numbers["total"]["loading"]["samples"]
            self.assertTrue(100 < average < 1000, f"{average} bytes an image of 28 × 28")

    def test_text(self):
        for ranks in (1, 2):
            numbers, text = self.measure("gpt_text.yaml", "--seconds", 1, ranks=ranks)
            self.assert_consistent(numbers, text, ranks, 32 // ranks)
            self.assertEqual(numbers["samples"], "sequences")
            self.assertEqual(numbers["total"]["tokens"], 128 * numbers["total"]["samples"])
            # Bytes are tokens: those of a sequence and the one after it.
            for rank in numbers["ranks"]:
                loading = rank["loading"]
                self.assertAlmostEqual(loading["bytes"] / 129, loading["samples"], delta=64)
                self.assertEqual(loading["seconds"]["decode"], 0)

    def test_tables(self):
        for ranks in (1, 2):
            numbers, text = self.measure("table_rent.yaml", "--seconds", 1, ranks=ranks)
            self.assert_consistent(numbers, text, ranks, 64 // ranks)
            self.assertEqual(numbers["samples"], "rows")
            opening = numbers["ranks"][0]["opening"]
            self.assertGreater(opening["seconds"]["read"], 0, "columns are learned from the file")
            self.assertGreater(opening["seconds"]["convert"], 0)
            self.assertGreater(opening["bytes"], 4000 * 5)
            self.assertEqual(numbers["total"]["loading"]["bytes"], 0, "rows are kept as numbers")

    def test_settings_count(self):
        numbers, text = self.measure("quickstart.yaml", "data.threads=3", "data.prefetch=2", "micro_batch=16",
                                     "--batches", 120)
        self.assert_consistent(numbers, text, 1, 16, prefetch=2)
        self.assertEqual(numbers["total"]["batches"], 120)
        self.assertEqual(numbers["total"]["threads"], 3)
        self.assertIn("1 rank × 3 threads", text)

    def test_loading_in_the_loop(self):
        numbers, text = self.measure("quickstart.yaml", "data.threads=0", "--batches", 30)
        rank = numbers["ranks"][0]
        self.assertEqual(rank["samples"], 30 * 64)
        self.assertEqual(rank["loading"]["samples"], 30 * 64, "nothing is loaded ahead")
        self.assertLessEqual(sum(rank["loading"]["seconds"].values()), rank["seconds"] + 0.001)
        self.assertIn("set data.threads to 1 or more", text)

    def test_of_a_pipeline_the_first_stage_loads(self):
        numbers, text = self.measure("gpt_text.yaml", "parallel.pipeline=2", "--batches", 20, ranks=2)
        self.assertEqual([rank["rank"] for rank in numbers["ranks"]], [0])
        self.assertEqual(text.count("echelon bench data"), 1)

    def test_what_is_wrong_is_said(self):
        config = SOURCE / "configs/quickstart.yaml"
        self.assertEqual(run("bench").returncode, 2)
        self.assertEqual(run("bench", "data").returncode, 2)
        self.assertEqual(run("bench", "data", config, "--seconds", 0).returncode, 2)
        self.assertEqual(run("bench", "data", config, "--seconds", 1, "--batches", 1).returncode, 2)
        finished = run("bench", "data", config, "data.thread=2")
        self.assertEqual(finished.returncode, 3)
        self.assertIn("threads", finished.stderr)
        finished = run("bench", "data", config, "--batches", 1, "--json", self.folder / "no/such/folder.json")
        self.assertEqual(finished.returncode, 4)
        self.assertIn("no/such/folder.json", finished.stderr)


if __name__ == "__main__":
    unittest.main()
