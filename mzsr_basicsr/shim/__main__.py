"""Print the folder to put on PYTHONPATH: `PYTHONPATH=$(python -m mzsr_basicsr.shim):. python basicsr/train.py …`."""

from pathlib import Path

if __name__ == "__main__":
    print(Path(__file__).parent)
