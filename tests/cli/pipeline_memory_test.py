"""What a rank needs of memory when a model is spread over a pipeline; "full" as argument: of a model of 1.6 GB."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

from program import PipelineTest, command, over

# Writes how much memory a command had resident at most, in KiB, to a file of its own in the folder given first: a
# launcher may join the lines that ranks print as they end.
MEASURED = """
import os, pathlib, resource, subprocess, sys
subprocess.run(sys.argv[2:], check=True, stdout=subprocess.DEVNULL)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
pathlib.Path(sys.argv[1], str(os.getpid())).write_text(str(peak))
"""
SMALL = {"width": 768, "share": 0.55}  # 0.2 GB of parameters; as much is there without any
FULL = {"width": 2048, "share": 0.4}  # 1.6 GB of parameters
chosen = SMALL


class PipelineMemoryTest(PipelineTest):
    def resident(self, shape, *overrides):
        """MiB of the rank that needs most, for two steps with the same micro-batches on every shape."""
        config = self.deep_gpt(layers=8, dropout=0, steps=2)
        settings, ranks = over(shape)
        words = command("train", config, f"name={shape}", f"model.width={chosen['width']}", "model.heads=8",
                        "optimizer.name=sgd", "data.test=[]", *settings, *overrides, **ranks)
        program = words.index("train") - 1
        with tempfile.TemporaryDirectory() as folder:
            measured = [*words[:program], sys.executable, "-c", MEASURED, folder, *words[program:]]
            finished = subprocess.run(measured, capture_output=True, text=True, timeout=500)
            self.assert_succeeds(finished)
            each = [int(peak.read_text()) / 1024 for peak in pathlib.Path(folder).iterdir()]
        self.assertEqual(len(each), ranks["ranks"])
        print(f"{shape}: {', '.join(f'{value:.0f}' for value in each)} MiB resident")
        return max(each)

    def test_four_stages_need_a_share_of_what_one_rank_needs(self):
        whole = self.resident("1x1")
        quarter = self.resident("1x4", "parallel.split=[embedding, block.2, block.4, block.6]")
        self.assertLess(quarter, chosen["share"] * whole)
        losses = {shape: self.losses(shape) for shape in ("1x1", "1x4")}
        self.assert_same_losses(losses["1x1"], losses["1x4"], 1e-4)


if __name__ == "__main__":
    if "full" in sys.argv[1:]:
        sys.argv.remove("full")
        chosen = FULL
    unittest.main()
