"""Makes the expected results of augmentation_test.cpp with Pillow (13.0) and torchvision (0.26).

    python make_augmentations.py        # writes beside itself; after make_images.py

adjusted.rgb.png and adjusted.grey.png hold the results of the operations listed in adjusted.txt, one below the other.
magnitudes.txt is RandAugment's table. mixed.txt holds float32 arithmetic of MixUp.
"""
import pathlib

import numpy as np
import torch
from PIL import Image
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

here = pathlib.Path(__file__).parent
source = Image.open(here / "palette.png").convert("RGB").resize((41, 30), Image.Resampling.BICUBIC)
noise = np.random.default_rng(0).integers(0, 256, (6, 41, 3), dtype=np.uint8)
source.paste(Image.fromarray(noise), (0, 12))  # every kind of colour
source.save(here / "plain.png")

BRIGHTNESS = [0.0, 0.3, 0.73, 1.0, 1.27, 1.9, 3.5]
HUES = [-0.5, -0.21, -0.003, 0.0, 0.1, 0.37, 0.5]
cases = []
for name, function in (("brightness", F.adjust_brightness), ("contrast", F.adjust_contrast),
                       ("saturation", F.adjust_saturation), ("sharpness", F.adjust_sharpness)):
    cases += [(name, value, function) for value in BRIGHTNESS]
cases += [("hue", value, F.adjust_hue) for value in HUES]
cases += [("posterize", bits, F.posterize) for bits in (1, 4, 7, 8)]
cases += [("solarize", threshold, F.solarize) for threshold in (0.0, 76.5, 128.0, 255.0)]
cases += [("autocontrast", 0, lambda image, _: F.autocontrast(image)), ("equalize", 0, lambda image, _: F.equalize(image))]
cases += [("grayscale", 0, lambda image, _: F.rgb_to_grayscale(image, image.mode == "RGB" and 3 or 1))]
# RandAugment's own way of applying each operation, at magnitudes that occur.
augment = v2.RandAugment()
AUGMENTED = [("Identity", 0.0), ("ShearX", 0.09), ("ShearX", -0.3), ("ShearY", 0.17), ("ShearY", -0.09), ("TranslateX", 6.7),
             ("TranslateX", -5.0), ("TranslateY", 4.4), ("TranslateY", -9.9), ("Rotate", 9.0), ("Rotate", -30.0), ("Rotate", 17.0),
             ("Brightness", 0.27), ("Color", -0.54), ("Contrast", 0.81), ("Sharpness", 0.9), ("Posterize", 6), ("Solarize", 0.7),
             ("AutoContrast", 0.0), ("Equalize", 0.0)]
cases += [(name, value, lambda image, value, name=name: augment._apply_image_or_video_transform(
    image, name, value, interpolation=v2.InterpolationMode.NEAREST, fill={torch.Tensor: None, Image.Image: None}))
    for name, value in AUGMENTED]

for mode in ("RGB", "L"):
    image = source.convert(mode)
    sheet = Image.new(mode, (41, 30 * len(cases)))
    for i, (name, value, function) in enumerate(cases):
        sheet.paste(function(image, value), (0, 30 * i))
    sheet.save(here / f"adjusted.{'rgb' if mode == 'RGB' else 'grey'}.png", optimize=True)
(here / "adjusted.txt").write_text("".join(f"{name} {value!r}\n" for name, value, _ in cases))

lines = []
for levels in (31, 11):
    for name, (table, signed) in v2.RandAugment._AUGMENTATION_SPACE.items():
        magnitudes = table(levels, 180, 224)
        values = [0.0] * levels if magnitudes is None else [float(value) for value in magnitudes]
        lines.append(f"{name} {levels} {int(signed)} {' '.join(map(repr, values))}\n")
(here / "magnitudes.txt").write_text("".join(lines))

torch.manual_seed(0)
mixup = v2.MixUp(num_classes=5)
images, labels, weight = torch.randn(3, 1, 2, 4), torch.tensor([3, 0, 3]), 0.3
mixed = mixup.transform(images, {"lam": weight, "labels": labels, "batch_size": 3})
targets = mixup._mixup_label(labels, lam=weight)
rows = [images.flatten(1), mixed.flatten(1), targets]
(here / "mixed.txt").write_text("".join(" ".join(map(float.hex, row.tolist())) + "\n" for table in rows for row in table))
