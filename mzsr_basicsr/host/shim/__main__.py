"""Print the folder to put on PYTHONPATH: `PYTHONPATH=$(python -m mzsr_basicsr.host.shim):. python …`."""

from pathlib import Path

if __name__ == "__main__":
    print(Path(__file__).parent)
