"""Makes the images of the tests beside it, and what Pillow (13.0) and torchvision (0.26) make of them.

    python make_images.py        # writes beside itself; cjpeg (libjpeg-turbo) must be installed

Expected pixels are PNG files, [height, width] grey or colour: NAME.rgb.png and NAME.grey.png are
`ImageOps.exif_transpose(image).convert(...)` of NAME. colour.bin and grey.bin are the raw bytes of colour.png and
grey.png, so that reading those files rests on nothing.
"""
import io
import pathlib
import struct
import subprocess
import zlib

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin
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
    image.save(here / f"{name}.png", optimize=True)


source = picture(60, 90)
grey = source.convert("L")
uneven = picture(37, 53)


# Files ---------------------------------------------------------------------------------------------------------------

def exif(orientation, order="<"):
    """The smallest EXIF that says how the image is to be turned."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    return b"Exif\0\0" + start + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def xmp(orientation):
    return f'<x:xmpmeta><rdf:Description tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()


def raw_png(name, pixels, bit_depth, colour_type, interlaced=False, chunks=()):
    """A PNG that Pillow does not write itself. `pixels`: rows of packed bytes, for each pass where interlaced."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, rows = pixels
    header = struct.pack(">IIBBBBB", width, height, bit_depth, colour_type, 0, 0, int(interlaced))
    body = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    pieces = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *(chunk(*c) for c in chunks), chunk(b"IDAT", body), chunk(b"IEND", b"")]
    (here / name).write_bytes(b"".join(pieces))


def passes(array):
    """The seven images of Adam7 (PNG, section 8)."""
    for left, top, across, down in ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)):
        part = array[top::down, left::across]
        if part.size:
            yield from part


def packed(row, bits):
    binary = "".join(format(value, f"0{bits}b") for value in row)
    return int(binary.ljust(-(-len(binary) // 8) * 8, "0"), 2).to_bytes(-(-len(binary) // 8), "big")


def write_png_files():
    source.save(here / "colour.png")
    grey.save(here / "grey.png")
    source.quantize(64).save(here / "palette.png")
    rgba = source.convert("RGBA")
    rgba.putalpha(grey)
    rgba.save(here / "transparent.png")
    Image.merge("LA", (grey, grey.transpose(Image.Transpose.FLIP_LEFT_RIGHT))).save(here / "grey_alpha.png")
    palette = source.quantize(16)
    palette.save(here / "palette_transparent.png", transparency=bytes(range(0, 256, 16)))
    source.save(here / "colour_key.png", transparency=(255, 0, 127))
    grey.save(here / "grey_key.png", transparency=100)
    colour = np.asarray(uneven)
    levels = np.asarray(uneven.convert("L"))
    for bits in (1, 2, 4):
        rows = [packed(row >> (8 - bits), bits) for row in levels]
        raw_png(f"grey_{bits}_bit.png", (37, 53, rows), bits, 0)
        table = bytes(np.asarray(source)[5 * np.arange(2**bits) % 60, 7 * np.arange(2**bits) % 90].ravel())
        raw_png(f"palette_{bits}_bit.png", (37, 53, rows), bits, 3, chunks=[(b"PLTE", table)])
    wide = colour.astype(">u2") * 256 + np.roll(colour, 3, 1)
    raw_png("colour_16_bit.png", (37, 53, [row.tobytes() for row in wide.astype(">u2")]), 16, 2)
    with_alpha = np.concatenate([wide, wide[..., :1]], -1).astype(">u2")
    raw_png("transparent_16_bit.png", (37, 53, [row.tobytes() for row in with_alpha]), 16, 6)
    raw_png("grey_alpha_16_bit.png", (37, 53, [row.tobytes() for row in with_alpha[..., :2]]), 16, 4)
    raw_png("interlaced.png", (37, 53, [row.tobytes() for row in passes(colour)]), 8, 2, interlaced=True)
    raw_png("interlaced_1_bit.png", (37, 53, [packed(row >> 7, 1) for row in passes(levels)]), 1, 0, interlaced=True)
    raw_png("interlaced_16_bit.png", (37, 53, [row.tobytes() for row in passes(wide.astype(">u2"))]), 16, 2, interlaced=True)
    raw_png("grey_16_bit.png", (37, 53, [row.tobytes() for row in wide[..., 0].astype(">u2")]), 16, 0)
    uneven.save(here / "turned.png", exif=exif(6)[6:])
    info = PngImagePlugin.PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp(8).decode())
    uneven.save(here / "turned_xmp.png", pnginfo=info)


def write_jpeg_files():
    source.save(here / "colour.jpg", quality=92)
    source.save(here / "progressive.jpg", quality=92, progressive=True)
    grey.save(here / "grey.jpg", quality=92)
    source.convert("CMYK").save(here / "cmyk.jpg", quality=95)
    picture(240, 360).save(here / "large.jpg", quality=92)
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        uneven.save(here / f"uneven_{name}.jpg", quality=88, subsampling=subsampling)
    uneven.save(here / "restarts.jpg", quality=88, restart_marker_blocks=3)
    for orientation in range(1, 9):
        uneven.save(here / f"turned_{orientation}.jpg", quality=88, exif=exif(orientation, "<>"[orientation % 2]))
    uneven.save(here / "turned_xmp.jpg", quality=88, xmp=xmp(5))
    uneven.save(here / "keep_rgb.jpg", quality=88, keep_rgb=True)
    uneven.save(here / "two_pictures.jpg", format="MPO", save_all=True, append_images=[source])
    data = (here / "uneven_420.jpg").read_bytes()
    scan = data.index(b"\xff\xda")
    (here / "extraneous.jpg").write_bytes(data[:scan] + b"\0\1\2" + data[scan:])
    middle = scan + (len(data) - scan) // 2
    (here / "scan_ends_early.jpg").write_bytes(data[:middle] + b"\xff\xd9")
    data = (here / "progressive.jpg").read_bytes()
    scans = [i for i in range(len(data)) if data[i:i + 2] == b"\xff\xda"]
    (here / "progressive_early.jpg").write_bytes(data[:scans[3]] + b"\xff\xd9")
    for sampling in ("1x2", "4x1", "2x1,1x1,2x1"):  # kinds that Pillow does not write
        bitmap = io.BytesIO()
        uneven.save(bitmap, "PPM")
        name = f"sampled_{sampling.replace(',', '_')}.jpg"
        command = ["cjpeg", "-quality", "88", "-sample", sampling]
        (here / name).write_bytes(subprocess.run(command, input=bitmap.getvalue(), capture_output=True, check=True).stdout)
    command = ["cjpeg", "-quality", "88", "-arithmetic"]
    (here / "arithmetic.jpg").write_bytes(subprocess.run(command, input=bitmap.getvalue(), capture_output=True, check=True).stdout)
    ycck = source.convert("CMYK")
    buffer = io.BytesIO()
    ycck.save(buffer, "JPEG", quality=95)
    # The same bytes read as YCCK: Adobe's marker says which it is.
    adobe = buffer.getvalue().replace(b"Adobe\0\x64\0\0\0\0\0", b"Adobe\0\x64\0\0\0\0\2")
    (here / "ycck.jpg").write_bytes(adobe)


def write_webp_files():
    source.save(here / "lossy.webp", quality=80)
    source.save(here / "lossless.webp", lossless=True)
    rgba = source.convert("RGBA")
    rgba.putalpha(grey)
    rgba.save(here / "lossy_alpha.webp", quality=80)
    rgba.save(here / "lossless_alpha.webp", lossless=True, exact=True)
    source.save(here / "animated.webp", save_all=True, append_images=[source.rotate(90)], duration=100, quality=80)
    uneven.save(here / "turned.webp", quality=80, exif=exif(7))
    uneven.save(here / "turned_xmp.webp", quality=80, xmp=xmp(3))


write_png_files()
write_jpeg_files()
write_webp_files()
files = sorted(path for path in here.iterdir()
               if path.suffix in (".jpg", ".webp", ".png") and path.name.count(".") == 1)
for path in files:
    if path.name == "grey_16_bit.png":  # Pillow makes almost all of it white; here the lower byte goes
        pixels = Image.fromarray((np.asarray(Image.open(path)).astype(np.uint16) >> 8).astype(np.uint8))
        save(path.name + ".rgb", pixels.convert("RGB"))
        save(path.name + ".grey", pixels)
        continue
    upright = ImageOps.exif_transpose(Image.open(path))
    save(path.name + ".rgb", upright.convert("RGB"))
    save(path.name + ".grey", upright.convert("L"))

(here / "colour.bin").write_bytes(source.tobytes())
(here / "grey.bin").write_bytes(grey.tobytes())

# Resizing ------------------------------------------------------------------------------------------------------------

bilinear = InterpolationMode.BILINEAR
save("resize_32_crop_24.expected", F.center_crop(F.resize(source, 32, bilinear), 24))
save("enlarge_100_crop_100.expected", F.center_crop(F.resize(source, 100, bilinear), 100))
save("box_31x47_at_5_9_to_20.expected", F.resized_crop(source, 5, 9, 31, 47, [20, 20], bilinear))
save("box_7x5_at_50_3_to_20.expected", F.resized_crop(source, 50, 3, 7, 5, [20, 20], bilinear))
large = Image.open(here / "large.jpg").convert("RGB")
save("box_233x301_at_3_50_to_24.expected", F.resized_crop(large, 3, 50, 233, 301, [24, 24], bilinear))
save("large_to_32.expected", F.center_crop(F.resize(large, 32, bilinear), 32))
