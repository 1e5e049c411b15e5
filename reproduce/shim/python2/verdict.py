"""Whether a file is Python 2 or Python 3, as far as it shows; docs/era_scripts.md lists what shows it."""

import ast
import re
import warnings

from reproduce.shim.python2 import meaning

NAMES = {
    "apply", "basestring", "buffer", "cmp", "coerce", "execfile", "file", "intern", "long", "raw_input", "reduce",
    "reload", "unichr", "unicode", "xrange",
}  # fmt: skip
MODULES = {
    "BaseHTTPServer", "ConfigParser", "Cookie", "HTMLParser", "Queue", "SimpleHTTPServer", "SocketServer", "StringIO",
    "Tkinter", "UserDict", "UserList", "__builtin__", "anydbm", "cPickle", "cStringIO", "commands", "cookielib",
    "copy_reg", "dummy_thread", "exceptions", "htmlentitydefs", "httplib", "md5", "sets", "sha", "thread", "urllib2",
    "urlparse", "xmlrpclib",
}  # fmt: skip
MODULE_NAMES = {
    "itertools": {"ifilter", "ifilterfalse", "imap", "izip", "izip_longest"},
    "os": {"getcwdu"},
    "string": {"atof", "atoi", "join", "joinfields", "letters", "lower", "lowercase", "maketrans", "replace", "split",
               "upper", "uppercase"},
    "sys": {"exc_clear", "maxint", "setdefaultencoding"},
    "types": {"ClassType", "DictType", "FloatType", "IntType", "ListType", "LongType", "StringType", "StringTypes",
              "TupleType", "UnicodeType"},
    "urllib": {"quote", "quote_plus", "unquote", "urlencode", "urlopen", "urlretrieve"},
}  # fmt: skip
ATTRIBUTES = {
    "func_closure", "func_code", "func_defaults", "func_globals", "func_name", "has_key", "im_func", "im_self",
    "iteritems", "iterkeys", "itervalues", "viewitems", "viewkeys", "viewvalues", "xreadlines",
}  # fmt: skip
METHODS = {"__cmp__", "__div__", "__getslice__", "__nonzero__", "__rdiv__", "__setslice__", "__unicode__"}
LISTS = {"filter", "map", "range", "zip"}
LIST_METHODS = {"items", "keys", "values"}
FUTURE = {"absolute_import", "division", "print_function", "unicode_literals", "with_statement"}

_GUARD = re.compile(r"\b(version_info|version|PY2|PY3|python_version|ImportError|ModuleNotFoundError|NameError)\b")
_INTERPRETER = re.compile(r"^#!.*python2")


def verdict(text):
    """2 or 3, or None if `text` shows neither.

    Raises
    ------
    SyntaxError
        If `text` does not parse as Python 3; it may be Python 2.
    """
    tree = parse3(text)
    prints = meaning.imports_from_future(tree, "print_function")
    if any(_is_python3(node) and not (prints and _is_call_of(node, {"print"})) for node in ast.walk(tree)):
        return 3
    return 2 if _INTERPRETER.match(text) or _Evidence().found_in(tree) else None


def parse3(text, filename="<unknown>", mode="exec"):
    """The tree of `text` as Python 3, without what the compiler warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text, filename, mode)


def _is_python3(node):
    """Whether Python 2 had nothing of the kind."""
    match node:
        case ast.FunctionDef(args=arguments):
            named = [*arguments.args, *filter(None, (arguments.vararg, arguments.kwarg))]
            annotated = node.returns or any(argument.annotation for argument in named)
            return bool(annotated or arguments.kwonlyargs or arguments.posonlyargs)
        case ast.Call(func=ast.Name("print"), keywords=[_, *_]):
            return not any(keyword.arg is None for keyword in node.keywords)
        case ast.Call(func=ast.Name("super"), args=[], keywords=[]):
            return True
        case ast.ClassDef(keywords=[_, *_]):
            return True
        case ast.Raise(cause=ast.expr()):
            return True
        case ast.BinOp(op=ast.MatMult()):
            return True
        case ast.Assign(targets=[ast.Tuple(elts=parts) | ast.List(elts=parts)]):
            return any(isinstance(part, ast.Starred) for part in parts)
    return isinstance(node, (
        ast.AnnAssign, ast.AsyncFor, ast.AsyncFunctionDef, ast.AsyncWith, ast.Await, ast.JoinedStr, ast.Match,
        ast.NamedExpr, ast.Nonlocal, ast.YieldFrom,
    ))  # fmt: skip


class _Evidence(ast.NodeVisitor):
    """Looks for what only Python 2 has, except in code that handles both versions."""

    def found_in(self, tree):
        self._found = False
        self._bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and _binds(node)}
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                self._bound.add(node.name)
            elif isinstance(node, ast.arg):
                self._bound.add(node.arg)
            elif isinstance(node, ast.alias):
                self._bound.add((node.asname or node.name).partition(".")[0])
        self.visit(tree)
        return self._found

    def visit(self, node):
        self._found = self._found or self._is_evidence(node)
        if not self._found:
            super().visit(node)

    def visit_Try(self, node):
        if any(handler.type is None or _GUARD.search(ast.unparse(handler.type)) for handler in node.handlers):
            return
        self.generic_visit(node)

    def visit_If(self, node):
        if not _GUARD.search(ast.unparse(node.test)):
            self.generic_visit(node)

    visit_IfExp = visit_If

    def _is_evidence(self, node):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                return name in NAMES and name not in self._bound
            case ast.ImportFrom(module="__future__", names=names):
                return any(each.name in FUTURE for each in names)
            case ast.ImportFrom(module=str(module), level=0, names=names):
                return module in MODULES or any(each.name in MODULE_NAMES.get(module, ()) for each in names)
            case ast.Import(names=names):
                return any(each.name in MODULES for each in names)
            case ast.Attribute(value=value, attr=name):
                return name in ATTRIBUTES or (_is_name(value) and name in MODULE_NAMES.get(value.id, ()))
            case ast.BinOp(left=left, right=right, op=ast.Add()) if _is_list2(left) or _is_list2(right):
                return True
            case ast.BinOp(left=left):  # print >>file, …; print ("…") % …
                return _is_print(left)
            case ast.Subscript(value=value):
                return _is_list2(value) and not _is_call_of(value, {"range"})
            case ast.Call(func=ast.Name("sorted") | ast.Attribute(attr="sort"), keywords=[ast.keyword("cmp"), *_]):
                return True
            case ast.Call(func=ast.Attribute(value=value, attr="append" | "extend" | "index" | "sort" | "remove")):
                return _is_list2(value)
            case ast.Call(func=ast.Name("len"), args=[value]):
                return _is_call_of(value, {"filter", "map", "zip"})
            case ast.Expr(value=ast.Name("print") | ast.Tuple(elts=[ast.Call(func=ast.Name("print")), *_])):
                return True
            case ast.ClassDef(body=body):
                return _is_class2(body)
        return False


def _binds(name):
    return not isinstance(name.ctx, ast.Load)


def _is_call_of(node, functions):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions


def _is_list2(node):
    """A call whose value is a list in Python 2 only."""
    if _is_call_of(node, LISTS):
        return True
    match node:
        case ast.Call(func=ast.Attribute(attr=name), args=[], keywords=[]):
            return name in LIST_METHODS
    return False


def _is_print(node):
    return (isinstance(node, ast.Name) and node.id == "print") or _is_call_of(node, {"print"})


def _is_class2(body):
    names = {each.name for each in body if isinstance(each, ast.FunctionDef)}
    names |= {target.id for each in body if isinstance(each, ast.Assign) for target in each.targets if _is_name(target)}
    if "__metaclass__" in names or ("next" in names and "__iter__" in names and "__next__" not in names):
        return True
    today = meaning.ALIASES | {"__cmp__": "__lt__"}
    return any(name in names and today.get(name) not in names for name in METHODS)


def _is_name(node):
    return isinstance(node, ast.Name)
