// Changes of colour and sharpness, as torchvision.transforms.functional defines them on Pillow images: bit
// for bit what Pillow's ImageEnhance, ImageOps and its HSV colour space compute. In place, on one or three
// channels; factors of 1 and a hue of 0 change nothing.
#pragma once

#include "image/image.h"

namespace echelon::image {

/// Away from black: `factor` ≥ 0; 0 is black.
void adjust_brightness(Image& image, double factor);

/// Away from the mean luma of the image; 0 is that grey.
void adjust_contrast(Image& image, double factor);

/// Away from each pixel's luma; 0 is grey. Nothing on one channel.
void adjust_saturation(Image& image, double factor);

/// Away from a smoothed image (3 × 3, the centre five times); 0 is that image. The border stays as it is.
void adjust_sharpness(Image& image, double factor);

/// Turns the colour circle by `turn` in [-0.5, 0.5], in 255 steps. Nothing on one channel.
void adjust_hue(Image& image, double turn);

/// Keeps the upper `bits` of 8.
void posterize(Image& image, int bits);

/// Inverts what is not below `threshold` (0 to 255).
void solarize(Image& image, double threshold);

/// Stretches each channel to the whole range.
void autocontrast(Image& image);

/// Makes the histogram of each channel as flat as a table of values can.
void equalize(Image& image);

/// All channels become the luma; the number of channels stays.
void to_grayscale(Image& image);

/// Mirrors rows, columns or both.
void mirror_left_right(Image& image);
void mirror_top_bottom(Image& image);

}  // namespace echelon::image
