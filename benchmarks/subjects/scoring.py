"""Batch inference beside what does the same work elsewhere: a table beside Spark, texts beside sentence-transformers."""

import functools
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from subjects.measuring import BUILD, HERE, MEMORY_WRAPPER, RANKS, figures_of, print_table, run

ROWS = 1_000_000


@functools.cache
def inputs(python):
    """The folder of what is scored, gone when the process ends, with a model in it."""
    if not python:
        sys.exit("score_table and embed_texts need --peer-python, which makes what is scored")
    folder = tempfile.TemporaryDirectory()
    run([python, HERE / "peers/make_score_inputs.py", folder.name, ROWS])
    (pathlib.Path(folder.name) / "train.yaml").write_text(f"""
name: diabetes
output: {folder.name}/runs
model: {{name: mlp, hidden: [32]}}
data: {{name: table, train: {folder.name}/diabetes.csv, target: {{column: target, type: number, standardise: true}}}}
global_batch: 34
epochs: 20
optimizer: {{name: adamw, lr: 0.003}}
""")
    run([BUILD / "echelon", "train", f"{folder.name}/train.yaml"])
    return folder


def predict(folder, name, text, *settings):
    """Scores with a configuration; whole seconds of the process, and the record that it left."""
    config = pathlib.Path(folder) / f"{name}.yaml"
    config.write_text(text + f"output: {{folder: {folder}/{name}, overwrite: true}}\n")
    started = time.perf_counter()
    run([BUILD / "echelon", "predict", config, "threads=2", *settings])
    seconds = time.perf_counter() - started
    record = json.loads((pathlib.Path(folder) / name / "manifest/00000001.json").read_text())
    subprocess.run(["rm", "-r", f"{folder}/{name}"], check=True)
    return seconds, record["counts"]


def score_table(options):
    """A million rows, Parquet to Parquet with all columns kept, from the start of each program to its end."""
    folder = inputs(options.peer_python).name
    ours, peers = [], []
    for _ in range(options.repeats):
        seconds, counts = predict(folder, "table",
                                  f"model: {folder}/runs/diabetes\nsource: {{files: [{folder}/diabetes.parquet]}}\n")
        assert counts == {"errors": 0, "rows": ROWS}, counts
        ours.append({"rows/s": ROWS / seconds, "seconds": seconds})
        started = time.perf_counter()
        assert figures_of([options.peer_python, HERE / "peers/spark_udf.py", folder])["rows"] == ROWS
        seconds = time.perf_counter() - started
        peers.append({"rows/s": ROWS / seconds, "seconds": seconds})
    print_table("a million rows of ten numbers, Parquet to Parquet, beside a pandas UDF of Spark", ours, peers)


def score_memory(options):
    """A table of 10 GB, two ranks of a thread each: the peak of each rank's resident memory."""
    gigabytes = 10
    folder = inputs(options.peer_python).name
    run([options.peer_python, HERE / "peers/make_large_table.py", folder, gigabytes])
    config = pathlib.Path(folder) / "large.yaml"
    config.write_text(f"model: {folder}/runs/diabetes\nsource: {{files: [{folder}/large.parquet]}}\n"
                      f"output: {{folder: {folder}/large, keep: [], row_number: true}}\n")
    started = time.perf_counter()
    run(["mpirun", "-n", RANKS, sys.executable, "-c", MEMORY_WRAPPER, folder, BUILD / "echelon", "predict", config, "threads=1"])
    seconds = time.perf_counter() - started
    rows = json.loads((pathlib.Path(folder) / "large/manifest/00000001.json").read_text())["counts"]["rows"]
    assert rows == gigabytes * 12_500_000, rows
    peaks = sorted(int(path.read_text()) for path in pathlib.Path(folder).glob("memory.*"))
    print(f"\na table of {gigabytes} GB ({rows:,} rows): {rows / seconds:,.0f} rows/s, "
          f"peak resident memory of the ranks {', '.join(f'{peak / 1e6:.0f} MB' for peak in peaks)}")


def embed_texts(options):
    """4,000 texts: of the peer the time of encode() alone, of us that of the whole program."""
    folder = inputs(options.peer_python).name
    for precision in ("fp32", "bf16"):
        ours, peers = [], []
        for _ in range(options.repeats):
            figures = figures_of([options.peer_python, HERE / "peers/minilm.py", folder])
            peers.append({"texts/s": figures["texts"] / figures["seconds"]})
            seconds, counts = predict(folder, "texts",
                                      f"model: {figures['model']}\nsource: {{files: [{folder}/texts.parquet]}}\n",
                                      f"precision={precision}", "unit_mb=0.02", "batch_tokens=1024")
            assert counts == {"errors": 0, "rows": figures["texts"]}, counts
            ours.append({"texts/s": figures["texts"] / seconds})
        print_table(f"MiniLM embeddings of 4,000 texts, {precision}, beside sentence-transformers in float32", ours, peers)
