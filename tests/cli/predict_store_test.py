"""`echelon predict` of images in an object store: what it says of those on disk, and what it does when objects come and change."""

import gzip
import io
import json
import os
import re
import tarfile
import unittest

import numpy
import PIL.Image
import pyarrow
import pyarrow.compute
import pyarrow.dataset
import pyarrow.parquet

from object_store import StoreTest
from program import SOURCE, run

SHARD = SOURCE / "configs/data/mnist5k/test-000.tar"
COUNT = 60


def jpeg(png):
    buffer = io.BytesIO()
    PIL.Image.open(io.BytesIO(png)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def photos():
    """The first digits of a shard, by the names of files in a folder for each class; every other one as JPEG."""
    found = {}
    with tarfile.open(SHARD) as shard:
        while len(found) < COUNT:
            fields = {entry.name.split(".", 1)[1]: shard.extractfile(entry).read() for entry in (shard.next(), shard.next())}
            digit, is_jpeg = fields["cls"].decode(), len(found) % 2
            name = f"{digit}/{len(found):03}.{'jpg' if is_jpeg else 'png'}"
            found[name] = jpeg(fields["png"]) if is_jpeg else fields["png"]
    return dict(sorted(found.items()))


def tar_of(images):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as shard:
        for name, image in images:
            for field, content in ((name.split(".")[1], image), ("cls", name.split("/")[0].encode())):
                entry = tarfile.TarInfo(f"{name.split('.')[0]}.{field}")
                entry.size = len(content)
                shard.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


class PredictStoreTest(StoreTest):
    def setUp(self):
        super().setUp()
        self.store.clear()
        self.photos = photos()
        for name, image in self.photos.items():
            self.put(f"photos/{name}", image)
        self.model = self.train()

    def train(self):
        config = self.write("train.yaml", f"""
name: digits
model: {{name: mlp, input: [1, 28, 28], hidden: [16], classes: 10}}
data: {{name: images, train: {self.folder}/photos, size: 28, channels: 1}}
output: {self.folder}/runs
global_batch: 20
epochs: 2
optimizer: {{name: adamw, lr: 0.003}}
""")
        self.assert_succeeds(run("train", config))
        return self.folder / "runs/digits"

    def predict(self, *settings, files, folder, source="", ranks=1, **environment):
        config = self.write("label.yaml", f"""
model: {self.model}
source: {{files: {json.dumps([str(name) for name in files])}{source}}}
output: {{folder: {self.folder}/{folder}, source_file: true, row_number: true}}
postprocess: softmax
""")
        return run("predict", config, *settings, ranks=ranks, env={**self.environment, **environment})

    def table(self, folder, kind="predictions"):
        table = pyarrow.dataset.dataset(self.folder / folder / kind).to_table()
        return table.sort_by([("source_file", "ascending"), ("row_number", "ascending")])

    def succeeds(self, *settings, folder, **options):
        self.assert_succeeds(self.predict(*settings, folder=folder, **options))
        return self.table(folder)

    def scored_in_both(self, *names, source="", **options):
        """What is made of files, and, by two ranks, of the objects of the same names, without the columns that name them."""
        name_of_both = re.sub("[^a-z.]", "-", names[0])
        local = self.succeeds(files=[self.folder / name for name in names], folder=f"files-{name_of_both}", source=source,
                              **options)
        remote = self.succeeds("unit_mb=0.005", files=[self.store.name(name) for name in names],
                               folder=f"objects-{name_of_both}", source=source, ranks=2, **options)
        self.assertEqual([name.replace(f"{self.folder}/", "") for name in local["source_file"].to_pylist()],
                         [name.split("?")[0].replace("s3://bucket/", "") for name in remote["source_file"].to_pylist()])
        self.assertEqual(local["row_number"], remote["row_number"])
        probabilities = [numpy.array(table["probabilities"].to_pylist(), numpy.float32) for table in (local, remote)]
        numpy.testing.assert_allclose(probabilities[1], probabilities[0], atol=1e-6)
        return local, remote

    def test_a_folder_of_images(self):
        for marker in ("photos/", "photos/3/"):  # as some tools make them
            self.store.put(f"/bucket/{marker}")
        self.put("photos/notes.txt", b"no image")
        self.put("photosets/9.png", self.photos[next(iter(self.photos))])  # of another folder whose name begins alike
        (self.folder / "empty").mkdir()
        local, remote = self.scored_in_both("photos/")
        self.assertEqual([path.replace(f"{self.folder}/photos/", "") for path in local["path"].to_pylist()],
                         list(self.photos))
        self.assertEqual(remote["path"], remote["source_file"])
        found = numpy.array(local["probabilities"].to_pylist())
        numpy.testing.assert_allclose(found.sum(1), 1, rtol=1e-5)
        refused = self.predict(files=[self.store.name("empty/")], folder="empty")
        self.assertEqual(refused.returncode, 4, refused.stdout + refused.stderr)
        self.assertIn("the folder holds no .jpg, .jpeg, .png or .webp", refused.stderr)

    def test_shards(self):
        items = list(self.photos.items())
        for i in range(3):
            self.put(f"shards/{i}.tar", tar_of(items[20 * i:20 * i + 20]))
        self.put("shards/packed.tar.gz", gzip.compress(tar_of(items[:20])))
        local, _ = self.scored_in_both("shards/*.tar", "shards/packed.tar.gz")
        self.assertEqual(local.num_rows, COUNT + 20)
        self.assertEqual(local["key"].to_pylist()[:20], [name.split(".")[0] for name in self.photos][:20])
        self.assertEqual(local["cls"].to_pylist()[:20], [name[0] for name in self.photos][:20])
        self.assertEqual(local.slice(0, 20)["probabilities"], local.filter(
            pyarrow.compute.match_substring(local["source_file"], "packed.tar.gz"))["probabilities"])
        brace, _ = self.scored_in_both("shards/{0..2}.tar")
        self.assertEqual(brace["probabilities"], local.filter(
            pyarrow.compute.match_substring_regex(local["source_file"], "tar$"))["probabilities"])

    def test_lists_and_tables_of_paths(self):
        """Paths that are relative start from where the list lies, and those of a store may stand in a file."""
        names = list(self.photos)
        self.put("list.txt", "".join(f"photos/{name}\n" for name in [*names, "gone.png"]).encode())
        local, remote = self.scored_in_both("list.txt", source=", format: paths")
        self.assertEqual(local.num_rows, COUNT)
        for folder in ("files-list.txt", "objects-list.txt"):
            errors = self.table(folder, "errors")
            self.assertEqual(errors["row_number"].to_pylist(), [COUNT])
            self.assertIn("gone.png", errors["reason"][0].as_py())
        pyarrow.parquet.write_table(
            pyarrow.table({"image": [self.store.name(f"photos/{name}") for name in names], "n": range(COUNT)}),
            self.folder / "images.parquet")
        table = self.succeeds(files=[self.folder / "images.parquet"], folder="table")
        self.assertEqual(table["n"].to_pylist(), list(range(COUNT)))
        numpy.testing.assert_allclose(table["probabilities"].to_pylist(), remote["probabilities"].to_pylist(), atol=1e-6)

    def test_the_store_may_be_named_by_the_environment(self):
        files = ["s3://bucket/photos/"]
        made = self.succeeds(files=files, folder="named", ranks=2, AWS_REGION="us-east-1",
                             AWS_ENDPOINT_URL_S3=f"http://{self.store.host}:{self.store.port}")
        self.assertEqual(made["path"].to_pylist(), [f"s3://bucket/photos/{name}" for name in self.photos])

    def test_objects_that_come_and_change(self):
        options = {"files": [self.store.name("photos/")], "folder": "out"}
        self.succeeds("mode=incremental", **options)
        again = self.predict("mode=incremental", **options)
        self.assertIn("nothing is left to score", again.stdout)
        images = list(self.photos.values())
        self.store.put("/bucket/photos/new/1.png", images[0])
        name = next(name for name in self.photos if name.endswith("png"))
        self.store.put(f"/bucket/photos/{name}", images[-1])
        finished = self.predict("mode=incremental", ranks=2, **options)
        self.assert_succeeds(finished)
        self.assertIn("1 of the files have changed since they were scored", finished.stdout + finished.stderr)
        self.assertIn(name, finished.stdout + finished.stderr)
        self.assertEqual(self.table("out").num_rows, COUNT + 1)
        records = [json.loads(path.read_text()) for path in sorted((self.folder / "out/manifest").iterdir())]
        self.assertEqual([len(record["inputs"]) for record in records], [COUNT, 1])

    def test_an_image_that_is_damaged_costs_itself_alone(self):
        name = next(name for name in self.photos if name.endswith("jpg"))
        self.put(f"photos/{name}", self.photos[name][:100])
        self.put("photos/7/empty.png", b"")
        made = self.succeeds(files=[self.store.name("photos/")], folder="out", ranks=2)
        self.assertEqual(made.num_rows, COUNT - 1)
        errors = self.table("out", "errors")
        self.assertEqual([source.split("?")[0] for source in errors["source_file"].to_pylist()],
                         sorted(f"s3://bucket/photos/{bad}" for bad in (name, "7/empty.png")))


if __name__ == "__main__":
    unittest.main()
