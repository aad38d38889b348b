"""Which meta-learner is best: all of them from one weights file, with the same tasks and the same seconds.

    python benchmarks/learners.py PHOTOS BENCHMARKS --domains DOMAINS --seconds 600 --seeds 3 -o learners
    python benchmarks/learners.py … --learners maml lslr lslr+orthogonal --signals scale    # with another rule

Every learner of `mzsr_basicsr.meta.LEARNERS` is meta-trained by `options/mzsr_x2.yml` with internal tasks, and gets the
same CPU seconds of one thread: an iteration of each is timed first, and the cosine ends where the seconds do. Then it
is measured before and after updates, with each file's own manner, rates and learner: on Set14 with kernels of the
training's law, with the same kernels told with variances 30 % too wide or too narrow, and on each folder of DOMAINS
with g_2.0^d and g_0.2^d. Beside them stand the weights as they are, adapted in their own manner. BENCHMARKS holds
Set14/GT. OUT/learners.jsonl keeps what is done, so that the same command goes on where it was stopped, and one with
more learners, seeds or images adds to it; the tables are OUT/learners.md.
"""

import argparse
import hashlib
import json
from pathlib import Path

import torch
from learners_arms import CROP, SHARES, cost, inner_rate, split, trained, weights_of
from learners_report import report
from learners_rows import Image, measure, plan
from learners_study import AS_IT_IS, CAREFUL, PLAIN, Job, Ledger, Study, image_key
from tqdm import tqdm

from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.data.folders import list_photographs
from mzsr_basicsr.errors import ConfigError, MZSRError
from mzsr_basicsr.meta import LEARNERS, RULES
from mzsr_basicsr.options.strict import check_name
from mzsr_basicsr.pages import write_whole
from mzsr_basicsr.signals import SIGNALS, SignalSettings
from mzsr_basicsr.weights import locate
from mzsr_basicsr.weights.pretrained import Pretrained, load_pretrained
from mzsr_basicsr.weights.task_embedding import SHIPPED

FILE, SETTINGS = "learners.jsonl", "settings.json"
DECIDE = ("embedding", "seconds", "rate", "patch", "crop", "careful")  # what all results of a folder have in common


def parser() -> argparse.ArgumentParser:
    """Make the command line."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = made.add_argument
    add("photos", help="folder of training photographs")
    add("benchmarks", type=Path, help="folder that holds Set14/GT")
    add("--domains", type=Path, help="folder of folders of images (default: no domains)")
    add("-w", "--weights", default="shipped:mzsr_x2", help="stage 1, file or shipped:NAME (default: %(default)s)")
    add("--embedding", default=SHIPPED, help="of the starts that look at tasks (default: %(default)s)")
    add("-o", "--output", type=Path, default=Path("learners"), help="folder of results (default: %(default)s)")
    add("--seconds", type=float, default=600, help="CPU seconds of a training's iterations (default: %(default)s)")
    add("--seeds", type=int, default=3, help="default: %(default)s")
    add("--learners", nargs="+", default=list(LEARNERS), metavar="NAME", help="or NAME+RULE (default: all)")
    add("--signals", nargs="+", default=["son", "scale"], choices=list(SIGNALS), help="default: son scale")
    add("--rate", type=float, default=1e-4, help="outer, Adam's of the network (default: %(default)s)")
    add("--patch", type=int, default=192, help="side of a task's image, HR px (default: %(default)s)")
    add("--timed", type=int, default=4, help="iterations that are timed (default: %(default)s)")
    add("--crop", type=int, default=256, help="side of what is measured, HR px (default: %(default)s)")
    add("--images", type=int, help="the first so many of Set14 (default: all)")
    add("--domain-images", type=int, help="the first so many of each domain (default: all)")
    add("--careful", action="store_true", help="hold a part of each image out, as `mzsr upscale` does")
    return made


def main(given: list[str] | None = None) -> None:
    """Train and measure what is missing, then print the tables."""
    arguments = parser().parse_args(given)
    numbers = ("seconds", "seeds", "rate", "patch", "timed", "crop", "images", "domain_images")
    low = [name for name in numbers if getattr(arguments, name) is not None and getattr(arguments, name) <= 0]
    if low:
        raise SystemExit(f"error: --{low[0].replace('_', '-')} must be above 0")
    try:
        for arm in arguments.learners:
            learner, rule = split(arm)
            check_name("--learners", learner, LEARNERS)
            check_name("--learners", rule or LEARNERS[learner].rule, RULES)
        print(study(arguments))
    except MZSRError as error:
        raise SystemExit(f"error: {error}") from None


def study(arguments: argparse.Namespace) -> str:
    """See `main`."""
    torch.set_num_threads(1)
    start = load_pretrained(arguments.weights)
    limits = (arguments.images, arguments.domain_images)
    list_photographs(arguments.photos, "photos")
    images = plan(arguments.benchmarks, arguments.domains, int(start.scale), *limits)
    check_folder(arguments)
    ledger = Ledger(arguments.output / FILE)
    jobs = [(a, s, n) for n in range(arguments.seeds) for s in arguments.signals for a in arguments.learners]
    missing = [job for job in jobs if not is_measured(job, images, ledger)]
    references(start, images, ledger, arguments)
    failed: dict[Job, str] = {}
    bar = {"desc": "learners", "unit": "training", "smoothing": 0}  # the time left goes by the mean of all
    with tqdm(**bar, total=len(jobs), initial=len(jobs) - len(missing)) as shown:
        for job in missing:
            shown.set_postfix_str(" ".join(map(str, job)))
            try:
                one(job, images, ledger, arguments)
            except MZSRError as error:  # the others may be sound
                failed[job] = str(error)
            shown.update()
    keys = [image.key for image in images]
    text = report(Study(ledger.found, keys, arguments.learners, arguments.signals, arguments.seeds, failed))
    write_whole(text, arguments.output / "learners.md")
    return text


def check_folder(arguments: argparse.Namespace) -> None:
    """Refuse a folder of results that were made with other settings."""
    own = {name: str(getattr(arguments, name)) for name in DECIDE}
    digest = hashlib.sha256(Path(locate(arguments.weights)).read_bytes()).hexdigest()
    own |= {"photos": str(Path(arguments.photos).resolve()), "weights": digest}
    arguments.output.mkdir(parents=True, exist_ok=True)
    file = arguments.output / SETTINGS
    known = json.loads(file.read_text()) if file.is_file() else own
    unlike = [name for name in own if known.get(name) != own[name]]
    if unlike:
        raise ConfigError(f"{arguments.output} holds a study with other {', '.join(unlike)}; give another -o")
    write_whole(json.dumps(own), file)


def references(start: Pretrained, images: list[Image], ledger: Ledger, arguments: argparse.Namespace) -> None:
    """Measure the weights as they are: in their own manner, and by plain gradient descent on each signal."""
    measure_all(start, (AS_IT_IS, "", 0), images, ledger, arguments, None)
    careful = argparse.Namespace(**{**vars(arguments), "careful": True})
    measure_all(start, (CAREFUL, "", 0), images, ledger, careful, None)
    for signal in arguments.signals:
        plain = start._replace(
            rates=None, manner=Manner(SignalSettings(signal, SHARES, crop=CROP), "gradient"), learner=None
        )
        measure_all(plain, (PLAIN, signal, 0), images, ledger, arguments, inner_rate("maml"))


def one(job: Job, images: list[Image], ledger: Ledger, arguments: argparse.Namespace) -> None:
    """Time, train and measure a learner, as far as that is not done."""
    arm, signal, seed = job
    if ("cost", arm, signal) not in ledger.found:
        ledger.add(("cost", arm, signal), cost(arm, signal, arguments))
    if ("training", *job) not in ledger.found:
        count = max(1, round(arguments.seconds / ledger.found["cost", arm, signal]["iteration"]))
        ledger.add(("training", *job), trained(arm, signal, seed, count, arguments))
    network = load_pretrained(weights_of(arm, signal, seed, arguments))
    measure_all(network, job, images, ledger, arguments, inner_rate(arm))


def measure_all(
    network: Pretrained,
    job: Job,
    images: list[Image],
    ledger: Ledger,
    arguments: argparse.Namespace,
    rate: float | None,
) -> None:
    """Measure the images that are missing."""
    missing = [image for image in images if image_key(job, image.key) not in ledger.found]
    for image in tqdm(missing, desc=" ".join(map(str, job)), unit="image", leave=False, disable=not missing):
        ledger.add(image_key(job, image.key), measure(network, image, arguments.crop, arguments.careful, rate))


def is_measured(job: Job, images: list[Image], ledger: Ledger) -> bool:
    """Tell whether nothing of a learner is left to do."""
    return all(image_key(job, image.key) in ledger.found for image in images)


if __name__ == "__main__":
    main()
