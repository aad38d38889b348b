"""Write a weights file that says how it is adapted: the signal, the rule of its steps, and one rate for all of them.

    python benchmarks/set_manner.py experiments/NAME/models/net_g_latest.pth NAME.pth --signal mixed --shares 0.25 0.75

The weights themselves stay as they are. The file may be of a meta-training or of stage 1, which learns no rates. What
suits the weights was found by `mzsr benchmark`, see docs/results.md.
"""

import argparse

import torch

from mzsr_basicsr.adaptation.settings import Manner
from mzsr_basicsr.errors import MZSRError
from mzsr_basicsr.meta.learner import MetaLearner
from mzsr_basicsr.meta.rules import RULES
from mzsr_basicsr.signals import SIGNALS, SignalSettings
from mzsr_basicsr.weights import locate
from mzsr_basicsr.weights.files import read_file, save_atomically
from mzsr_basicsr.weights.manner import manner_as_plain
from mzsr_basicsr.weights.pretrained import load_pretrained

RULES_BY_HAND = sorted(name for name, rule in RULES.items() if not isinstance(rule, type))


def main(given: list[str] | None = None) -> None:
    """Read, change what the file says about itself, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="weights file with `params`, maybe `params_ema`, and `about`")
    parser.add_argument("target", help="weights file to write; its `params` are the average, where there is one")
    parser.add_argument("--signal", choices=sorted(SIGNALS), default="mixed", help="default: %(default)s")
    parser.add_argument("--shares", type=float, nargs=2, default=(0.5, 0.5), help="of mixed: the son, the own scale")
    parser.add_argument("--crop", type=int, default=96, help="LR px, see docs/options.md (default: %(default)s)")
    parser.add_argument("--rule", choices=RULES_BY_HAND, default="orthogonal", help="default: %(default)s")
    parser.add_argument("--rate", type=float, default=4e-3, help="of every update and tensor (default: %(default)s)")
    arguments = parser.parse_args(given)
    try:
        loaded = load_pretrained(arguments.source)
        content = read_file(locate(arguments.source), "weights file")
        signal = SignalSettings(arguments.signal, tuple(arguments.shares), crop=arguments.crop)
        about = {**content["about"], "manner": manner_as_plain(Manner(signal, arguments.rule))}
        learner = MetaLearner(loaded.network) if loaded.learner is None else loaded.learner
        made = {"rates": torch.full((1, len(learner.moving)), arguments.rate), "about": about}
        own = {"meta": content["meta"]} if "meta" in content else {}
        save_atomically({"params": content.get("params_ema", content["params"]), **made, **own}, arguments.target)
    except KeyError as error:
        raise SystemExit(f"error: {arguments.source}: has no {error}; give a file that `mzsr train` wrote") from None
    except MZSRError as error:
        raise SystemExit(f"error: {error}") from None


if __name__ == "__main__":
    main()
