"""Sphinx's settings of the documentation site; `build.py` gathers its source."""

import sys
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))

from sphinx.ext.napoleon.docstring import GoogleDocstring  # noqa: E402

import mzsr_basicsr  # noqa: E402

warnings.filterwarnings("ignore", message=".*non-interactive.*")  # figures are saved, not shown

project = "mzsr_basicsr"
author = "the authors of mzsr_basicsr"
copyright = "the authors of mzsr_basicsr; MIT licence"  # noqa: A001  Sphinx's name
version = release = mzsr_basicsr.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
exclude_patterns = ["gallery/README.rst"]
suppress_warnings = ["myst.header", "config.cache"]  # a card begins at any level; settings below are functions

html_theme = "furo"
html_title = "mzsr_basicsr"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}
pygments_style = "friendly"
pygments_dark_style = "monokai"
highlight_language = "none"  # what stands in fences without a language is a command line or its output

# a property's first line may have a colon; what stands before it is no type
GoogleDocstring._parse_attribute_docstring = lambda self: self._dedent(self._consume_to_end())

default_role = "code"  # docstrings write `names` as Markdown does
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
autodoc_use_type_comments = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True  # attributes are told in their class, not once more by themselves
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other packages, whose pages cannot be fetched

sphinx_gallery_conf = {
    "examples_dirs": [str(ROOT / "docs" / "gallery")],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"/\w+\.py$",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "capture_repr": (),
    "show_memory": False,
    "show_signature": False,
    "abort_on_example_error": True,
    "remove_config_comments": True,
    "image_scrapers": ("matplotlib",),
    "min_reported_time": 0,
    "write_computation_times": False,
    "thumbnail_size": (400, 280),
}
