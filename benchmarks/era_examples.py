"""Runs others' scripts, unchanged, by ``python -m reproduce theano``: python -m benchmarks.era_examples [--data DIR]
[--backend c|jax] [--out FILE.json]

They are the examples of Lasagne 0.1, and the tests of theano-word2vec 0.2.2, Python 2, which train embeddings. pip
downloads their source distributions. ``mnist.py`` reads MNIST as the pickle that it would download.
"""

import argparse
import gzip
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import suites
from reproduce import experiments, splits

DISTRIBUTIONS = {
    "Lasagne-0.1": "3c634ecab67e43e4f18520932bfd88bd3c678ec723c48177f18799dab2411233",
    "categorical-0.1.4": "e6b532baa2561284557ed9b4c41c17a579ef372951ea5dffa739fce0d04df6b2",
    "iterable-queue-1.2.1": "97960aeb63f286facc45250d35d272192357918303f1db63fc32c4fb43d766ce",
    "theano-word2vec-0.2.2": "b5ef5dd940c18c1c39d3d73f06c62ef9012f9ea281253734dff92205eef73211",
}
SCRIPTS = (
    ("Lasagne-0.1/examples/mnist.py", "mlp", "1"),
    ("Lasagne-0.1/examples/mnist.py", "cnn", "1"),
    ("Lasagne-0.1/examples/recurrent.py",),
    ("theano-word2vec-0.2.2/word2vec/test.py", "TestNoiseContrast",
     "TestMinibatcher.test_symbolic_minibatches", "TestMinibatcher.test_symbolic_minibatches_more_dims",
     "TestWord2Vec.test_Word2VecEmbedder", "TestWord2Vec.test_noise_contrastive_learning"),
)  # fmt: skip
"""Scripts, with their arguments: mnist.py's are the network and the number of epochs; test.py's are the tests that need
none of the files that its distribution lacks."""

LIBRARIES = ("categorical-0.1.4", "iterable-queue-1.2.1")
"""What theano-word2vec imports."""


@suites.command
def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", choices=("c", "jax"), default="c")
    parser.add_argument("--data", metavar="DIR", default=os.environ.get("PYLEARN2_DATA_PATH") or "data")
    parser.add_argument("--out", metavar="FILE.json")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="era-examples-") as folder:
        folder = Path(folder)
        for name, sha256 in DISTRIBUTIONS.items():
            suites.fetch(name, sha256, folder)
        data = write_mnist(folder / "Lasagne-0.1" / "examples" / "mnist.pkl.gz", options.data)
        path = [suites.REPOSITORY, *(folder / name for name in LIBRARIES)]
        found = {
            " ".join([script, *given]): run(folder / script, given, options.backend, path)
            for script, *given in SCRIPTS
        }
    if options.out:
        figures = {"backend": options.backend, "sha256": DISTRIBUTIONS, "data": data, "scripts": found}
        suites.record(options.out, figures)
    return int(any(each["exit_code"] for each in found.values()))


def write_mnist(path, data):
    """Write MNIST as deeplearning.net had it: pickled training, validation and test sets, pixels in [0, 1].

    Returns
    -------
    dict
        The provenance of the data in the folder `data`.
    """
    experiment = experiments.resolve("mnist", "full-precision", {"data.center": False})
    parts = splits.load(experiment, data, allow_unofficial=True)
    with gzip.open(path, "wb", compresslevel=1) as file:
        pickle.dump([(part.x, part.y.astype("int64")) for part in (parts.train, parts.valid, parts.test)], file, 2)
    return parts.provenance


def run(script, arguments, backend, path):
    """Run a script from its own folder, with `path` for ``PYTHONPATH``.

    Returns
    -------
    dict
        Its exit code, its seconds, and the last lines that it printed.
    """
    print(script.name, *arguments, file=sys.stderr)
    flags = {"PYTHONPATH": os.pathsep.join(map(str, path)), "THEANO_FLAGS": "floatX=float32"}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "reproduce", "theano", "--backend", backend, script.name, *arguments],
        cwd=script.parent, env=os.environ | flags, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    lines = done.stdout.splitlines()[-12:]
    print(*lines, sep="\n", file=sys.stderr)
    return {"exit_code": done.returncode, "seconds": round(time.monotonic() - began, 1), "last_lines": lines}


if __name__ == "__main__":
    sys.exit(main())
