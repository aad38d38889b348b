"""BasicSR's texts are UTF-8 in any locale: option files that it reads, and logs that it writes."""

import json
import os
import subprocess
import sys

from helpers.trainings import environment

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}  # a locale that knows no other letter
SCRIPT = """
import json, locale, logging, sys
import mzsr_basicsr
mzsr_basicsr.PLUGIN
import basicsr.utils.options
from basicsr.utils.logger import get_root_logger

assert locale.getpreferredencoding(False) in ("ANSI_X3.4-1968", "US-ASCII", "646")
logging.raiseExceptions = True
get_root_logger(log_file="run.log").info("photo h\\udce9.png: \\u03bb 2.0")
with basicsr.utils.options.open("options.yml", mode="r") as stream:  # as `parse_options` does
    print(json.dumps(stream.read()))
"""


def test_option_files_and_logs_in_a_locale_of_ascii(tmp_path):
    (tmp_path / "options.yml").write_text("name: λ 2.0", encoding="utf-8")
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT]
    run = subprocess.run(command, cwd=tmp_path, env={**environment(), **ASCII}, capture_output=True, timeout=100)
    assert run.returncode == 0 and b"Logging error" not in run.stderr, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == "name: λ 2.0"
    log = (tmp_path / "run.log").read_bytes().decode("utf-8")
    assert log.rstrip(os.linesep).endswith("photo h\\udce9.png: λ 2.0")
