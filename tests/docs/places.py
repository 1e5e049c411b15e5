"""Places in our files that a page names, such as `file.py: function`."""

import ast
import functools
import re
import tomllib

from tests.docs.pages import ROOT

OURS = "reproduce|datasets|original_configs|tests|benchmarks|docs"
PLACE = re.compile(rf"`((?:{OURS})/[^`:]*)(?::\s+([^`]+))?`")


def places(text):
    """(file, name or None) for each of our places in `text`."""
    for file, listed in PLACE.findall(text):
        for name in re.split(r",\s*", listed) if listed else [None]:
            yield file, name


@functools.cache
def names_in(file):
    """Names that `file` defines: dotted Python definitions and assignments, or dotted TOML keys."""
    text = (ROOT / file).read_text(encoding="utf-8")
    if file.endswith(".toml"):
        return {f"{section}.{key}" for section, keys in tomllib.loads(text).items() for key in keys}
    return set(_definitions(ast.parse(text).body, ""))


def _definitions(body, prefix):
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node.body, f"{prefix}{node.name}.")
                init = [f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__"]
                yield from (f"{prefix}{node.name}.{name}" for f in init for name in _attributes(f))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield from (prefix + name.id for name in ast.walk(target) if isinstance(name, ast.Name))


def _attributes(function):
    """Attributes of `self` that `function` sets."""
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def missing(file, name):
    """What is wrong with a place, or None."""
    if not (ROOT / file).is_file():
        return f"there is no file {file}"
    if name is not None and name not in names_in(file):
        return f"{file} defines no {name}"
    return None
