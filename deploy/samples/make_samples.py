#!/usr/bin/env python3
"""Draws the sample images that deploy/quickstart.sh classifies.

Usage: make_samples.py [OUTPUT_DIRECTORY]     (needs Pillow)

Each picture is a few shaded polygons in front of a gradient, so that the
project owns its samples; a file is named after the class it shows. The output
is the same on every run.
"""

import pathlib
import random
import sys

from PIL import Image, ImageDraw, ImageFilter

SIZE = 128  # of a finished picture
SCALE = 4  # drawn this much larger, then reduced: smooth edges


def points(*pairs):
    return [(x * SCALE, y * SCALE) for x, y in pairs]


def gradient(stops):
    """A full canvas through (row, colour) stops, rows in finished pixels."""
    canvas = Image.new("RGB", (SIZE * SCALE, SIZE * SCALE))
    draw = ImageDraw.Draw(canvas)
    for (top, first), (bottom, second) in zip(stops, stops[1:]):
        for row in range(top * SCALE, bottom * SCALE):
            part = (row / SCALE - top) / (bottom - top)
            colour = tuple(
                round(a + (b - a) * part) for a, b in zip(first, second)
            )
            draw.line([(0, row), (SIZE * SCALE, row)], fill=colour)
    return canvas


class Picture:
    """A canvas with the few shapes the drawings are made of."""

    def __init__(self, stops, seed):
        self.canvas = gradient(stops)
        self.draw = ImageDraw.Draw(self.canvas)
        self.random = random.Random(seed)

    def polygon(self, colour, *pairs):
        self.draw.polygon(points(*pairs), fill=colour)

    def ellipse(self, colour, left, top, right, bottom):
        self.draw.ellipse(points((left, top), (right, bottom)), fill=colour)

    def disc(self, colour, x, y, radius):
        self.ellipse(colour, x - radius, y - radius, x + radius, y + radius)

    def line(self, colour, width, *pairs):
        self.draw.line(
            points(*pairs), fill=colour, width=width * SCALE, joint="curve"
        )

    def speckle(self, top, bottom, count, length, colours):
        """Short horizontal strokes: waves, grass, gravel."""
        for _ in range(count):
            x = self.random.uniform(0, SIZE)
            y = self.random.uniform(top, bottom)
            self.line(
                self.random.choice(colours), 1, (x, y), (x + length, y)
            )

    def wheel(self, x, y, radius):
        self.disc((20, 20, 22), x, y, radius)
        self.disc((150, 150, 155), x, y, radius * 0.5)

    def soften(self, radius):
        """Blurs what is drawn so far, as a lens does with the background."""
        self.canvas = self.canvas.filter(
            ImageFilter.GaussianBlur(radius * SCALE)
        )
        self.draw = ImageDraw.Draw(self.canvas)

    def finished(self):
        image = self.canvas.resize((SIZE, SIZE), Image.Resampling.LANCZOS)
        return image.filter(ImageFilter.GaussianBlur(0.6))


def airplane():
    p = Picture([(0, (96, 150, 214)), (128, (190, 216, 240))], seed=1)
    for x, y, r in ((20, 104, 16), (38, 108, 20), (62, 110, 14)):
        p.ellipse((226, 234, 244), x - r, y - r / 3, x + r, y + r / 3)
    p.soften(3)
    # Far wing, fuselage, tail fin, near wing, tailplane, windows.
    p.polygon((150, 156, 168), (66, 58), (84, 36), (91, 36), (80, 60))
    p.polygon((236, 238, 242), (8, 68), (16, 60), (30, 57), (100, 56),
              (118, 60), (104, 68), (30, 75), (14, 74))
    p.polygon((168, 174, 186), (8, 69), (14, 74), (30, 75), (104, 68),
              (60, 69))
    p.polygon((44, 70, 140), (98, 57), (114, 32), (122, 32), (116, 60))
    p.polygon((130, 138, 152), (50, 68), (80, 67), (104, 96), (94, 97))
    p.polygon((140, 148, 160), (102, 62), (124, 68), (116, 70), (98, 65))
    p.ellipse((90, 96, 110), 62, 76, 76, 83)
    p.line((60, 70, 96), 1, (32, 63), (96, 61))
    p.polygon((40, 48, 64), (15, 62), (22, 60), (22, 64), (14, 65))
    return p.finished()


def automobile():
    p = Picture([(0, (188, 200, 210)), (52, (206, 210, 212)),
                 (60, (120, 124, 122)), (128, (92, 92, 96))], seed=2)
    p.polygon((86, 112, 78), (0, 40), (30, 34), (70, 42), (128, 36),
              (128, 60), (0, 60))
    p.soften(3)
    p.ellipse((46, 46, 50), 8, 88, 122, 108)
    p.polygon((186, 22, 26), (8, 84), (10, 70), (18, 64), (36, 61), (50, 44),
              (58, 41), (84, 41), (92, 44), (106, 61), (118, 66), (121, 84),
              (118, 94), (10, 94))
    p.polygon((120, 10, 16), (8, 84), (121, 84), (118, 95), (10, 95))
    p.polygon((44, 54, 66), (40, 61), (53, 46), (69, 45), (69, 61))
    p.polygon((44, 54, 66), (73, 61), (73, 46), (86, 46), (99, 61))
    p.polygon((222, 70, 70), (20, 66), (108, 63), (116, 67), (60, 68))
    p.polygon((250, 240, 190), (9, 73), (16, 71), (17, 77), (9, 78))
    p.polygon((250, 120, 60), (116, 70), (120, 71), (121, 77), (116, 77))
    p.wheel(32, 93, 11)
    p.wheel(98, 93, 11)
    return p.finished()


def ship():
    p = Picture([(0, (150, 186, 220)), (66, (214, 226, 234)),
                 (68, (58, 98, 134)), (128, (26, 60, 96))], seed=3)
    p.speckle(72, 128, 90, 8, [(88, 128, 160), (40, 78, 114), (110, 148, 176)])
    p.soften(0.6)
    # Hull, red waterline, superstructure, bridge, funnel, masts, bow wave.
    p.polygon((34, 40, 58), (6, 66), (124, 60), (112, 86), (16, 86))
    p.polygon((150, 34, 34), (14, 82), (114, 82), (111, 88), (17, 88))
    p.polygon((238, 238, 236), (14, 66), (14, 46), (60, 46), (60, 63))
    p.polygon((222, 222, 222), (22, 46), (22, 34), (50, 34), (50, 46))
    p.polygon((206, 82, 36), (28, 34), (30, 18), (42, 18), (42, 34))
    for y in (39, 51, 57):
        p.line((60, 76, 98), 2, (18, y), (56, y))
    p.line((90, 90, 96), 2, (78, 62), (78, 30))
    p.line((90, 90, 96), 2, (78, 34), (98, 54))
    for x, colour in ((64, (176, 90, 40)), (76, (60, 110, 80)),
                      (88, (180, 160, 70)), (100, (80, 90, 140))):
        p.polygon(colour, (x, 63), (x, 54), (x + 11, 54), (x + 11, 62))
    p.speckle(87, 91, 40, 7, [(200, 216, 226), (160, 186, 204)])
    return p.finished()


def truck():
    p = Picture([(0, (170, 196, 224)), (60, (216, 222, 226)),
                 (76, (126, 128, 122)), (128, (98, 98, 100))], seed=4)
    p.polygon((96, 116, 84), (0, 62), (40, 54), (90, 60), (128, 52),
              (128, 80), (0, 80))
    p.soften(3)
    p.ellipse((52, 52, 56), 4, 98, 124, 112)
    p.polygon((232, 232, 228), (40, 24), (122, 24), (122, 88), (40, 88))
    p.polygon((198, 200, 202), (40, 78), (122, 78), (122, 88), (40, 88))
    p.polygon((40, 84, 160), (6, 92), (6, 66), (12, 46), (38, 46), (38, 92))
    p.polygon((36, 46, 60), (10, 64), (15, 50), (32, 50), (32, 64))
    p.polygon((50, 50, 54), (4, 88), (122, 88), (122, 98), (4, 98))
    p.polygon((250, 240, 196), (6, 80), (11, 80), (11, 86), (6, 86))
    for x in (22, 88, 108):
        p.wheel(x, 98, 11)
    return p.finished()


def horse():
    p = Picture([(0, (160, 190, 216)), (50, (206, 216, 212)),
                 (60, (110, 142, 70)), (128, (84, 118, 50))], seed=5)
    p.polygon((66, 92, 56), (0, 42), (36, 34), (80, 44), (128, 36),
              (128, 64), (0, 64))
    p.speckle(64, 128, 120, 4, [(104, 136, 62), (74, 106, 44)])
    p.soften(1.5)
    brown, dark = (112, 62, 34), (60, 32, 20)
    for x, lean in ((46, -3), (94, 3)):
        p.line(dark, 6, (x + 5, 78), (x + 5 + lean, 94), (x + 4, 112))
    p.ellipse(brown, 32, 50, 108, 86)
    for x, lean in ((40, -3), (100, 3)):
        p.line(brown, 8, (x, 74), (x + lean, 92), (x, 114))
        p.line(dark, 7, (x, 110), (x, 116))
    p.polygon(brown, (34, 72), (52, 52), (38, 22), (26, 24), (28, 44))
    p.polygon(brown, (40, 20), (30, 22), (10, 38), (12, 46), (20, 46),
              (32, 40))
    p.polygon(brown, (32, 24), (34, 13), (39, 22))
    p.polygon(dark, (38, 18), (46, 26), (58, 52), (50, 54), (36, 26))
    p.polygon(dark, (104, 58), (114, 66), (114, 92), (108, 92))
    p.ellipse((20, 12, 8), 24, 27, 28, 31)
    p.polygon((146, 88, 52), (44, 58), (96, 54), (88, 62), (52, 64))
    return p.finished()


def frog():
    p = Picture([(0, (112, 96, 66)), (128, (150, 130, 92))], seed=6)
    p.speckle(0, 128, 160, 5, [(96, 80, 54), (166, 146, 106), (126, 110, 74)])
    p.soften(1)
    p.ellipse((84, 70, 46), 12, 84, 118, 112)
    green, dark, light = (104, 132, 48), (66, 90, 32), (176, 182, 112)
    # Far legs, body, belly, near thigh and feet, head, eye.
    p.line(dark, 7, (44, 82), (38, 98), (26, 102))
    p.ellipse(green, 34, 46, 112, 102)
    p.polygon(green, (16, 64), (28, 46), (50, 40), (76, 50), (70, 86),
              (34, 82))
    p.polygon(light, (18, 68), (34, 72), (62, 74), (66, 92), (46, 90),
              (24, 78))
    p.ellipse(dark, 74, 64, 116, 104)
    p.ellipse(green, 77, 65, 114, 98)
    p.line(dark, 7, (110, 94), (84, 104), (66, 106))
    p.line(green, 8, (58, 80), (56, 98), (42, 106))
    p.line(dark, 2, (17, 66), (36, 69), (58, 66))
    p.ellipse(green, 34, 32, 54, 52)
    p.ellipse((200, 160, 50), 37, 35, 50, 48)
    p.ellipse((16, 16, 12), 39, 38, 48, 46)
    for x, y in ((66, 54), (80, 52), (92, 60), (72, 66), (86, 74), (98, 78)):
        p.ellipse(dark, x, y, x + 7, y + 5)
    return p.finished()


SAMPLES = {
    "airplane.png": airplane,
    "automobile.jpg": automobile,
    "ship.jpg": ship,
    "truck.png": truck,
    "horse.jpg": horse,
    "frog.png": frog,
}


def main():
    output = pathlib.Path(__file__).parent
    if len(sys.argv) > 1:
        output = pathlib.Path(sys.argv[1])
    output.mkdir(parents=True, exist_ok=True)
    for name, draw in SAMPLES.items():
        draw().save(output / name, quality=90)  # PNG takes no quality
        print(output / name)


if __name__ == "__main__":
    main()
