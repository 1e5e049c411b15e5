"""``pdb.set_trace`` and ``ipdb.set_trace`` that leave a run alone where nobody could answer them."""

import importlib.util
import pdb
import sys
from types import ModuleType


def install():
    """Have both stop at a terminal only; ``ipdb`` is Python's own debugger where it is not installed."""
    stop = pdb.set_trace

    def set_trace(*arguments, **keywords):
        if sys.stdin is not None and sys.stdin.isatty():
            # The caller's frame, whose caller would be this function.
            debugger = pdb.Pdb()
            debugger.set_trace(sys._getframe(1))
        else:
            frame = sys._getframe(1)
            place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
            print(f"set_trace at {place} is passed over: there is no terminal", file=sys.stderr)

    set_trace.__wrapped__ = stop
    pdb.set_trace = set_trace
    if importlib.util.find_spec("ipdb") is None:
        ipdb = sys.modules["ipdb"] = ModuleType("ipdb", "Python's debugger under IPython's name.")
        ipdb.post_mortem, ipdb.pm, ipdb.run, ipdb.runcall = pdb.post_mortem, pdb.pm, pdb.run, pdb.runcall
    else:
        import ipdb
    ipdb.set_trace = set_trace
