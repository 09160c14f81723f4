#!/usr/bin/env python3
"""Writes tests/model/testdata: images, and what Pillow makes of them.

Run it with NumPy and Pillow 12 installed, to add cases; the files are
committed. Pillow 13 resizes some tall images vertically first, which rounds
otherwise than the versions that models have been trained with.
For every <name>.jpg or .png there is <name>.rgb, the pixels that DecodeImage
must give. For every resize case there is <case>.rgb, and resize_cases.txt,
whose lines the test reads:

  case source width height mode interpolation crop_fraction size
"""

import io
import math
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).parent / 'testdata'
INTERPOLATIONS = {
    'bilinear': Image.Resampling.BILINEAR,
    'bicubic': Image.Resampling.BICUBIC,
}


def picture(width, height, seed):
  """Smooth gradients with noise and hard edges, so that filters ring."""
  rng = np.random.default_rng(seed)
  y, x = np.mgrid[0:height, 0:width]
  planes = [
      127 + 127 * np.sin(x / 3.1 + y / 7.3),
      255 * ((x // 5 + y // 4) % 2),
      rng.integers(0, 256, (height, width)),
  ]
  return np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)


def write_pixels(name, image):
  (OUT / f'{name}.rgb').write_bytes(image.convert('RGB').tobytes())


def save(name, image, **options):
  """Saves an image and what Pillow reads back."""
  path = OUT / name
  image.save(path, **options)
  with Image.open(path) as saved:
    write_pixels(path.stem, ImageOps.exif_transpose(saved))


def orientation_exif(orientation):
  exif = Image.Exif()
  exif[0x0112] = orientation
  return exif


def write_jpegs():
  image = Image.fromarray(picture(37, 23, seed=1))
  save('baseline_420.jpg', image, quality=85, subsampling=2)
  save('baseline_444.jpg', image, quality=95, subsampling=0)
  save('progressive.jpg', image, quality=85, progressive=True)
  save('gray.jpg', image.convert('L'), quality=85)
  save('cmyk.jpg', image.convert('CMYK'), quality=90)
  small = Image.fromarray(picture(11, 7, seed=2))
  for orientation in range(1, 9):
    save(f'orientation_{orientation}.jpg', small, quality=90,
         exif=orientation_exif(orientation))


def chunk(kind, data):
  checksum = struct.pack('>I', zlib.crc32(kind + data))
  return struct.pack('>I', len(data)) + kind + data + checksum


def encode_png(rows, width, color_type, depth, extra=b''):
  """A PNG of a kind that Pillow does not write."""
  header = struct.pack('>IIBBBBB', width, len(rows), depth, color_type, 0, 0, 0)
  data = zlib.compress(b''.join(b'\0' + row for row in rows))
  return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + extra +
          chunk(b'IDAT', data) + chunk(b'IEND', b''))


def encode_interlaced_png(pixels):
  """Adam7, 8-bit RGB."""
  height, width, _ = pixels.shape
  passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
            (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
  data = b''
  for left, top, step_x, step_y in passes:
    part = pixels[top::step_y, left::step_x]
    if part.shape[1]:
      data += b''.join(b'\0' + row.tobytes() for row in part)
  header = struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 1)
  return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) +
          chunk(b'IDAT', zlib.compress(data)) + chunk(b'IEND', b''))


def write_encoded(name, encoded, expected=None):
  (OUT / name).write_bytes(encoded)
  if expected is None:
    expected = Image.open(io.BytesIO(encoded))
  write_pixels(name.rsplit('.', 1)[0], expected)


def write_pngs():
  pixels = picture(19, 13, seed=3)
  image = Image.fromarray(pixels)
  alpha = np.arange(19 * 13, dtype=np.uint8).reshape(13, 19, 1)
  save('rgb.png', image)
  save('rgba.png', Image.fromarray(np.concatenate([pixels, alpha], -1)))
  save('gray8.png', image.convert('L'))
  save('gray_alpha.png',
       Image.fromarray(np.concatenate([pixels[..., :1], alpha], -1), 'LA'))
  save('bilevel.png', image.convert('1'))
  save('palette.png', image.quantize(17))
  save('palette_transparent.png', image.quantize(17), transparency=3)
  save('rgb_transparent.png', image, transparency=tuple(map(int, pixels[0, 0])))
  write_encoded('interlaced.png', encode_interlaced_png(pixels))
  rng = np.random.default_rng(4)
  for depth in (2, 4):
    count = math.ceil(19 * depth / 8)
    rows = [rng.bytes(count) for _ in range(13)]
    write_encoded(f'gray{depth}.png',
                  encode_png(rows, 19, color_type=0, depth=depth))
  wide = rng.integers(0, 65536, (13, 19, 3)).astype('>u2')
  write_encoded('rgb16.png', encode_png([row.tobytes() for row in wide], 19,
                                        color_type=2, depth=16))
  # Pillow clips 16-bit gray; this project takes the high byte.
  gray = wide[..., 0]
  write_encoded('gray16.png', encode_png([row.tobytes() for row in gray], 19,
                                         color_type=0, depth=16),
                expected=Image.fromarray((gray >> 8).astype(np.uint8)))


def prepare(image, mode, interpolation, crop_fraction, size):
  """timm's evaluation transform, without torch."""
  resample = INTERPOLATIONS[interpolation]
  if mode == 'exact':
    return image.resize((size, size), resample)
  shorter = math.floor(size / crop_fraction)
  width, height = image.size
  longer = int(shorter * max(width, height) / min(width, height))
  image = image.resize((shorter, longer) if width <= height else
                       (longer, shorter), resample)
  left = int(round((image.width - size) / 2.0))
  top = int(round((image.height - size) / 2.0))
  return image.crop((left, top, left + size, top + size))


def write_resizes():
  sources = {
      'landscape': picture(53, 31, seed=5),
      'portrait': picture(29, 61, seed=6),
      'tiny': picture(3, 2, seed=7),
      'pixel': picture(1, 1, seed=8),
      'strip': picture(97, 2, seed=9),
  }
  for name, pixels in sources.items():
    (OUT / f'{name}.source.rgb').write_bytes(pixels.tobytes())
  cases = [(source, mode, interpolation, crop, size)
           for source in sources
           for mode, interpolation, crop, size in (
               ('shorter_side', 'bicubic', 0.875, 24),
               ('shorter_side', 'bilinear', 0.9, 17),
               ('shorter_side', 'bicubic', 1.0, 31),
               ('exact', 'bicubic', 1.0, 13),
               ('exact', 'bilinear', 1.0, 40))]
  lines = []
  for index, (source, mode, interpolation, crop, size) in enumerate(cases):
    pixels = sources[source]
    result = prepare(Image.fromarray(pixels), mode, interpolation, crop, size)
    name = f'resize_{index}'
    write_pixels(name, result)
    lines.append(f'{name} {source} {pixels.shape[1]} {pixels.shape[0]} {mode} '
                 f'{interpolation} {crop} {size}\n')
  (OUT / 'resize_cases.txt').write_text(''.join(lines))


if __name__ == '__main__':
  OUT.mkdir(exist_ok=True)
  write_jpegs()
  write_pngs()
  write_resizes()
