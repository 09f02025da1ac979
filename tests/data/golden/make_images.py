"""Makes the images and the expected pixels of image_transform_test.cpp with Pillow (13.0) and torchvision (0.26).

    python make_images.py        # writes beside itself

Expected pixels are raw bytes, [height, width, channel].
"""
import pathlib

import numpy as np
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as F

here = pathlib.Path(__file__).parent


def picture(height, width):
    """Smooth colours, a sharp disc and some texture."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    red = 255 * x / width
    green = 255 * y / height
    blue = 127 + 120 * np.sin(x / 3.0) * np.cos(y / 5.0)
    disc = (x - width / 3) ** 2 + (y - height / 2) ** 2 < (min(height, width) / 4) ** 2
    pixels = np.stack([red, green, blue], -1)
    pixels[disc] = 255 - pixels[disc]
    return Image.fromarray(pixels.round().astype(np.uint8))


def save(name, image):
    (here / f"{name}.bin").write_bytes(np.asarray(image).tobytes())


source = picture(60, 90)
source.save(here / "colour.png")
source.convert("L").save(here / "grey.png")
source.convert("RGBA").save(here / "transparent.png")
source.quantize(64).save(here / "palette.png")
source.save(here / "colour.jpg", quality=92)
source.save(here / "progressive.jpg", quality=92, progressive=True)
source.convert("L").save(here / "grey.jpg", quality=92)
source.convert("CMYK").save(here / "cmyk.jpg", quality=95)
picture(240, 360).save(here / "large.jpg", quality=92)

for name in ("colour.png", "grey.png", "transparent.png", "palette.png", "colour.jpg", "progressive.jpg", "grey.jpg",
             "cmyk.jpg"):
    save(name + ".rgb", Image.open(here / name).convert("RGB"))
    save(name + ".grey", Image.open(here / name).convert("L"))

bilinear = InterpolationMode.BILINEAR
rgb = Image.open(here / "colour.png").convert("RGB")
save("resize_32_crop_24", F.center_crop(F.resize(rgb, 32, bilinear), 24))
save("enlarge_100_crop_100", F.center_crop(F.resize(rgb, 100, bilinear), 100))
save("box_31x47_at_5_9_to_20", F.resized_crop(rgb, 5, 9, 31, 47, [20, 20], bilinear))
save("box_7x5_at_50_3_to_20", F.resized_crop(rgb, 50, 3, 7, 5, [20, 20], bilinear))
large = Image.open(here / "large.jpg").convert("RGB")
save("large_jpeg_to_32", F.center_crop(F.resize(large, 32, bilinear), 32))
