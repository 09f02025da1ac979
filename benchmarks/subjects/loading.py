"""The loader beside DataLoaders of two workers: batches a second, the time to the first one, memory."""

import functools
import sys
import tempfile

from subjects.measuring import BUILD, HERE, figures_of, print_table, run

# What both sides load. A warm-up is summed up to see that both sides load the same: of the tokens each sequence once.
KINDS = {
    "images": {"make": ["make_jpegs.py", 2000], "title": "JPEG 500 × 375 to random crops of 224, batches of 64",
               "warm_up": 16, "batches": 62, "peer_batches": 62},
    "tokens": {"make": ["make_tokens.py", 8000], "title": "token shards to batches of 8 × 1,024",
               "warm_up": 4000, "batches": 40000, "peer_batches": 4000},
    # For mapped files are resident memory on both sides, a part of the shards that is small beside the rest.
    "few tokens": {"make": ["make_tokens.py", 1000], "title": "the same, of 8 MB of shards"},
}


@functools.cache
def shards(kind, python):
    """The folder of what is loaded, gone when the process ends."""
    folder = tempfile.TemporaryDirectory()
    program, count = KINDS[kind]["make"]
    run([python, HERE / "peers" / program, folder.name, count])
    return folder


def load(options, kind, peer, warm_up=1, batches=0):
    name = kind.split()[-1]
    program = [options.peer_python, HERE / f"peers/{name}.py"] if peer else [BUILD / "benchmarks/loader", name]
    folder = shards(kind, options.peer_python).name
    figures = figures_of([*program, folder, "--warm-up", warm_up, "--batches", batches])
    return {"images/s": figures["samples"] / figures["seconds"], "GB/s": figures["bytes"] / figures["seconds"] / 1e9,
            "start to first batch, s": figures["first_batch_at"] - figures["started_at"],
            "resident memory, MB": figures["resident_bytes"] / 1e6, "sums": figures["sums"], "samples": figures["samples"]}


def compare(options, key, kind, **batches):
    """Both sides in turn. `batches`: of the warm-up, of us and of the peer."""
    if not options.peer_python:
        sys.exit("the loader's subjects need --peer-python, which makes what is loaded")
    ours, peers = [], []
    for _ in range(options.repeats):
        ours.append(load(options, kind, False, batches.get("warm_up", 1), batches.get("batches", 0)))
        peers.append(load(options, kind, True, batches.get("warm_up", 1), batches.get("peer_batches", 0)))
    print_table(f"{KINDS[kind]['title']}, two threads beside two workers", ours, peers, [key])
    return ours, peers


def timed(kind):
    return {name: KINDS[kind][name] for name in ("warm_up", "batches", "peer_batches")}


def images(options):
    """Images decoded and transformed a second, and what becomes of that time."""
    ours, peers = compare(options, "images/s", "images", **timed("images"))
    for figures in ours + peers:  # both sides draw their crops, so that only the distributions agree
        assert abs(figures["sums"]["mean"] - 0.08) < 0.2 and abs(figures["sums"]["deviation"] - 1.4) < 0.15, figures
    assert all(figures["samples"] == 64 * KINDS["images"]["batches"] for figures in ours)
    stages = figures_of([BUILD / "benchmarks/images", shards("images", options.peer_python).name])["microseconds"]
    for stage, microseconds in stages.items():
        print(f"  {stage:<26} {microseconds:8.1f} µs an image, one thread")


def tokens(options):
    """Batches of tokens and their targets, in bytes as the model sees them."""
    ours, peers = compare(options, "GB/s", "tokens", **timed("tokens"))
    sums = {(figures["sums"]["sum"], figures["sums"]["targets"]) for figures in ours + peers}
    assert len(sums) == 1, f"the sides load different tokens: {sums}"


def first_batch(options):
    """From the start of the process, interpreter and libraries included; the first run of each side only warms up."""
    for kind in ("images", "tokens"):
        for peer in (False, True):
            load(options, kind, peer)
        compare(options, "start to first batch, s", kind)


def loader_memory(options):
    """Resident memory of all processes of each side, shared pages in proportion, while batches are loaded ahead."""
    compare(options, "resident memory, MB", "images", batches=20, peer_batches=20)
    compare(options, "resident memory, MB", "few tokens", batches=500, peer_batches=500)
