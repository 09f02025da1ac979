"""The peer of tokenizer.cpp: Hugging Face tokenizers, encode_batch or BpeTrainer over the same files, on all cores.

    tokenizers_bpe.py encode TOKENIZER FILE…
    tokenizers_bpe.py train VOCABULARY RESULT FILE…
"""

import json
import os
import pathlib
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "true"
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers  # noqa: E402


def read_texts(files):
    return [pathlib.Path(file).read_bytes().decode("utf-8", "replace") for file in files]


def encode(path, texts):
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        encodings = tokenizer.encode_batch(texts)
        best = min(best, time.perf_counter() - start)
    ids = [encoding.ids for encoding in encodings]
    print(json.dumps({"megabytes": megabytes, "tokens": sum(map(len, ids)), "sum": sum(map(sum, ids)), "rate": megabytes / best}))


def train(vocabulary, result, texts):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=["<|endoftext|>"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    start = time.perf_counter()
    tokenizer.train_from_iterator(texts, trainer)
    seconds = time.perf_counter() - start
    tokenizer.save(result)
    print(json.dumps({"seconds": seconds}))


if sys.argv[1] == "encode":
    encode(sys.argv[2], read_texts(sys.argv[3:]))
else:
    train(int(sys.argv[2]), sys.argv[3], read_texts(sys.argv[4:]))
