"""
Compare methods
===============

``mzsr benchmark`` sets methods beside each other: the same images, the same metric, times, tables and a page to look
through. This page compares three on two small photographs.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import skimage.data
import skimage.io

folder = Path(tempfile.mkdtemp())
(folder / "photos").mkdir()
skimage.io.imsave(folder / "photos" / "chelsea.png", skimage.data.chelsea()[60:188, 120:248])
skimage.io.imsave(folder / "photos" / "coffee.png", skimage.data.coffee()[100:228, 180:308])

# %%
# An option file names images, kernels and methods.

OPTIONS = """
name: small
output: out
datasets: {photos: photos}
kernels: [g2.0d]
methods:
  bicubic: {}
  edsr:
    type: network
    weights: shipped:edsr_bicubic_x2
  mzsr:
    zero_shot: {updates: [0, 1, 10], rates: learned, quantize_son: true}
device: cpu
"""
(folder / "small.yml").write_text(OPTIONS, encoding="utf-8")

# %%
# On the command line this is ``mzsr benchmark -opt small.yml``.

command = [sys.executable, "-m", "mzsr_basicsr.cli.main", "benchmark", "-opt", "small.yml"]
places = os.pathsep.join(place for place in sys.path if place)
environment = {**os.environ, "PYTHONPATH": places, "OMP_NUM_THREADS": "1"}
done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
assert done.returncode == 0, done.stderr
print((folder / "out" / "small" / "table.md").read_text(encoding="utf-8").split("\n\n")[1])

# %%
# The folder holds ``index.html``, tables for papers, all SR images, and plots. Quality against time:

(plot,) = (folder / "out" / "small").rglob("psnr_against_seconds*.png")
plt.figure(figsize=(6, 5), layout="constrained")
plt.imshow(plt.imread(plot))
plt.axis("off")
