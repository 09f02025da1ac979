"""Makes samples.parquet beside it with pyarrow 23.0.1 and Pillow 13.0: 61 rows with an image, a class, a text and columns
of a table, in row groups of seven."""

import io
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

ROWS = 61


def image(i):
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((9, 7)).rotate(i).save(buffer, format="png")
    return {"bytes": buffer.getvalue(), "path": f"{i}.png"}


def main():
    rows = range(ROWS)
    table = pa.table({
        "image": [image(i) for i in rows],
        "label": pa.array([i % 3 for i in rows], pa.int64()),
        "text": [f"{i}: " + "abcdefgh"[i % 8] * (i % 40) for i in rows],
        "x": pa.array([i * i / 7 for i in rows], pa.float64()),
        "kind": [f"kind {i % 4}" for i in rows],
    })
    pq.write_table(table, pathlib.Path(__file__).parent / "samples.parquet", row_group_size=7, compression="zstd")


if __name__ == "__main__":
    main()
