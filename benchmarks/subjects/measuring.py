"""Running programs, and tables of what they say: what all subjects have in common."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("ECHELON_PREFIX", HERE.parent)) / "build"
RANKS = 2
ENVIRONMENT = {
    **os.environ, "OMP_NUM_THREADS": "1",
    **({"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"} if os.geteuid() == 0 else {}),
}
# Around a rank: its peak resident memory, in a file of its own.
MEMORY_WRAPPER = """
import os, resource, subprocess, sys
code = subprocess.call(sys.argv[2:])
with open(f"{sys.argv[1]}/memory.{os.getpid()}", "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024))
sys.exit(code)
"""


def run(command):
    """Runs a command to its end; returns its output and when it was started."""
    started = time.time()
    finished = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=ENVIRONMENT, cwd=HERE, timeout=900)
    if finished.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{finished.stdout}{finished.stderr}")
    return finished.stdout, started


def figures_of(command):
    """What a program prints as one JSON object on its last line, and when it was started."""
    output, started = run(command)
    return {**json.loads(output.splitlines()[-1]), "started_at": started}


def print_table(title, ours, peers, keys=None):
    print(f"\n{title}: median (smallest to largest) of {len(ours)} runs in turn")
    for key in keys or ours[0]:
        mine, theirs = [run[key] for run in ours], [run[key] for run in peers]
        row = f"  {key:<26} echelon {statistics.median(mine):10.2f} ({min(mine):.2f} to {max(mine):.2f})"
        if theirs:
            ratio = statistics.median(mine) / statistics.median(theirs)
            row += f"   peer {statistics.median(theirs):10.2f} ({min(theirs):.2f} to {max(theirs):.2f})   ratio {ratio:.3f}"
            row += f" (1/{1 / ratio:.1f})" if ratio < 1 else ""
        print(row)
