"""Writes safetensors_file.safetensors with Python's safetensors: every type, an empty and a scalar tensor, metadata.

Run: python tests/golden/safetensors_file.py      (needs torch and safetensors)
"""

from pathlib import Path

import torch
from safetensors.torch import save_file

TYPES = {
    "f64": torch.float64, "f32": torch.float32, "f16": torch.float16, "bf16": torch.bfloat16, "i64": torch.int64,
    "i32": torch.int32, "i16": torch.int16, "i8": torch.int8, "u8": torch.uint8,
}

# Values 0, 1, … 11: exact in every type.
tensors = {name: torch.arange(12, dtype=dtype).reshape(3, 4) for name, dtype in TYPES.items()}
tensors["bool"] = torch.tensor([True, False, True])
tensors["scalar"] = torch.tensor(2.5)
tensors["empty"] = torch.empty(0, 5)
save_file(tensors, Path(__file__).with_suffix(".safetensors"), metadata={"format": "pt", "note": "größer"})
