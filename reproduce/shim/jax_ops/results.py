"""Results of compiled functions as NumPy arrays, as Theano's are: code of its era writes into them."""

import numpy as np
from aesara.compile.function.types import Function


def return_numpy():
    """Have every compiled function return NumPy arrays of its own; JAX's are read-only."""
    call = Function.__call__

    def call_for_numpy(self, *arguments, **keywords):
        results = call(self, *arguments, **keywords)
        if isinstance(results, dict):
            return {name: np.array(each) for name, each in results.items()}
        if isinstance(results, (list, tuple)):
            return [np.array(each) for each in results]
        return None if results is None else np.array(results)

    Function.__call__ = call_for_numpy
