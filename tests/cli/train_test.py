"""Training through the binary: learning, world sizes, resuming, and what a run leaves behind."""

import json
import math
import os
import pty
import subprocess
import unittest

from program import SOURCE, ProgramTest, command, run


class TrainTest(ProgramTest):
    def test_the_quickstart_learns_on_two_ranks(self):
        finished = run("train", SOURCE / "configs/quickstart.yaml", f"output={self.folder}/runs", "epochs=6", ranks=2)
        self.assert_succeeds(finished)
        self.assertGreaterEqual(self.records("quickstart", "evaluation")[-1]["accuracy"], 0.96)

    def test_the_loss_does_not_depend_on_the_number_of_ranks(self):
        config = self.small_gpt(precision="fp64")
        for ranks in (1, 2, 4):
            self.assert_succeeds(run("train", config, f"name=ranks{ranks}", ranks=ranks))
        one = self.losses("ranks1")
        self.assertEqual(len(one), 40)
        self.assertLess(one[-1], 0.8 * one[0])
        self.assertAlmostEqual(one[0], math.log(256), delta=0.2)
        for ranks in (2, 4):
            for step, (a, b) in enumerate(zip(one, self.losses(f"ranks{ranks}"))):
                self.assertLess(abs(a - b) / a, 1e-9, f"{ranks} ranks, step {step}")
        for ranks in (2, 4):
            for a, b in zip(self.records("ranks1", "evaluation"), self.records(f"ranks{ranks}", "evaluation")):
                self.assertAlmostEqual(a["loss"], b["loss"], delta=1e-9)
                self.assertEqual(a["accuracy"], b["accuracy"])

    def test_a_run_leaves_config_metrics_events_and_checkpoints(self):
        config = self.small_gpt()
        self.assert_succeeds(run("train", config))
        folder = self.folder / "runs/gpt"
        self.assertEqual(run("check", folder / "config.yaml").returncode, 0)
        self.assertTrue(list(folder.glob("events.out.tfevents.*")))
        self.assertEqual([p.name for p in sorted((folder / "checkpoints").glob("step-*"))],
                         [f"step-{step:08d}" for step in (10, 20, 30, 40)])
        manifest = json.loads((folder / "checkpoints/step-00000040/manifest.json").read_text())
        self.assertEqual((manifest["step"], manifest["consumed_samples"]), (40, 320))

    def test_world_sizes_that_do_not_divide_are_refused(self):
        finished = run("train", self.small_gpt(), ranks=3)
        self.assertEqual(finished.returncode, 3)
        self.assertIn("8 does not divide among 3 ranks; use 6 or 9, or 2 or 4 ranks", finished.stderr)
        self.assertEqual(finished.stderr.count("does not divide"), 1, "one rank speaks for all")

    def test_evaluate_scores_the_stored_weights(self):
        config = self.small_gpt()
        self.assert_succeeds(run("train", config))
        finished = run("evaluate", config, ranks=2)
        self.assert_succeeds(finished)
        self.assertIn(f"loss {self.records('gpt', 'evaluation')[-1]['loss']:.4f}", finished.stdout)

    def test_not_a_number_names_the_layer(self):
        finished = run("train", self.small_gpt(), "optimizer.name=sgd", "optimizer.lr=1000",
                       "optimizer.clip_norm=1e30", ranks=2)
        self.assertEqual(finished.returncode, 7)
        self.assertRegex(finished.stderr, r"step \d+, rank \d: the (output of layer|gradient of) \S+ is not finite")


class ResumeTest(ProgramTest):
    def test_continuing_is_bit_identical_to_never_having_stopped(self):
        config = self.small_gpt()
        self.assert_succeeds(run("train", config, "name=whole", ranks=2))
        self.assert_succeeds(run("train", config, "name=parts", ranks=2))
        self.forget_checkpoints_after("parts", 20)
        finished = run("train", config, "name=parts", ranks=2)
        self.assert_succeeds(finished)
        self.assertIn("continues  step 20", finished.stdout)
        self.assertEqual(self.losses("whole"), self.losses("parts"))
        for file in ("model.safetensors", "optimizer.safetensors"):
            self.assertEqual(self.file_bytes("whole", 40, file), self.file_bytes("parts", 40, file))

    def test_continuing_on_another_number_of_ranks_agrees(self):
        config = self.small_gpt(precision="fp64")
        self.assert_succeeds(run("train", config, "name=two", ranks=2))
        whole = self.losses("two")
        self.forget_checkpoints_after("two", 20)
        self.assert_succeeds(run("train", config, "name=two", ranks=4))
        for a, b in zip(whole, self.losses("two")):
            self.assertLess(abs(a - b) / a, 1e-9)

    def test_continuing_from_a_checkpoint_of_another_run(self):
        config = self.small_gpt()
        self.assert_succeeds(run("train", config, "name=first"))
        checkpoint = self.folder / "runs/first/checkpoints/step-00000020"
        finished = run("train", config, "name=second", f"checkpoint.resume={checkpoint}")
        self.assert_succeeds(finished)
        self.assertIn("continues  step 20", finished.stdout)
        self.assertEqual(self.losses("second"), self.losses("first")[20:])
        self.assertEqual(self.file_bytes("second", 40), self.file_bytes("first", 40))

    def test_a_truncated_checkpoint_is_passed_over_and_one_that_was_asked_for_is_refused(self):
        config = self.small_gpt()
        self.assert_succeeds(run("train", config))
        newest = self.folder / "runs/gpt/checkpoints/step-00000040"
        weights = newest / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1])
        finished = run("train", config, f"checkpoint.resume={newest}", "name=other")
        self.assertEqual(finished.returncode, 6)
        self.assertIn("model.safetensors", finished.stderr)
        finished = run("train", config)
        self.assert_succeeds(finished)
        self.assertIn("continues  step 30", finished.stdout)

    def test_never_starts_beside_the_old_run(self):
        config = self.small_gpt(steps=10)
        for name in ("gpt", "gpt-2"):
            self.assert_succeeds(run("train", config, "checkpoint.resume=never"))
            self.assertEqual(len(self.losses(name)), 10)

    def test_another_global_batch_is_refused(self):
        config = self.small_gpt(steps=10)
        self.assert_succeeds(run("train", config))
        finished = run("train", config, "global_batch=16", "steps=20")
        self.assertEqual(finished.returncode, 6)
        self.assertIn("global batch of 8, this run has 16", finished.stderr)


class PlaceTest(ProgramTest):
    """Where a run computes, and what the user is told of it."""

    def test_doctor_shows_versions_and_ranks_and_ends_by_what_it_finds(self):
        finished = run("doctor", "--output", self.folder / "runs", ranks=2)
        for expected in ("compiler", "LibTorch", "MPI", "launcher", "GPU", "rank", "threads"):
            self.assertIn(expected, finished.stdout)
        self.assertEqual(finished.stdout.count(os.uname().nodename), 2, "a line for each rank")
        healthy = "no problems found" in finished.stdout
        self.assertEqual(finished.returncode, 0 if healthy else 3, finished.stdout)
        self.assertNotEqual(healthy, "problem: " in finished.stdout)
        self.assertEqual(list((self.folder / "runs").iterdir()), [], "nothing is left behind")

    @unittest.skipIf(os.path.exists("/dev/nvidiactl"), "there is a GPU")
    def test_a_gpu_that_is_not_there_is_asked_for(self):
        finished = run("train", self.small_gpt(), "device=cuda", ranks=2)
        self.assertEqual(finished.returncode, 3, finished.stderr)
        self.assertRegex(finished.stderr, "device: cuda.*(driver|GPU|libechelon_cuda)")
        self.assertFalse((self.folder / "runs").exists(), "nothing was started")

    def test_a_terminal_shows_a_progress_bar_and_a_file_plain_lines(self):
        terminal, program_side = pty.openpty()
        process = subprocess.Popen(command("train", self.small_gpt(steps=400), "log.every_steps=100"), stdout=program_side,
                                   env={**os.environ, "TERM": "xterm"})
        os.close(program_side)
        shown = b""
        try:
            while chunk := os.read(terminal, 65536):
                shown += chunk
        except OSError:  # the program has closed its side
            pass
        os.close(terminal)
        self.assertEqual(process.wait(timeout=30), 0)
        self.assertIn(b"\r\x1b[K", shown)
        self.assertRegex(shown, rb"400/400")
        plain = run("train", self.small_gpt(), "log.every_steps=20", "name=plain")
        self.assertNotIn("\x1b", plain.stdout)


class InspectTest(ProgramTest):
    def test_lists_tensors_and_refuses_damage(self):
        config = self.small_gpt(steps=10)
        self.assert_succeeds(run("train", config))
        checkpoint = self.folder / "runs/gpt/checkpoints/step-00000010"
        finished = run("inspect", checkpoint)
        self.assert_succeeds(finished)
        for expected in ("model.safetensors", "optimizer.safetensors", "256", "32"):
            self.assertIn(expected, finished.stdout)
        damaged = checkpoint / "model.safetensors"
        content = bytearray(damaged.read_bytes())
        content[-5] ^= 1
        damaged.write_bytes(content)
        finished = run("inspect", checkpoint)
        self.assertEqual(finished.returncode, 6)
        self.assertIn("model.safetensors", finished.stderr)


if __name__ == "__main__":
    unittest.main()
