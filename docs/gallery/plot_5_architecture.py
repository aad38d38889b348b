"""
A new architecture
==================

Any module from a small image to a large one can be adapted. Attributes say what else it wants to know: here the kernel.
"""

import matplotlib.pyplot as plt
import skimage.data
import torch
import torch.nn.functional as F
from torch import nn

from mzsr_basicsr import Degradation
from mzsr_basicsr.adaptation.settings import Settings
from mzsr_basicsr.adaptation.zero_shot import zero_shot
from mzsr_basicsr.archs.conditioning import KernelCode, append_code

torch.manual_seed(0)
torch.set_num_threads(1)


class TinyNet(nn.Module):
    """Two convolutions that see the kernel."""

    wants_kernel = True  # so it is called with kernel=(k, k)

    def __init__(self, num_feat=24, scale=2):
        super().__init__()
        self.scale = scale
        self.code = KernelCode(8)  # 8 numbers that describe a kernel
        self.first = nn.Conv2d(3 + 8, num_feat, 5, padding=2)
        self.last = nn.Conv2d(num_feat, 3 * scale**2, 3, padding=1)

    def forward(self, lq, kernel):
        base = F.interpolate(lq, scale_factor=self.scale, mode="bicubic")
        features = F.relu(self.first(append_code(lq, self.code(kernel))))
        return base + F.pixel_shuffle(self.last(features), self.scale)


# %%
# It is trained for some seconds on patches of two photographs, with a kernel of its own for each step.

photos = [
    torch.from_numpy(photo.transpose(2, 0, 1) / 255).float() for photo in (skimage.data.coffee(), skimage.data.rocket())
]
network = TinyNet()
optimizer = torch.optim.Adam(network.parameters(), lr=3e-3)
for i in range(400):
    photo = photos[i % 2]
    y, x = (int(torch.randint(size - 64, ())) for size in photo.shape[1:])
    truth = photo[None, :, y : y + 64, x : x + 64]
    how = Degradation(f"gaussian:{1 + 2 * torch.rand(()).item()}", scale=2).to(truth)
    loss = F.l1_loss(network(how.apply(truth), kernel=how.told), truth)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

# %%
# ``zero_shot`` adapts it as it adapts the shipped networks. The network itself stays as it was.

truth = torch.from_numpy(skimage.data.chelsea()[60:220, 120:312].transpose(2, 0, 1)[None] / 255).float()
how = Degradation("gaussian:2,2", scale=2).to(truth)
image = how.apply(truth)
adapted = zero_shot(network, image, how, Settings(updates=(0, 10, 50)))


def decibels(result):
    return -10 * F.mse_loss(result, truth).log10().item()


pictures = {"bicubic": F.interpolate(image, scale_factor=2, mode="bicubic").clamp(0, 1)}
pictures |= {f"{count} updates": picture for count, picture in adapted.images.items()}
_, axes = plt.subplots(1, len(pictures), figsize=(12, 3.2), layout="constrained")
for axis, (name, picture) in zip(axes, pictures.items()):
    axis.imshow(picture[0, :, 30:130, 20:140].permute(1, 2, 0).numpy(), interpolation="nearest")
    axis.set_title(f"{name}: {decibels(picture):.2f} dB")
    axis.axis("off")

# %%
# ``@ARCH_REGISTRY.register()`` of BasicSR above the class makes it a ``network_g`` of option files;
# :doc:`Extend </extend>` shows how a training finds it.
