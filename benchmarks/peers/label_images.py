"""The peer of label_images: a DataLoader of torchvision's decoder and transforms, torchvision's ResNet-18, Parquet out.

    python label_images.py FOLDER CHECKPOINT [--workers N]

FOLDER holds the shards of make_jpegs.py, CHECKPOINT the weights, which have torchvision's names. Writes FOLDER/peer.parquet with key,
class and probability; prints how many images there were.
"""

import argparse
import json
import pathlib

import pyarrow
import pyarrow.parquet
import safetensors.torch
import torch
import torchvision
import webdataset
from torchvision.transforms import v2

BATCH = 64
TRANSFORM = v2.Compose([
    v2.Resize(256, antialias=True), v2.CenterCrop(224), v2.ToDtype(torch.float32, scale=True),
    v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])


def image(encoded):
    buffer = torch.frombuffer(bytearray(encoded), dtype=torch.uint8)
    return TRANSFORM(torchvision.io.decode_jpeg(buffer))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    weights = safetensors.torch.load_file(arguments.checkpoint / "model.safetensors")
    model = torchvision.models.resnet18(num_classes=len(weights["fc.bias"]))
    model.load_state_dict(weights, strict=False)  # but num_batches_tracked, which counts the steps of training
    model.eval()
    shards = webdataset.WebDataset(f"{arguments.folder}/shard-{{000000..000003}}.tar", shardshuffle=False)
    dataset = shards.to_tuple("__key__", "jpg").map_tuple(str, image).batched(BATCH)
    keys, classes, probabilities = [], [], []
    with torch.inference_mode():
        for names, images in torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=arguments.workers):
            probability, number = model(images).softmax(1).max(1)
            keys += names
            classes += number.tolist()
            probabilities += probability.tolist()
    table = pyarrow.table({"key": keys, "prediction": classes, "probability": pyarrow.array(probabilities, pyarrow.float32())})
    pyarrow.parquet.write_table(table, arguments.folder / "peer.parquet")
    print(json.dumps({"images": len(keys)}))


if __name__ == "__main__":
    main()
