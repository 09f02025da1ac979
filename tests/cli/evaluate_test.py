"""`echelon evaluate` through the binary: its two files, any shape of job, and bad input."""

import csv
import json
import math
import random
import unittest
import xml.etree.ElementTree

import numpy as np
import safetensors.numpy

from program import SOURCE, ProgramTest, over, run

CONVNET = "{name: convnet, channels: [8], hidden: 16}"


def areas(positive, scores):
    """Area below the ROC curve, as the share of pairs in the right order, and average precision, by definition."""
    above, below = scores[positive], scores[~positive]
    pairs = np.sign(above[:, None] - below[None, :]) / 2 + 0.5
    precision_at = [np.mean(positive[scores >= threshold]) for threshold in above]
    return pairs.mean(), np.mean(precision_at)


class EvaluateTest(ProgramTest):
    def train(self, config, *overrides, **options):
        self.assert_succeeds(run("train", config, *overrides, **options))

    def evaluate(self, config, *arguments, shape="1x1"):
        settings, options = over(shape)
        finished = run("evaluate", config, *settings, *arguments, **options)
        self.assert_succeeds(finished)
        return finished.stdout

    def files(self, folder):
        page = (folder / "evaluation.html").read_text()
        xml.etree.ElementTree.fromstring(page)
        self.assertNotIn("src=\"http", page)
        return (folder / "evaluation.json").read_text(), page

    def test_any_shape_of_job_writes_the_same_bytes(self):
        config = self.image_run(CONVNET, precision="fp32", global_batch=12, micro_batch=2)
        self.train(config)
        folder = self.folder / "runs/images/evaluation"
        self.assertIn("evaluation.{json,html}", self.evaluate(config))
        expected = self.files(folder)
        for shape in ("2x1", "3x1", "1x2", "2x2"):
            self.evaluate(config, shape=shape)
            self.assertEqual(self.files(folder), expected, shape)
        self.assertIn("data:image/png;base64,", expected[1])

    def test_scores_of_classes_follow_from_the_confusion_matrix(self):
        config = self.image_run(CONVNET, precision="fp32")
        self.train(config)
        self.evaluate(config, "--output", self.folder / "out")
        report = json.loads(self.files(self.folder / "out")[0])
        confusion = np.array(report["confusion"])
        self.assertEqual(confusion.sum(), report["samples"])
        with np.errstate(invalid="ignore"):
            precision = np.nan_to_num(confusion.diagonal() / confusion.sum(0))
            recall = np.nan_to_num(confusion.diagonal() / confusion.sum(1))
            f1 = np.nan_to_num(2 * precision * recall / (precision + recall))
        for name, expected in (("precision", precision), ("recall", recall), ("f1", f1)):
            np.testing.assert_allclose([entry[name] for entry in report["classes"]], expected, atol=1e-12)
            self.assertAlmostEqual(report["macro"][name], expected.mean(), delta=1e-12)
            weighted = np.average(expected, weights=confusion.sum(1))
            self.assertAlmostEqual(report["weighted"][name], weighted, delta=1e-12)
        self.assertAlmostEqual(report["metrics"]["accuracy"], np.trace(confusion) / confusion.sum(), delta=1e-12)
        best = max(self.records("images", "evaluation"), key=lambda record: -record["loss"])
        self.assertAlmostEqual(report["metrics"]["loss"], best["loss"], delta=1e-5)
        self.assertEqual(report["worst"], sorted(report["worst"], key=lambda sample: -sample["loss"]))

    def linear_run(self, target):
        """A linear model of two numbers in fp64, whose scores numpy computes again from the checkpoint."""
        draw = random.Random(5)
        rows = []
        for _ in range(300):
            a, b = draw.gauss(10, 4), draw.gauss(0, 1)
            y = 3 * a - 2 * b + draw.gauss(0, 4)
            rows.append({"a": a, "b": b, "y": y, "big": "yes" if y > 30 else "no"})
        for name, part in (("train.csv", rows[:200]), ("test.csv", rows[200:])):
            with (self.folder / name).open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0], lineterminator="\n")
                writer.writeheader()
                writer.writerows(part)
        config = self.write("table.yaml", f"""
model: {{name: mlp, hidden: []}}
data: {{name: table, train: train.csv, test: test.csv, features: {{a: float, b: float}}, target: {target}}}
output: {self.folder}/runs
optimizer: {{name: adamw, lr: 0.05, weight_decay: 0}}
global_batch: 40
steps: 60
threads: 1
precision: fp64
""")
        self.train(config)
        return config, rows[200:]

    def outputs(self, rows):
        """What the model of the checkpoint says of `rows`, [rows, outputs]."""
        folder = self.checkpoint("table", 60)
        features = json.loads((folder / "features.json").read_text())["features"]
        weights = safetensors.numpy.load_file(folder / "model.safetensors")
        matrix = next(tensor for tensor in weights.values() if tensor.ndim == 2)
        bias = next(tensor for tensor in weights.values() if tensor.ndim == 1)
        inputs = np.array([[(row[f["column"]] - f["mean"]) / f["deviation"] for f in features] for row in rows])
        return inputs.astype(np.float32).astype(np.float64) @ matrix.T + bias

    def test_two_classes_are_ranked_as_by_definition(self):
        config, rows = self.linear_run("{column: big, type: class}")
        self.evaluate(config)
        report = json.loads(self.files(self.folder / "runs/table/evaluation")[0])
        logits = self.outputs(rows)
        probability = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
        positive = np.array([row["big"] == "yes" for row in rows])
        roc_auc, average_precision = areas(positive, probability.astype(np.float32))
        self.assertAlmostEqual(report["metrics"]["roc_auc"], roc_auc, delta=1e-9)
        self.assertAlmostEqual(report["metrics"]["average_precision"], average_precision, delta=1e-9)
        loss = -np.mean(np.log(np.where(positive, probability, 1 - probability)))
        self.assertAlmostEqual(report["metrics"]["loss"], loss, delta=1e-9)
        self.assertEqual([entry["name"] for entry in report["classes"]], ["no", "yes"])
        self.assertEqual([curve["class"] for curve in report["curves"]], [1])
        worst = report["worst"][0]
        self.assertIn(f"test.csv, row {worst['index']}", worst["place"])

    def test_numbers_have_residuals_and_points(self):
        config, rows = self.linear_run("{column: y, type: number}")
        self.evaluate(config)
        text, page = self.files(self.folder / "runs/table/evaluation")
        report = json.loads(text)
        truth = np.array([row["y"] for row in rows])
        points = np.array(report["points"])
        np.testing.assert_allclose(points[:, 0], truth, rtol=1e-6, atol=1e-4)
        errors = points[:, 1] - points[:, 0]
        self.assertAlmostEqual(report["metrics"]["rmse"], np.sqrt(np.mean(errors**2)), delta=1e-9)
        self.assertAlmostEqual(report["metrics"]["mae"], np.mean(np.abs(errors)), delta=1e-9)
        r2 = 1 - np.sum(errors**2) / np.sum((points[:, 0] - points[:, 0].mean()) ** 2)
        self.assertAlmostEqual(report["metrics"]["r2"], r2, delta=1e-9)
        residuals = report["residuals"]
        counts, _ = np.histogram(errors, bins=len(residuals["counts"]), range=(errors.min(), errors.max()))
        self.assertEqual(sum(residuals["counts"]), len(rows))
        self.assertLessEqual(np.abs(counts - residuals["counts"]).sum(), 2, "but for one value on an edge")
        self.assertIn("<circle", page)

    def test_language_models_have_perplexity_and_texts(self):
        config = self.small_gpt()
        self.train(config)
        self.evaluate(config, shape="2x1")
        text, page = self.files(self.folder / "runs/gpt/evaluation")
        report = json.loads(text)
        self.assertAlmostEqual(report["metrics"]["perplexity"], math.exp(report["metrics"]["loss"]), delta=1e-9)
        self.assertEqual(report["targets"], 32 * report["samples"])
        best = min(record["loss"] for record in self.records("gpt", "evaluation"))
        self.assertAlmostEqual(report["metrics"]["loss"], best, delta=1e-4)
        source = (SOURCE / "configs/data/text/test.txt").read_text()
        self.assertIn(report["worst"][0]["text"].strip("\ufffd"), source)

    def test_results_that_cannot_be_written_are_refused_before_anything_is_computed(self):
        config = self.small_gpt(steps=10)
        self.train(config)
        taken = self.write("taken", "a file")
        for folder in (taken, taken / "below"):
            finished = run("evaluate", config, "--output", folder, ranks=2)
            self.assertEqual(finished.returncode, 3, finished.stderr)
            self.assertIn(f"--output: the results cannot be written to {folder}", finished.stderr)

    def test_missing_data_and_checkpoints_are_told_by_every_rank(self):
        config = self.small_gpt(steps=10)
        finished = run("evaluate", config, ranks=2)
        self.assertEqual(finished.returncode, 6, finished.stderr)
        self.assertIn("holds no checkpoint; train first, or name another", finished.stderr)
        self.assertNotIn("broadcast", finished.stderr)
        finished = run("evaluate", config, "data.test=[]")
        self.assertEqual(finished.returncode, 3, finished.stderr)
        self.assertIn("data.test is not set", finished.stderr)


if __name__ == "__main__":
    unittest.main()
