#!/usr/bin/env python3
"""Golden numbers for tests/models/golden_test.cpp: GPT-2, encoder and decoder, and residual networks as PyTorch computes
them.

    python3 tests/golden/models.py            # needs torch, torchvision and safetensors; rewrites the files beside it

Weights are random float32 numbers, the arithmetic is float64, results are stored as float32. Each file holds, under
Echelon's names,
    weight/NAME    parameters and buffers before the step
    input, target  one batch; input/NAME where there are several inputs
    output, loss   of a training-mode forward pass (loss: mean cross entropy)
    gradient/NAME  of the loss
    buffer/NAME    running statistics after the forward pass
    evaluation     output in evaluation mode, after the forward pass above

Names. Residual networks: as torchvision's. GPT-2, Hugging Face's (transformers.GPT2LMHeadModel) to ours:
    transformer.wte.weight               embedding.token.weight   (also lm_head.weight, tied)
    transformer.wpe.weight               embedding.position.weight
    transformer.h.N.ln_1.*               block.N.attention_norm.*
    transformer.h.N.attn.c_attn.*        block.N.attention.qkv.*          weight transposed
    transformer.h.N.attn.c_proj.*        block.N.attention.projection.*   weight transposed
    transformer.h.N.ln_2.*               block.N.mlp_norm.*
    transformer.h.N.mlp.c_fc.*           block.N.mlp.expand.*             weight transposed
    transformer.h.N.mlp.c_proj.*         block.N.mlp.contract.*           weight transposed
    transformer.ln_f.*                   norm.*

Encoder and decoder: torch.nn.TransformerEncoderLayer and TransformerDecoderLayer, to ours:
    self_attn.in_proj_*, out_proj.*      attention.qkv.*, attention.projection.*
    multihead_attn.in_proj_*, out_proj.* cross_attention.query.* (first third) and key_value.* (the rest), projection.*
    linear1.*, linear2.*                 mlp.expand.*, mlp.contract.*
    norm1.*, norm2.*, norm3.*            attention_norm.*, then (mlp_norm.*) or (cross_attention_norm.*, mlp_norm.*)
"""

import math
import pathlib
import re

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck, conv1x1

HERE = pathlib.Path(__file__).parent


class Conv1D(nn.Module):
    """Hugging Face's linear layer for GPT-2: weight [in, out]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(inputs, outputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x):
        return x @ self.weight + self.bias


class Attention(nn.Module):
    """Written out, so that it does not depend on the fused operation that is tested."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.c_attn = Conv1D(width, 3 * width)
        self.c_proj = Conv1D(width, width)

    def forward(self, x):
        batch, time, width = x.shape
        size = width // self.heads
        q, k, v = (part.view(batch, time, self.heads, size).transpose(1, 2) for part in self.c_attn(x).split(width, 2))
        scores = q @ k.transpose(-1, -2) / math.sqrt(size)
        future = torch.ones(time, time, dtype=torch.bool).triu(1)
        mixed = scores.masked_fill(future, -math.inf).softmax(-1) @ v
        return self.c_proj(mixed.transpose(1, 2).reshape(batch, time, width))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.c_fc = Conv1D(width, 4 * width)
        self.c_proj = Conv1D(4 * width, width)

    def forward(self, x):
        h = self.c_fc(x)
        gelu = 0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3)))
        return self.c_proj(gelu)


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = Mlp(width)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):
    def __init__(self, layers, heads, width, context, vocabulary):
        super().__init__()
        self.wte = nn.Embedding(vocabulary, width)
        self.wpe = nn.Embedding(context, width)
        self.h = nn.ModuleList(Block(width, heads) for _ in range(layers))
        self.ln_f = nn.LayerNorm(width)

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe.weight[: tokens.shape[1]]
        for block in self.h:
            x = block(x)
        return self.ln_f(x) @ self.wte.weight.T


GPT_NAMES = [
    (r"^wte\.", "embedding.token."), (r"^wpe\.", "embedding.position."), (r"^ln_f\.", "norm."), (r"^h\.", "block."),
    (r"\.ln_1\.", ".attention_norm."), (r"\.ln_2\.", ".mlp_norm."), (r"\.attn\.c_attn\.", ".attention.qkv."),
    (r"\.attn\.c_proj\.", ".attention.projection."), (r"\.mlp\.c_fc\.", ".mlp.expand."),
    (r"\.mlp\.c_proj\.", ".mlp.contract."),
]


def gpt_tensors(name, value):
    for pattern, replacement in GPT_NAMES:
        name = re.sub(pattern, replacement, name)
    transposed = re.search(r"(qkv|projection|expand|contract)\.weight", name)
    return [(name, value.T if transposed else value)]


class EncoderDecoder(nn.Module):
    """Norms first, GELU by tanh, learned positions, one table of tokens; padding of the source is not seen."""

    def __init__(self, layers, heads, width, context, vocabulary):
        super().__init__()
        options = dict(dim_feedforward=4 * width, dropout=0.0, activation=lambda x: F.gelu(x, approximate="tanh"),
                       batch_first=True, norm_first=True)
        self.token = nn.Embedding(vocabulary, width)
        self.source_position = nn.Embedding(context, width)
        self.position = nn.Embedding(context, width)
        self.encoder = nn.ModuleList(nn.TransformerEncoderLayer(width, heads, **options) for _ in range(layers))
        self.encoder_norm = nn.LayerNorm(width)
        self.decoder = nn.ModuleList(nn.TransformerDecoderLayer(width, heads, **options) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, inputs):
        source, starts, tokens = inputs["source"], inputs["source_starts"], inputs["tokens"]
        padding = starts != 0
        memory = self.token(source) + self.source_position.weight[: source.shape[1]]
        for block in self.encoder:
            memory = block(memory, src_key_padding_mask=padding)
        memory = self.encoder_norm(memory)
        future = torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool).triu(1)
        x = self.token(tokens) + self.position.weight[: tokens.shape[1]]
        for block in self.decoder:
            x = block(x, memory, tgt_mask=future, memory_key_padding_mask=padding)
        return self.norm(x) @ self.token.weight.T


def encoder_decoder_tensors(name, value):
    name = re.sub(r"^token\.", "encoder.embedding.token.", name)
    name = re.sub(r"^source_position\.", "encoder.embedding.position.", name)
    name = re.sub(r"^position\.", "embedding.position.", name)
    name = re.sub(r"^encoder_norm\.", "encoder.norm.", name)
    in_decoder = name.startswith("decoder.")
    name = re.sub(r"^decoder\.", "block.", re.sub(r"^encoder\.(\d)", r"encoder.block.\1", name))
    for pattern, replacement in [("norm1", "attention_norm"), ("norm2", "cross_attention_norm" if in_decoder else "mlp_norm"),
                                 ("norm3", "mlp_norm"), ("linear1", "mlp.expand"), ("linear2", "mlp.contract"),
                                 ("self_attn", "attention"), ("multihead_attn", "cross_attention"),
                                 ("out_proj", "projection")]:
        name = name.replace(pattern, replacement)
    if ".cross_attention.in_proj_" in name:
        query, key_value = value.split([value.shape[0] // 3, value.shape[0] * 2 // 3])
        return [(name.replace("in_proj_", part), part_value) for part, part_value in
                (("query.", query), ("key_value.", key_value))]
    return [(name.replace("in_proj_", "qkv."), value)]


class Resnet(nn.Module):
    """torchvision.models.ResNet with the number of channels as a parameter; blocks are torchvision's."""

    def __init__(self, block, blocks, base_width, classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, base_width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(base_width)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        channels = base_width
        for stage, count in enumerate(blocks):
            layers = []
            for i in range(count):
                width, stride = base_width << stage, 2 if stage > 0 and i == 0 else 1
                out, downsample = width * block.expansion, None
                if stride != 1 or channels != out:
                    downsample = nn.Sequential(conv1x1(channels, out, stride), nn.BatchNorm2d(out))
                layers.append(block(channels, width, stride, downsample, base_width=64))
                channels = out
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def resnet_tensors(name, value):
    return [(name, value)]


def randomise(model, generator):
    """Values of a size that keeps activations near 1, so that no term hides behind another. float32 numbers in float64."""
    for name, parameter in model.named_parameters():
        fan_in = parameter[0].numel() if parameter.dim() > 1 else 1
        spread = 1 / math.sqrt(fan_in) if parameter.dim() > 1 else 0.2
        noise = torch.randn(parameter.shape, generator=generator) * spread
        scale_of_norm = parameter.dim() == 1 and name.endswith("weight")
        parameter.data = (noise + 1 if scale_of_norm else noise).double()
    for _, buffer in model.named_buffers():
        if buffer.dtype.is_floating_point:
            buffer.data = buffer.data.double()


def write(path, model, tensors, sample, target):
    """`tensors`: the names and values that a tensor of the model has in Echelon."""
    several = isinstance(sample, dict)
    file = {"target": target, **({f"input/{name}": value for name, value in sample.items()} if several else {"input": sample})}
    if not several and sample.dtype.is_floating_point:
        sample = sample.double()

    def put(kind, name, value):
        if value.dtype.is_floating_point:  # not BatchNorm's number of batches
            for our_name, our_value in tensors(name, value):
                file[f"{kind}/{our_name}"] = our_value.detach().clone()  # buffers change later

    for name, value in model.state_dict().items():
        put("weight", name, value)
    output = model(sample)
    loss = F.cross_entropy(output.reshape(-1, output.shape[-1]), target.reshape(-1))
    loss.backward()
    file.update(output=output.detach(), loss=loss.detach())
    for name, parameter in model.named_parameters():
        put("gradient", name, parameter.grad)
    for name, buffer in model.named_buffers():
        put("buffer", name, buffer)
    with torch.no_grad():
        file["evaluation"] = model.eval()(sample)
    # Copies: a tensor must be contiguous and no two may share memory.
    file = {k: (v.float() if v.dtype.is_floating_point else v).contiguous().clone() for k, v in file.items()}
    save_file(file, path)


def main():
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(1)

    gpt = Gpt(layers=2, heads=2, width=32, context=16, vocabulary=61)
    randomise(gpt, generator)
    tokens = torch.randint(0, 61, (3, 13), generator=generator)
    write(HERE / "gpt.safetensors", gpt, gpt_tensors, tokens[:, :-1], tokens[:, 1:])

    for name, block, blocks, width in [("resnet18", BasicBlock, (2, 2, 2, 2), 8), ("resnet50", Bottleneck, (3, 4, 6, 3), 2)]:
        resnet = Resnet(block, blocks, width, classes=10)
        randomise(resnet, generator)
        image = torch.randn(4, 3, 64, 64, generator=generator)
        write(HERE / f"{name}.safetensors", resnet, resnet_tensors, image, torch.tensor([3, 1, 4, 9]))

    pairs = EncoderDecoder(layers=2, heads=2, width=16, context=16, vocabulary=61)
    randomise(pairs, generator)
    lengths = torch.tensor([[9], [1], [6]])
    places = torch.arange(9).expand(3, 9)
    source_starts = torch.where(places < lengths, 0, places)
    source = torch.where(places < lengths, torch.randint(0, 61, (3, 9), generator=generator), 0)
    tokens = torch.randint(0, 61, (3, 13), generator=generator)
    write(HERE / "encoder_decoder.safetensors", pairs, encoder_decoder_tensors,
          {"source": source, "source_starts": source_starts, "tokens": tokens[:, :-1]}, tokens[:, 1:])


if __name__ == "__main__":
    main()
