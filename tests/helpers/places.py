"""Where things lie: the project, and the benchmark photographs, if they are there."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mzsr_basicsr"
OPTIONS = ROOT / "options"
BENCHMARK = Path(os.environ.get("MZSR_BENCHMARK") or ROOT.parent / "shared" / "data" / "benchmark")
