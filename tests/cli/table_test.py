"""Models trained on tables, through the binary."""

import csv
import json
import random
import unittest

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

from program import SOURCE, ProgramTest, over, run

KINDS = {"red": 1.5, "green": -2.0, "blue": 0.25}
NOISE = 0.3


def some_rows(count, seed):
    """y is linear in a, b and the kind, with an error; `big` says whether it is above its middle."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        a, b, kind = draw.gauss(10, 4), draw.randint(0, 50), draw.choice(list(KINDS))
        y = 3 * a - 0.5 * b + KINDS[kind] + 5 + draw.gauss(0, NOISE)
        rows.append({"a": a, "b": b, "kind": kind, "y": y, "big": "yes" if y > 22 else "no"})
    return rows


def design(rows):
    return np.array([[row["a"], row["b"], *(row["kind"] == kind for kind in KINDS)] for row in rows], dtype=float)


def least_squares(train, test):
    """The metrics on `test` of the best linear model of `train`."""
    y = lambda rows: np.array([row["y"] for row in rows])
    weights = np.linalg.lstsq(design(train), y(train), rcond=None)[0]
    errors = design(test) @ weights - y(test)
    return {"rmse": np.sqrt(np.mean(errors**2)), "mae": np.mean(np.abs(errors)),
            "r2": 1 - np.sum(errors**2) / np.sum((y(test) - y(test).mean()) ** 2)}


class TableTest(ProgramTest):
    def write_csv(self, name, rows):
        with (self.folder / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def table_run(self, name="table.yaml", data="", target="{column: y, type: number}", train="train: train.csv", **changes):
        """A linear model of the rows, in fp64."""
        settings = {"steps": 40, "global_batch": 32, "precision": "fp64", "threads": 1,
                    "model": "{name: mlp, hidden: []}", **changes}
        return self.write(name, f"""
data:
  name: table
  {train}
  test: test.csv
  features: {{a: float, b: {{type: integer}}, kind: categorical}}
  target: {target}
{data}
output: {self.folder}/runs
optimizer: {{name: adamw, lr: 0.02, weight_decay: 0, schedule: {{name: cosine, warmup_steps: 5}}}}
log: {{every_steps: 1}}
""" + "".join(f"{key}: {value}\n" for key, value in settings.items()))

    def setUp(self):
        super().setUp()
        self.train_rows, self.test_rows = some_rows(256, 1), some_rows(100, 2)
        self.write_csv("train.csv", self.train_rows)
        self.write_csv("test.csv", self.test_rows)

    def features_file(self, name, step):
        return json.loads((self.checkpoint(name, step) / "features.json").read_text())

    def train(self, config, name, *overrides, shape="1x1"):
        overrides_of_shape, options = over(shape)
        finished = run("train", config, f"name={name}", *overrides_of_shape, *overrides, **options)
        self.assert_succeeds(finished)
        return finished.stdout

    def assert_fails(self, finished, code, *texts):
        self.assertEqual(finished.returncode, code, finished.stdout + finished.stderr)
        for text in texts:
            self.assertIn(text, finished.stderr)

    def test_regression_finds_the_least_squares(self):
        config = self.table_run(steps=600, global_batch=256)
        expected = least_squares(self.train_rows, self.test_rows)
        for name, target in (("plain", "{column: y, type: number, standardise: false}"),
                             ("scaled", "{column: y, type: number, standardise: true}")):
            self.train(config, name, f"data.target={target}", "optimizer.lr=0.3" if name == "plain" else "optimizer.lr=0.05")
            score = self.records(name, "evaluation")[-1]
            for metric, value in expected.items():
                self.assertLess(abs(score[metric] / value - 1), 1e-3, f"{name} {metric}: {score[metric]}, not {value}")
        self.assertAlmostEqual(expected["rmse"], NOISE, delta=0.05)

    def test_classes_are_learned(self):
        config = self.table_run(target="{column: big, type: class}", steps=300, model="{name: mlp, hidden: [16]}")
        output = self.train(config, "classes")
        self.assertIn("2 numbers and 1 categories to 2 classes", output)
        self.assertGreater(self.records("classes", "evaluation")[-1]["accuracy"], 0.95)
        self.assertEqual(self.features_file("classes", 300)["target"]["classes"], ["no", "yes"])

    def test_every_format_trains_alike(self):
        config = self.table_run(steps=12)
        table = pa.Table.from_pylist(self.train_rows)
        pq.write_table(table, self.folder / "train.parquet", row_group_size=60)
        feather.write_feather(table, str(self.folder / "train.arrow"), chunksize=60)
        lines = [json.dumps(row) for row in self.train_rows]
        self.write("train.jsonl", "\n".join(lines) + "\n")
        self.train(config, "csv")
        for kind in ("parquet", "arrow", "jsonl"):
            self.train(config, kind, f"data.train={self.folder}/train.{kind}")
            self.assertEqual(self.losses("csv"), self.losses(kind))
            one, other = (json.loads(self.file_bytes(name, 12, "features.json")) for name in ("csv", kind))
            self.assert_near(one, other)

    def assert_near(self, one, other):
        """The same, but for the last digits of numbers: sums of row groups are added in another order."""
        self.assertEqual(type(one), type(other))
        if isinstance(one, dict):
            self.assertEqual(list(one), list(other))
            one, other = list(one.values()), list(other.values())
        if isinstance(one, list):
            self.assertEqual(len(one), len(other))
            for ours, theirs in zip(one, other):
                self.assert_near(ours, theirs)
        elif isinstance(one, float):
            self.assertAlmostEqual(one, other, delta=1e-13 * abs(one))
        else:
            self.assertEqual(one, other)

    def test_any_shape_of_job_computes_the_same(self):
        config = self.table_run(model="{name: mlp, hidden: [16, 8]}", micro_batch=4, steps=20)
        for loss in ("mse", "huber"):
            self.train(config, f"{loss}1x1", f"loss={loss}")
            for shape in ("2x1", "1x2", "2x2"):
                self.train(config, loss + shape, f"loss={loss}", shape=shape)
                self.assert_same_losses(self.losses(f"{loss}1x1"), self.losses(loss + shape))
                one, other = (self.records(name, "evaluation")[-1] for name in (f"{loss}1x1", loss + shape))
                for metric in ("loss", "rmse", "mae", "r2"):
                    self.assertLess(abs(one[metric] / other[metric] - 1), 1e-9, metric)

    def test_a_mixture_is_the_same_on_any_ranks(self):
        self.write_csv("few.csv", self.train_rows[:64])
        self.write_csv("many.csv", self.train_rows[64:])
        config = self.table_run(steps=20, train="sources: {few: {files: few.csv, weight: 0.25}, "
                                                "many: {files: many.csv, weight: 0.75}}")
        self.assertIn("mixed of 25 % few (64), 75 % many (192)", self.train(config, "1x1"))
        last = self.records("1x1")[-1]
        self.assertAlmostEqual(last["epoch/few"], 20 * 32 * 0.25 / 64)
        self.assertAlmostEqual(last["epoch/many"], 20 * 32 * 0.75 / 192)
        for shape in ("2x1", "1x2", "2x2"):
            self.train(config, shape, shape=shape)
            self.assert_same_losses(self.losses("1x1"), self.losses(shape))
        alone = self.table_run("alone.yaml", steps=20)
        self.train(alone, "alone")
        self.assert_near(self.features_file("1x1", 20)["features"], self.features_file("alone", 20)["features"])

    def test_a_changed_table_does_not_change_what_inputs_mean(self):
        config = self.table_run(steps=20)
        self.train(config, "run", "steps=20")
        before = self.features_file("run", 20)
        score = self.records("run", "evaluation")[-1]
        self.write_csv("train.csv", [{**row, "a": 100 * row["a"], "kind": "pink"} for row in self.train_rows])
        evaluated = run("evaluate", config, "name=run")
        self.assert_succeeds(evaluated)
        self.assertIn(f"rmse {score['rmse']:.4f}", evaluated.stdout)
        self.write_csv("train.csv", self.train_rows[:128] * 2)
        self.train(config, "run", "steps=30")
        self.assertEqual(self.features_file("run", 30), before)
        # What does not fit the checkpoint is refused.
        refused = run("train", config, "name=run", "steps=40", "data.features={a: float, b: float, kind: categorical}")
        self.assert_fails(refused, 6, "features.json", 'of "b" type is float, and was integer', "resume: never")
        self.assert_succeeds(run("evaluate", config, "name=run", f"data.features={{}}"))

    def test_resuming_gives_the_same_bytes(self):
        config = self.table_run(steps=30, checkpoint="{every_steps: 10, keep: 100, keep_best: 0}")
        self.train(config, "run")
        expected = self.file_bytes("run", 30), self.file_bytes("run", 30, "features.json")
        self.forget_checkpoints_after("run", 20)
        self.train(config, "run")
        self.assertEqual((self.file_bytes("run", 30), self.file_bytes("run", 30, "features.json")), expected)

    def test_the_best_by_r2_is_kept(self):
        config = self.table_run(steps=30, evaluate="{every_steps: 10}",
                                checkpoint="{every_steps: 10, keep: 1, keep_best: 1, best_by: r2}")
        self.train(config, "run")
        best = max(self.records("run", "evaluation"), key=lambda record: record["r2"])
        evaluated = run("evaluate", config, "name=run")
        self.assertIn(f"r2 {best['r2']:.4f}", evaluated.stdout)

    def test_bad_rows_end_the_run_or_are_counted(self):
        rows = [dict(row) for row in self.train_rows]
        rows[7]["y"] = ""
        self.write_csv("train.csv", rows)
        test_rows = [dict(row) for row in self.test_rows]
        test_rows[3]["a"] = ""
        self.write_csv("test.csv", test_rows)
        config = self.table_run(steps=8, data="  shuffle: false")
        self.assert_fails(run("train", config), 4, 'train.csv, row 7, column "y": the target is missing')
        output = self.train(config, "skipping", "data.on_error=skip", shape="2x1")
        self.assertIn("skipped 1 damaged training samples", output)
        self.assertIn("skipped 1 damaged test samples", output)

    def test_check_finds_contradictions(self):
        config = self.table_run()
        for overrides, text in (
                (["data.features={y: float}"], 'cannot contain the target "y"'),
                (["loss=cross_entropy"], "the target is a number; use mse or huber"),
                (["label_smoothing=0.1"], "the target is a number"),
                (["checkpoint.best_by=accuracy"], "is no metric of numbers"),
                (["data.target={column: big, type: class}", "loss=mse"], "use cross_entropy"),
                (["data.target={column: big, type: class}", "checkpoint.best_by=rmse"], "is no metric of classes"),
                (["data.target={column: big, type: class, standardise: true}"], "has no effect unless type is number"),
                (["data.features.a={type: float, fill: 1}"], "has no effect unless missing is fill"),
                (["data.features.kind={type: categorical, missing: mean}"], "has no effect on categories"),
                (["data.features.a={type: float, min_count: 3}"], "has no effect unless type is categorical"),
                (["model.classes=3"], "has no effect: the table says what it is"),
                (["model={name: gpt}"], "table does not fit the model gpt; use mlp"),
                (["data.csv.delimiter=';;'"], "must be one character"),
                (["data.format=parquet", "data.types={a: float}"], "has no effect on Parquet"),
                (["data.stratified=true", "data.fraction=0.5"], "needs a target of type class"),
                (["loss={name: mse, delta: 2}"], "has no effect unless name is huber"),
        ):
            finished = run("check", config, *overrides)
            self.assert_fails(finished, 3, text)
        self.assert_fails(run("check", SOURCE / "configs/quickstart.yaml", "loss=mse"), 3, "use cross_entropy")

    def test_plan_reads_the_columns(self):
        config = self.table_run(model="{name: mlp, hidden: [64, 64]}", micro_batch=4)
        planned = run("plan", config, "parallel.pipeline=2")
        self.assert_succeeds(planned)
        # 2 numbers and 3 of the kind's 4 categories: 5 inputs.
        parameters = 4 * 3 + (5 * 64 + 64) + (64 * 64 + 64) + 65
        self.assertIn(f"{parameters / 1000:.2f} k", planned.stdout)

    def test_the_example_reaches_the_error_of_its_data(self):
        config = SOURCE / "configs/table_rent.yaml"
        self.assert_succeeds(run("train", config, f"output={self.folder}/runs", "threads=1"))
        rmse = self.records("table_rent", "evaluation")[-1]["rmse"]
        self.assertGreater(rmse, 48)
        self.assertLess(rmse, 62)


if __name__ == "__main__":
    unittest.main()
