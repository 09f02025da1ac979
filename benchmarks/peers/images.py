"""The peer of benchmarks/images: webdataset and torchvision, as a training script would use them.

    python images.py FOLDER [--decoder pil|torchvision] [--workers N]

FOLDER holds the shards of make_jpegs.py. Random resized crop to 224, flip, normalisation, float32 batches of 64, two worker
processes. Prints one JSON object: images a second of the best of three epochs.
"""

import argparse
import json
import time

import torch
import torchvision
import webdataset
from torchvision.transforms import v2

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CROP = [v2.RandomResizedCrop(224, antialias=True), v2.RandomHorizontalFlip()]
FINISH = [v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, DEVIATION)]


class FromBytes:
    """torchvision's own decoder (libjpeg-turbo), then tensors all the way."""

    transform = v2.Compose(CROP + FINISH)

    def __call__(self, encoded):
        buffer = torch.frombuffer(bytearray(encoded), dtype=torch.uint8)
        return self.transform(torchvision.io.decode_jpeg(buffer))


def dataset(options):
    shards = webdataset.WebDataset(f"{options.folder}/shard-{{000000..000003}}.tar", shardshuffle=4).shuffle(500)
    if options.decoder == "pil":
        image = v2.Compose([*CROP, v2.PILToTensor(), *FINISH])
        shards = shards.decode("pil")
    else:
        image = FromBytes()
    return shards.to_tuple("jpg", "cls").map_tuple(image, int).batched(64)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--decoder", choices=["pil", "torchvision"], default="torchvision")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    loader = torch.utils.data.DataLoader(dataset(options), batch_size=None, num_workers=options.workers)
    best = 0.0
    for _ in range(3):
        start, images = time.perf_counter(), 0
        for batch, _ in loader:
            assert batch.shape[1:] == (3, 224, 224) and batch.dtype == torch.float32
            images += len(batch)
        best = max(best, images / (time.perf_counter() - start))
    print(json.dumps({"images_per_second": best}))


if __name__ == "__main__":
    main()
