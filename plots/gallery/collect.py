"""Puts the figures, tables and pages of an output folder into the gallery, small enough for a repository:
python plots/gallery/collect.py DIR [GALLERY]

PNGs get a palette of few colours, those within pages and their figures too; the index shows those beside the pages. Tables of more than
40 kB are compressed, in four digits (pandas reads them as they are). What the gallery held before of these experiments goes. Left out are
the cells, with their weights and units, the tables by layer, any other table that is still large, the SVGs, which the pages hold, and the
figures of the claims, which stand there as a table.
"""

import base64
import gzip
import io
import lzma
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image  # matplotlib needs it

HERE = Path(__file__).parent
LARGE, LARGEST = 40_000, 150_000  # bytes of a table that is compressed, and of a compressed one that is left out
COLORS, DIGITS = (24, 48, 96, 192), 4
SHARE, SEEN = 98, 20  # per cent of an image's values, and by how much of 255 these may be off
BY_LAYER = ("layers.csv", "control_layers.csv")
DRAWING = re.compile(r'(<script type="application/gzip" id="data-[^"]*">)([^<]*)(?=</script>)')
PICTURE = re.compile(r'(?<="data:image/png;base64,)[^"]*')
CLAIMS = "claims_*.png"
OF_CLAIMS = re.compile(r'<noscript><img src="claims_[^>]*></noscript>| <a href="claims_[^"]*\.png" download>.*?</a>')
SVG_FILE = re.compile(r'href="[^"]*\.svg" download data-save="([^"]*)"')


def main(words):
    if len(words) not in (1, 2) or not list(Path(words[0]).glob("exp_*/report.html")):
        print(f"{Path(__file__).name}: error: name the folder that the scripts' --out named, with their pages in it", file=sys.stderr)
        return 2
    out, gallery = Path(words[0]), Path(words[1]) if len(words) == 2 else HERE
    for page in sorted(out.glob("exp_*/report.html")):
        collect(page.parent, gallery / page.parent.name)
    index = (out / "index.html").read_text(encoding="utf-8")
    for figure in out.glob("exp_*/*.png"):
        index = index.replace(f"data:image/png;base64,{_base64(figure.read_bytes())}", f"{figure.parent.name}/{figure.name}")
    (gallery / "index.html").write_text(index, encoding="utf-8")
    total = sum(path.stat().st_size for path in gallery.rglob("*") if path.is_file())
    print(f"{gallery}: {total / 1e6:.1f} MB")
    return 0


def collect(folder, gallery):
    """Replace what the gallery has of an experiment by what its folder holds."""
    shutil.rmtree(gallery, ignore_errors=True)
    gallery.mkdir(parents=True)
    page = (folder / "report.html").read_text(encoding="utf-8")
    page = SVG_FILE.sub(r'href="#figure-\1" data-save="\1"', OF_CLAIMS.sub("", DRAWING.sub(_smaller, page)))
    (gallery / "report.html").write_text(page, encoding="utf-8")
    for figure in set(folder.glob("*.png")) - set(folder.glob(CLAIMS)):
        (gallery / figure.name).write_bytes(with_palette(figure.read_bytes()))
    for document in folder.glob("*.md"):
        shutil.copyfile(document, gallery / document.name)
    for table in sorted(set(folder.glob("*.csv")) - {folder / name for name in BY_LAYER}):
        if table.stat().st_size <= LARGE:
            shutil.copyfile(table, gallery / table.name)
            continue
        packed = lzma.compress(pd.read_csv(table).to_csv(index=False, float_format=f"%.{DIGITS}g").encode())
        if len(packed) <= LARGEST:
            (gallery / f"{table.name}.xz").write_bytes(packed)


def _smaller(match):
    """A packed drawing of a page, whose pictures have a palette."""
    text = gzip.decompress(base64.b64decode(match[2])).decode()
    text = PICTURE.sub(lambda picture: _base64(with_palette(base64.b64decode(picture[0]))), text)
    return match[1] + _base64(gzip.compress(text.encode(), 9, mtime=0))


def _base64(content):
    return base64.b64encode(content).decode()


def with_palette(png):
    """The PNG in few colours of its own, without dithering, which would blur text; in more where these would be seen, as on a heatmap. The
    same size in pixels."""
    image = Image.open(io.BytesIO(png))
    # Lines over nothing, in a drawing: the method that keeps what is transparent.
    clear = image.mode == "RGBA" and image.getextrema()[3][0] < 255
    image = image if clear else image.convert("RGB")
    settings = {"method": Image.Quantize.FASTOCTREE} if clear else {"kmeans": 2}
    for colors in COLORS:
        few = image.quantize(colors, dither=Image.Dither.NONE, **settings)
        if clear or np.percentile(np.ptp([np.asarray(one.convert("RGB"), np.int16) for one in (image, few)], axis=0), SHARE) <= SEEN:
            break
    content = io.BytesIO()
    few.save(content, "png", optimize=True)
    return min(png, content.getvalue(), key=len)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
