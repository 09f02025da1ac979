"""`echelon predict` with a TorchScript file: what it says equals the same formula in NumPy."""

import io
import unittest
import zipfile

import numpy
import pyarrow
import pyarrow.parquet

from program import SOURCE, run
from scoring import ScoringTest

MODEL = SOURCE / "tests/golden/script_model.pt"
ROWS = 700
BAD = 5
CHECKPOINT = 6  # the exit code


def hidden(x):
    return numpy.tanh(x @ numpy.sin(numpy.arange(1.0, 13.0)).reshape(4, 3).T)


def scores(x, scale):
    return hidden(x) @ numpy.cos(numpy.arange(1.0, 9.0)).reshape(2, 4).T * scale


class ScriptTest(ScoringTest):
    def setUp(self):
        super().setUp()
        self.x = numpy.random.default_rng(3).normal(size=(ROWS, 3))
        columns = {name: pyarrow.array(self.x[:, i], mask=numpy.arange(ROWS) == (BAD if name == "b" else -1))
                   for i, name in enumerate("abc")}
        self.table = self.folder / "rows.parquet"
        lists = [row[:2].tolist() if i == BAD else row.tolist() for i, row in enumerate(self.x)]
        pyarrow.parquet.write_table(pyarrow.table({"id": range(ROWS), **columns, "list": lists}), self.table, row_group_size=100)

    def predict(self, inputs, *settings, more="constants: {scale: '2.5'}", model=MODEL, folder="out", ranks=1):
        config = self.write("score.yaml", f"""
model: {model}
source: {{files: [{self.table}]}}
inputs: {{{inputs}}}
output: {{folder: {self.folder}/{folder}, keep: [id]}}
unit_mb: 0.005
{more}
""")
        return run("predict", config, *settings, ranks=ranks)

    def assert_scores(self, found):
        good = [i for i in range(ROWS) if i != BAD]
        self.assertEqual(found["id"].to_pylist(), good)
        numpy.testing.assert_allclose(numpy.array(found["output"].to_pylist()), scores(self.x, 2.5)[good], atol=1e-5)

    def test_columns_of_numbers_are_a_tensor(self):
        one = self.predicted("x: [a, b, c]")
        self.assert_scores(one)
        self.assertEqual(self.errors(), {BAD: 'column "b": the value is missing'})
        two = self.predicted("x: [a, b, c]", folder="two", ranks=2)
        self.assertEqual(one, two)

    def test_a_list_is_a_row(self):
        more = "constants: {scale: '2.5'}\ntensors: {x: {shape: [3]}}"
        self.assert_scores(self.predicted("x: [list]", more=more))
        self.assertEqual(self.errors(), {BAD: 'column "list": 2 values, and the model takes 3'})

    def test_a_row_that_the_model_refuses_spoils_no_other(self):
        self.assert_scores(self.predicted("x: [list]"))
        self.assertIn("three numbers are needed", self.errors()[BAD])

    def test_postprocessing_makes_classes(self):
        found = self.predicted("x: [a, b, c]", more="constants: {scale: '2.5'}\npostprocess: {as: argmax, class_names: [no, yes]}")
        expected = scores(self.x, 2.5)
        for row in found.to_pylist():
            self.assertEqual(row["prediction"], ["no", "yes"][expected[row["id"]].argmax()])

    def test_a_method_with_a_state_begins_anew(self):
        found = self.predicted("x: [a, b, c]", "model.method=both", "batch=7", more="")
        self.assertEqual(found.column_names, ["id", "hidden", "calls"])
        self.assertEqual(set(sum(found["calls"].to_pylist(), [])), {1.0})
        good = [i for i in range(ROWS) if i != BAD]
        numpy.testing.assert_allclose(numpy.array(found["hidden"].to_pylist()), hidden(self.x)[good], atol=1e-5)
        chosen = self.predicted("x: [a, b, c]", "model.method=both", "model.output=hidden", "batch=7", more="", folder="chosen")
        self.assertEqual(chosen["output"].to_pylist(), found["hidden"].to_pylist())

    def test_settings_that_do_not_fit_are_refused(self):
        self.assertIn("constants.scale: is missing", self.refused("x: [a, b, c]", more=""))
        self.assertIn('did you mean "forward"?', self.refused("x: [a, b, c]", "model.method=forwrd"))
        self.assertIn("three numbers are needed", self.refused("x: [a, b]"))
        self.assertIn("precision: a TorchScript model", self.refused("x: [a, b, c]", "precision=bf16"))
        self.assertIn("pipeline: a TorchScript model", self.refused("x: [a, b, c]", "pipeline=2", ranks=2))

    def test_other_files_are_refused_by_name(self):
        def archive(name, records):
            content = io.BytesIO()
            with zipfile.ZipFile(content, "w") as opened:
                for record in records:
                    opened.writestr(f"archive/{record}", "3")
            path = self.folder / name
            path.write_bytes(content.getvalue())
            return path
        exported = archive("exported.pt2", ["archive_format", "version", "models/model.json"])
        self.assertIn("holds an exported program, which is not compiled yet", self.refused("x: [a]", model=exported, code=CHECKPOINT))
        weights = archive("weights.pt", ["data.pkl", "version", "data/0"])
        self.assertIn("nothing that computes with them", self.refused("x: [a]", model=weights, code=CHECKPOINT))
        damaged = self.folder / "damaged.pt"
        damaged.write_bytes(MODEL.read_bytes()[:2000])
        self.assertIn("is damaged or incomplete", self.refused("x: [a]", model=damaged, code=CHECKPOINT))


if __name__ == "__main__":
    unittest.main()
