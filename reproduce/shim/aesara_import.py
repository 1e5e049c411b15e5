"""Configures Aesara before it is imported, and repairs it right after."""

import contextlib
import logging
import sys
import warnings

from reproduce.errors import UserError
from reproduce.shim import build_tools, finders

logger = logging.getLogger(__name__)


def install():
    """Hook the import of ``aesara``; where it has been imported already, do now what can still be done."""
    imported = sys.modules.get("aesara")
    if finders.load_within("aesara", _configured) and imported is not None:
        from reproduce.shim import flags

        if type(imported.config).floatX.is_default:
            imported.config.floatX = flags.FLOAT
        _repair()


@contextlib.contextmanager
def _configured(module):
    """Sets Aesara's flags and supplies what it misses; afterwards says which flags were no flags, and repairs it."""
    from reproduce.shim import flags, numpy2, threads  # they import NumPy

    threads.let_waiting_threads_sleep()
    flags.export()
    numpy2.supply_names()
    # BLAS is chosen in flags.py; that there is none to link is nothing the user can act on.
    logging.getLogger("aesara.tensor.blas").addFilter(lambda record: "NumPy C-API" not in record.msg)
    with warnings.catch_warnings(), build_tools.for_aesara():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.filterwarnings("ignore", "Aesara does not recognise this flag", UserWarning)
        try:
            yield
        except ValueError as error:  # Aesara reads its flags
            raise UserError(f"in the flags for Theano or Aesara: {error}") from error
    for name in module.config._flags_dict:  # each flag that is read is taken out
        logger.warning("Aesara has no flag %s; it is ignored", name)
    _repair()


def _repair():
    from reproduce.shim import aesara_fixes, integer_folding, jax_mode, old_pickles, precompiled_header, shared_values
    from reproduce.shim.theano_alias import ops

    with warnings.catch_warnings():  # aesara.tensor.nnet announces that it will go
        warnings.simplefilter("ignore", DeprecationWarning)
        aesara_fixes.apply()
        integer_folding.install()
        from reproduce.shim import c_ops  # noqa: F401  registers its rewrites
        old_pickles.install()
        shared_values.install()
        ops.install()
        jax_mode.install()
        precompiled_header.install()
