"""Era scripts' imports of pylearn2 find our data sets; each check runs in an interpreter of its own."""

import subprocess
import sys

import pytest

SET_UP = "import sys; from reproduce.shim import pylearn2_alias; pylearn2_alias.install()\n"


def run(code):
    """Return what `code` prints after the alias has been installed."""
    done = subprocess.run([sys.executable, "-c", SET_UP + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_imports_of_the_paper_s_scripts():
    assert run(
        "from pylearn2.datasets.mnist import MNIST\n"
        "from pylearn2.datasets.zca_dataset import ZCA_Dataset\n"
        "from pylearn2.datasets.svhn import SVHN\n"
        "from pylearn2.datasets.cifar10 import CIFAR10\n"
        "from pylearn2.datasets.preprocessing import GlobalContrastNormalization, LeCunLCN, Pipeline, ZCA\n"
        "from pylearn2.utils import serial\n"
        "import datasets.mnist.loader, datasets.svhn.loader, datasets.serial, datasets.design_matrix.zca_dataset\n"
        "assert MNIST is datasets.mnist.loader.MNIST and SVHN is datasets.svhn.loader.SVHN\n"
        "assert ZCA_Dataset is datasets.design_matrix.zca_dataset.ZCA_Dataset and serial.load is datasets.serial.load\n"
        "print('fine')"
    ) == "fine"


def test_modules_are_attributes_of_their_packages():
    assert run(
        "import pylearn2.datasets.preprocessing, datasets.preprocessing.zca\n"
        "assert pylearn2.datasets.preprocessing.ZCA is datasets.preprocessing.zca.ZCA\n"
        "assert pylearn2.utils.serial.load and pylearn2.utils.rng.make_np_rng\n"
        "assert 'ZCA' in dir(pylearn2.datasets.preprocessing)\n"
        "assert datasets.preprocessing.__spec__.name == 'datasets.preprocessing'\n"
        "print('fine')"
    ) == "fine"


def test_nothing_is_imported_before_it_is_asked_for():
    assert run("print([name for name in sys.modules if name.startswith(('pylearn2', 'datasets'))])") == "[]"


@pytest.mark.parametrize("name", ["pylearn2.models", "pylearn2.datasets.stl10", "pylearn2.utils.nothing"])
def test_what_is_missing_is_told(name):
    said = run(f"try:\n    import {name}\nexcept ModuleNotFoundError as error:\n    print(error)")
    assert said.startswith(f"{name} has no counterpart here; there are pylearn2.datasets.cifar10, ")


def test_missing_attributes_are_told():
    said = run(
        "import pylearn2.datasets.mnist\n"
        "for module in (pylearn2, pylearn2.datasets.mnist):\n"
        "    try:\n        module.nothing\n    except AttributeError as error:\n        print(error)"
    )
    assert said.splitlines() == [
        "module 'pylearn2' has no attribute 'nothing'",
        "module 'pylearn2.datasets.mnist' has no attribute 'nothing'",
    ]


def test_installing_twice_changes_nothing_and_a_real_pylearn2_is_told():
    code = "before = list(sys.meta_path); pylearn2_alias.install(); print(sys.meta_path == before)"
    assert run(code) == "True"
    code = (
        "import sys, types; sys.modules['pylearn2'] = types.ModuleType('pylearn2')\n"
        "try:\n    import reproduce\nexcept Exception as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("a real pylearn2 is imported already; import reproduce first")
