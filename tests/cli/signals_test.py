"""Runs that are stopped, killed or left by a rank."""

import os
import signal
import time
import unittest

from program import SOURCE, ProgramTest, ranks_of, run, start, wait_for


class SignalTest(ProgramTest):
    def long_run(self):
        return self.small_gpt(steps=100000)

    def test_a_signal_ends_with_a_checkpoint_and_75(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            config = self.long_run()
            process = self.started(config, name=number.name, ranks=1)
            process.send_signal(number)
            output = process.communicate(timeout=20)[0]
            self.assertEqual(process.returncode, 75, output)
            steps = len(self.losses(number.name))
            self.assertIn(f"stopped by a signal after step {steps} ", output)
            self.assertTrue(self.file_bytes(number.name, steps))

    def test_one_rank_that_is_signalled_stops_all(self):
        process = self.started(self.long_run(), ranks=2)
        os.kill(ranks_of(process.pid)[1], signal.SIGUSR1)
        output = process.communicate(timeout=20)[0]
        self.assertEqual(process.returncode, 75, output)
        self.assertIn("stopped by a signal", output)

    def test_a_second_signal_ends_the_run_at_once(self):
        long_steps = start("train", self.long_run(), "model.layers=8", "model.width=256", "model.heads=8",
                           "global_batch=2048", "micro_batch=64")  # a step takes many seconds
        self.addCleanup(long_steps.stdout.close)
        self.addCleanup(long_steps.kill)
        wait_for(lambda: "output" in long_steps.stdout.readline())  # the summary's last line: steps begin
        long_steps.send_signal(signal.SIGTERM)
        time.sleep(1)
        self.assertIsNone(long_steps.poll(), "the first signal lets the step finish")
        long_steps.send_signal(signal.SIGTERM)
        self.assertEqual(long_steps.wait(timeout=5), 128 + signal.SIGTERM)

    def test_kill_leaves_intact_checkpoints(self):
        config = self.long_run()
        process = self.started(config, "checkpoint.every_steps=1", "checkpoint.keep=2", ranks=2)
        os.kill(ranks_of(process.pid)[0], signal.SIGKILL)
        process.communicate(timeout=30)
        self.assertNotEqual(process.returncode, 0)
        newest = sorted((self.folder / "runs/gpt/checkpoints").glob("step-????????"))[-1]
        self.assert_succeeds(run("inspect", newest))
        step = int(newest.name[5:])
        finished = run("train", config, f"steps={step + 3}", "checkpoint.every_steps=1", ranks=2)
        self.assert_succeeds(finished)
        self.assertIn(f"continues  step {step}", finished.stdout)

    def test_a_rank_with_damaged_data_ends_the_job_with_its_reason(self):
        damaged = self.folder / "train.tar"
        damaged.write_bytes((SOURCE / "configs/data/mnist5k/train-000.tar").read_bytes()[:900000])
        finished = run("train", SOURCE / "configs/quickstart.yaml", f"data.train={damaged}",
                       f"output={self.folder}/runs", ranks=2)
        self.assertEqual(finished.returncode, 4, finished.stderr)
        self.assertIn("train.tar", finished.stderr)

    def test_damaged_samples_are_skipped_and_counted(self):
        damaged = self.folder / "train.tar"
        content = bytearray((SOURCE / "configs/data/mnist5k/train-000.tar").read_bytes())
        image = content.index(b"IDAT")
        content[image + 8:image + 12] = b"\0\0\0\0"
        damaged.write_bytes(content)
        finished = run("train", SOURCE / "configs/quickstart.yaml", f"data.train={damaged}", "data.on_error=skip",
                       f"output={self.folder}/runs", "epochs=2", "global_batch=50", ranks=2)
        self.assert_succeeds(finished)
        self.assertRegex(finished.stdout, r"skipped [12] damaged training samples")


if __name__ == "__main__":
    unittest.main()
