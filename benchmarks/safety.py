"""Is careful adaptation safe: the gain that the held-out part predicts, against the gain that the HR image tells.

    python benchmarks/safety.py PHOTOS/city PHOTOS/text BENCHMARKS/Set14/GT -o safety --pairs 300
    python benchmarks/safety.py … -o told_wrongly --told 1.3          # variances of the kernel, told over true
    python benchmarks/safety.py … -o estimated --estimated            # kernels estimated by KernelNet

Each pair is a crop of a photograph and a kernel of the paper; folders take turns, kernels too. Careful adaptation,
as `mzsr upscale` makes it, meets the LR image; every network on its way can be asked what it would have been worth.
OUT/pairs.jsonl keeps what is done, so that the same command goes on where it was stopped, and one with more pairs adds
to it; then come the tables and OUT/safety.png.
"""

import argparse
import hashlib
import json
import random
from itertools import chain, zip_longest
from pathlib import Path

from tqdm import tqdm

from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.degradation.names import TEST_KERNELS
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.pages import write_whole
from mzsr_basicsr.weights import check_is_there, locate

Pair = tuple[str, str, str]  # folder's name, path of the photograph, name of the kernel
BAR = {"desc": "safety", "unit": "pair", "smoothing": 0}  # its time left goes by the mean of all pairs
FILE, SETTINGS = "pairs.jsonl", "settings.json"
DECIDE = ("weights", "signal", "rule", "updates", "told", "estimated", "crop", "seed")  # what all rows have in common


def parser() -> argparse.ArgumentParser:
    """Make the command line."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("photos", nargs="+", help="folders of HR images; each is a line of the tables")
    made.add_argument("-o", "--output", type=Path, required=True, help="folder of results")
    made.add_argument("--pairs", type=int, default=300, help="default: %(default)s")
    names = [name for name, kernel in TEST_KERNELS.items() if kernel.scale == 2]
    made.add_argument(
        "--kernels", nargs="+", default=names, choices=names, help="(default: all), at the weights' scale"
    )
    made.add_argument("--weights", default="shipped:mzsr_x2", help="file or shipped:NAME (default: %(default)s)")
    made.add_argument("--signal", help="to learn from: son, scale, mixed (default: the weights' own)")
    made.add_argument(
        "--rule", help="of steps: gradient, orthogonal (default: the weights' own, or what suits --signal)"
    )
    made.add_argument("--updates", type=int, default=10, help="default: %(default)s")
    wrong = made.add_mutually_exclusive_group()
    wrong.add_argument("--told", type=float, default=1.0, help="factor of the told kernel's variances (default: 1)")
    wrong.add_argument("--estimated", action="store_true", help="tell the kernel that KernelNet estimates")
    made.add_argument("--crop", type=int, default=256, help="side of the HR crops, px (default: %(default)s)")
    made.add_argument("--seed", type=int, default=0, help="of crops, order and adaptation (default: 0)")
    made.add_argument("--extra", action="store_true", help="keep the curves of both losses in each row, too")
    made.add_argument("--threshold", type=float, default=0.0, help="dB, predicted; drawn as boundary (default: 0)")
    made.add_argument("--device", default="cpu", choices=("auto", "cpu", "cuda"), help="default: %(default)s")
    return made


def main(given: list[str] | None = None) -> None:
    """Measure what is missing, then print the tables and draw the picture."""
    arguments = parser().parse_args(given)
    if min(arguments.pairs, arguments.updates, arguments.crop) < 1 or arguments.told <= 0:
        raise SystemExit("error: --pairs, --updates, --crop and --told must be above 0")
    try:
        study(arguments)
    except MZSRError as error:
        raise SystemExit(f"error: {error}") from None


def study(arguments: argparse.Namespace) -> None:
    """See `main`."""
    wanted = draw_pairs(named_folders(arguments.photos), arguments.kernels, arguments.seed)[: arguments.pairs]
    file, own = arguments.output / FILE, decisive(arguments)
    check_folder(arguments.output, own)
    done = read_rows(file)
    missing = [pair for pair in wanted if pair not in done]
    if missing:
        from safety_pair import Examiner

        examiner = Examiner(arguments)
        arguments.output.mkdir(parents=True, exist_ok=True)
        write_whole(json.dumps(own), arguments.output / SETTINGS)
        with file.open("a") as stream, tqdm(**BAR, total=len(wanted), initial=len(wanted) - len(missing)) as bar:
            for pair in missing:
                stream.write(json.dumps(examiner.examine(*pair)) + "\n")
                stream.flush()
                bar.update()
    from safety_report import draw, tables

    done = read_rows(file)
    rows = [done[pair] for pair in wanted]
    text = tables(rows)
    write_whole(text, arguments.output / "safety.md")
    draw(rows, arguments.output / "safety.png", arguments.threshold)
    print(text)


def named_folders(paths: list[str]) -> dict[str, list[str]]:
    """List the photographs of folders by the folders' names; a folder GT has that of its parent."""
    found: dict[str, list[str]] = {}
    for text in paths:
        path = Path(text).resolve()
        name = path.parent.name if path.name == "GT" else path.name
        if name in found:
            raise SystemExit(f"error: two folders are called {name}; rename one of them")
        found[name] = list_photographs(str(path), "photos")
    return found


def draw_pairs(folders: dict[str, list[str]], kernels: list[str], seed: int) -> list[Pair]:
    """Order all pairs, so that the first ones, however many, are spread over folders, photographs and kernels."""
    columns = []
    for name, paths in folders.items():
        photographs = sorted(paths)
        random.Random(f"{seed} {name}").shuffle(photographs)
        turns = range(len(kernels))
        columns.append(
            [(name, p, kernels[(i + turn) % len(kernels)]) for turn in turns for i, p in enumerate(photographs)]
        )
    return [pair for pair in chain.from_iterable(zip_longest(*columns)) if pair is not None]


def decisive(arguments: argparse.Namespace) -> dict:
    """Gather what all rows of a folder have in common; of the weights, their content."""
    own = {name: getattr(arguments, name) for name in DECIDE}
    file = Path(locate(arguments.weights))
    check_is_there(file, "weights file")
    return own | {"weights": hashlib.sha256(file.read_bytes()).hexdigest()}


def check_folder(output: Path, own: dict) -> None:
    """Refuse a folder whose rows were made with other settings."""
    file = output / SETTINGS
    known = json.loads(file.read_text()) if file.is_file() else own
    unlike = [name for name in DECIDE if known.get(name) != own[name]]
    if unlike:
        raise SystemExit(f"error: {output} holds a study with other {', '.join(unlike)}; give another -o")


def read_rows(file: Path) -> dict[Pair, dict]:
    """Read what is done."""
    return {(row["folder"], row["path"], row["kernel"]): row for row in read_lines(file)}


def read_lines(file: Path) -> list[dict]:
    """Read a file of one JSON object a line, where there is one; a last line that was cut off is removed."""
    if not file.is_file():
        return []
    text = file.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        write_whole(whole, file)
    return [json.loads(line) for line in whole.splitlines()]


if __name__ == "__main__":
    main()
