"""What the wheel of mzsr_basicsr is made of, and what it asks for.

`pip install` of it needs no compiler and no BasicSR; `python -m mzsr_basicsr.host.install` adds BasicSR, for training.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "mzsr_basicsr" / "__init__.py").read_text("utf-8"))[1]

EXPORT = [
    "onnx>=1.17",  # the format, its metadata and its checker
    "onnxruntime>=1.20",  # what was written is run before it gets its name
    "onnxscript>=0.2",  # what PyTorch writes ONNX by
]
GEO = ["rasterio>=1.4"]  # GeoTIFF with all that belongs to it, read and written in windows; brings GDAL
MEDICAL = [
    "nibabel>=5",  # NIfTI
    "pydicom>=3",  # DICOM: the first whose pixels are decoded, and written, frame by frame
    "pylibjpeg[openjpeg]>=2",  # decodes JPEG 2000 and its high-throughput kind for pydicom; BSD and MIT
    "python-gdcm>=3.0.10",  # decodes JPEG, lossless JPEG and JPEG-LS for pydicom; Apache-2.0, where others are GPL
]
WEB = [
    "fastapi",  # what Gradio is mounted on; it brings this and the two below, which we name as we import them
    "gradio>=6,<7",  # the page of `mzsr web`: its components, uploads and events
    "starlette",  # answers of the gate before it
    "uvicorn",  # serves it on a port that is taken before
]

RAY = ["ray>=2.40"]  # `--ray`: files and benchmarks spread over the hosts of a cluster; Apache-2.0

DOCS = [
    *GEO,  # the gallery's scene
    *MEDICAL,  # its scan
    "furo",  # the theme: two columns, dark and light, phones
    "myst-parser",  # pages in Markdown, as they are read on a code host
    "scikit-image",  # the gallery's photographs
    "sphinx>=8",
    "sphinx-copybutton",  # a button that copies a command
    "sphinx-design",  # the cards of the front page
    "sphinx-gallery",  # scripts that run, with their figures
]

setup(
    name="mzsr_basicsr",
    version=VERSION,
    description="Meta-transfer learning for zero-shot super-resolution (MZSR) as a plug-in for BasicSR",
    long_description=(HERE / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license_expression="MIT",
    license_files=["LICENSE"],
    keywords="super-resolution zero-shot meta-learning MZSR ZSSR BasicSR",
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.11",  # those that the test suite was run on
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Multimedia :: Graphics",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Topic :: Scientific/Engineering :: Image Processing",
        "Typing :: Typed",
    ],
    python_requires=">=3.10",
    package_dir={"": "."},  # an editable installation is a line in a .pth file then, and setuptools warns of nothing
    packages=find_packages(include=["mzsr_basicsr", "mzsr_basicsr.*"]),
    package_data={
        "mzsr_basicsr": ["py.typed"],
        "mzsr_basicsr.pages": ["*.j2", "*.css", "*.js"],
        "mzsr_basicsr.web": ["*.css", "*.js"],
        "mzsr_basicsr.weights": ["*.pth", "*.md", "SHA256SUMS"],
    },
    install_requires=[
        "av>=12,<19",  # clips: FFmpeg with its codecs in the wheel; 19 has no `metadata_errors` and no Fractions
        "imagecodecs",  # 16-bit PNG of any bands, and compressed TIFF
        "jinja2",  # the pages of `mzsr benchmark`, `mzsr inspect` and `mzsr tasks`
        "markupsafe",  # what those pages take as it is
        "matplotlib>=3.8",  # their plots
        "msgspec>=0.18",  # strict records of the option sections
        "numpy",
        "opencv-python",  # photographs read and written as BasicSR does; colour spaces
        "pillow>=10.1",  # image files with all that belongs to them; graphics to train on, in its own font of any size
        "pyyaml",  # option files
        "scikit-learn",  # k-means over the embedding of tasks
        "scipy>=1.15",  # .mat kernels written, the bootstrap, sizes for fast transforms, interpolation
        "shtab",  # the scripts of `mzsr completion`; 100 kB of pure Python
        "tifffile",  # TIFF of any depth and number of bands
        "torch>=2.4",
        "tqdm",  # progress bars with an ETA
    ],
    extras_require={
        # Training inside BasicSR. `python -m mzsr_basicsr.host.install` installs the same on any Python: pip alone
        # builds BasicSR 1.4.2 up to Python 3.12 only, and with a second torch unless told --no-build-isolation.
        "basicsr": [
            "basicsr>=1.4.2",  # the trainer this is a plug-in for; it brings its own tensorboard
            "setuptools",  # BasicSR imports distutils, which Python has from here since 3.12
            "torchvision",  # BasicSR imports it
        ],
        "bench": [  # what `make bench` compares with
            "higher==0.2.1",
            "torchopt>=0.7.3",  # the other library of differentiable optimizers that installs on a new Python
        ],
        "demo": ["scikit-image"],  # the photographs of `mzsr demo`, which trains and so needs BasicSR as well
        "dev": [
            *EXPORT,
            *DOCS,  # a test builds the site; the extras geo and medical are among it
            *WEB,
            "build",  # a test makes the sdist and the wheel
            "h5py",  # as the extra matlab
            "hypothesis",
            "ipykernel",  # what the notebook runs in
            "mypy==2.4.1",
            "nbclient",  # a test runs the notebook
            "playwright",  # a test opens the pages in a browser, if there is one
            "pytest>=8",
            *RAY,  # tests start a cluster of one host
            "ruff==0.17.5",
            "twine",  # a test has it check what was built
            "types-PyYAML",
            "types-tqdm",
        ],
        "docs": DOCS,  # `make docs`
        "export": EXPORT,  # ONNX in `mzsr export`
        "geo": GEO,  # scenes in `mzsr upscale`
        "medical": MEDICAL,  # DICOM and NIfTI in `mzsr upscale`
        "matlab": ["h5py"],  # kernels in files of MATLAB 7.3, which are HDF5
        "web": WEB,  # `mzsr web`
        "metrics": ["pyiqa"],  # LPIPS, DISTS, NIQE, … in `mzsr benchmark`
        "ray": RAY,  # `--ray` of `mzsr upscale` and `mzsr benchmark`
    },
    entry_points={"console_scripts": ["mzsr = mzsr_basicsr.cli.main:main"]},
)
