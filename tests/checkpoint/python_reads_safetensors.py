"""Python's safetensors reads what write_every_type wrote."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors import deserialize, safe_open

NUMPY_TYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32, "I16": np.int16,
    "I8": np.int8, "U8": np.uint8, "BOOL": np.bool_,
}


def decode(tensor):
    if tensor["dtype"] == "BF16":  # the upper half of a float32; NumPy has no such type
        values = (np.frombuffer(tensor["data"], np.uint16).astype(np.uint32) << 16).view(np.float32)
    else:
        values = np.frombuffer(tensor["data"], NUMPY_TYPES[tensor["dtype"]])
    return values.reshape(tensor["shape"])


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "every_type.safetensors"
    subprocess.run([sys.argv[1], path], check=True)
    with safe_open(path, framework="numpy") as file:
        assert file.metadata() == {"format": "pt"}, file.metadata()
        keys = set(file.keys())
    tensors = dict(deserialize(path.read_bytes()))

assert keys == set(tensors)
for name in [*NUMPY_TYPES, "BF16"]:
    assert tensors[name]["dtype"] == name, name
    if name != "BOOL":
        np.testing.assert_array_equal(decode(tensors[name]), np.arange(12).reshape(3, 4))
np.testing.assert_array_equal(decode(tensors["BOOL"]), [True, False, True])
np.testing.assert_array_equal(decode(tensors["transposed"]), np.arange(6).reshape(2, 3).T)
assert tensors["empty"]["shape"] == [0, 5]
assert tensors["scalar"]["shape"] == [] and decode(tensors["scalar"]) == 2.5
assert decode(tensors['name with "quotes" and größe']).tolist() == [1]
assert len(tensors) == 14, sorted(tensors)
