"""Where a task starts from: starts, by name, one short module each.

A start is a module, called with what a task looks like and the shared parameters θ; it gives the parameters that the
inner loop starts from, with gains where it modulates. Its own parameters are meta-trained beside θ. A user's module
adds one by `STARTS["name"] = class`; see `start.Start`.
"""

from mzsr_basicsr.meta.starts.domains import Domains
from mzsr_basicsr.meta.starts.experts import Experts
from mzsr_basicsr.meta.starts.hypernetwork import Hypernetwork
from mzsr_basicsr.meta.starts.memory import Memory
from mzsr_basicsr.meta.starts.start import Shared, Start, View

STARTS: dict[str, type[Start]] = {
    "shared": Shared,
    "hypernetwork": Hypernetwork,
    "memory": Memory,
    "experts": Experts,
    "domains": Domains,
}

__all__ = ["STARTS", "Domains", "Experts", "Hypernetwork", "Memory", "Shared", "Start", "View"]
