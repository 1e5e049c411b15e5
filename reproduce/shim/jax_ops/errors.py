"""What a user reads where a graph cannot be run by JAX."""

from aesara.graph.basic import Apply
from aesara.link.jax.dispatch import jax_funcify

from reproduce.errors import UserError


class JaxOpError(UserError, NotImplementedError):
    """An Op, or a form of it, without a JAX rule; one line: the Op, where it came from, what to do."""


def unsupported(op, node, problem, advice):
    """A `JaxOpError` for `op`.

    Parameters
    ----------
    op : aesara.graph.op.Op
    node : aesara.graph.basic.Apply or None
        Its application, whose recorded creation is named.
    problem, advice : str
        What is wrong, and what the user can do.
    """
    name = f"{op} ({type(op).__module__}.{type(op).__name__}{_origin(node)})"
    return JaxOpError(f"JAX cannot run {name}: {problem}; {advice}")


def _origin(node):
    """', made at FILE:LINE' where Aesara recorded the line of the user's program that made `node`."""
    if not isinstance(node, Apply):
        return ""
    for output in node.outputs:
        for trace in getattr(output.tag, "trace", ()):
            if trace:
                frame = trace[-1]
                return f", made at {frame[0]}:{frame[1]}"
    return ""


@jax_funcify.register(object)
def jax_funcify_unknown(op, node=None, **kwargs):
    """Stands in for every Op without a rule."""
    raise unsupported(
        op,
        node,
        "it has no rule, and the shape of what it gives is not known",
        "give it an infer_shape method, or register a rule with aesara.link.jax.dispatch.jax_funcify.register",
    )
