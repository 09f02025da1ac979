"""Images decoded and transformed, beside webdataset and torchvision."""

import json
import statistics
import sys
import tempfile

from subjects.measuring import BUILD, HERE, print_table, run


def images(options):
    """Images decoded and transformed a second by two threads, beside webdataset and torchvision with two workers."""
    if not options.peer_python:
        sys.exit("images: --peer-python is needed, whose Pillow makes the images")
    ours, peers, stages = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        run([options.peer_python, HERE / "peers/make_jpegs.py", folder, 2000])
        for _ in range(options.repeats):
            figures = json.loads(run([BUILD / "benchmarks/images", folder])[0])
            stages.append(figures["microseconds"])
            ours.append({"images/s": figures["images_per_second"]})
            peer = run([options.peer_python, HERE / "peers/images.py", folder])[0]
            peers.append({"images/s": json.loads(peer.splitlines()[-1])["images_per_second"]})
    print_table("JPEG 500 × 375 to random crops of 224, beside torchvision's decoder", ours, peers)
    for stage in stages[0]:
        print(f"  {stage:<26} {statistics.median(figures[stage] for figures in stages):8.1f} µs an image, one thread")
