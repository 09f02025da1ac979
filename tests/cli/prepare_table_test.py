"""Tables made into Parquet files of equal size, through the binary, compared with what pyarrow reads."""

import csv
import gzip
import json
import os
import random
import resource
import signal
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from program import SOURCE, ProgramTest, ranks_of, run, start, wait_for

GOLDEN = SOURCE / "tests/table/golden"


def some_rows(count, seed, first=0):
    draw = random.Random(seed)
    return [{"id": first + i, "share": draw.random() if i % 7 else None, "name": f"näme {draw.randrange(50)}, {i}",
             "member": draw.random() < 0.5} for i in range(count)]


class PrepareTableTest(ProgramTest):
    def write_csv(self, name, rows):
        path = self.folder / name
        opened = gzip.open(path, "wt", newline="") if name.endswith(".gz") else path.open("w", newline="")
        with opened as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            for row in rows:
                writer.writerow({**row, "member": str(row["member"]).lower()} if "member" in row else row)
        return path

    def write_lines(self, name, rows):
        return self.write(name, "".join(json.dumps(row) + "\n" for row in rows))

    def write_parquet(self, name, rows, **options):
        path = self.folder / name
        pq.write_table(pa.Table.from_pylist(rows), path, **options)
        return path

    def three_tables(self):
        """The same columns in three formats: 1000 rows."""
        rows = some_rows(1000, 1)
        self.write_csv("a.csv.gz", rows[:300])
        self.write_parquet("b.parquet", rows[300:720], row_group_size=100)
        self.write_lines("c.jsonl", rows[720:])
        return rows, "input=[{0}/a.csv.gz, {0}/b.parquet, {0}/c.jsonl]".format(self.folder)

    def prepare(self, *settings, output="out", ranks=1):
        finished = run("prepare", "table", *settings, f"output={self.folder / output}", ranks=ranks)
        self.assert_succeeds(finished)
        return self.folder / output

    def files(self, folder):
        return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file() and path.name != ".lock"}

    def parts(self, folder):
        return [pq.read_table(path, page_checksum_verification=True) for path in sorted(folder.glob("part-*.parquet"))]

    def assert_fails(self, finished, code, *texts):
        self.assertEqual(finished.returncode, code, finished.stdout + finished.stderr)
        for text in texts:
            self.assertIn(text, finished.stderr)

    def test_rows_of_every_format_in_their_order(self):
        rows, inputs = self.three_tables()
        folder = self.prepare(inputs, "rows_per_file=256", "rows_per_group=100")
        parts = self.parts(folder)
        self.assertEqual([part.num_rows for part in parts], [256, 256, 256, 232])
        self.assertEqual(pa.concat_tables(parts).to_pylist(), rows)
        metadata = pq.read_metadata(folder / "part-00000.parquet")
        self.assertEqual([metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)], [100, 100, 56])
        manifest = json.loads((folder / "manifest.json").read_text())
        self.assertEqual(manifest["counts"]["rows"], 1000)
        self.assertEqual([file["counts"]["rows"] for file in manifest["files"]], [256, 256, 256, 232])

    def test_any_number_of_ranks_writes_the_same_bytes(self):
        _, inputs = self.three_tables()
        settings = inputs, "rows_per_file=90", "rows_per_group=40"
        expected = self.files(self.prepare(*settings, output="1"))
        self.assertEqual(len(expected), 13)
        for ranks in (2, 3):
            self.assertEqual(self.files(self.prepare(*settings, output=str(ranks), ranks=ranks)), expected)
        self.assertEqual(self.files(self.prepare(*settings, "threads=3", output="threads")), expected)

    def test_every_type_of_parquet_is_kept(self):
        names = [name for name in pq.read_schema(GOLDEN / "types.parquet").names if name not in ("pairs", "image")]
        names += ["image.bytes", "image.path"]
        for compression in ("zstd", "snappy", "none"):
            folder = self.prepare(f"input={GOLDEN}/types.parquet", f"columns=[{','.join(names)}]", "rows_per_file=7",
                                  f"compression={compression}", output=compression)
            made = pa.concat_tables(self.parts(folder))
            original = pq.read_table(GOLDEN / "types.parquet").flatten()
            self.assertEqual(made.column_names, names)
            for name in names:
                theirs = original[name]
                if pa.types.is_timestamp(theirs.type) or pa.types.is_date(theirs.type):
                    theirs = theirs.cast(pa.timestamp("us", "UTC") if getattr(theirs.type, "tz", None) else pa.timestamp("us"),
                                         safe=False).cast(pa.timestamp("us", "UTC"))
                elif pa.types.is_time(theirs.type):
                    theirs = theirs.cast(pa.time64("us")).cast(pa.int64())
                elif pa.types.is_null(theirs.type):
                    theirs = theirs.cast(pa.string())
                ours, theirs = made[name].to_pylist(), theirs.to_pylist()
                if name == "value":  # has a NaN
                    ours, theirs = map(str, ours), map(str, theirs)
                if name == "price":
                    theirs = [float(value) for value in theirs]
                self.assertEqual(list(ours), list(theirs), name)

    def test_columns_are_chosen_and_types_are_set(self):
        rows = [{"zip": f"0{i}", "rent": i, "note": "x"} for i in range(20)]
        self.write_csv("a.csv", rows[:10])
        self.write_csv("b.csv", [{"rent": row["rent"], "zip": row["zip"]} for row in rows[10:]])
        folder = self.prepare(f"input={self.folder}/?.csv", "columns=[zip, rent]", "types={zip: text, rent: float}")
        self.assertEqual(self.parts(folder)[0].to_pylist(),
                         [{"zip": row["zip"], "rent": float(row["rent"])} for row in rows])

    def test_killed_and_started_again_it_makes_the_same(self):
        rows = some_rows(60_000, 3)
        self.write_parquet("a.parquet", rows, row_group_size=5000)
        settings = f"input={self.folder}/a.parquet", "rows_per_file=1500", "rows_per_group=100"
        expected = self.files(self.prepare(*settings, output="undisturbed"))
        for ranks in (1, 2):
            output = self.folder / f"killed-{ranks}"
            process = start("prepare", "table", *settings, f"output={output}", ranks=ranks)
            self.addCleanup(process.stdout.close)
            self.addCleanup(process.kill)
            wait_for(lambda: len(list(output.glob("part-*.parquet"))) >= 3)
            for pid in ranks_of(process.pid) if ranks > 1 else [process.pid]:
                os.kill(pid, signal.SIGKILL)
            process.wait()
            self.assertFalse((output / "manifest.json").exists())
            self.prepare(*settings, output=output.name, ranks=ranks)
            self.assertEqual(self.files(output), expected)
            self.assertFalse((output / ".prepare").exists())

    def test_tables_that_do_not_fit_together_are_refused_before_any_work(self):
        rows = some_rows(20, 1)
        self.write_csv("a.csv", rows)
        self.write_csv("b.csv", [{"id": 1, "share": 0.5, "name": "x"}])
        output = f"output={self.folder}/out"
        both = f"input=[{self.folder}/a.csv, {self.folder}/b.csv]"
        self.assert_fails(run("prepare", "table", both, output, ranks=2), 4,
                          'b.csv has no column "member", which', "a.csv has")
        self.write_parquet("b.parquet", [{**row, "id": str(row["id"])} for row in rows])
        both = f"input=[{self.folder}/b.parquet, {self.folder}/a.parquet]"
        self.write_parquet("a.parquet", rows)
        self.assert_fails(run("prepare", "table", both, output), 4, 'a.parquet: column "id" holds int64;', "b.parquet has string")
        self.assertEqual(list(self.folder.glob("out/part*")), [])

    def test_a_type_that_changes_in_the_middle_is_named_with_its_line(self):
        self.write("a.csv", "x,y\n" + "".join(f"{i},{'z' * 60}\n" for i in range(300_000)) + "many,1\n")  # 20 MB
        settings = f"input={self.folder}/a.csv", f"output={self.folder}/out"
        for ranks in (1, 2):
            self.assert_fails(run("prepare", "table", *settings, ranks=ranks), 4, "a.csv, at line 300002", "many")
        self.assert_fails(run("prepare", "table", *settings, "types={x: text}"), 3, "overwrite")
        self.assert_succeeds(run("prepare", "table", *settings, "types={x: text}", "overwrite=true"))

    def test_a_damaged_row_group_ends_it_or_is_left_out(self):
        rows = some_rows(1000, 1)
        path = self.write_parquet("a.parquet", rows, row_group_size=100, write_page_checksum=True, compression="none")
        metadata = pq.read_metadata(path)
        damaged = bytearray(path.read_bytes())
        damaged[metadata.row_group(4).column(0).total_compressed_size + metadata.row_group(4).column(0).dictionary_page_offset - 20] ^= 1
        path.write_bytes(damaged)
        settings = f"input={path}", "rows_per_file=150"
        finished = run("prepare", "table", *settings, f"output={self.folder}/out", ranks=2)
        self.assert_fails(finished, 4, "a.parquet, row group 4 (rows 400 to 499)")
        self.assertFalse((self.folder / "out/part-00002.parquet").exists())
        folder = self.prepare(*settings, "on_error=skip", output="skipped")
        self.assertEqual(pa.concat_tables(self.parts(folder)).to_pylist(), rows[:400] + rows[500:])
        counts = json.loads((folder / "manifest.json").read_text())["counts"]
        self.assertEqual((counts["rows"], counts["left_out"]), (900, 100))
        self.write("b.parquet", "PAR1 and nothing else")
        folder = self.prepare(f"input=[{path}, {self.folder}/b.parquet]", "on_error=skip", output="two")
        counts = json.loads((folder / "manifest.json").read_text())["counts"]
        self.assertEqual((counts["rows"], counts["left_out"], counts["tables_left_out"]), (900, 100, 1))
        self.assert_fails(run("prepare", "table", f"input=[{path}, {self.folder}/b.parquet]", f"output={self.folder}/three"), 4, "b.parquet")

    def test_a_full_disk_leaves_nothing_under_the_names(self):
        draw = random.Random(1)
        self.write_parquet("a.parquet", [{"x": draw.random()} for _ in range(200_000)])
        settings = f"input={self.folder}/a.parquet", f"output={self.folder}/out"

        def small_files():  # a write beyond it fails, as one on a full disk does
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

        finished = run("prepare", "table", *settings, preexec_fn=small_files)
        self.assert_fails(finished, 4, "part-00000.parquet", "File too large")
        self.assertEqual(list(self.folder.glob("out/part*")), [])
        self.assert_succeeds(run("prepare", "table", *settings))

    def test_prepared_tables_train_as_the_originals(self):
        flats = SOURCE / "configs/data/table"
        folder = self.prepare(f"input={flats}/flats-train.csv")
        settings = f"output={self.folder}/runs", "threads=1", "epochs=1", "log.every_steps=1", "precision=fp64"
        for name, train in (("csv", flats / "flats-train.csv"), ("parquet", folder / "part-*.parquet")):
            self.assert_succeeds(run("train", SOURCE / "configs/table_rent.yaml", f"name={name}", f"data.train={train}", *settings))
        self.assert_same_losses(self.losses("csv"), self.losses("parquet"))


if __name__ == "__main__":
    unittest.main()
