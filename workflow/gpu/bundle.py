"""Collects what a machine with a GPU, but without a network, needs to run this project: ``make gpu-bundle``.

The machine has Python 3.12, NumPy 2, SciPy, h5py, matplotlib, Jinja2 and JAX for CUDA. The folder
build/gpu-bundle gets the rest:

- ``checkout``, the files of the current commit;
- ``packages``, the packages of requirements-gpu.lock that such a machine lacks, all of them pure Python;
- ``data``, the prepared data sets MNIST and War and Peace;
- ``run.sh``, which says how it is used.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUNDLE = REPOSITORY / "build" / "gpu-bundle"
LOCK = REPOSITORY / "requirements-gpu.lock"
PACKAGES = (
    "aesara", "appdirs", "cons", "etuples", "fissix", "Lasagne", "logical-unification", "miniKanren",
    "multipledispatch",
)  # fmt: skip
"""Left out are hdf5plugin, which only SVHN files that pylearn2 wrote need, and shtab, which only completion needs."""

DATA = ("mnist", "war_and_peace")
LARGEST = 40 * 2**20  # bytes


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = os.environ.get("PYLEARN2_DATA_PATH") or "data"
    parser.add_argument("--data", type=Path, default=default, metavar="DIR", help="folder of prepared data")
    parser.add_argument("--out", type=Path, default=BUNDLE, metavar="DIR", help="default: build/gpu-bundle")
    options = parser.parse_args(arguments)
    missing = [name for name in DATA if not (options.data / name).is_dir()]
    if missing:
        print(f"error: {missing[0]} is not prepared: python -m reproduce data prepare {missing[0]}", file=sys.stderr)
        return 2
    shutil.rmtree(options.out, ignore_errors=True)
    collect(options.out, options.data)
    size = sum(path.stat().st_size for path in options.out.rglob("*") if path.is_file())
    print(f"{options.out}: {size / 2**20:.1f} MiB; carry it to the machine with the GPU, and run run.sh there")
    return 0 if size <= LARGEST else 1


def collect(bundle, data):
    """Write the folder `bundle`, with the data sets below the folder `data`."""
    checkout = bundle / "checkout"
    checkout.mkdir(parents=True)
    archive = subprocess.run(["git", "-C", REPOSITORY, "archive", "HEAD"], stdout=subprocess.PIPE, check=True)
    subprocess.run(["tar", "-x", "-C", checkout], input=archive.stdout, check=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    into = ["--no-compile", "--no-build-isolation", "--target", bundle / "packages"]
    subprocess.run([*pip, *into, *pinned(PACKAGES)], check=True)
    for name in DATA:
        shutil.copytree(data / name, bundle / "data" / name)
    shutil.copy(Path(__file__).with_name("run.sh"), bundle)


def pinned(packages, lock=LOCK):
    """``name==version`` of each of `packages`, as the file `lock` has it."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    by_name = {line.partition("==")[0]: line for line in lines if "==" in line and not line.startswith("#")}
    return [by_name[name] for name in packages]


if __name__ == "__main__":
    sys.exit(main())
