"""Makes script_model.pt with PyTorch (2.11): a TorchScript model whose weights follow from formulas."""

import pathlib

import torch


class Mlp(torch.nn.Module):
    """x [rows, 3] → tanh(x · Wᵀ) · Vᵀ · scale, with W[i, j] = sin(1 + 3 i + j) [4, 3] and V[i, j] = cos(1 + 4 i + j) [2, 4]."""

    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.sin(torch.arange(1.0, 13.0)).view(4, 3))
        self.v = torch.nn.Parameter(torch.cos(torch.arange(1.0, 9.0)).view(2, 4))
        self.calls = 0

    def forward(self, x, scale: float):
        if x.size(1) != 3:
            raise ValueError("three numbers are needed")
        return torch.tanh(x @ self.w.t()) @ self.v.t() * scale

    @torch.jit.export
    def both(self, x):
        """Keeps a state: how often it was called."""
        self.calls += 1
        return {"hidden": torch.tanh(x @ self.w.t()), "calls": torch.full([x.size(0)], self.calls)}


if __name__ == "__main__":
    torch.jit.script(Mlp()).save(pathlib.Path(__file__).with_name("script_model.pt"))
