"""
A new learner
=============

A meta-learner is four choices: where a task starts, how a step is made, which parameters move, and what the outer level
learns. Each is an entry of a registry. This page adds a rule for steps, and sets it beside two others on one photo.
"""

import matplotlib.pyplot as plt
import skimage.data
import torch

from mzsr_basicsr import Degradation
from mzsr_basicsr.adaptation.settings import Manner, Schedule, Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.meta import LEARNERS, RULES, SCOPES, Choices
from mzsr_basicsr.weights import FOLDER

torch.set_num_threads(1)

# %%
# A rule makes directions of gradients; it may remember earlier steps in ``state``. This one looks at signs alone.


def signs(slopes, state):
    """Every number moves by its tensor's rate, up or down."""
    return [slope.sign() for slope in slopes]


RULES["signs"] = signs

# %%
# A scope chooses the parameters that move, by their names; a learner is a name for choices that go together.

SCOPES["biases"] = lambda names, network: [name for name in names if name.endswith(".bias")]
LEARNERS["quick"] = Choices(rule="signs", scope="biases", outer="first_order")
print(LEARNERS["quick"])

# %%
# The small network of the demo adapts to a photo by three rules, each with a rate of its own.

network = MZSRNetLR(num_feat=32, num_conv=8, scale=2)
saved = torch.load(FOLDER / "demo_stage1_x2.pth", weights_only=True)
network.load_state_dict(saved.get("params_ema", saved.get("params")))
truth = torch.from_numpy(skimage.data.chelsea()[60:220, 120:312].transpose(2, 0, 1)[None] / 255).float()
how = Degradation("gaussian:2,2", scale=2).to(truth)
image = how.apply(truth)
_, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
counts = tuple(range(0, 21, 2))
for rule, rate in (("gradient", 1e-2), ("orthogonal", 5e-3), ("signs", 1e-4)):
    settings = Settings(updates=counts, schedule=Schedule(((0, rate),)), manner=Manner(rule=rule))
    adapted = zero_shot(network, image, how, settings)
    left.plot(adapted.losses, label=f"{rule}, rate {rate:g}")
    right.plot(counts, [-10 * (adapted.images[c] - truth).square().mean().log10().item() for c in counts], label=rule)
left.set(xlabel="update", ylabel="loss of the son")
right.set(xlabel="update", ylabel="PSNR, dB")
left.legend()

# %%
# In an option file, ``train: {meta: {learner: quick}}`` trains by it;
# see :doc:`The family of meta-learners </learners>`.
