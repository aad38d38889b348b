"""Meta-steps in float64 whose tasks are divided among processes: torchrun runs this on each host."""

import os
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TASKS, STEPS = 4, 5


def stepped(rank: int, world: int) -> Tensor:
    """Make five Adam steps of second order with learned rates; give all parameters as one vector."""
    from mzsr_basicsr.meta import MetaStep, maml

    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 2, 3, padding=1)).double()
    bare = MetaStep(network, maml, F.l1_loss, 3, 0.1, learn_rates=True)
    step = nn.parallel.DistributedDataParallel(bare) if world > 1 else bare
    optimizer = torch.optim.Adam(bare.parameters(), 1e-2)
    for iteration in range(STEPS):
        optimizer.zero_grad()
        step([_drawn(task, iteration) for task in range(rank, TASKS, world)], (0.2, 0.3, 0.5))[0].backward()
        optimizer.step()
    return torch.cat([value.detach().flatten() for value in bare.parameters()])


def _drawn(task: int, iteration: int) -> object:
    from mzsr_basicsr.degradation.record import Degradation
    from mzsr_basicsr.meta import Pairs, Task

    generator = torch.Generator().manual_seed(100 * iteration + task)
    images = torch.rand(4, 2, 2, 6, 6, generator=generator, dtype=torch.float64)
    return Task(Pairs(images[0], images[1]), Pairs(images[2], images[3]), Degradation(torch.ones(1, 1), 1.0))


if __name__ == "__main__":
    from mzsr_basicsr.host.compat import init_gloo, leave

    torch.set_num_threads(1)
    init_gloo()
    torch.save(stepped(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])), Path("steps.pt"))
    leave()
