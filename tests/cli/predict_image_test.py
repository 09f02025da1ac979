"""`echelon predict` on images and on texts that are no tables: the same labels wherever the images lie, as evaluation has them."""

import gzip
import io
import json
import pathlib
import tarfile
import unittest

import numpy
import PIL.Image
import pyarrow
import pyarrow.dataset
import pyarrow.parquet
import safetensors.numpy

from program import SOURCE, ProgramTest, run

SHARD = SOURCE / "configs/data/mnist5k/test-000.tar"
COUNT = 40


def samples(count=COUNT):
    """Key, image and class of the first digits of a shard."""
    found = {}
    with tarfile.open(SHARD) as shard:
        for entry in shard:
            key, extension = entry.name.split(".", 1)
            if key not in found and len(found) == count:
                break
            found.setdefault(key, {})[extension] = shard.extractfile(entry).read()
    return [(key, fields["png"], fields["cls"].decode()) for key, fields in found.items()]


def add(shard, name, content):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    shard.addfile(entry, io.BytesIO(content))


class PredictImageTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.samples = samples()
        for key, image, digit in self.samples:
            self.put(f"digits/{digit}/{key}.png", image)
        self.model = self.train()

    def train(self, name="run", model="{name: mlp, input: [1, 28, 28], hidden: [16], classes: 10}"):
        """On a folder a class, so that classes have names: those of the folders."""
        config = self.write("train.yaml", f"""
name: {name}
model: {model}
data: {{name: images, train: {self.folder}/digits, size: 28, channels: 1, mean: [0.1307], std: [0.3081]}}
output: {self.folder}/runs
global_batch: 20
epochs: 2
optimizer: {{name: adamw, lr: 0.003}}
""")
        self.assert_succeeds(run("train", config))
        return self.folder / "runs" / name

    def shard(self, name="in/0.tar", mode="w"):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        with tarfile.open(path, mode) as shard:
            for key, image, digit in self.samples:
                add(shard, f"{key}.png", image)
                add(shard, f"{key}.cls", digit.encode())
        return path

    def predict(self, *settings, files, folder="out", source="", model=None, ranks=1):
        config = self.write("label.yaml", f"""
model: {model or self.model}
source: {{files: [{files}]{source}}}
output: {{folder: {self.folder}/{folder}}}
""")
        return run("predict", config, *settings, ranks=ranks)

    def succeeds(self, *settings, folder="out", **options):
        self.assert_succeeds(self.predict(*settings, folder=folder, **options))
        return self.table(folder, "predictions")

    def table(self, folder, kind):
        return pyarrow.dataset.dataset(self.folder / folder / kind).to_table()

    def expected(self, images):
        """By the formula of the model, in float64: pixels, one hidden layer of ReLU, classes."""
        weights = safetensors.numpy.load_file(sorted((self.model / "checkpoints").glob("step-*"))[-1] / "model.safetensors")
        matrices = sorted((name for name in weights if name.endswith("weight")), key=lambda name: -weights[name].shape[1])
        pixels = [numpy.asarray(PIL.Image.open(io.BytesIO(image)), numpy.float64) for image in images]
        x = ((numpy.stack(pixels) / 255 - 0.1307) / 0.3081).reshape(len(images), -1)
        for name in matrices:
            x = x @ weights[name].T.astype(numpy.float64) + weights[name.replace("weight", "bias")]
            if name != matrices[-1]:
                x = numpy.maximum(x, 0)
        return x

    def assert_equal_to_formula(self, table, images, column="output"):
        expected = self.expected(images)
        numpy.testing.assert_allclose(numpy.stack(table[column].to_pylist()), expected, rtol=1e-5,
                                      atol=1e-5 * numpy.abs(expected).max())


class ImagesTest(PredictImageTest):
    def test_shards_are_scored_as_the_formula_says(self):
        path = self.shard()
        self.shard("in/1.tar.gz", "w:gz")
        made = self.succeeds("postprocess=raw", files=f"'{self.folder}/in/*'", ranks=2)
        self.assertEqual(made.num_rows, 2 * COUNT)
        self.assertEqual(made.column_names, ["key", "cls", "output"])
        made = self.succeeds("postprocess=raw", files=path, folder="one")
        self.assertEqual(made["key"].to_pylist(), [key for key, _, _ in self.samples])
        self.assertEqual(made["cls"].to_pylist(), [digit for _, _, digit in self.samples])
        self.assert_equal_to_formula(made, [image for _, image, _ in self.samples])

    def test_classes_have_the_names_of_their_folders(self):
        made = self.succeeds("output.keep=[key]", files=self.shard())
        names = sorted({digit for _, _, digit in self.samples})
        logits = self.expected([image for _, image, _ in self.samples])
        names += [str(i) for i in range(len(names), 10)]  # the model has ten, whatever there is to learn from
        self.assertEqual(made["prediction"].to_pylist(), [names[i] for i in logits.argmax(1)])
        probability = (numpy.exp(logits) / numpy.exp(logits).sum(1, keepdims=True)).max(1)
        numpy.testing.assert_allclose(made["probability"].to_numpy(), probability, rtol=1e-4)

    def test_the_same_wherever_images_lie(self):
        by_key = {key: image for key, image, _ in self.samples}
        listed = "".join(f"digits/{digit}/{key}.png\n" for key, _, digit in self.samples)
        places = {
            "folder": self.folder / "digits",
            "glob": f"'{self.folder}/digits/*/*.png'",
            "list": self.put("list.txt", listed.encode()),
            "packed": self.put("list.txt.gz", gzip.compress(listed.encode())),
        }
        for place, files in places.items():
            source = ", format: paths" if place in ("list", "packed") else ""
            made = self.succeeds("postprocess=raw", files=files, folder=place, source=source, ranks=2)
            self.assertEqual(made.column_names, ["path", "output"])
            keys = [pathlib.Path(path).stem for path in made["path"].to_pylist()]
            self.assertEqual(sorted(keys), sorted(by_key))
            self.assert_equal_to_formula(made, [by_key[key] for key in keys])

    def test_tables_hold_images_as_bytes_structs_or_paths(self):
        images = [image for _, image, _ in self.samples]
        paths = [f"digits/{digit}/{key}.png" for key, _, digit in self.samples]
        tables = {
            "bytes": pyarrow.table({"image": pyarrow.array(images, pyarrow.binary())}),
            "struct": pyarrow.table({"image": [{"bytes": image, "path": path} for image, path in zip(images, paths)]}),
            "paths": pyarrow.table({"image": paths}),
        }
        for name, table in tables.items():
            pyarrow.parquet.write_table(table.append_column("id", pyarrow.array(range(COUNT))), self.folder / f"{name}.parquet",
                                        row_group_size=15)
            made = self.succeeds("postprocess=raw", "output.keep=[id]", files=self.folder / f"{name}.parquet", folder=name)
            self.assertEqual(made["id"].to_pylist(), list(range(COUNT)))
            self.assert_equal_to_formula(made, images)
        pyarrow.parquet.write_table(tables["bytes"].rename_columns(["photo"]), self.folder / "photo.parquet")
        made = self.succeeds("postprocess=raw", "inputs={image: [photo]}", files=self.folder / "photo.parquet", folder="photo")
        self.assert_equal_to_formula(made, images)
        refused = self.predict(files=self.folder / "photo.parquet", folder="x")
        self.assertEqual(refused.returncode, 4)
        self.assertIn('photo.parquet has no column "image"', refused.stderr)

    def test_what_cannot_be_read_is_recorded_and_the_rest_scored(self):
        images = [image for _, image, _ in self.samples]
        self.put("list.txt", "".join(["digits/gone.png\n", "\n", *(f"digits/{d}/{k}.png\n" for k, _, d in self.samples)]).encode())
        made = self.succeeds("postprocess=raw", files=self.folder / "list.txt", source=", format: paths", folder="list")
        self.assert_equal_to_formula(made, images)
        errors = self.table("list", "errors")
        self.assertEqual(errors["row_number"].to_pylist(), [0, 1])
        self.assertIn("gone.png", errors["reason"][0].as_py())
        self.assertEqual(errors["reason"][1].as_py(), 'column "path": the path is empty')

        self.samples[3] = (self.samples[3][0], images[3][:-20], self.samples[3][2])
        refused = self.predict("on_error=fail", files=self.shard("in/image.tar"), folder="fail")
        self.assertEqual(refused.returncode, 4)
        self.assertIn('image.tar, row 3, column "image"', refused.stderr)
        path = self.shard("in/bad.tar")
        with path.open("r+b") as file:
            file.seek(-30 * 512, io.SEEK_END)
            file.truncate()
        made = self.succeeds("output.row_number=true", files=path, folder="shard")
        errors = self.table("shard", "errors")
        self.assertEqual(errors.num_rows, 2)
        self.assertEqual(errors["row_number"].to_pylist(), [3, made["row_number"].to_pylist()[-1] + 1])
        self.assertIn('column "image"', errors["reason"][0].as_py())
        self.assertIn("bad.tar", errors["reason"][1].as_py())

    def test_convolutions_say_the_same_in_batches_of_any_size_on_any_threads(self):
        self.model = self.train("conv", "{name: convnet, input: [1, 28, 28], channels: [8, 8], norm: batch, hidden: 16, classes: 10}")
        path = self.shard()
        whole = self.succeeds("postprocess=raw", files=path, folder="whole")["output"].to_pylist()
        for i, settings in enumerate((["batch=1"], ["batch=7", "threads=3"])):
            other = self.succeeds("postprocess=raw", *settings, files=path, folder=str(i))["output"].to_pylist()
            numpy.testing.assert_allclose(numpy.stack(other), numpy.stack(whole), rtol=1e-4, atol=1e-5)
        rough = self.succeeds("postprocess=raw", "precision=bf16", files=path, folder="bf16")["output"].to_pylist()
        numpy.testing.assert_allclose(numpy.stack(rough), numpy.stack(whole), atol=0.05 * numpy.abs(whole).max())

    def test_a_checkpoint_says_what_its_classes_are_called(self):
        checkpoint = sorted((self.model / "checkpoints").glob("step-*"))[-1]
        self.assertEqual(json.loads((checkpoint / "classes.json").read_text()), sorted({d for _, _, d in self.samples}))

    def test_settings_that_do_not_fit_are_refused(self):
        path = self.shard()
        for setting, problem in (("inputs={features: [a]}", "a model of images has one input, image"),
                                 ("inputs={image: [a, b]}", "one column holds the images"),
                                 ("rename={a: b}", "inputs.image names the column")):
            refused = self.predict(setting, files=path)
            self.assertEqual(refused.returncode, 3, refused.stderr)
            self.assertIn(problem, refused.stderr)
        refused = self.predict(files=path, source=", format: tar, types: {a: int}")
        self.assertEqual(refused.returncode, 3)
        self.assertIn("source.types: has no effect on this format", refused.stderr)


if __name__ == "__main__":
    unittest.main()
