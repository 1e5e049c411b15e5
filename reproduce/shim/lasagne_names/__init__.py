"""The names that Lasagne 0.2.dev1, of which the era's scripts were written, has and 0.1 on PyPI lacks.

Written anew after its public documentation. Not supplied: TPSTransformerLayer, the transposed convolutions over one and
three axes, and ``cropping`` of layers that merge; docs/era_scripts.md lists what is.
"""

import importlib
import sys

LAYERS = ("convolution", "normalization", "pooling", "special", "transformer")
"""Our modules whose ``__all__`` belongs to ``lasagne.layers``."""

GPU = ("dnn", "corrmm")
"""Modules of ``lasagne.layers`` that asked for a GPU and are ours here."""


def supply():
    """Give the imported Lasagne the names that it lacks."""
    import lasagne

    from reproduce.shim.lasagne_names import arguments, functions

    arguments.extend()
    for module in LAYERS:
        ours = importlib.import_module(f"{__name__}.{module}")
        _add(lasagne.layers, **{name: getattr(ours, name) for name in ours.__all__})
    dropouts = {each.__name__: each for each in (arguments.dropout_channels, arguments.dropout_locations)}
    _add(lasagne.layers, spatial_dropout=arguments.dropout_channels, **dropouts)
    _add(lasagne.nonlinearities, **{each.__name__: each for each in functions.NONLINEARITIES})
    _add(lasagne.nonlinearities, selu=functions.selu, ScaledTanh=functions.ScaledTanH)
    _add(lasagne.objectives, **{each.__name__: each for each in functions.OBJECTIVES})
    _add(lasagne.updates, **{each.__name__: each for each in functions.UPDATES})
    _add(lasagne.utils, collect_shared_vars=functions.collect_shared_vars)
    for name in GPU:
        ours = importlib.import_module(f"{__name__}.{name}")
        sys.modules[f"lasagne.layers.{name}"] = ours
        setattr(lasagne.layers, name, ours)


def _add(module, **names):
    for name, value in names.items():
        if not hasattr(module, name):
            setattr(module, name, value)
