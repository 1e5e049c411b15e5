"""Runs Python 2 source on Python 3: converted when it is loaded, in memory only, with Python 2's meaning.

A file's `verdict` says what it is; `syntax` rewrites what Python 3 cannot parse, `meaning` what it would understand
otherwise; the code runs with Python 2's builtins (`names`), which import Python 2's `modules`, and calls `runtime`.
"""

RUNTIME = "__python2__"
"""The name under which converted code calls `reproduce.shim.python2.runtime`."""
