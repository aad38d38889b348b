"""Every way in registers all parts, whatever is imported first, and none of them twice."""

import sys
import types

import pytest
from helpers.trainings import run

from mzsr_basicsr.host import arrival, register
from mzsr_basicsr.host.registration import registered

ASK = """
from basicsr.utils.registry import ARCH_REGISTRY as A, DATASET_REGISTRY as D, LOSS_REGISTRY as L, METRIC_REGISTRY as Q, MODEL_REGISTRY as M
print(all(name in registry for registry, name in ((A, "MZSRNetWiener"), (D, "KernelMetaDataset"), (L, "KernelLoss"), (Q, "calculate_psnr_paper"), (M, "MZSRModel"))))
"""
WAYS = {
    "the option file's line": "import mzsr_basicsr; mzsr_basicsr.PLUGIN",
    "a call": "import mzsr_basicsr.host; mzsr_basicsr.host.register(); mzsr_basicsr.host.register()",
    "BasicSR first": "import torchvision, mzsr_basicsr.host.shim.functional_tensor_finder as f; f.install(); import basicsr, mzsr_basicsr",
    "BasicSR later": "import mzsr_basicsr; import basicsr",
    "BasicSR later, looked for before": "import importlib.util, mzsr_basicsr; importlib.util.find_spec('basicsr'); import basicsr",
    "a part of BasicSR later": "import mzsr_basicsr; from basicsr.archs import build_network",
    "a data set first": "from mzsr_basicsr.data.kernel_meta_dataset import KernelMetaDataset; import basicsr",
    "a model first": "from mzsr_basicsr.models.mzsr_model import MZSRModel",
    "the trainer first": "import mzsr_basicsr.train, basicsr.train",
    "the list first": "import mzsr_basicsr.host.registration; import basicsr",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_all_parts_are_registered(way: str, tmp_path) -> None:
    done = run(["-c", way + ASK], tmp_path)
    assert done.stdout.strip().splitlines()[-1:] == ["True"], done.stderr


def test_importing_the_package_imports_neither_torch_nor_basicsr(tmp_path) -> None:
    code = (
        "import sys, mzsr_basicsr; print([n for n in ('torch', 'numpy', 'basicsr', 'torchvision') if n in sys.modules])"
    )
    assert run(["-c", code], tmp_path).stdout.strip() == "[]"


def test_a_second_registration_changes_nothing() -> None:
    before = {id(registry): dict(registry._obj_map) for registry, _ in registered()}
    register()
    assert {id(registry): dict(registry._obj_map) for registry, _ in registered()} == before


def test_without_basicsr_the_plug_in_says_so(tmp_path) -> None:
    code = "import sys; sys.modules['basicsr'] = None; import mzsr_basicsr; mzsr_basicsr.PLUGIN"
    line = run(["-c", code], tmp_path).stderr.strip().splitlines()[-1]
    assert line.endswith(
        "the plug-in needs BasicSR, which is not installed here; run: python -m mzsr_basicsr.host.install"
    )


def test_something_is_done_once_after_a_module_was_imported(tmp_path, monkeypatch) -> None:
    (tmp_path / "late_arrival.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    seen: list[int] = []

    def note() -> None:
        seen.append(sys.modules["late_arrival"].value)

    arrival.when_imported("late_arrival", note)
    arrival.when_imported("late_arrival", note)
    assert seen == []
    import late_arrival

    assert (
        seen == [1]
        and late_arrival.__spec__.loader.exec_module.__func__ is type(late_arrival.__spec__.loader).exec_module
    )
    monkeypatch.setitem(sys.modules, "there_already", types.ModuleType("there_already"))
    arrival.when_imported("there_already", lambda: seen.append(2))
    assert seen == [1, 2]


def test_a_module_that_is_not_there_is_waited_for(tmp_path, monkeypatch) -> None:
    seen: list[int] = []
    arrival.when_imported("never_there", lambda: seen.append(1))
    with pytest.raises(ModuleNotFoundError, match="never_there"):
        __import__("never_there")
    (tmp_path / "never_there.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__("never_there")
    assert seen == [1]
