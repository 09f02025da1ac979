"""`echelon prepare`: the same bytes on any number of ranks, after a kill, and what Python's libraries read of them."""

import contextlib
import fcntl
import gzip
import json
import os
import random
import signal
import subprocess
import time
import unittest

import numpy
import tokenizers

from program import SOURCE, ProgramTest, command, is_running, ranks_of, run, start, wait_for

WORDS = "the sea was calm and grey; nothing moved but the ship's slow wake, naïve 北京 1893 😀".split()


def sentence(rng):
    return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(3, 40)))


class PrepareTest(ProgramTest):
    def prepare(self, kind, *settings, ranks=1):
        return run("prepare", kind, *settings, ranks=ranks)

    def succeeds(self, kind, *settings, ranks=1):
        finished = self.prepare(kind, *settings, ranks=ranks)
        self.assert_succeeds(finished)
        return finished

    def refused(self, kind, *settings, code, ranks=1):
        finished = self.prepare(kind, *settings, ranks=ranks)
        self.assertEqual(finished.returncode, code, finished.stdout + finished.stderr)
        return finished.stderr

    def contents(self, folder):
        """Names and bytes; whatever a preparation leaves besides its result would show."""
        return {path.name: path.read_bytes() for path in sorted((self.folder / folder).iterdir()) if path.name != ".lock"}

    def manifest(self, folder):
        return json.loads((self.folder / folder / "manifest.json").read_text())

    def corpus(self):
        """JSON lines, compressed JSON lines and plain text; returns the patterns and the documents in order."""
        rng = random.Random(1)
        documents = [[sentence(rng) for _ in range(count)] for count in (400, 150)]
        lines = ["".join(json.dumps({"text": text}, ensure_ascii=rng.random() < 0.5) + "\n" for text in texts)
                 for texts in documents]
        self.write("a.jsonl", lines[0])
        (self.folder / "b.jsonl.gz").write_bytes(gzip.compress(lines[1].encode(), mtime=0))
        plain = [sentence(rng) for _ in range(5)]
        for i, text in enumerate(plain):
            self.write(f"c{i}.txt", text)
        patterns = f"[{self.folder}/a.jsonl, {self.folder}/b.jsonl.gz, '{self.folder}/c*.txt']"
        return patterns, documents[0] + documents[1] + plain

    def tokenizer(self):
        return SOURCE / "tests/tokenizer/golden/plain.json"


def read_shards(folder):
    """The documents of all token shards, by the format's specification alone."""
    documents = []
    for path in sorted(folder.glob("*.tokens")):
        content = path.read_bytes()
        header = numpy.frombuffer(content, "<u8", 8)
        kind, count = ("<u2", 2) if header[1] >> 32 == 2 else ("<u4", 4)
        tokens = numpy.frombuffer(content, kind, int(header[2]), 64)
        ends = [len(tokens)]
        if header[5] > 0:
            ends = numpy.frombuffer(content, "<u8", int(header[5]), (64 + len(tokens) * count + 7) // 8 * 8)
        start = 0
        for end in map(int, ends):
            documents.append(tokens[start:end].tolist())
            start = end
    return documents


class TextTest(PrepareTest):
    def settings(self, patterns, output, *more):
        return [f"input={patterns}", f"output={self.folder}/{output}", f"tokenizer={self.tokenizer()}",
                "end_of_document='<|endoftext|>'", "unit_mb=0.02", "shard_tokens=3000", *more]

    def test_shards_hold_what_the_reference_encodes_on_any_ranks(self):
        patterns, documents = self.corpus()
        self.succeeds("text", *self.settings(patterns, "one"))
        reference = tokenizers.Tokenizer.from_file(str(self.tokenizer()))
        end = reference.token_to_id("<|endoftext|>")
        expected = [reference.encode(text, add_special_tokens=False).ids + [end] for text in documents]
        self.assertEqual(read_shards(self.folder / "one"), expected)
        counts = self.manifest("one")["counts"]
        self.assertEqual(counts, {"documents": len(documents), "left_out": 0, "tokens": sum(map(len, expected))})
        one = self.contents("one")
        self.assertGreater(len(one), 8)
        for ranks, threads in ((2, 1), (3, 2), (1, 4)):
            output = f"{ranks}x{threads}"
            self.succeeds("text", *self.settings(patterns, output, f"threads={threads}"), ranks=ranks)
            self.assertEqual(self.contents(output), one)

    def test_what_was_killed_goes_on(self):
        rng = random.Random(2)
        self.write("large.jsonl", "".join(json.dumps({"text": sentence(rng)}) + "\n" for _ in range(60_000)))
        settings = [f"input={self.folder}/large.jsonl", f"tokenizer={self.tokenizer()}", "unit_mb=0.3"]
        self.succeeds("text", *settings, f"output={self.folder}/expected")
        for round in range(3):
            output = self.folder / f"killed{round}"
            done = output / ".prepare/done"
            process = start("prepare", "text", *settings, f"output={output}", ranks=2)
            self.addCleanup(process.stdout.close)
            wait_for(lambda: process.poll() is not None or (done.exists() and len(list(done.glob("*.json"))) > 2 * round))
            if process.poll() is None:
                victim = process.pid if round == 0 else ranks_of(process.pid)[round - 1]
                os.kill(victim, signal.SIGKILL)
            process.wait()
            self.wait_until_unlocked(output)
            finished = self.succeeds("text", *settings, f"output={output}", ranks=3)
            self.assertRegex(finished.stdout, "going on: [0-9]+ of|is complete already")
            self.assertEqual(self.contents(f"killed{round}"), self.contents("expected"))

    def wait_until_unlocked(self, folder):
        """A launcher that was killed leaves ranks that notice it a moment later."""
        with (folder / ".lock").open() as lock:
            def free():
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                fcntl.flock(lock, fcntl.LOCK_UN)
                return True
            wait_for(free)

    def test_training_reads_them_like_the_texts_themselves(self):
        patterns, _ = self.corpus()
        self.succeeds("text", *self.settings(patterns, "shards", "shard_tokens=100000", "unit_mb=10"))
        losses = []
        for name, data in (("texts", f"{{name: text, train: {patterns}, tokenizer: {self.tokenizer()}, "
                                     "end_of_document: '<|endoftext|>', packing: documents, sequence_length: 64}"),
                           ("shards", f"{{name: text, train: '{self.folder}/shards/*.tokens', packing: documents, "
                                      "sequence_length: 64}")):
            config = self.write(f"{name}.yaml", f"""
model: {{name: gpt, layers: 1, heads: 2, width: 32, context: 64, vocabulary: 1000}}
data: {data}
output: {self.folder}/runs
global_batch: 8
threads: 1
steps: 5
precision: fp64
log: {{every_steps: 1}}
""")
            self.assert_succeeds(run("train", config))
            losses.append(self.losses(name))
        # The order of the files' documents is not the same; what they hold is.
        self.assertEqual(len(losses[0]), len(losses[1]))
        epochs = [self.records(name)[-1]["epoch"] for name in ("texts", "shards")]
        self.assertAlmostEqual(epochs[0], epochs[1], delta=0.02)

    def test_damage_is_named_or_left_out(self):
        self.write("bad.jsonl", '{"text": "a"}\n{"text": 1}\n{"txt": 2}\n{"text": "b"}\n')
        self.write("bad.txt", "")
        (self.folder / "bad.txt").write_bytes(b"ab\xff")
        settings = [f"input=[{self.folder}/bad.jsonl, {self.folder}/bad.txt]", f"tokenizer={self.tokenizer()}",
                    f"output={self.folder}/out"]
        self.assertIn('bad.jsonl, line 3: there is no member "text"', self.refused("text", *settings, code=4))
        self.assertIn('bad.jsonl, line 3: there is no member "text"', self.refused("text", *settings, code=4, ranks=2))
        self.succeeds("text", *settings, "on_error=skip", "overwrite=true")
        self.assertEqual(self.manifest("out")["counts"]["left_out"], 2)
        self.assertEqual(self.manifest("out")["counts"]["documents"], 3)

    def test_mistakes_are_found_before_anything_is_read(self):
        self.assertIn("unknown key 'tokeniser'; did you mean 'tokenizer'?",
                      self.refused("text", "input=x.txt", "output=y", "tokeniser=z", code=3))
        self.assertIn("missing required key 'output'", self.refused("text", "input=x.txt", code=3))
        self.assertIn("no such file", self.refused("text", f"input={self.folder}/none.txt", f"output={self.folder}/o", code=4))
        self.assertIn("pictures not in {images,text,table,tokenizer}", self.refused("pictures", "input=x", code=2))
        self.write("config.yaml", f"input: [{self.folder}/none.txt]\noutput: {self.folder}/o\nunit_mb: -1\n")
        self.assertIn("config.yaml:3:10: unit_mb: must be above 0", self.refused("text", self.folder / "config.yaml", code=3))

    def test_an_output_of_something_else_is_left_alone(self):
        self.write("a.txt", "some text")
        settings = [f"input={self.folder}/a.txt", f"output={self.folder}/out"]
        self.succeeds("text", *settings)
        before = self.contents("out")
        self.assertIn("is complete already", self.succeeds("text", *settings, ranks=2).stdout)
        self.assertIn("was made otherwise (\"text_key: content\" instead of \"text_key: text\")".replace('"', "'"),
                      self.refused("text", *settings, "text_key=content", code=3))
        self.assertEqual(self.contents("out"), before)
        self.succeeds("text", *settings, "end_of_document=;", "overwrite=true")
        self.assertEqual(read_shards(self.folder / "out"), [list(b"some text;")])

    def test_a_shard_is_no_text(self):
        self.write("a.txt", "some text")
        self.succeeds("text", f"input={self.folder}/a.txt", f"output={self.folder}/out")
        self.assertIn("is a token shard already", self.refused(
            "text", f"input={self.folder}/out/shard-00000-000.tokens", f"output={self.folder}/again", code=4))

    def test_a_full_disk_is_no_damaged_document(self):
        self.write("large.txt", "some text " * 100_000)
        arguments = ["prepare", "text", f"input={self.folder}/large.txt", f"output={self.folder}/out", "on_error=skip"]
        limited = ["bash", "-c", 'ulimit -f 100; trap "" XFSZ; exec "$@"', "bash", *command(*arguments)]
        finished = subprocess.run(limited, capture_output=True, text=True, timeout=50)
        self.assertEqual(finished.returncode, 4, finished.stdout + finished.stderr)
        self.assertIn("File too large", finished.stderr)
        self.assertEqual([path.name for path in (self.folder / "out").glob("*.tokens")], [])
        self.assert_succeeds(run(*arguments))
        self.assertEqual(self.manifest("out")["counts"]["tokens"], 1_000_000)


class TokenizerTest(PrepareTest):
    def test_merges_are_the_references_on_any_ranks(self):
        patterns, documents = self.corpus()
        settings = [f"input={patterns}", "vocabulary=310", "unit_mb=0.02", "special_tokens=['<s>', '</s>']"]
        self.succeeds("tokenizer", *settings, f"output={self.folder}/one")
        trainer = tokenizers.trainers.BpeTrainer(
            vocab_size=310, special_tokens=["<s>", "</s>"], show_progress=False,
            initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet())
        reference = tokenizers.Tokenizer(tokenizers.models.BPE())
        reference.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
        reference.train_from_iterator(documents, trainer)
        made = tokenizers.Tokenizer.from_file(str(self.folder / "one/tokenizer.json"))
        self.assertEqual(made.get_vocab(), reference.get_vocab())
        for text in documents[:50]:
            self.assertEqual(made.encode(text).ids, reference.encode(text).ids)
        counts = self.manifest("one")["counts"]
        self.assertEqual((counts["documents"], counts["tokens"]), (len(documents), 310))
        for ranks, threads in ((2, 1), (3, 2)):
            output = f"{ranks}x{threads}"
            self.succeeds("tokenizer", *settings, f"output={self.folder}/{output}", f"threads={threads}", ranks=ranks)
            self.assertEqual(self.contents(output), self.contents("one"))

    def test_killed_at_any_moment_it_makes_the_same(self):
        rng = random.Random(3)
        self.write("large.jsonl", "".join(json.dumps({"text": sentence(rng)}) + "\n" for _ in range(6_000)))
        settings = [f"input={self.folder}/large.jsonl", "vocabulary=400", "unit_mb=0.05"]
        started = time.monotonic()
        self.succeeds("tokenizer", *settings, f"output={self.folder}/expected", ranks=2)
        seconds = time.monotonic() - started
        killed = 0
        for round in range(8):
            output = self.folder / f"killed{round}"
            process = start("prepare", "tokenizer", *settings, f"output={output}", ranks=2)
            self.addCleanup(process.stdout.close)
            try:
                process.wait(rng.uniform(0.1, 1) * seconds)
            except subprocess.TimeoutExpired:
                ranks = ranks_of(process.pid)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(rng.choice([process.pid, *ranks]), signal.SIGKILL)
                wait_for(lambda: not any(is_running(rank) for rank in ranks))  # without a launcher, a moment later
                killed += 1
            process.wait()
            self.succeeds("tokenizer", *settings, f"output={output}", ranks=1 if round % 4 else 3)
            self.assertEqual(self.contents(output.name), self.contents("expected"))
        self.assertGreater(killed, 4)

    def test_it_trains_a_model(self):
        patterns, _ = self.corpus()
        self.succeeds("tokenizer", f"input={patterns}", "vocabulary=300", f"output={self.folder}/tokenizer")
        config = self.write("config.yaml", f"""
model: {{name: gpt, layers: 1, heads: 2, width: 32, context: 32, vocabulary: 300}}
data: {{name: text, train: {patterns}, tokenizer: {self.folder}/tokenizer/tokenizer.json, sequence_length: 32}}
output: {self.folder}/runs
global_batch: 8
threads: 1
steps: 3
""")
        self.assert_succeeds(run("train", config))

    def test_mistakes_are_found_before_anything_is_read(self):
        self.assertIn("vocabulary: must be at least 257", self.refused("tokenizer", "input=x", "output=y", "vocabulary=10", code=3))
        self.write("a.txt", "text")
        self.assertIn("special token", self.refused(
            "tokenizer", f"input={self.folder}/a.txt", f"output={self.folder}/o", "special_tokens=[a, a]", code=4))


if __name__ == "__main__":
    unittest.main()
