"""Reads the #includes and proves the layers: a module includes only modules on lower lines, and only one place sees each of
the headers of MPI, NCCL, CUDA, Arrow and yaml-cpp."""

import os
import pathlib
import re
import unittest

SOURCE = pathlib.Path(os.environ["ECHELON_SOURCE_DIR"])
LAYERS = ["common", "config", "comm cuda image storage tokenizer", "table work", "data nn optim schedule metrics", "models", "parallel checkpoint generate", "train prepare", "plan inspect predict", "bench", "cli"]
LEVEL = {module: level for level, line in enumerate(LAYERS) for module in line.split()}
# The CUDA module is built after the rest, as a library of its own: its NCCL communicator belongs to comm and its decoder to
# image, and its entry (cuda/backend) hands them out.
ALLOWED = {("cuda/backend", "comm"), ("comm/nccl", "cuda"), ("cuda/backend", "image"), ("image/gpu", "cuda")}
ONLY_IN = {
    r"mpi\.h": ["csrc/comm/mpi", "tests"],
    r"nccl\.h": ["csrc/comm/nccl", "csrc/cuda/backend", "tests/cuda"],
    r"(cuda_runtime|c10/cuda/|ATen/cuda/).*": ["csrc/comm/nccl", "csrc/cuda/backend", "csrc/image/gpu", "tests/cuda"],
    r"nvjpeg\.h": ["csrc/image/gpu"],
    r"(arrow|parquet)/.*": ["csrc/table/arrow"],
    r"yaml-cpp/.*": ["csrc/config"],
    r"torch/torch\.h": [],
}


def sources():
    for root in ("csrc", "models", "tests"):
        for path in sorted((SOURCE / root).rglob("*")):
            if path.suffix in (".h", ".cpp", ".cu"):
                yield path.relative_to(SOURCE), path.read_text()


def module_of(path):
    return "models" if path.parts[0] == "models" else path.parts[1]


class LayeringTest(unittest.TestCase):
    def test_includes_go_down(self):
        seen = 0
        for path, text in sources():
            if path.parts[0] == "tests" or len(path.parts) < 2 or (path.parts[0] == "csrc" and len(path.parts) < 3):
                continue
            module = module_of(path)
            for included in re.findall(r'#include "(\w+)/', text):
                if included == module or included not in LEVEL:
                    continue
                if any(str(path).startswith(f"csrc/{place}") and included == to for place, to in ALLOWED):
                    continue
                seen += 1
                self.assertLess(LEVEL[included], LEVEL[module], f"{path} includes {included}/")
        self.assertGreater(seen, 50)

    def test_foreign_headers_stay_in_their_place(self):
        for path, text in sources():
            for header, places in ONLY_IN.items():
                if re.search(rf"#include [<\"]{header}[>\"]", text):
                    self.assertTrue(any(str(path).startswith(place) for place in places), f"{path} includes {header}")


if __name__ == "__main__":
    unittest.main()
