"""Writes optimizers.safetensors: ten steps of torch.optim's optimizers, its schedules, and gradient clipping.

Run: python tests/golden/optimizers.py      (needs torch and safetensors)
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.optim import lr_scheduler

STEPS = 10
CASES = {  # name -> how to make it; the weight decays, the bias does not
    "sgd": lambda p, wd: torch.optim.SGD(p, lr=0.1, weight_decay=wd),
    "sgd_momentum": lambda p, wd: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=wd),
    "sgd_nesterov": lambda p, wd: torch.optim.SGD(p, lr=0.1, momentum=0.8, nesterov=True, weight_decay=wd),
    "adam": lambda p, wd: torch.optim.Adam(p, lr=0.01, betas=(0.9, 0.99), eps=1e-7, weight_decay=wd, foreach=False),
    "adamw": lambda p, wd: torch.optim.AdamW(p, lr=0.01, betas=(0.9, 0.99), eps=1e-7, weight_decay=wd, foreach=False),
}
WEIGHT_DECAY = 0.1

torch.manual_seed(0)
out = {
    "initial.weight": torch.randn(5, 7, dtype=torch.float64),
    "initial.bias": torch.randn(7, dtype=torch.float64),
    "gradient.weight": torch.randn(STEPS, 5, 7, dtype=torch.float64),
    "gradient.bias": torch.randn(STEPS, 7, dtype=torch.float64),
}


def run_optimizer(make, dtype):
    weight = out["initial.weight"].to(dtype).clone().requires_grad_()
    bias = out["initial.bias"].to(dtype).clone().requires_grad_()
    optimizer = make([{"params": [weight]}, {"params": [bias], "weight_decay": 0.0}], WEIGHT_DECAY)
    peak = optimizer.param_groups[0]["lr"]
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = peak * (1 - 0.05 * step)
        weight.grad = out["gradient.weight"][step].to(dtype)
        bias.grad = out["gradient.bias"][step].to(dtype)
        optimizer.step()
    return weight.detach(), bias.detach()


for case, make in CASES.items():
    for dtype, label in ((torch.float32, "f32"), (torch.float64, "f64")):
        out[f"{case}.{label}.weight"], out[f"{case}.{label}.bias"] = run_optimizer(make, dtype)


def run_schedule(make, steps):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.2)
    schedule = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return torch.tensor(rates, dtype=torch.float64)


def after_warmup(make, warmup=10):
    def build(optimizer):
        ramp = lr_scheduler.LinearLR(optimizer, start_factor=1 / warmup, total_iters=warmup - 1)
        return lr_scheduler.SequentialLR(optimizer, [ramp, make(optimizer)], milestones=[warmup])
    return build


# 100 steps, the first 10 of them warm-up where there is one; the end at a tenth of the peak.
out["schedule.constant"] = run_schedule(after_warmup(lambda o: lr_scheduler.ConstantLR(o, factor=1, total_iters=0)), 100)
out["schedule.linear"] = run_schedule(after_warmup(lambda o: lr_scheduler.LinearLR(o, 1.0, 0.1, total_iters=90)), 100)
out["schedule.cosine"] = run_schedule(after_warmup(lambda o: lr_scheduler.CosineAnnealingLR(o, 90, eta_min=0.02)), 100)
out["schedule.step"] = run_schedule(lambda o: lr_scheduler.StepLR(o, 30, gamma=0.1), 100)
out["schedule.milestones"] = run_schedule(lambda o: lr_scheduler.MultiStepLR(o, [30, 60, 80], gamma=0.5), 100)

gradients = [torch.zeros(5, 7, dtype=torch.float64, requires_grad=True), torch.zeros(7, dtype=torch.float64, requires_grad=True)]
gradients[0].grad = out["gradient.weight"][0].clone()
gradients[1].grad = out["gradient.bias"][0].clone()
out["clip.norm"] = torch.nn.utils.clip_grad_norm_(gradients, 0.5)
out["clip.weight"] = gradients[0].grad
out["clip.bias"] = gradients[1].grad

save_file({name: tensor.contiguous() for name, tensor in out.items()}, Path(__file__).with_suffix(".safetensors"))
