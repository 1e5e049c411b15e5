"""Gives syntax trees Python 2's meaning: division, dictionaries' methods, classes, tuple parameters."""

import ast

from reproduce.shim.python2 import RUNTIME
from reproduce.shim.python2.attributes import ATTRIBUTES

ALIASES = {"__nonzero__": "__bool__", "next": "__next__", "__div__": "__truediv__", "__rdiv__": "__rtruediv__"}
"""Methods under Python 2's names, and the names under which Python 3 calls them."""


def restore(tree, unpacked, divides=True):
    """Give `tree`, an ``ast.Module`` or ``ast.Expression``, the meaning that it has in Python 2.

    Parameters
    ----------
    unpacked : dict
        Of `reproduce.shim.python2.syntax.Converted`.
    divides : bool
        Whether a division of integers rounds down, unless the module says otherwise.
    """
    _Meaning(unpacked, divides and not imports_from_future(tree, "division")).visit(tree)
    ast.fix_missing_locations(tree)
    for node in ast.walk(tree):
        if hasattr(node, "lineno"):  # the columns are those of the converted text
            node.end_lineno, node.col_offset, node.end_col_offset = max(node.lineno, node.end_lineno), -1, -1
    return tree


def imports_from_future(tree, feature):
    """Whether a module says ``from __future__ import feature``."""
    return isinstance(tree, ast.Module) and any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and feature in [alias.name for alias in node.names]
        for node in tree.body
    )


class _Meaning(ast.NodeTransformer):
    def __init__(self, unpacked, divides):
        self._unpacked, self._divides, self._temporaries = unpacked, divides, 0

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if not (self._divides and isinstance(node.op, ast.Div)):
            return node
        return _at(node, _call("divide", node.left, node.right))

    def visit_AugAssign(self, node):
        """``a /= b`` with the parts of `a` evaluated once."""
        self.generic_visit(node)
        if not (self._divides and isinstance(node.op, ast.Div)):
            return node
        before, target = self._held(node.target)
        quotient = _call("divide_in_place", target(ast.Load()), node.value)
        assign = ast.Assign([target(ast.Store())], quotient)
        names = [statement.targets[0].id for statement in before]
        after = [ast.Delete([ast.Name(name, ast.Del()) for name in names])] if names else []
        return [_at(node, statement) for statement in [*before, assign, *after]]

    def _held(self, target):
        """Statements that hold the parts of `target`, and a function from a context to it made of what they hold."""
        if isinstance(target, ast.Name):
            return [], lambda context: ast.Name(target.id, context)
        owner, hold = self._hold(target.value)
        if isinstance(target, ast.Attribute):
            return [hold], lambda context: ast.Attribute(owner(), target.attr, context)
        index, hold_index = self._hold(_index(target.slice))
        return [hold, hold_index], lambda context: ast.Subscript(owner(), index(), context)

    def _hold(self, value):
        self._temporaries += 1
        name = f"_python2_held_{self._temporaries}"
        return (lambda: ast.Name(name, ast.Load())), ast.Assign([ast.Name(name, ast.Store())], value)

    def visit_Attribute(self, node):
        self.generic_visit(node)
        if node.attr not in ATTRIBUTES or not isinstance(node.ctx, ast.Load):
            return node
        return _at(node, _call("attribute", node.value, ast.Constant(node.attr)))

    def visit_ClassDef(self, node):
        defined = {}
        for statement in node.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                defined[statement.targets[0].id] = statement
            elif isinstance(statement, ast.FunctionDef):
                defined[statement.name] = statement
        self.generic_visit(node)
        metaclass = defined.get("__metaclass__")
        if isinstance(metaclass, ast.Assign):
            node.keywords.append(ast.keyword("metaclass", metaclass.value))
        for old, new in ALIASES.items():
            if old in defined and new not in defined:
                alias = ast.Assign([ast.Name(new, ast.Store())], ast.Name(old, ast.Load()))
                node.body.append(_at(node.body[-1], alias))
        node.decorator_list.append(_at(node, _runtime("new_class")))
        return node

    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        unpacking = [_at(node, self._unpack(name)) for name in _names(node.args) if name in self._unpacked]
        start = 1 if ast.get_docstring(node, clean=False) is not None else 0
        node.body[start:start] = unpacking
        return node

    def visit_Lambda(self, node):
        """``lambda (x, y): x + y`` as ``lambda t: [x + y for (x, y) in [t]][0]``."""
        self.generic_visit(node)
        tuples = [name for name in _names(node.args) if name in self._unpacked]
        if tuples:
            loops = [
                ast.comprehension(self._target(name), ast.List([ast.Name(name, ast.Load())], ast.Load()), [], 0)
                for name in tuples
            ]
            node.body = _at(node.body, ast.Subscript(ast.ListComp(node.body, loops), ast.Constant(0), ast.Load()))
        return node

    def visit_ExceptHandler(self, node):
        """The exception keeps its name after the clause."""
        self.generic_visit(node)
        if node.name is not None:
            caught = ast.Name(f"_python2_caught_{node.name}", ast.Load())
            if node.name in self._unpacked:
                target = self._target(node.name)
                parts = ast.Attribute(caught, "args", ast.Load()) if isinstance(target, ast.Tuple) else caught
                keep = ast.Assign([target], parts)
            else:
                keep = ast.Assign([ast.Name(node.name, ast.Store())], caught)
            node.name = caught.id
            node.body.insert(0, _at(node, keep))
        return node

    def _unpack(self, name):
        return ast.Assign([self._target(name)], ast.Name(name, ast.Load()))

    def _target(self, name):
        target = ast.parse(f"({self._unpacked[name]}\n)", mode="eval").body
        for node in ast.walk(target):
            if hasattr(node, "ctx"):
                node.ctx = ast.Store()
            for place in ("lineno", "col_offset", "end_lineno", "end_col_offset"):  # of its own source
                if hasattr(node, place):
                    delattr(node, place)
        return target


def _names(arguments):
    return [argument.arg for argument in [*arguments.posonlyargs, *arguments.args]]


def _index(index):
    """What stands between the brackets of a subscript, as an expression."""
    if isinstance(index, ast.Tuple):
        return ast.Tuple([_index(part) for part in index.elts], ast.Load())
    if isinstance(index, ast.Slice):
        return _call("slice", *(part or ast.Constant(None) for part in (index.lower, index.upper, index.step)))
    return index


def _runtime(name):
    return ast.Attribute(ast.Name(RUNTIME, ast.Load()), name, ast.Load())


def _call(name, *arguments):
    return ast.Call(_runtime(name), list(arguments), [])


def _at(place, node):
    """`node`, and what is in it without a place, at the line of `place`."""
    ast.copy_location(node, place)
    return ast.fix_missing_locations(node)
