"""Lasagne 0.1, as it is on PyPI, trains a network on the shim."""

import aesara
import lasagne
import numpy as np
import theano
import theano.tensor as T


def test_a_small_network_learns_in_float32():
    rng = np.random.RandomState(0)
    lasagne.random.set_rng(rng)
    inputs, targets = T.matrix("inputs"), T.ivector("targets")
    network = lasagne.layers.InputLayer((30, 2), inputs)
    network = lasagne.layers.DenseLayer(network, 16)
    network = lasagne.layers.DenseLayer(network, 2, nonlinearity=lasagne.nonlinearities.softmax)
    loss = lasagne.objectives.categorical_crossentropy(lasagne.layers.get_output(network), targets).mean()
    parameters = lasagne.layers.get_all_params(network, trainable=True)
    step = theano.function(
        [inputs, targets],
        loss,
        updates=lasagne.updates.adam(loss, parameters, learning_rate=0.05),
        mode=aesara.compile.Mode(linker="py", optimizer="fast_compile"),
    )
    x = rng.randn(30, 2).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("int32")  # not linearly separable

    losses = [float(step(x, y)) for _ in range(60)]

    assert loss.dtype == "float32" and {p.get_value().dtype.name for p in parameters} == {"float32"}
    assert losses[0] > 0.5 and losses[-1] < 0.15
