"""Operations that scripts define: Theano's base class for them, and their methods called as Theano called them."""

import functools
import inspect

from aesara.graph.op import Op as AesarasOp
from aesara.graph.utils import MethodNotDefined
from aesara.link.c.op import COp

COMPILING = ("c_compile_args", "c_header_dirs", "c_headers", "c_lib_dirs", "c_libraries", "c_no_compile_args")
"""Methods that Aesara tells its compiler by keyword."""

GRAPH_FIRST = {"do_constant_folding": 1, "infer_shape": 2}
"""Methods that Aesara gives the function graph before what Theano gave them: so many arguments."""


class _AnyOp(type(COp)):
    def __instancecheck__(cls, instance):
        return (AesarasOp if cls is Op else cls) in type(instance).__mro__

    def __subclasscheck__(cls, subclass):
        # COp asks this of its subclasses, so that a class without C code must not pass here.
        return (COp if cls is Op else cls) in subclass.__mro__


class Op(COp, metaclass=_AnyOp):
    """Theano's base class of operations, in Python or in C or both; every Op is an instance of it."""

    def perform(self, node, inputs, output_storage, params=None):
        raise MethodNotDefined("perform", type(self), type(self).__name__)

    perform.is_missing = True

    def c_code_cache_version(self):
        return ()  # in silence, as in Theano

    def c_code(self, node, name, inputs, outputs, sub):
        raise MethodNotDefined("c_code", type(self), type(self).__name__)


def install():
    """Have the methods of every class of Ops made from now on called with the arguments that they take."""
    if "__init_subclass__" not in vars(AesarasOp):
        AesarasOp.__init_subclass__ = classmethod(_adapt)


def _adapt(kind, **keywords):
    super(AesarasOp, kind).__init_subclass__(**keywords)
    for name in COMPILING:
        method = vars(kind).get(name)
        if inspect.isfunction(method) and not _takes(method, "c_compiler"):
            setattr(kind, name, _without_keywords(method))
    for name, count in GRAPH_FIRST.items():
        method = vars(kind).get(name)
        if inspect.isfunction(method) and _most_arguments(method) == count + 1:
            setattr(kind, name, _without_graph(method))
    method = vars(kind).get("make_thunk")
    if inspect.isfunction(method) and not _takes(method, "impl"):
        kind.make_thunk = _without_keywords(method, 5)


def _takes(method, name):
    parameters = inspect.signature(method).parameters
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _most_arguments(method):
    parameters = inspect.signature(method).parameters.values()
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _without_keywords(method, count=None):
    """`method` without keyword arguments, and with `count` others at most."""

    @functools.wraps(method)
    def call(*arguments, **keywords):
        return method(*arguments[:count])

    return call


def _without_graph(method):
    """`method` without the function graph, where one comes first."""

    @functools.wraps(method)
    def call(self, graph, *arguments):
        return method(self, *arguments)

    return call
