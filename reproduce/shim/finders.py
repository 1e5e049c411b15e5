"""Puts a finder of aliases in front of Python's import system."""

import sys

from reproduce.errors import UserError


def install(finder, package, alias):
    """Put a `finder` in front of ``sys.meta_path``, once; nothing is imported yet.

    Parameters
    ----------
    finder : class
        Of the finder, which takes no arguments.
    package : str
        The top-level package that it finds.
    alias : class
        Of the modules that it makes.

    Raises
    ------
    reproduce.errors.UserError
        Where `package` has been imported and is no `alias`.
    """
    if any(isinstance(present, finder) for present in sys.meta_path):
        return
    imported = sys.modules.get(package)
    if imported is not None and not isinstance(imported, alias):
        hint = f"import reproduce first, or leave 'import {package}' out"
        raise UserError(f"a real {package} is imported already; {hint}")
    sys.meta_path.insert(0, finder())
