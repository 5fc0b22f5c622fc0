"""Puts the figures, tables and pages of an output folder into the gallery, small enough for a repository:
python plots/gallery/collect.py DIR [GALLERY]

PNGs get a palette of 40 colours, and pages show those instead of their own; tables of more than 100 kB are compressed, in four digits
(pandas reads them as they are). What the gallery held before of these experiments goes. Cells, with their weights and units, are left
out, and so are the SVGs and layers.csv, the largest of all tables.
"""

import base64
import io
import lzma
import shutil
import sys
from pathlib import Path

import pandas as pd
from PIL import Image  # matplotlib needs it

HERE = Path(__file__).parent
LARGE = 100_000  # bytes
COLORS, DIGITS = 40, 4
LEFT_OUT = "layers.csv"


def main(words):
    if len(words) not in (1, 2) or not list(Path(words[0]).glob("exp_*/report.html")):
        print(f"{Path(__file__).name}: error: name the folder that the scripts' --out named, with their pages in it", file=sys.stderr)
        return 2
    out, gallery = Path(words[0]), Path(words[1]) if len(words) == 2 else HERE
    for page in sorted(out.glob("exp_*/report.html")):
        collect(page.parent, gallery / page.parent.name)
    shutil.copyfile(out / "index.html", gallery / "index.html")
    total = sum(path.stat().st_size for path in gallery.rglob("*") if path.is_file())
    print(f"{gallery}: {total / 1e6:.1f} MB")
    return 0


def collect(folder, gallery):
    """Replace what the gallery has of an experiment by what its folder holds."""
    shutil.rmtree(gallery, ignore_errors=True)
    gallery.mkdir(parents=True)
    page = (folder / "report.html").read_text(encoding="utf-8")
    for figure in sorted(folder.glob("*.png")):
        before = figure.read_bytes()
        after = with_palette(before)
        (gallery / figure.name).write_bytes(after)
        page = page.replace(f"data:image/png;base64,{base64.b64encode(before).decode()}", figure.name)
    (gallery / "report.html").write_text(page, encoding="utf-8")
    for document in folder.glob("*.md"):
        shutil.copyfile(document, gallery / document.name)
    for table in sorted(set(folder.glob("*.csv")) - {folder / LEFT_OUT}):
        if table.stat().st_size > LARGE:
            short = pd.read_csv(table).to_csv(index=False, float_format=f"%.{DIGITS}g")
            (gallery / f"{table.name}.xz").write_bytes(lzma.compress(short.encode()))
        else:
            shutil.copyfile(table, gallery / table.name)


def with_palette(png):
    """The PNG in a few colours of its own, without dithering, which would blur text; the same size in pixels."""
    image = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLORS, kmeans=2, dither=Image.Dither.NONE)
    content = io.BytesIO()
    image.save(content, "png", optimize=True)
    return min(png, content.getvalue(), key=len)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
