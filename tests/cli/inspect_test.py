"""`inspect`: what shards, tables and prepared folders hold, and damage in them."""

import importlib.util
import itertools
import json
import os
import struct
import subprocess
import sys
import unittest

from prepare_images_test import HAS_ARROW, read_shard, write_shard
from program import SHARD, SOURCE, ProgramTest, command, run


class InspectTest(ProgramTest):
    def inspect(self, *arguments, code=0):
        finished = run("inspect", *arguments)
        self.assertEqual(finished.returncode, code, finished.stdout + finished.stderr)
        return finished.stdout if code in (0, 4) and finished.stdout else finished.stderr

    def rows(self, text):
        """The value of each row by its name."""
        found = {}
        for line in text.splitlines():
            name, _, value = line.strip().partition("  ")
            found.setdefault(name, value.strip())
        return found

    def test_a_tar_shard(self):
        samples = read_shard(SHARD)
        rows = self.rows(self.inspect(SHARD))
        self.assertEqual(rows["samples"], "1000")
        self.assertEqual(rows["first keys"], ", ".join(key for key, _ in samples[:5]))
        self.assertEqual(rows["images"], "1000: 1000 PNG")
        self.assertEqual(rows["heights"], "28 to 28, median 28, mean 28.0, 95 % up to 28")
        self.assertEqual(rows["labels"], "10 different ones in .cls")
        sizes = [len(fields["png"]) for _, fields in samples]
        self.assertRegex(rows[".png"], rf"^1000 files, .*each {min(sizes)} B to {max(sizes)} B$")
        for label in range(10):
            count = sum(int(fields["cls"]) == label for _, fields in samples)
            self.assertTrue(rows[str(label)].startswith(f"{count} "), (label, rows[str(label)]))
        self.assertEqual(rows["index"], "none")

    def test_a_sheet_of_its_images(self):
        sheet = self.folder / "sheet.png"
        rows = self.rows(self.inspect(SHARD, "--sheet", sheet, "--samples", 6))
        self.assertEqual(rows["sheet"], f"6 of 1000 images in {sheet}")
        content = sheet.read_bytes()
        self.assertTrue(content.startswith(b"\x89PNG"))
        # Three columns and two rows of 128 pixels, with four between them and around.
        self.assertEqual(struct.unpack(">II", content[16:24]), (3 * 132 + 4, 2 * 132 + 4))

    def test_damage_in_a_shard(self):
        samples = read_shard(SHARD)[:8]
        samples[2][1]["png"] = samples[2][1]["png"][:99]
        del samples[4][1]["png"]
        damaged = self.folder / "a.tar"
        write_shard(damaged, samples + samples[:1])
        whole = damaged.read_bytes()
        text = self.inspect(damaged, code=4)
        self.assertIn("damage: 3 problems\n", text)
        self.assertRegex(text, rf'a.tar, offset \d+, key "{samples[2][0]}": .*PNG')
        self.assertRegex(text, rf'key "{samples[4][0]}": the sample has no .jpg, .jpeg, .png or .webp')
        self.assertRegex(text, rf'key "{samples[0][0]}": the key occurred before, at offset 0')
        damaged.write_bytes(whole[:5000])
        self.assertRegex(self.inspect(damaged, code=4), "it is truncated|the file is truncated")

    def test_prepared_shards(self):
        output = self.folder / "out"
        self.assert_succeeds(run("prepare", "images", f"input={SHARD}", f"output={output}", "samples_per_shard=400"))
        self.assertEqual(self.rows(self.inspect(output / "shard-00000.tar"))["index"], "400 samples, checksums verified")
        rows = self.rows(self.inspect(output))
        self.assertEqual(rows["kind"], "images")
        self.assertIn("1.00 k samples", rows["holds"])
        self.assertRegex(rows["files"], r"^6, .*, checksums verified$")
        self.assertEqual(rows["samples_per_shard: 400"], "")

        shard = output / "shard-00001.tar"
        content = bytearray(shard.read_bytes())
        content[-2000] ^= 1  # in the last sample
        shard.write_bytes(content)
        text = self.inspect(output, code=4)
        self.assertIn("shard-00001.tar was altered: its checksum is", text)
        self.assertIn("shard-00001.tar.index: it is of another content", self.inspect(shard, code=4))
        (output / "shard-00002.tar.index").unlink()
        self.assertIn("shard-00002.tar.index", self.inspect(output, code=4))

    def test_a_token_shard(self):
        """Two documents, of bytes, as docs/formats/token-shard.md describes them."""
        tokens = b"Good morning.Bye"
        ends = struct.pack("<QQ", 13, 16)
        content = struct.pack("<8sIIQQQQQQ", b"ECHTOKEN", 1, 2, 16, 256, 0, 2, 0, 0)
        content += b"".join(struct.pack("<H", token) for token in tokens) + ends
        shard = self.folder / "a.tokens"
        shard.write_bytes(content)
        rows = self.rows(self.inspect(shard))
        self.assertEqual(rows["tokens"], "16, as uint16")
        self.assertEqual(rows["vocabulary"], "256")
        self.assertEqual(rows["documents"], "2")
        self.assertEqual(rows["lengths"], "3 to 13, median 3, mean 8.0, 95 % up to 13")
        self.assertEqual(rows["checksum"], "none was made")

        damaged = bytearray(content)
        damaged[32] = 1  # a checksum, and not that of the content
        shard.write_bytes(damaged)
        self.assertIn("the file is corrupt", self.inspect(shard, code=4))

    def test_documents_as_text(self):
        """Documents whose tokens the reference implementation made, which are text again."""
        golden = SOURCE / "tests/tokenizer/golden"
        documents = [document for document in json.loads((golden / "plain.ids.json").read_text()) if document["ids"]][:5]
        tokens = [token for document in documents for token in document["ids"]]
        ends = list(itertools.accumulate(len(document["ids"]) for document in documents))
        content = struct.pack("<8sIIQQQQQQ", b"ECHTOKEN", 1, 2, len(tokens), 512, 0, len(documents), 0, 0)
        content += struct.pack(f"<{len(tokens)}H", *tokens)
        content += bytes(-len(content) % 8) + struct.pack(f"<{len(ends)}Q", *ends)
        shard = self.folder / "a.tokens"
        shard.write_bytes(content)
        for options, count in (([], 3), (["--samples", 5], 5)):
            text = self.inspect(shard, "--tokenizer", golden / "plain.json", *options)
            for i, document in enumerate(documents):
                shown = f"document {i}, {len(document['ids'])} tokens:\n{document['text']}"
                (self.assertIn if i < count else self.assertNotIn)(shown, text)

    @unittest.skipUnless(HAS_ARROW, "needs Arrow")
    def test_tables(self):
        import pyarrow as pa
        import pyarrow.parquet as pq
        table = pa.table({"name": ["a", "b", "c"], "value": pa.array([1, 2, 3], pa.int16()), "l": [[1.0], [], [2.0]]})
        pq.write_table(table, self.folder / "a.parquet", row_group_size=2)
        text = self.inspect(self.folder / "a.parquet")
        self.assertIn("row groups    2; rows in each: 1 to 2", text)
        self.assertRegex(text, r"\n  value  int64 +stored as int16\n")
        self.assertRegex(text, r"\n  l      list of float64  stored as list<")
        csv = self.write("a.csv", "x,y\n1,one\n2,two\n")
        text = self.inspect(csv)
        self.assertIn("rows          2", text)
        self.assertRegex(text, r"\n  x  int64 .*\n  y  string ")

    def test_what_does_not_suit(self):
        self.assertIn("is no tar shard", self.inspect(self.write("a.tokens", "ECHTOKEN"), "--sheet", "a.png", code=3))
        self.assertIn("neither its content nor its name", self.inspect(self.write("a", "text"), code=4))
        self.assertIn("must end in .png", self.inspect(SHARD, "--sheet", "a.jpg", code=2))
        self.assertIn("No such file", self.inspect(self.folder / "none", code=4))


@unittest.skipUnless(HAS_ARROW and importlib.util.find_spec("moto"), "needs Arrow and moto")
class DistantTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        sys.path.insert(0, str(SOURCE / "tests/storage"))
        import s3_store
        cls.environment = s3_store.ENVIRONMENT
        cls.store = s3_store.S3Store()
        cls.addClassCleanup(cls.store.stop)

    def distant(self, *arguments):
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=50,
                              env={**own, **self.environment, "ECHELON_CACHE": str(self.folder / "cache")})

    def test_shards_in_an_object_store(self):
        output = self.folder / "out"
        self.assert_succeeds(run("prepare", "images", f"input={SHARD}", f"output={output}"))
        for name in ("shard-00000.tar", "shard-00000.tar.index"):
            self.store.put(f"/bucket/{name}", (output / name).read_bytes())
        sheet = self.folder / "sheet.png"
        finished = self.distant("inspect", self.store.name("shard-00000.tar"), "--sheet", sheet)
        self.assert_succeeds(finished)
        self.assertIn("1000 samples, checksums verified", finished.stdout)
        self.assertTrue(sheet.read_bytes().startswith(b"\x89PNG"))

        # Training opens the shard by its index, and gets the same samples.
        config = self.image_run("{name: mlp, input: [1, 28, 28], hidden: [32], classes: 10}", steps=3, name="local")
        self.assert_succeeds(run("train", config))
        finished = self.distant("train", config, f"data.train={self.store.name('shard-00000.tar')}", "name=distant")
        self.assert_succeeds(finished)
        self.assertEqual(self.losses("distant"), self.losses("local"))

        self.store.put("/bucket/shard-00000.tar.index", (output / "shard-00000.tar.index").read_bytes()[:500])
        finished = self.distant("inspect", self.store.name("shard-00000.tar"))
        self.assertEqual(finished.returncode, 4)
        self.assertIn("not usable", finished.stdout)


if __name__ == "__main__":
    unittest.main()
