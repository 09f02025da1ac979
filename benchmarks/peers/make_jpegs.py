"""Makes JPEG files of 500 × 375 from parts of scikit-learn's two photographs, as files and as WebDataset shards.

    python make_jpegs.py FOLDER COUNT        # FOLDER/NUMBER.jpg and FOLDER/shard-NUMBER.tar, four shards
"""

import io
import pathlib
import sys
import tarfile

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images

SHARDS = 4


def crop(photograph, random):
    """A part of at least 300 × 200, resized."""
    width, height = random.integers((300, 200), photograph.size)
    left, top = random.integers((0, 0), (photograph.width - width + 1, photograph.height - height + 1))
    return photograph.crop((left, top, left + width, top + height)).resize((500, 375), Image.Resampling.BICUBIC)


def add(shard, name, content):
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    shard.addfile(entry, io.BytesIO(content))


def main(folder, count):
    photographs = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    random = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    shards = [tarfile.open(folder / f"shard-{i:06d}.tar", "w") for i in range(SHARDS)]
    for i in range(count):
        path = folder / f"{i:06d}.jpg"
        crop(photographs[random.integers(2)], random).save(path, quality=90)
        shard = shards[i * SHARDS // count]
        add(shard, f"{i:06d}.jpg", path.read_bytes())
        add(shard, f"{i:06d}.cls", str(random.integers(10)).encode())
    for shard in shards:
        shard.close()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
