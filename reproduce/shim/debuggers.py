"""``pdb.set_trace`` and ``ipdb.set_trace``, which do nothing if there is no terminal to debug from."""

import importlib.util
import pdb
import sys
from types import ModuleType


def install():
    """Make both stop only at a terminal; ``ipdb`` is Python's own debugger if it is not installed."""

    def set_trace(*arguments, **keywords):
        if sys.stdin is not None and sys.stdin.isatty():
            pdb.Pdb().set_trace(sys._getframe(1))
        else:
            frame = sys._getframe(1)
            place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
            print(f"set_trace at {place} is passed over: there is no terminal", file=sys.stderr)

    pdb.set_trace = set_trace
    if importlib.util.find_spec("ipdb") is None:
        ipdb = sys.modules["ipdb"] = ModuleType("ipdb", "Python's debugger under IPython's name.")
        ipdb.post_mortem, ipdb.pm, ipdb.run, ipdb.runcall = pdb.post_mortem, pdb.pm, pdb.run, pdb.runcall
    else:
        import ipdb
    ipdb.set_trace = set_trace
