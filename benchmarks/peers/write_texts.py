"""Continues the texts of FOLDER/prompts.parquet, bytes as tokens, with transformers' GPT-2 and the weights of an Echelon checkpoint:
`greedy`, the most probable token NEW_TOKENS times, or `drawn` at temperature 1 until the line ends. Writes FOLDER/peer.parquet. Two
threads. Texts of similar length share a batch; the loading of the model and the first batch are not measured.

    write_texts.py FOLDER CHECKPOINT HEADS NEW_TOKENS (greedy | drawn)
"""

import json
import sys
import time

import pyarrow
import pyarrow.parquet
import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel

BATCH = 32
folder, checkpoint, heads, new_tokens, drawn = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5] == "drawn"
torch.set_num_threads(2)
torch.manual_seed(0)
weights = load_file(f"{checkpoint}/model.safetensors")
context, width = weights["embedding.position.weight"].shape
layers = sum(name.endswith("attention.qkv.weight") for name in weights)
names = {"attention_norm": "ln_1", "attention.qkv": "attn.c_attn", "attention.projection": "attn.c_proj", "mlp_norm": "ln_2",
         "mlp.expand": "mlp.c_fc", "mlp.contract": "mlp.c_proj"}
state = {"wte.weight": weights["embedding.token.weight"], "wpe.weight": weights["embedding.position.weight"],
         "ln_f.weight": weights["norm.weight"], "ln_f.bias": weights["norm.bias"]}
for layer in range(layers):
    for ours, theirs in names.items():
        weight = weights[f"block.{layer}.{ours}.weight"]
        state[f"h.{layer}.{theirs}.weight"] = weight if weight.dim() == 1 else weight.t().contiguous()
        state[f"h.{layer}.{theirs}.bias"] = weights[f"block.{layer}.{ours}.bias"]
model = GPT2LMHeadModel(GPT2Config(vocab_size=len(state["wte.weight"]), n_positions=context, n_embd=width, n_layer=layers, n_head=heads,
                                   eos_token_id=10 if drawn else None, bos_token_id=None, pad_token_id=0)).eval()
missing, unexpected = model.transformer.load_state_dict(state, strict=False)
assert not missing and not unexpected, (missing, unexpected)

prompts = [text.encode() for text in pyarrow.parquet.read_table(f"{folder}/prompts.parquet")["text"].to_pylist()]


def write(batch):
    longest = max(map(len, batch))
    tokens = torch.tensor([[0] * (longest - len(prompt)) + list(prompt) for prompt in batch])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in batch])
    with torch.inference_mode():
        made = model.generate(tokens, attention_mask=mask, max_new_tokens=new_tokens, do_sample=drawn, top_k=0 if drawn else None)
    return [bytes(row[longest:].tolist()).split(b"\n")[0] if drawn else bytes(row[longest:].tolist()) for row in made]


order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
write([prompts[i] for i in order[:BATCH]])
written = [b""] * len(prompts)
started = time.perf_counter()
for first in range(0, len(order), BATCH):
    rows = order[first:first + BATCH]
    for row, text in zip(rows, write([prompts[i] for i in rows])):
        written[row] = text
seconds = time.perf_counter() - started
pyarrow.parquet.write_table(pyarrow.table({"text": written}), f"{folder}/peer.parquet")
print(json.dumps({"seconds": seconds, "texts": len(prompts)}))
