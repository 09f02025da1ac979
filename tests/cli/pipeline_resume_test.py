"""Pipelines that are stopped, killed or stalled: what is left, and what is said."""

import os
import signal
import time
import unittest

from program import PipelineTest, ranks_of, run


class PipelineResumeTest(PipelineTest):
    def assert_same_files(self, expected, actual):
        names = sorted(file.name for file in expected.glob("*.safetensors"))
        self.assertGreaterEqual(len(names), 4)
        for name in names:
            self.assertEqual((expected / name).read_bytes(), (actual / name).read_bytes(), name)

    def test_the_same_shape_goes_on_bit_by_bit(self):
        config = self.deep_gpt(steps=30)
        for sharded in ("true", "false"):
            overrides = ["ema_decay=0.9", f"parallel.shard_optimizer={sharded}"]
            whole, halves = f"whole-{sharded}", f"halves-{sharded}"
            for name in (whole, halves):
                self.train(config, "2x2", name, *overrides)
            self.forget_checkpoints_after(halves, 10)
            self.train(config, "2x2", halves, *overrides)
            self.assertEqual(self.losses(whole), self.losses(halves))
            self.assert_same_files(self.checkpoint(whole, 30), self.checkpoint(halves, 30))

    def goes_on_after_kill(self, victim):
        config = self.deep_gpt(steps=100000)
        settings = ["optimizer.schedule.name=constant"]  # does not look at `steps`
        often = [*settings, "checkpoint.every_steps=1", "checkpoint.keep=2"]
        process = self.training(config, "2x2", "killed", *often)
        os.kill(ranks_of(process.pid)[victim], signal.SIGKILL)
        process.communicate(timeout=30)
        self.assertNotEqual(process.returncode, 0)
        newest = sorted((self.folder / "runs/killed/checkpoints").glob("step-????????"))[-1]
        self.assert_succeeds(run("inspect", newest))
        step = int(newest.name[5:])
        finished = self.train(config, "2x2", "killed", *often, f"steps={step + 5}")
        self.assertIn(f"continues  step {step}", finished.stdout)
        self.train(config, "2x2", "whole", *settings, f"steps={step + 5}")
        self.assertEqual(self.losses("whole"), self.losses("killed"))
        self.assert_same_files(self.checkpoint("whole", step + 5), self.checkpoint("killed", step + 5))

    def test_kill_of_the_first_rank_while_checkpoints_are_written_costs_nothing(self):
        self.goes_on_after_kill(0)

    def test_kill_of_the_last_rank_while_checkpoints_are_written_costs_nothing(self):
        self.goes_on_after_kill(3)

    def test_a_signal_to_one_rank_ends_all_with_a_checkpoint_and_75(self):
        config = self.deep_gpt(steps=100000)
        process = self.training(config, "2x2", "gpt")
        os.kill(ranks_of(process.pid)[3], signal.SIGTERM)
        output = process.communicate(timeout=30)[0]
        self.assertEqual(process.returncode, 75, output)
        steps = len(self.losses("gpt"))
        self.assertIn(f"stopped by a signal after step {steps} ", output)
        finished = self.train(config, "2x2", "gpt", f"steps={steps + 2}")
        self.assertIn(f"continues  step {steps}", finished.stdout)

    def test_a_stage_that_stalls_is_named_by_every_other_rank(self):
        for shape in ("2x2", "1x4"):
            process = self.training(self.deep_gpt(steps=100000), shape, shape, "comm.timeout=2")
            os.kill(ranks_of(process.pid)[2], signal.SIGSTOP)
            output = process.communicate(timeout=30)[0]
            self.assertEqual(process.returncode, 5, output)
            for rank in (0, 1, 3):
                self.assertRegex(output, rf"error \(rank {rank}\): .*\b(operation|message) \d+ .* \(step \d+\)")
                self.assertIn(f"error (rank {rank}): rank 2 has not noticed for 1 s that the job has failed", output)

    def test_a_stage_that_is_killed_ends_the_job_soon(self):
        process = self.training(self.deep_gpt(steps=100000), "1x4", "gpt")  # whose ranks wait for each other 600 s
        os.kill(ranks_of(process.pid)[2], signal.SIGKILL)
        killed = time.monotonic()
        process.communicate(timeout=30)
        self.assertNotEqual(process.returncode, 0)
        self.assertLess(time.monotonic() - killed, 15)


if __name__ == "__main__":
    unittest.main()
