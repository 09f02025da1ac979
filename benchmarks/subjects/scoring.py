"""Batch inference beside what does the same work elsewhere: a table beside Spark, texts beside sentence-transformers, images
beside a DataLoader and torchvision."""

import functools
import json
import pathlib
import subprocess
import sys
import tempfile
import time

from subjects.measuring import BUILD, HERE, MEMORY_WRAPPER, RANKS, figures_of, print_table, run

ROWS = 1_000_000
IMAGES = 800
PROMPTS, NEW_TOKENS = 512, 64


def train(folder, name, text):
    """The folder of the checkpoint at the end of training with a configuration."""
    config = pathlib.Path(folder) / f"train_{name}.yaml"
    config.write_text(f"name: {name}\noutput: {folder}/runs\n{text}")
    run([BUILD / "echelon", "train", config])
    return sorted(pathlib.Path(folder, "runs", name, "checkpoints").glob("step-*"))[-1]


@functools.cache
def inputs(python):
    """The folder of what is scored, gone when the process ends, with a model in it."""
    if not python:
        sys.exit("score_table and embed_texts need --peer-python, which makes what is scored")
    folder = tempfile.TemporaryDirectory()
    run([python, HERE / "peers/make_score_inputs.py", folder.name, ROWS])
    train(folder.name, "diabetes", f"""
model: {{name: mlp, hidden: [32]}}
data: {{name: table, train: {folder.name}/diabetes.csv, target: {{column: target, type: number, standardise: true}}}}
global_batch: 34
epochs: 20
optimizer: {{name: adamw, lr: 0.003}}
""")
    return folder


@functools.cache
def images(python):
    """A folder with shards of images, gone when the process ends, and in it the checkpoint of a ResNet-18 of random weights that has seen some."""
    if not python:
        sys.exit("label_images needs --peer-python, which makes the images")
    folder = tempfile.TemporaryDirectory()
    run([python, HERE / "peers/make_jpegs.py", folder.name, IMAGES])
    return folder, train(folder.name, "resnet", f"""
model: {{name: resnet, depth: 18, input: [3, 224, 224], classes: 10}}
data: {{name: images, train: {folder.name}/shard-000000.tar, size: 224, resize: 256, mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225]}}
global_batch: 8
steps: 30
optimizer: {{name: adamw, lr: 0.00001}}
""")


@functools.cache
def language_model(python):
    """The folder of inputs(), and in it the checkpoint of a gpt of bytes that has read some of the texts."""
    folder = inputs(python).name
    run([python, HERE / "peers/make_prompts.py", folder, PROMPTS])
    return folder, train(folder, "gpt", f"""
model: {{name: gpt, layers: 6, heads: 6, width: 384, context: 256, vocabulary: 256}}
data: {{name: text, train: {folder}/texts.txt, sequence_length: 128}}
global_batch: 8
steps: 150
optimizer: {{name: adamw, lr: 0.001}}
""")


def predict(folder, name, text, *settings, verify=None):
    """Scores with a configuration; whole seconds of the process, and the record that it left. `verify` gets the output folder."""
    config = pathlib.Path(folder) / f"{name}.yaml"
    config.write_text(text + f"output: {{folder: {folder}/{name}, overwrite: true}}\n")
    started = time.perf_counter()
    run([BUILD / "echelon", "predict", config, "threads=2", *settings])
    seconds = time.perf_counter() - started
    record = json.loads((pathlib.Path(folder) / name / "manifest/00000001.json").read_text())
    if verify:
        verify(f"{folder}/{name}")
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


def label_images(options):
    """JPEG shards, Parquet out, from the start of each program to its end; both say the same of each image."""
    images_folder, checkpoint = images(options.peer_python)
    folder = images_folder.name

    def verify(output):
        compared = figures_of([options.peer_python, HERE / "peers/compare_labels.py", f"{output}/predictions", f"{folder}/peer.parquet"])
        assert compared["other_classes"] <= IMAGES // 50 and compared["difference"] < 0.01, compared

    ours, peers = [], []
    for _ in range(options.repeats):
        started = time.perf_counter()
        assert figures_of([options.peer_python, HERE / "peers/label_images.py", folder, checkpoint])["images"] == IMAGES
        seconds = time.perf_counter() - started
        peers.append({"images/s": IMAGES / seconds, "seconds": seconds})
        seconds, counts = predict(folder, "labels", f"model: {checkpoint}\nsource: {{files: ['{folder}/shard-*.tar']}}\n", verify=verify)
        assert counts == {"errors": 0, "rows": IMAGES}, counts
        ours.append({"images/s": IMAGES / seconds, "seconds": seconds})
    print_table("classes of 800 JPEGs by a ResNet-18, beside a DataLoader and torchvision", ours, peers)


def write_texts(options):
    """Tokens a second: of the peer the time of generate() alone, of us that of the whole program. The most probable tokens are the same on
    both sides; of texts that are drawn until their line ends, the length is."""
    folder, checkpoint = language_model(options.peer_python)

    def tokens_of(output):
        compared = figures_of([options.peer_python, HERE / "peers/compare_texts.py", f"{output}/predictions", f"{folder}/peer.parquet"])
        assert how == "drawn" or compared["equal"] >= PROMPTS * 0.97, compared
        assert 0.85 < compared["our_tokens"] / compared["peer_tokens"] < 1.15, compared
        tokens.append((compared["our_tokens"], compared["peer_tokens"]))

    for how, generation in (("greedy", "stop: []"), ("drawn", 'stop: ["\\n"], temperature: 1')):
        ours, peers, tokens = [], [], []
        for _ in range(options.repeats):
            figures = figures_of([options.peer_python, HERE / "peers/write_texts.py", folder, checkpoint, 6, NEW_TOKENS, how])
            seconds, counts = predict(folder, "written", f"model: {checkpoint}\nsource: {{files: [{folder}/prompts.parquet]}}\n",
                                      f"generation={{max_new_tokens: {NEW_TOKENS}, {generation}}}", verify=tokens_of)
            assert counts == {"errors": 0, "rows": PROMPTS}, counts
            ours.append({"tokens/s": tokens[-1][0] / seconds, "tokens of a text": tokens[-1][0] / PROMPTS})
            peers.append({"tokens/s": tokens[-1][1] / figures["seconds"], "tokens of a text": tokens[-1][1] / PROMPTS})
        print_table(f"{PROMPTS} texts continued by a gpt of 11 M parameters, {how}, beside transformers", ours, peers)
