"""`prepare images`: the same shards on any ranks and after any interruption, nothing lost, and trained on as the input."""

import gzip
import importlib.util
import io
import json
import os
import pathlib
import shutil
import signal
import struct
import tarfile
import unittest

from program import PROGRAM, SHARD, PipelineTest, run, start, wait_for

HAS_ARROW = (pathlib.Path(PROGRAM).resolve().parent / "libechelon_arrow.so").exists() and importlib.util.find_spec("pyarrow")


def read_shard(path):
    """[(key, {extension: content})] in order."""
    samples = []
    with tarfile.open(path) as tar:
        for entry in tar:
            folder, _, base = entry.name.rpartition("/")
            stem, extension = base.split(".", 1)
            key = f"{folder}/{stem}" if folder else stem
            if not samples or samples[-1][0] != key:
                samples.append((key, {}))
            samples[-1][1][extension] = tar.extractfile(entry).read()
    return samples


def write_shard(path, samples):
    with tarfile.open(path, "w") as tar:
        for key, fields in samples:
            for extension, content in fields.items():
                entry = tarfile.TarInfo(f"{key}.{extension}")
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))


def image_size(content):
    """(format, height, width)"""
    if content.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", content[16:24])
        return "PNG", height, width
    assert content.startswith(b"\xff\xd8")
    at = 2
    while content[at + 1] not in (0xC0, 0xC1, 0xC2):
        at += 2 + struct.unpack(">H", content[at + 2:at + 4])[0]
    return "JPEG", *struct.unpack(">HH", content[at + 5:at + 9])


class PrepareImagesTest(PipelineTest):
    def prepare(self, name, *settings, ranks=1, **options):
        finished = run("prepare", "images", f"output={self.folder / name}", *settings, ranks=ranks, **options)
        self.assert_succeeds(finished)
        return finished

    def files(self, name):
        return {path.name: path.read_bytes() for path in (self.folder / name).iterdir() if path.name != ".lock"}

    def shards(self, name):
        return [read_shard(path) for path in sorted((self.folder / name).glob("*.tar"))]

    def counts(self, name):
        return json.loads((self.folder / name / "manifest.json").read_text())["counts"]

    def test_the_same_bytes_on_any_ranks(self):
        settings = [f"input=[{SHARD}, {SHARD.parent}/train-001.tar]", "samples_per_shard=300", "shuffle_seed=3"]
        self.prepare("1", *settings)
        expected = self.files("1")
        self.assertEqual(sorted(expected), sorted([f"shard-{i:05}.tar{suffix}" for i in range(7) for suffix in ("", ".index")]
                                                  + ["manifest.json"]))
        for name, ranks, *more in (("2", 2), ("3", 3), ("threads", 1, "threads=3")):
            self.prepare(name, *settings, *more, ranks=ranks)
            self.assertEqual(self.files(name), expected, name)

    def test_keeps_order_and_all_fields(self):
        samples = [(f"k/{i:03}", {"png": image["png"], "cls": image["cls"], "txt": f"text {i}".encode(), "json": b"{}"})
                   for i, (_, image) in enumerate(read_shard(SHARD)[:95])]
        write_shard(self.folder / "a.tar", samples[:40])
        write_shard(self.folder / "b.tar", samples[40:])
        self.prepare("out", f"input=[{self.folder}/a.tar, {self.folder}/b.tar]", "samples_per_shard=30", "name=train")
        shards = self.shards("out")
        self.assertEqual([len(shard) for shard in shards], [30, 30, 30, 5])
        self.assertEqual(sum(shards, []), samples)
        self.assertEqual(self.counts("out"), {"left_out": 0, "samples": 95})

    def test_shuffles_once_and_keeps_keys_apart(self):
        samples = read_shard(SHARD)[:60]
        for name in ("a", "b"):
            write_shard(self.folder / f"{name}.tar", samples)
        inputs = f"input=[{self.folder}/a.tar, {self.folder}/b.tar]"
        self.prepare("plain", inputs, "samples_per_shard=120")
        self.prepare("one", inputs, "samples_per_shard=50", "shuffle_seed=1")
        self.prepare("two", inputs, "samples_per_shard=50", "shuffle_seed=2")
        plain, one, two = (sum(self.shards(name), []) for name in ("plain", "one", "two"))
        self.assertEqual([key for key, _ in plain], [key for key, _ in samples] + [f"{key}-2" for key, _ in samples])

        def contents(found):
            return sorted((fields["png"], fields["cls"]) for _, fields in found)

        self.assertEqual(contents(one), contents(samples + samples))
        self.assertEqual(contents(two), contents(one))
        images = [[fields["png"] for _, fields in found] for found in (plain, one, two)]
        self.assertNotEqual(images[0], images[1])
        self.assertNotEqual(images[1], images[2])
        for shard in self.shards("one"):
            self.assertEqual(len({key for key, _ in shard}), len(shard))

    def test_folders_become_classes(self):
        samples = read_shard(SHARD)[:30]
        expected = []
        for i, name in enumerate(["__other__", "cat", "dog"]):
            (self.folder / "in" / name).mkdir(parents=True)
            for j, (_, fields) in enumerate(samples[10 * i:10 * i + 10]):
                (self.folder / "in" / name / f"{j}.x.png").write_bytes(fields["png"])
                prefix = "./" if i == 0 else ""
                expected.append((f"{prefix}{name}/{j}_x", {"png": fields["png"], "cls": str(i).encode()}))
        self.prepare("out", f"input={self.folder}/in", "samples_per_shard=12", ranks=2)
        self.assertEqual(sum(self.shards("out"), []), expected)
        self.assertEqual((self.folder / "out/classes.txt").read_text(), "__other__\ncat\ndog\n")
        self.assertEqual(self.counts("out"), {"classes": 3, "left_out": 0, "samples": 30})

    def test_compressed_shards_become_what_plain_ones_do(self):
        plain = SHARD.read_bytes()
        (self.folder / "a.tar.gz").write_bytes(gzip.compress(plain, mtime=0))
        settings = ["samples_per_shard=100", "shuffle_seed=3"]
        self.prepare("plain", f"input={SHARD}", *settings)
        names = ["a.tar.gz"]
        if HAS_ARROW:
            import pyarrow as pa
            (self.folder / "a.tar.zst").write_bytes(pa.compress(plain, codec="zstd", asbytes=True))
            names.append("a.tar.zst")
        self.assertEqual(len(self.shards("plain")), 10)
        for name in names:
            self.prepare(f"of {name}", f"input={self.folder}/{name}", *settings, ranks=2,
                         env={**os.environ, "ECHELON_CACHE": str(self.folder / "cache")})
            made, expected = self.files(f"of {name}"), self.files("plain")
            self.assertNotEqual(made.pop("manifest.json"), expected.pop("manifest.json"), "they name their inputs")
            self.assertEqual(made, expected)
            self.assertEqual(self.counts(f"of {name}"), self.counts("plain"))

    @unittest.skipUnless(HAS_ARROW, "needs Arrow")
    def test_parquet_becomes_shards(self):
        import pyarrow as pa
        import pyarrow.parquet as pq
        samples = read_shard(SHARD)[:50]
        images = pa.array([{"bytes": fields["png"], "path": f"{key}.png"} for key, fields in samples])
        labels = pa.array([int(fields["cls"]) for _, fields in samples])
        pq.write_table(pa.table({"image": images, "label": labels}), self.folder / "a.parquet", row_group_size=16)
        self.prepare("out", f"input={self.folder}/a.parquet", "samples_per_shard=20", ranks=2)
        self.assertEqual(sum(self.shards("out"), []), [(f"{i:09}", fields) for i, (_, fields) in enumerate(samples)])

    def test_resizes_and_encodes(self):
        samples = read_shard(SHARD)[:10]
        write_shard(self.folder / "a.tar", samples)
        self.prepare("small", f"input={self.folder}/a.tar", "resize=14")
        self.prepare("kept", f"input={self.folder}/a.tar", "resize=56")
        self.prepare("large", f"input={self.folder}/a.tar", "resize={shorter_side: 56, enlarge: true}", "format=jpeg",
                     "quality=95")
        for (key, fields), (small_key, small), (_, large) in zip(samples, *[sum(self.shards(name), [])
                                                                            for name in ("small", "large")], strict=True):
            self.assertEqual((small_key, small["cls"]), (key, fields["cls"]))
            self.assertEqual(image_size(small["png"]), ("PNG", 14, 14))
            self.assertEqual(sorted(large), ["cls", "jpg"])
            self.assertEqual(image_size(large["jpg"]), ("JPEG", 56, 56))
        self.assertEqual(sum(self.shards("kept"), []), samples)

    def damaged(self):
        samples = read_shard(SHARD)[:20]
        samples[3][1]["png"] = samples[3][1]["png"][:100]
        samples[12][1]["png"] = b"GIF89a..."
        write_shard(self.folder / "a.tar", samples)
        return samples, f"input={self.folder}/a.tar"

    def test_damage_ends_the_job_or_is_counted(self):
        samples, inputs = self.damaged()
        for ranks in (1, 2):
            finished = run("prepare", "images", inputs, f"output={self.folder}/fail", "verify=true", "samples_per_shard=8",
                           ranks=ranks)
            self.assertEqual(finished.returncode, 4, finished.stderr)
            self.assertRegex(finished.stderr, r"a\.tar, offset \d+, key \"\w+\": .*(PNG|neither JPEG)")
        self.assertFalse((self.folder / "fail/manifest.json").exists())
        self.prepare("skip", inputs, "verify=true", "on_error=skip", "samples_per_shard=8", ranks=2)
        self.assertEqual(sum(self.shards("skip"), []), [s for i, s in enumerate(samples) if i not in (3, 12)])
        self.assertEqual(self.counts("skip"), {"left_out": 2, "samples": 18})
        self.prepare("unseen", inputs)
        self.assertEqual(self.counts("unseen"), {"left_out": 0, "samples": 20})

    def test_samples_that_are_none_are_left_out(self):
        samples = read_shard(SHARD)[:6]
        del samples[2][1]["png"]
        write_shard(self.folder / "a.tar", samples + samples[:1])
        finished = run("prepare", "images", f"input={self.folder}/a.tar", f"output={self.folder}/fail")
        self.assertEqual(finished.returncode, 4)
        self.assertIn("the sample has no .jpg, .jpeg, .png or .webp", finished.stderr)
        self.prepare("skip", f"input={self.folder}/a.tar", "on_error=skip")
        self.assertEqual(sum(self.shards("skip"), []), samples[:2] + samples[3:])
        self.assertEqual(self.counts("skip"), {"left_out": 2, "samples": 5})

    def test_goes_on_after_a_kill(self):
        settings = [f"input={SHARD}", "samples_per_shard=50", "resize={shorter_side: 400, enlarge: true}", "format=png"]
        self.prepare("whole", *settings)
        for ranks in (1, 2):
            name = f"killed-{ranks}"
            process = start("prepare", "images", f"output={self.folder / name}", *settings, ranks=ranks)
            wait_for(lambda: list((self.folder / name).glob("shard-*.tar")))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            self.assertFalse((self.folder / name / "manifest.json").exists(), "it was too fast to be killed")
            wait_for(lambda: self.is_free(name))
            self.prepare(name, *settings, ranks=2)
            self.assertEqual(self.files(name), self.files("whole"))

    def is_free(self, name):
        """Ranks notice the end of their launcher a moment later."""
        probe = run("prepare", "images", f"output={self.folder / name}", f"input={SHARD}", "samples_per_shard=7")
        return "another preparation was begun" in probe.stderr

    def test_trains_as_the_input_does(self):
        folder = self.folder / "shards"
        self.prepare("shards", f"input={SHARD}", "samples_per_shard=250")
        losses = {}
        for name, train in {"input": SHARD, "prepared": f"{folder}/shard-*.tar"}.items():
            config = self.image_run("{name: mlp, input: [1, 28, 28], hidden: [32], classes: 10}", train=train, name=name)
            self.assert_succeeds(run("train", config))
            losses[name] = self.losses(name)
        self.assertEqual(losses["prepared"], losses["input"])

    def test_an_index_that_is_damaged_changes_nothing(self):
        self.prepare("shards", f"input={SHARD}", "samples_per_shard=500")
        shutil.copytree(self.folder / "shards", self.folder / "damaged")
        index = self.folder / "damaged/shard-00000.tar.index"
        index.write_bytes(index.read_bytes()[:-1])
        outputs = {}
        for name in ("shards", "damaged"):
            config = self.image_run("{name: mlp, input: [1, 28, 28], hidden: [32], classes: 10}",
                                    train=f"{self.folder}/{name}/*.tar", name=name, steps=4)
            outputs[name] = run("train", config)
            self.assert_succeeds(outputs[name])
        self.assertEqual(self.losses("damaged"), self.losses("shards"))
        self.assertNotIn("index", outputs["shards"].stderr)
        self.assertIn("shard-00000.tar.index: its checksum is wrong", outputs["damaged"].stderr)

    def test_says_what_is_wrong_with_settings(self):
        finished = run("prepare", "images", f"input={SHARD}", f"output={self.folder}/out", "quality=80", "name=a/b")
        self.assertEqual(finished.returncode, 3)
        self.assertIn("quality: has no effect unless images are stored anew", finished.stderr)
        self.assertIn("name: must be the name of a file", finished.stderr)


if __name__ == "__main__":
    unittest.main()
