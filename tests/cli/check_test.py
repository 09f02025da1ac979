"""check, schema, inspect and --help: what looks and starts nothing."""

import json
import time
import unittest

from program import SCORING, SOURCE, ProgramTest, run


class CheckTest(ProgramTest):
    def test_configs_in_the_tree_have_no_problems(self):
        environment = {"IMAGENET": "/data/imagenet", "TOKENS": "/data/tokens", "PATH": "/usr/bin"}
        for config in sorted((SOURCE / "configs").glob("*.yaml")):
            if "${" in config.read_text():
                continue
            model = [f"model.path={SOURCE}"] if config.name in SCORING else []  # it is trained first
            finished = run("check", config, *model, env=environment)
            self.assertEqual(finished.returncode, 0, finished.stdout + finished.stderr)

    def test_a_model_that_is_not_there_is_named(self):
        finished = run("check", SOURCE / "configs/score.yaml", "model.path=/nowhere")
        self.assertEqual(finished.returncode, 3)
        self.assertIn("model.path: there is no '/nowhere'", finished.stderr)

    def test_cluster_configs_lack_nothing_but_their_data(self):
        (self.folder / "empty").mkdir()
        for config in ("resnet50_imagenet", "gpt2_124m", "gpt2_1558m"):
            finished = run("check", SOURCE / "configs" / f"{config}.yaml",
                           env={"IMAGENET": "/nowhere", "TOKENS": "/nowhere", "PATH": "/usr/bin"})
            problems = [line for line in finished.stderr.splitlines() if ".yaml:" in line]
            self.assertTrue(problems)
            for problem in problems:
                self.assertIn("/nowhere", problem)

    def test_every_problem_is_reported_with_its_place(self):
        config = self.write("bad.yaml", "modle: {name: gpt}\nglobal_batch: -3\nsteps: ten\noptimizer:\n  nmae: adamw\n")
        finished = run("check", config)
        self.assertEqual(finished.returncode, 3)
        self.assertEqual(finished.stdout, "")
        for expected in (":1:1: ", "did you mean 'model'", ":2:15: ", ":3:8: ", ":5:3: ", "did you mean 'name'"):
            self.assertIn(expected, finished.stderr)

    def test_contradictions_between_model_and_data(self):
        config = self.small_gpt()
        finished = run("check", config, "data.sequence_length=64", "steps=5", "epochs=2")
        self.assertEqual(finished.returncode, 3)
        self.assertIn("longer than the model's context of 32", finished.stderr)
        self.assertIn("contradicts steps", finished.stderr)

    def test_takes_less_than_a_tenth_of_a_second(self):
        seconds = []
        for _ in range(5):
            started = time.perf_counter()
            self.assert_succeeds(run("check", SOURCE / "configs/quickstart.yaml"))
            seconds.append(time.perf_counter() - started)
        self.assertLess(min(seconds), 0.1)

    def test_a_hundred_megabytes_end_in_a_clear_error_within_a_second(self):
        config = self.folder / "huge.yaml"
        with open(config, "wb") as file:
            file.truncate(100 << 20)
        started = time.perf_counter()
        finished = run("check", config)
        self.assertLess(time.perf_counter() - started, 1)
        self.assertEqual(finished.returncode, 3)
        self.assertIn("huge.yaml", finished.stderr)


class SchemaTest(ProgramTest):
    def test_the_reference_page_is_that_of_this_program(self):
        finished = run("schema", "--markdown")
        self.assert_succeeds(finished)
        self.assertEqual((SOURCE / "docs/config.md").read_text(), finished.stdout,
                         "run: build/echelon schema --markdown > docs/config.md")

    def test_every_kind_of_preparation_has_a_schema_of_its_own(self):
        for kind in ("images", "text", "table", "tokenizer"):
            schema = json.loads(run("schema", kind).stdout)
            for key in ("input", "output", "on_error", "storage"):
                self.assertIn(key, schema["properties"])

    def test_the_json_schema_agrees_about_the_configs_in_the_tree(self):
        import jsonschema
        import yaml
        validator = jsonschema.Draft7Validator(json.loads(run("schema").stdout))
        scoring = jsonschema.Draft7Validator(json.loads(run("schema", "predict").stdout))
        for config in sorted((SOURCE / "configs").glob("*.yaml")):
            (scoring if config.name in SCORING else validator).validate(yaml.safe_load(config.read_text()))
        with self.assertRaises(jsonschema.ValidationError):
            validator.validate({"model": {"name": "gtp"}, "data": {"name": "text"}})


class HelpTest(ProgramTest):
    def test_every_verb_has_help(self):
        overview = run("--help")
        self.assert_succeeds(overview)
        for verb in ("train", "evaluate", "plan", "bench", "check", "schema", "inspect", "doctor"):
            self.assertIn(verb, overview.stdout)
            finished = run(verb, "--help")
            self.assert_succeeds(finished)
            self.assertIn("--help", finished.stdout)

    def test_usage_errors_have_their_own_exit_code(self):
        for arguments in ((), ("trian", "x.yaml"), ("train",), ("check", "--frobnicate", "x.yaml")):
            self.assertEqual(run(*arguments).returncode, 2, arguments)


if __name__ == "__main__":
    unittest.main()
