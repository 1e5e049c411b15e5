"""Exports the best model of a run to a file that `reproduce.inference` reads.

A weight that the method binarizes takes one bit, and each weight tensor one α. Biases and batch norm become a factor
and a term by feature, as they evaluate. The rest stays in full precision.
"""

import json

import numpy as np
from lasagne.layers import InputLayer, MaxPool2DLayer, NonlinearityLayer, get_all_layers
from lasagne.nonlinearities import rectify

from datasets.storage.files import replacing
from reproduce import formulas
from reproduce.inference import packed
from reproduce.model import binarization
from reproduce.model.layers import BatchNormLayer, BinarizedConv2DLayer, BinarizedDenseLayer
from reproduce.model.lstm import BinarizedLSTMLayer, OutputLayer

ACTIVATIONS = {
    rectify: "rectify",
    binarization.binary_activation: "sign",
    binarization.scaled_binary_activation: "scaled_sign",
}


def export(model, path):
    """Write `model`, a `reproduce.runs.best.BestModel`, to `path`, replacing what is there.

    Returns
    -------
    dict
        Sizes in bytes: ``file``, and ``float32_weights`` of the weight tensors in full precision.

    Raises
    ------
    datasets.errors.CannotWriteError
    """
    content, weights = encode(model)
    with replacing(path) as temporary:
        temporary.write_bytes(content)
    return {"file": len(content), "float32_weights": weights}


def encode(model):
    """The file of a `BestModel` as bytes, and the bytes of its weight tensors in float32."""
    network = model.network()
    layers, tensors = describe(network)
    vocabulary = None if model.vocabulary is None else list(model.vocabulary)
    shape = [len(vocabulary)] if vocabulary else model.experiment["data.shape"]
    content = packed.encode(
        tensors,
        network={"shape": shape, "layers": layers},
        record=json.loads(model.record.to_json()),
        vocabulary=vocabulary,
    )
    return content, sum(weight.latent.get_value(borrow=True).nbytes for weight in network.weights)


def describe(network):
    """The layers of a `reproduce.model.networks.Network` as `reproduce.inference.network` builds them.

    Returns
    -------
    layers : list of dict
    tensors : dict of str to ndarray
    """
    layers, tensors = [], {}
    bias = 0
    for layer in get_all_layers(network.output):
        described = {"name": layer.name}
        if isinstance(layer, BinarizedDenseLayer | BinarizedConv2DLayer):
            dense = isinstance(layer, BinarizedDenseLayer)
            described["kind"] = "dense" if dense else "convolution"
            rows = (_dense_rows if dense else _convolution_rows)(layer)
            tensors |= _weights(f"{layer.name}.W", [layer.weight], rows, network.recipe)
            bias = layer.b.get_value()
        elif isinstance(layer, BatchNormLayer):
            described["kind"] = "normalize"
            tensors |= _normalization(layer, bias)
        elif isinstance(layer, MaxPool2DLayer):
            described = {"kind": "pool"}
        elif isinstance(layer, NonlinearityLayer):
            described = {"kind": ACTIVATIONS[layer.nonlinearity]}
        elif isinstance(layer, BinarizedLSTMLayer):
            described |= {"kind": "lstm", "binarize": layer.binarize}
            tensors |= _lstm(layer, network.recipe)
        elif isinstance(layer, OutputLayer):
            described["kind"] = "scores"
            tensors |= {f"{layer.name}.W": layer.W.get_value(), f"{layer.name}.b": layer.b.get_value()}
        elif isinstance(layer, InputLayer):
            continue
        else:
            raise TypeError(f"no layer of an exported network: {layer}")
        layers.append(described)
    return layers, tensors


def _dense_rows(layer):
    """The latent weights into each output, (outputs, inputs); inputs from pictures with their channels last."""
    W = layer.weight.latent.get_value()
    shape = layer.input_shape[1:]
    if len(shape) == 3:
        W = W.reshape(*shape, -1).transpose(1, 2, 0, 3)
    return W.reshape(-1, layer.num_units).T


def _convolution_rows(layer):
    """The latent weights of each filter as a correlation takes them, (filters, rows·columns·channels)."""
    W = layer.weight.latent.get_value()[:, :, ::-1, ::-1]
    return W.transpose(0, 2, 3, 1).reshape(len(W), -1)


def _normalization(layer, bias):
    """γ·(x + bias − mean)/(std + ε) + β as a factor ``gain`` and a term ``shift``, rounded once."""
    gamma, beta, mean, std = (p.get_value().astype("float64") for p in (layer.gamma, layer.beta, layer.mean, layer.std))
    gain = gamma / (std + layer.EPSILON)
    shift = (bias - mean) * gain + beta
    return {f"{layer.name}.gain": gain.astype("float32"), f"{layer.name}.shift": shift.astype("float32")}


def _lstm(layer, recipe):
    """The gates' weights side by side, each matrix with its own α, and their biases."""
    tensors = {f"{layer.name}.b": np.concatenate([bias.get_value() for bias in layer.biases])}
    for part, weights in (("W_in", layer.weights[0::2]), ("W_hid", layer.weights[1::2])):
        rows = np.concatenate([weight.latent.get_value().T for weight in weights])
        tensors |= _weights(f"{layer.name}.{part}", weights, rows, recipe)
    return tensors


def _weights(name, weights, rows, recipe):
    """Tensors of the latent `rows`, (outputs, inputs), of one or several `weights`: bits and α, or full precision."""
    if not weights[0].method.binarizes:
        return {name: rows.T}
    alpha = np.float32([1 if weight.alpha is None else weight.alpha.get_value() for weight in weights])
    positive = formulas.is_positive(rows, recipe.zero_is_positive)
    bits = np.packbits(positive, axis=1, bitorder="little")
    return {f"{name}.bits": bits, f"{name}.alpha": alpha if len(weights) > 1 else alpha.reshape(())}
