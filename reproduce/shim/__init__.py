"""Lets Theano-era code run today: ``import theano`` gives a repaired Aesara. Knows nothing of binarization."""

from reproduce.shim import aesara_import, jax_import, lasagne_import, pylearn2_alias, theano_alias


def install():
    """Make ``import theano`` give Aesara, repaired and configured, and ``import pylearn2`` our data sets.

    Costs next to nothing: Aesara itself is imported by whoever first asks for it or for ``theano``. Calling it
    again changes nothing.

    Raises
    ------
    reproduce.errors.UserError
        Where a real Theano has been imported in this process already.
    """
    theano_alias.install()
    pylearn2_alias.install()
    aesara_import.install()
    jax_import.install()
    lasagne_import.install()
