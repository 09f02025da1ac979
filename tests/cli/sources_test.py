"""The same samples from every kind of file and place give the same training, scores and prepared files."""

import gzip
import io
import json
import sys
import tarfile
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from object_store import StoreTest
from program import SHARD, SOURCE, run

sys.path.insert(0, str(SOURCE / "tests/storage"))
from faulty_proxy import FaultyProxy

SAMPLES = 96
STORIES = [f"Story {i}: " + "the quick brown fox jumps over the lazy dog. " * (1 + i % 5) for i in range(40)]


def some_samples():
    """Image and class of the first samples of the shard in the tree, in order."""
    fields = {}
    with tarfile.open(SHARD) as tar:
        for entry in tar:
            key, field = entry.name.split(".", 1)
            fields.setdefault(key, {})[field] = tar.extractfile(entry).read()
            if len(fields) > SAMPLES:
                break
    return [(sample["png"], int(sample["cls"])) for sample in list(fields.values())[:SAMPLES]]


def tar_of(samples):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for i, (image, label) in enumerate(samples):
            for field, content in (("png", image), ("cls", str(label).encode())):
                entry = tarfile.TarInfo(f"{i:05d}.{field}")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def zstd(content):
    return pa.compress(content, codec="zstd", asbytes=True)


class SourcesTest(StoreTest):
    def trained(self, config, name, *overrides, ranks=1):
        finished = run("train", config, f"name={name}", *overrides, ranks=ranks, env=self.environment)
        self.assert_succeeds(finished)
        return finished.stdout

    def refused(self, config, *overrides):
        finished = run("train", config, *overrides, env=self.environment)
        self.assertEqual(finished.returncode, 4, finished.stdout + finished.stderr)
        return finished.stderr

    def assert_all_the_same(self, config, names, key="data.train"):
        for i, name in enumerate(names):
            self.trained(config, f"run{i}", f"{key}=[\"{name}\"]", ranks=1 + i % 2)
            self.assert_same_losses(self.losses("run0"), self.losses(f"run{i}"))

    def test_images(self):
        samples = some_samples()
        tar = tar_of(samples)
        self.put("shard.tar", tar)
        self.put("shard.tar.gz", gzip.compress(tar))
        self.put("shard.tar.zst", zstd(tar))
        # As the `datasets` library of Hugging Face writes images.
        table = pa.table({"image": [{"bytes": image, "path": f"{i}.png"} for i, (image, _) in enumerate(samples)],
                          "label": pa.array([label for _, label in samples], pa.int64())})
        pq.write_table(table, self.folder / "huggingface.parquet", row_group_size=25)
        self.store.put("/bucket/huggingface.parquet", (self.folder / "huggingface.parquet").read_bytes())
        plain = pa.table({"png": [image for image, _ in samples],
                          "class": pa.array([label for _, label in samples], pa.int8())})
        pq.write_table(plain, self.folder / "plain.parquet", row_group_size=7)

        config = self.image_run("{name: mlp, hidden: [16], classes: 10}", steps=6)
        names = [self.folder / name for name in ("shard.tar", "shard.tar.gz", "shard.tar.zst", "huggingface.parquet")]
        names += [self.store.name(name) for name in ("shard.tar", "shard.tar.zst", "huggingface.parquet")]
        self.assert_all_the_same(config, names)
        columns = ["data.image_key=png", "data.label_key=class"]
        output = self.trained(config, "plain", f"data.train=[{self.folder}/plain.parquet]", *columns)
        self.assert_same_losses(self.losses("run0"), self.losses("plain"))
        self.assertIn("96 training", output)

        # Parquet is best read group by group.
        for ranks in (1, 2):
            self.trained(config, f"groups{ranks}", f"data.train=[{self.folder}/huggingface.parquet]",
                         "data.shuffle={shards: 2}", ranks=ranks)
        self.assert_same_losses(self.losses("groups1"), self.losses("groups2"))

    def test_what_is_wrong_with_parquet_images_is_said(self):
        samples = some_samples()[:40]
        labels = pa.array([label for _, label in samples], pa.int64())
        images = [image for image, _ in samples]

        def write(name, **columns):
            pq.write_table(pa.table(columns), self.folder / name, row_group_size=16)
            return f"data.train=[{self.folder}/{name}]"

        config = self.image_run("{name: mlp, hidden: [16], classes: 10}", steps=1)
        self.assertIn('no column "image" of bytes', self.refused(config, write("a.parquet", picture=images, label=labels)))
        self.assertIn("one of image, y", self.refused(config, write("b.parquet", image=images, y=labels)))
        self.assertIn("holds no whole numbers", self.refused(config, write("c.parquet", image=images, label=["x"] * 40)))
        high = pa.array([3] * 20 + [10] + [3] * 19, pa.int64())
        self.assertIn("d.parquet, row 20: label 10 lies outside the 10 classes",
                      self.refused(config, write("d.parquet", image=images, label=high)))
        broken = images[:33] + [b"no image"] + images[34:]
        override = write("e.parquet", image=broken, label=labels)
        self.assertIn("e.parquet, row 33: ", self.refused(config, override, "steps=2"))
        output = self.trained(config, "skip", override, "data.on_error=skip", "steps=2")
        self.assertRegex(output, r"skipped 1 |1 damaged")
        whole = (self.folder / "e.parquet").read_bytes()
        (self.folder / "f.parquet").write_bytes(whole[:len(whole) // 2])
        self.assertIn("f.parquet", self.refused(config, f"data.train=[{self.folder}/f.parquet]"))

    def test_texts(self):
        lines = "".join(json.dumps({"text": story, "id": i}) + "\n" for i, story in enumerate(STORIES)).encode()
        self.put("stories.jsonl", lines)
        self.put("stories.jsonl.gz", gzip.compress(lines))
        self.put("stories.jsonl.zst", zstd(lines))
        table = pa.table({"id": list(range(len(STORIES))), "text": STORIES})
        pq.write_table(table, self.folder / "stories.parquet", row_group_size=9)
        self.store.put("/bucket/stories.parquet", (self.folder / "stories.parquet").read_bytes())

        config = self.small_gpt(steps=6, precision="fp64")
        overrides = ["data.train_range=[0, 1]", "data.test=[]", "data.packing=documents"]
        names = [self.folder / f"stories{ending}" for ending in (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")]
        names += [self.store.name(f"stories{ending}") for ending in (".jsonl", ".jsonl.zst", ".parquet")]
        for i, name in enumerate(names):
            self.trained(config, f"run{i}", *overrides, f"data.train=[\"{name}\"]", ranks=1 + i % 2)
            self.assert_same_losses(self.losses("run0"), self.losses(f"run{i}"))

        plain = "\n".join(STORIES).encode()
        self.put("plain.txt", plain)
        self.put("plain.txt.gz", gzip.compress(plain))
        for i, name in enumerate(["plain.txt", "plain.txt.gz"]):
            self.trained(config, f"plain{i}", "data.train_range=[0, 1]", "data.test=[]", f"data.train=[{self.folder}/{name}]")
        self.trained(config, "plain2", "data.train_range=[0, 1]", "data.test=[]",
                     f"data.train=[\"{self.store.name('plain.txt.gz')}\"]")
        for i in (1, 2):
            self.assert_same_losses(self.losses("plain0"), self.losses(f"plain{i}"))

    def some_tables(self, rows=120):
        """train.csv, train.csv.gz and train.parquet, each with the same rows."""
        values = [(i % 17, ("red", "green", "blue")[i % 3], 3 * (i % 17) + i % 3) for i in range(rows)]
        text = "a,kind,y\n" + "".join(f"{a},{kind},{y}\n" for a, kind, y in values)
        self.put("train.csv", text.encode())
        self.put("train.csv.gz", gzip.compress(text.encode()))
        a, kind, y = zip(*values)
        pq.write_table(pa.table({"a": a, "kind": kind, "y": y}), self.folder / "train.parquet", row_group_size=50)
        self.put("train.parquet", (self.folder / "train.parquet").read_bytes())
        return ("train.csv", "train.csv.gz", "train.parquet")

    def table_run(self, steps=6):
        return self.write("table.yaml", f"""
model: {{name: mlp, hidden: [8]}}
data:
  name: table
  train: {self.folder}/train.csv
  features: {{a: float, kind: categorical}}
  target: {{column: y, type: number}}
global_batch: 32
steps: {steps}
precision: fp64
threads: 1
output: {self.folder}/runs
optimizer: {{name: adamw, lr: 0.01}}
log: {{every_steps: 1}}
""")

    def test_tables(self):
        names = self.some_tables()
        self.assert_all_the_same(self.table_run(), [self.folder / "train.csv", *map(self.store.name, names)])

    def test_tables_are_scored(self):
        names = self.some_tables()
        self.trained(self.table_run(), "model")
        scores = {}
        for ranks, place in ((1, lambda name: self.folder / name), (2, self.store.name)):
            files = ", ".join(f"'{place(name)}'" for name in names)
            config = self.write("score.yaml", f"""
model: {self.folder}/runs/model
source: {{files: [{files}]}}
output: {{folder: {self.folder}/scores-{ranks}, source_file: true, row_number: true}}
precision: fp64
""")
            finished = run("predict", config, ranks=ranks, env=self.environment)
            self.assert_succeeds(finished)
            table = pa.concat_tables(map(pq.read_table, (self.folder / f"scores-{ranks}/predictions").glob("*.parquet")))
            scores[ranks] = table.sort_by([("source_file", "ascending"), ("row_number", "ascending")])
            self.assertEqual(sorted(set(scores[ranks]["source_file"].to_pylist())), sorted(str(place(name)) for name in names))
        self.assertEqual(scores[1].num_rows, 3 * 120)
        self.assertEqual(scores[2].drop_columns("source_file"), scores[1].drop_columns("source_file"))
        # What lies in a store is known again, by its ETag.
        again = run("predict", config, env=self.environment)
        self.assertIn("nothing is left to score", again.stdout)
        self.put("train.csv", b"a,kind,y\n1,red,2\n")
        again = run("predict", config, env=self.environment)
        self.assertEqual(again.returncode, 3, again.stdout + again.stderr)
        self.assertIn("1 of the files have changed since they were scored", again.stderr)

    def test_a_store_that_goes_away_ends_scoring_and_is_no_damage(self):
        proxy = FaultyProxy(self.store.host, self.store.port)
        self.addCleanup(proxy.close)
        names = self.some_tables()
        self.trained(self.table_run(), "model")
        files = ", ".join(f"'{self.store.name(name, proxy.port)}'" for name in names)

        def score(folder, *faults):
            proxy.plan(*faults, forever=True)
            config = self.write("score.yaml", f"""
model: {self.folder}/runs/model
source: {{files: [{files}]}}
output: {{folder: {self.folder}/{folder}}}
precision: fp64
storage: {{retry: {{attempts: 2}}}}
""")
            environment = {**self.environment, "ECHELON_CACHE": str(self.folder / f"cache of {folder}")}
            return run("predict", config, env=environment)

        self.assert_succeeds(score("undisturbed", "ok"))
        requests = len(proxy.requests)
        for share in (0.5, 0.9):
            folder = f"after {share}"
            finished = score(folder, *["ok"] * int(requests * share), 503)
            self.assertEqual(finished.returncode, 4, finished.stdout + finished.stderr)
            self.assertIn("gave up after 2 attempts", finished.stderr)
            self.assertFalse((self.folder / folder / "manifest").exists())
            finished = score(folder, "ok")
            self.assert_succeeds(finished)
            self.assertIn("360 rows of 3 files scored", finished.stdout)
            self.assertNotIn("could not be scored", finished.stdout)

    def test_a_store_that_goes_away_is_not_skipped(self):
        """With half of the requests answered, and beside data that are there."""
        proxy = FaultyProxy(self.store.host, self.store.port)
        self.addCleanup(proxy.close)
        self.some_tables()
        shard = tar_of(some_samples())
        self.put("shard.tar", shard)
        self.put("shard.tar.gz", gzip.compress(shard))
        self.put("stories.jsonl.gz", gzip.compress("".join(json.dumps({"text": story}) + "\n" for story in STORIES).encode()))
        images = self.image_run("{name: mlp, hidden: [16], classes: 10}", steps=2)
        texts = self.small_gpt(steps=2)
        for name, key, *command in (
                ("stories.jsonl.gz", "data.train", "train", texts, "data.train_range=[0, 1]", "data.test=[]",
                 "data.packing=documents", "data.on_error=skip"),
                ("shard.tar.gz", "data.train", "train", images, "data.on_error=skip"),
                ("train.parquet", "data.train", "train", self.table_run(2), "data.on_error=skip"),
                ("shard.tar", "input", "prepare", "images", "on_error=skip"),
                ("train.csv.gz", "input", "prepare", "table", "on_error=skip")):
            def attempt(folder, *faults):
                proxy.plan(*faults, forever=True)
                inputs = f"{key}=[\"{self.folder}/{name}\", \"{self.store.name(name, proxy.port)}\"]"
                environment = {**self.environment, "ECHELON_CACHE": str(self.folder / folder / "cache")}
                return run(*command, inputs, f"output={self.folder}/{folder}/out", "storage.retry.attempts=2",
                           env=environment)

            with self.subTest(" ".join(map(str, (name, *command[:2])))):
                self.assert_succeeds(attempt(f"{name} undisturbed", "ok"))
                finished = attempt(f"{name} away", *["ok"] * (len(proxy.requests) // 2), 503)
                self.assertEqual(finished.returncode, 4, finished.stdout + finished.stderr)
                self.assertIn("gave up after 2 attempts", finished.stderr)

    def test_loading_is_measured(self):
        self.some_tables()
        config = self.table_run()
        numbers = self.folder / "numbers.json"
        for name in ("train.csv.gz", "train.parquet"):
            finished = run("bench", "data", config, f"data.train=[\"{self.store.name(name)}\"]", "--batches", 20, "--json",
                           numbers, env=self.environment)
            self.assert_succeeds(finished)
            measured = json.loads(numbers.read_text())
            self.assertEqual(measured["total"]["samples"], 20 * 32)
            self.assertGreater(measured["ranks"][0]["opening"]["bytes"], 120 * 4, "rows are read when the table is opened")

    def test_what_is_prepared(self):
        """The same files, but for the manifest, which names the inputs."""
        shard = tar_of(some_samples())
        self.put("shard.tar", shard)
        self.put("shard.tar.gz", gzip.compress(shard))
        self.put("stories.jsonl.gz", gzip.compress("".join(json.dumps({"text": story}) + "\n" for story in STORIES).encode()))
        tables = self.some_tables()
        for kind, names, *settings in (("images", ["shard.tar"], "samples_per_shard=40"),
                                       ("images", ["shard.tar.gz"], "samples_per_shard=40"),
                                       ("text", ["stories.jsonl.gz"], "end_of_document=;"),
                                       ("tokenizer", ["stories.jsonl.gz"], "vocabulary=270"),
                                       ("table", tables, "rows_per_file=100")):
            with self.subTest(f"{kind} of {names}"):
                made = {}
                for ranks, place in ((1, lambda name: self.folder / name), (2, self.store.name)):
                    folder = self.folder / f"{kind}-{names[0]}-{ranks}"
                    inputs = ", ".join(f"\"{place(name)}\"" for name in names)
                    self.assert_succeeds(run("prepare", kind, f"input=[{inputs}]", f"output={folder}", *settings, ranks=ranks,
                                             env=self.environment))
                    counts = json.loads((folder / "manifest.json").read_text())["counts"]
                    files = {path.name: path.read_bytes() for path in folder.iterdir()
                             if path.name not in ("manifest.json", ".lock")}
                    self.assertGreater(len(files), 0)
                    made[ranks] = counts, files
                self.assertEqual(made[2], made[1])

    def test_a_cache_that_is_too_small_is_said(self):
        self.put("plain.txt", "\n".join(STORIES).encode())
        config = self.small_gpt(steps=2)
        message = self.refused(config, f"data.train=[\"{self.store.name('plain.txt')}\"]", "storage.cache.max_gb=1e-6")
        self.assertIn("raise storage.cache.max_gb", message)

    def test_an_object_that_is_not_there_is_said(self):
        config = self.small_gpt(steps=2)
        message = self.refused(config, f"data.train=[\"{self.store.name('nothing.jsonl')}\"]")
        self.assertIn("no such object", message)
        self.assertIn("nothing.jsonl", message)


if __name__ == "__main__":
    unittest.main()
