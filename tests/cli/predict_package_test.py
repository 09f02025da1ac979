"""`echelon predict` with a compiled package: what it says equals the same formula in NumPy."""

import json
import os
import pathlib
import platform
import unittest
import zipfile

import numpy
import pyarrow
import pyarrow.parquet

from program import PROGRAM, run
from scoring import ScoringTest

LIBRARY = pathlib.Path(PROGRAM).resolve().parent / "tests/libcompiled_model.so"  # tests/predict/tensor_model/compiled_model.cpp
WEIGHT = numpy.array([[1, 4], [2, 5], [3, 6]], numpy.float32)
ROWS = 700
MISSING, REFUSED = 5, 77  # rows
CHECKPOINT = 6  # the exit code
HERE = {"AOTI_DEVICE_KEY": "cpu", "AOTI_PLATFORM": "linux", "AOTI_MACHINE": platform.machine(), "AOTI_CPU_ISA": ""}

SOURCE_TEXT = """
AOTI_NOINLINE static void check_input_0(
    AtenTensorHandle* input_handles
) {{
    ConstantHandle arg2_1 = ConstantHandle(input_handles[0]);
    int32_t arg2_1_expected_dtype = aoti_torch_dtype_float32();
    {rows}
    if (3 != arg2_1_size[1]) {{
    }}
    if (3 != arg2_1_stride[0]) {{
    }}
    if (1 != arg2_1_stride[1]) {{
    }}
    int32_t arg2_1_expected_device_type = 0;
}}
void AOTInductorModel::run_impl(
    AtenTensorHandle* input_handles
) {{
    {name}
    auto& kernels = static_cast<AOTInductorModelKernels&>(*this->kernels_.get());
}}
"""
ANY = SOURCE_TEXT.format(rows="if (arg2_1_size[0] < 2) {\n}\nif (arg2_1_size[0] > 64) {\n}", name="int64_t s7 = arg2_1_size[0];")
EIGHT = SOURCE_TEXT.format(rows="if (8 != arg2_1_size[0]) {\n}", name="")


class PackageTest(ScoringTest):
    def setUp(self):
        super().setUp()
        self.x = numpy.random.default_rng(3).normal(size=(ROWS, 3)).astype(numpy.float32)
        self.x[REFUSED, 1] = -2000
        columns = {name: pyarrow.array(self.x[:, i], mask=numpy.arange(ROWS) == (MISSING if name == "b" else -1))
                   for i, name in enumerate("abc")}
        self.table = self.folder / "rows.parquet"
        lists = [row[:2].tolist() if i == MISSING else row.tolist() for i, row in enumerate(self.x)]
        pyarrow.parquet.write_table(pyarrow.table({"id": range(ROWS), **columns, "list": lists}), self.table, row_group_size=100)
        (self.folder / "unpacked").mkdir()

    def package(self, source=ANY, name="model.pt2", **metadata):
        stem = "model/data/aotinductor/model/made.wrapper"
        path = self.folder / name
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("model/archive_format", "pt2")
            archive.writestr("model/version", "3")
            archive.write(LIBRARY, f"{stem}.so")
            archive.writestr(f"{stem}.cpp", source)
            archive.writestr(f"{stem}_metadata.json", json.dumps({**HERE, **metadata}))
        return path

    def predict(self, inputs, *settings, more="", model=None, folder="out", ranks=1):
        config = self.write("score.yaml", f"""
model: {model or self.package()}
source: {{files: [{self.table}]}}
inputs: {{{inputs}}}
output: {{folder: {self.folder}/{folder}, keep: [id]}}
unit_mb: 0.005
{more}
""")
        finished = run("predict", config, *settings, ranks=ranks, env={**os.environ, "TMPDIR": str(self.folder / "unpacked")})
        self.assertEqual([path.name for path in (self.folder / "unpacked").glob("echelon-*")], [])
        return finished

    def assert_scores(self, found):
        good = [i for i in range(ROWS) if i not in (MISSING, REFUSED)]
        self.assertEqual(found["id"].to_pylist(), good)
        numpy.testing.assert_allclose(numpy.array(found["scores"].to_pylist()), (self.x @ WEIGHT)[good], atol=1e-5)

    def test_columns_of_numbers_are_a_tensor(self):
        one = self.predicted("x: [a, b, c]", "batch=50")
        self.assert_scores(one)
        reasons = self.errors()
        self.assertEqual(sorted(reasons), [MISSING, REFUSED])
        self.assertEqual(reasons[MISSING], 'column "b": the value is missing')
        self.assertIn("numbers below -1000 are not taken", reasons[REFUSED])
        two = self.predicted("x: [a, b, c]", "batch=50", folder="two", ranks=2)
        self.assertEqual(one.select(["id", "scores"]), two.select(["id", "scores"]))

    def test_a_fixed_number_of_rows_is_filled_up(self):
        found = self.predicted("x: [list]", model=self.package(EIGHT))
        self.assert_scores(found)
        self.assertEqual(set(sum(found["rows"].to_pylist(), [])), {8.0})
        self.assertIn("dimension 1 of x is 3 there, not 2", self.errors()[MISSING])

    def test_one_of_several_tensors_is_made_a_class(self):
        found = self.predicted("x: [a, b, c]", "model.output=scores", more="postprocess: {as: argmax, class_names: [no, yes]}")
        for row in found.to_pylist():
            self.assertEqual(row["prediction"], ["no", "yes"][(self.x[row["id"]] @ WEIGHT).argmax()])

    def test_settings_that_do_not_fit_are_refused(self):
        self.assertIn("dimension 1 of x is 3 there, not 2", self.refused("x: [a, b]"))
        self.assertIn("tensors.x.type: ", self.refused("x: [a, b, c]", more="tensors: {x: {type: int64}}"))
        self.assertIn("inputs.x: is missing", self.refused(""))
        self.assertIn("precision: a compiled package", self.refused("x: [a, b, c]", "precision=bf16"))
        self.assertIn("pipeline: a compiled package", self.refused("x: [a, b, c]", "pipeline=2", ranks=2))

    def test_packages_for_other_machines_are_refused(self):
        cuda = self.package(AOTI_DEVICE_KEY="cuda")
        self.assertIn('was compiled for the device "cuda"', self.refused("x: [a]", model=cuda, code=CHECKPOINT))
        if platform.machine() == "x86_64":
            vectors = self.package(AOTI_CPU_ISA="AVX2 AVX4096")
            self.assertIn("a processor with AVX4096", self.refused("x: [a]", model=vectors, code=CHECKPOINT))

    def test_damaged_packages_are_refused_by_name(self):
        whole = self.package().read_bytes()
        damaged = self.folder / "damaged.pt2"
        damaged.write_bytes(whole[:len(whole) // 2])
        self.assertIn("damaged.pt2 is damaged or incomplete", self.refused("x: [a]", model=damaged, code=CHECKPOINT))
        changed = bytearray(whole)
        changed[len(whole) // 3] ^= 1  # in the library
        damaged.write_bytes(changed)
        self.assertIn("damaged.pt2 is damaged or incomplete", self.refused("x: [a]", model=damaged, code=CHECKPOINT))


if __name__ == "__main__":
    unittest.main()
