"""plan: predictions as a user asks for them, on one process and without a launcher."""

import os
import time
import unittest
import xml.etree.ElementTree as ElementTree

from program import SCORING, SOURCE, ProgramTest, run

SVG = "{http://www.w3.org/2000/svg}"


class PlanTest(ProgramTest):
    def cluster(self):
        """A GPT of 1.6 G parameters on H100; its data is on no machine here."""
        return self.write("cluster.yaml", """
model: {name: gpt, layers: 48, heads: 25, width: 1600, context: 1024, vocabulary: 50257}
data: {name: text, train: /nowhere/tokens.bin, sequence_length: 1024}
global_batch: 8192
steps: 10
precision: bf16
hardware: h100
parallel: {pipeline: 16}
micro_batch: 1
""")

    def test_four_thousand_ranks_are_planned_in_seconds(self):
        started = time.perf_counter()
        finished = run("plan", self.cluster(), "--ranks", "4096")
        self.assert_succeeds(finished)
        self.assertLess(time.perf_counter() - started, 10)
        for expected in ("4096 ranks = 16 in a pipeline × 256 replicas", "H100", "1.56 G parameters", "tokens/s",
                         "bubble", "limit", "3840-4095", "network", "rank 15 |"):
            self.assertIn(expected, finished.stdout)

    def test_without_ranks_it_is_one_pipeline(self):
        finished = run("plan", self.cluster(), "parallel.pipeline=4", "global_batch=32")
        self.assert_succeeds(finished)
        self.assertIn("4 ranks = 4 in a pipeline × 1 replica", finished.stdout)

    def test_this_machine_is_measured(self):
        finished = run("plan", self.small_gpt(), "--ranks", "2")
        self.assert_succeeds(finished)
        self.assertIn("this machine", finished.stdout)
        self.assertIn("measured one by one", finished.stdout)

    def test_no_launcher_is_needed_and_none_is_talked_to(self):
        pretended = {**os.environ, "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "0", "PMIX_RANK": "0"}
        self.assert_succeeds(run("plan", self.cluster(), "parallel.pipeline=4", "global_batch=32", env=pretended))

    def test_the_page_and_the_picture_are_well_formed(self):
        page, picture = self.folder / "plan.html", self.folder / "plan.svg"
        for output in (page, picture):
            self.assert_succeeds(
                run("plan", self.cluster(), "global_batch=256", "--ranks", "64", "--output", output))
        root = ElementTree.parse(page).getroot()
        self.assertEqual(root.tag, "html")
        rows = [len(table.findall("tr")) for table in root.iter("table")]
        self.assertEqual(rows[1], 1 + 16)  # memory: a row a place
        self.assertEqual(len(list(root.iter(SVG + "svg"))), 1)
        self.assertEqual(ElementTree.parse(picture).getroot().tag, SVG + "svg")

    def test_search_lists_settings_that_can_be_given(self):
        config = self.cluster()
        finished = run("plan", config, "--ranks", "64", "--search", "global_batch=512")
        self.assert_succeeds(finished)
        lines = [line for line in finished.stdout.splitlines() if "parallel.pipeline=" in line]
        self.assertEqual(len(lines), 10)
        seconds = lines[0].split()[0:2]
        overrides = lines[0][lines[0].index("parallel.pipeline="):].replace("'", "")
        again = run("plan", config, "--ranks", "64", "global_batch=512", *overrides.split())
        self.assert_succeeds(again)
        self.assertIn(f"{' '.join(seconds)} a step", again.stdout)

    def test_memory_that_cannot_fit_is_refused_with_what_would(self):
        finished = run("plan", self.cluster(), "parallel.pipeline=1", "micro_batch=32", "--memory", "40", "--ranks",
                       "8")
        self.assertEqual(finished.returncode, 3)
        self.assertEqual(finished.stdout, "")
        for expected in ("rank 0 needs", "activations", "optimizer state", "enough is micro_batch=2"):
            self.assertIn(expected, finished.stderr)

    def test_ranks_that_do_not_divide_are_refused_with_the_nearest_that_do(self):
        finished = run("plan", self.cluster(), "--ranks", "40")
        self.assertEqual(finished.returncode, 3)
        self.assertIn("32 or 48", finished.stderr)

    def test_usage_errors(self):
        config = self.cluster()
        for arguments in (("--output", "plan.png"), ("--ranks", "0"), ("--memory", "-1"),
                          ("--search", "--output", "plan.svg")):
            self.assertEqual(run("plan", config, *arguments).returncode, 2, arguments)

    def test_configs_in_the_tree_can_be_planned(self):
        environment = {**os.environ, "IMAGENET": "/nowhere", "TOKENS": "/nowhere"}
        for config in sorted((SOURCE / "configs").glob("*.yaml")):
            if config.name in SCORING:
                continue
            finished = run("plan", config, "hardware=a100", "--ranks", "8", "--memory", "200", env=environment)
            self.assertEqual(finished.returncode, 0, f"{config}: {finished.stderr}")


if __name__ == "__main__":
    unittest.main()
