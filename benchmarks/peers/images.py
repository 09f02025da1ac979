"""The peer of benchmarks/loader images: webdataset and torchvision, as a training script would use them.

    python images.py FOLDER [--warm-up N] [--batches N] [--workers N]

FOLDER holds the shards of make_jpegs.py. torchvision's own decoder (libjpeg-turbo), then tensors all the way: random resized crop to
224, flip, normalisation, float32 batches of 64, two worker processes. See loading.py.
"""

import loading
import torch
import torchvision
import webdataset
from torchvision.transforms import v2

TRANSFORM = v2.Compose([
    v2.RandomResizedCrop(224, antialias=True), v2.RandomHorizontalFlip(), v2.ToDtype(torch.float32, scale=True),
    v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])


def image(encoded):
    buffer = torch.frombuffer(bytearray(encoded), dtype=torch.uint8)
    return TRANSFORM(torchvision.io.decode_jpeg(buffer))


def main():
    arguments = loading.options()
    shards = webdataset.WebDataset(f"{arguments.folder}/shard-{{000000..000003}}.tar", shardshuffle=4).repeat().shuffle(500)
    dataset = shards.to_tuple("jpg", "cls").map_tuple(image, int).batched(64)
    loading.measure(torch.utils.data.DataLoader(dataset, batch_size=None, num_workers=arguments.workers), arguments)


if __name__ == "__main__":
    main()
