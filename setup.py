"""Install mzsr_basicsr. See the Makefile for an installation that never builds a second torch."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "mzsr_basicsr" / "__init__.py").read_text())[1]

setup(
    name="mzsr_basicsr",
    version=VERSION,
    description="Meta-transfer learning for zero-shot super-resolution (MZSR) as a plug-in for BasicSR",
    long_description=(HERE / "README.md").read_text(),
    long_description_content_type="text/markdown",
    license="MIT",
    python_requires=">=3.10,<3.13",
    packages=find_packages(include=["mzsr_basicsr", "mzsr_basicsr.*"]),
    package_data={
        "mzsr_basicsr.pages": ["*.j2", "*.css", "*.js"],
        "mzsr_basicsr.weights": ["*.pth", "*.md", "SHA256SUMS"],
    },
    install_requires=[
        "basicsr>=1.4.2",  # the trainer this is a plug-in for
        "av>=12",  # clips: FFmpeg with its codecs in the wheel
        "imagecodecs",  # 16-bit PNG of any bands, and compressed TIFF
        "jinja2",  # the pages of `mzsr benchmark` and `mzsr inspect`
        "matplotlib>=3.8",  # their plots
        "msgspec>=0.18",  # strict records of the option sections
        "numpy",
        "opencv-python",  # image files, as BasicSR reads and writes them
        "pillow>=10",  # image files with all that belongs to them
        "pyyaml",
        "scikit-image",  # the demo's photographs
        "scipy",  # .mat kernels
        "setuptools",  # BasicSR imports distutils, which Python 3.12 takes from here
        "torch>=2.4",
        "tifffile",  # TIFF of any depth and number of bands
        "torchvision",
        "tqdm",  # progress bars with an ETA
    ],
    extras_require={
        "dev": ["hypothesis", "playwright", "pytest>=8", "ruff==0.17.5", "mypy==2.4.1", "types-PyYAML", "types-tqdm"],
        "bench": ["higher==0.2.1"],
        "metrics": ["pyiqa"],  # LPIPS, DISTS, NIQE, … in `mzsr benchmark`
    },
    entry_points={"console_scripts": ["mzsr = mzsr_basicsr.cli.main:main"]},
)
