"""
Meta-train in two minutes
=========================

Meta-training puts a network where a few updates gain the most. ``mzsr demo`` does it for some minutes through BasicSR;
this page runs the same loop by hand, much shortened (about 40 seconds instead of minutes), to show its parts.
"""

import copy
import time

import matplotlib.pyplot as plt
import skimage.data
import torch
import torch.nn.functional as F

from mzsr_basicsr import Degradation
from mzsr_basicsr.archs.mzsr_lr_arch import MZSRNetLR
from mzsr_basicsr.meta import MetaStep, Pairs, Task, maml

torch.manual_seed(0)
torch.set_num_threads(1)

# %%
# A task is one way to lose pixels, and patches that lost them. The *support* set is what an update may see: the image
# degraded once more, its son, and the image. The *query* set judges the updated network: the image and its original.

PHOTOS = [skimage.data.camera()[..., None].repeat(3, 2), skimage.data.rocket(), skimage.data.coffee()]
GENERATOR = torch.Generator().manual_seed(0)


def draw_task(photos, side=96):
    patches = []
    for _ in range(4):
        photo = photos[int(torch.randint(len(photos), (), generator=GENERATOR))]
        y, x = (int(torch.randint(size - side, (), generator=GENERATOR)) for size in photo.shape[:2])
        patches.append(torch.from_numpy(photo[y : y + side, x : x + side].transpose(2, 0, 1) / 255).float())
    width = 1 + 2 * float(torch.rand((), generator=GENERATOR))
    how = Degradation(f"gaussian:{width},{width}", scale=2).to(patches[0])
    truth = torch.stack(patches)
    image = how.apply(truth)
    return Task(support=Pairs(how.son(image), image), query=Pairs(image, truth), degradation=how)


# %%
# The outer loop: adapt to a few tasks, ask how good the adapted networks are, and move the start so that they get
# better. ``maml`` differentiates through the five inner steps, exactly.

network = MZSRNetLR(num_feat=16, num_conv=5, scale=2)
untrained = copy.deepcopy(network)
step = MetaStep(network, maml, F.l1_loss, 5, 1e-2)
optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
losses, start = [], time.perf_counter()
while time.perf_counter() - start < 40:
    optimizer.zero_grad()
    loss, _ = step([draw_task(PHOTOS) for _ in range(2)], (0.0, 0.0, 0.0, 0.0, 1.0))
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    losses.append(loss.item())
print(f"{len(losses)} iterations")

# %%
# The query loss after adaptation falls.

plt.figure(figsize=(6, 3), layout="constrained")
plt.semilogy(losses, alpha=0.3)
smooth = [sum(losses[max(0, i - 20) : i + 1]) / len(losses[max(0, i - 20) : i + 1]) for i in range(len(losses))]
plt.semilogy(smooth)
plt.xlabel("iteration")
plt.ylabel("query loss after 5 updates")

# %%
# On a photograph that it has not seen, the trained start is the better one, before and after its updates.

unseen = torch.from_numpy(skimage.data.chelsea()[60:220, 120:312].transpose(2, 0, 1)[None] / 255).float()
how = Degradation("gaussian:2,2", scale=2).to(unseen)
image = how.apply(unseen)


def quality(start, updates):
    adapted = copy.deepcopy(start)
    for _ in range(updates):
        gradients = torch.autograd.grad(F.l1_loss(adapted(how.son(image)), image), list(adapted.parameters()))
        with torch.no_grad():
            for parameter, gradient in zip(adapted.parameters(), gradients):
                parameter -= 1e-2 * gradient
    with torch.no_grad():
        return -10 * F.mse_loss(adapted(image).clamp(0, 1), unseen).log10().item()


for name, start in (("untrained", untrained), ("meta-trained", network)):
    print(f"{name:12}: {quality(start, 0):.2f} dB, after 10 updates {quality(start, 10):.2f} dB")
