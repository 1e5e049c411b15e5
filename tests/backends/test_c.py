"""What the c backend makes of the fully connected training step: no product twice, column sums by rows."""

import aesara.tensor as at
import pytest
from aesara.tensor.blas import Dot22, Dot22Scalar, Gemm
from lasagne.layers import InputLayer, NonlinearityLayer

from reproduce import backends, methods
from reproduce.model import binarization, updates
from reproduce.model.layers import BatchNormLayer, BinarizedDenseLayer
from reproduce.model.networks import Network
from reproduce.model.objectives import SquaredHinge
from reproduce.model.ops.column_sum import ColumnSum
from reproduce.model.recipe import RELEASED

LAYERS = 3


def step_operations(method):
    """The Ops of a compiled training step of `LAYERS` dense layers with batch norm."""
    layer = InputLayer((None, 6))
    for number in range(LAYERS):
        layer = BinarizedDenseLayer(layer, 5, method, RELEASED, name=f"dense{number}")
        layer = BatchNormLayer(layer, name=f"norm{number}")
        if number < LAYERS - 1:
            activation = binarization.binary_activation if method.binary_activations else at.nnet.relu
            layer = NonlinearityLayer(layer, activation)
    network = Network(layer, RELEASED)
    x, labels, rate = at.fmatrix(), at.lvector(), at.fscalar()
    scores, statistics = network.training_pass(x)
    loss = SquaredHinge(5).loss(scores, labels)
    compiled = backends.create("c").compile(
        [x, labels, rate], [loss], [*updates.adam(loss, network, rate), *statistics]
    )
    return [node.op for node in compiled._function.maker.fgraph.toposort()]


@pytest.mark.compiler
@pytest.mark.parametrize("method", ["full-precision", "lab", "bnn", "lab2"])
def test_a_layer_costs_three_products_and_the_first_two(method):
    operations = step_operations(methods.get(method))
    products = [op for op in operations if isinstance(op, Dot22 | Dot22Scalar | Gemm)]
    assert len(products) == 3 * LAYERS - 1


@pytest.mark.compiler
def test_sums_over_the_minibatch_go_by_rows():
    operations = step_operations(methods.get("lab"))
    columns = [op for op in operations if getattr(op, "axis", None) in (0, (0,)) and isinstance(op, at.math.Sum)]
    assert any(isinstance(op, ColumnSum) for op in operations) and not columns


@pytest.mark.compiler
def test_a_scaled_product_needed_unscaled_too_is_made_once():
    x, y = at.fmatrices("x", "y")
    product = x @ y
    step = backends.create("c").compile([x, y], [product, -product])
    made = [node.op for node in step._function.maker.fgraph.toposort() if isinstance(node.op, Dot22 | Dot22Scalar)]
    assert len(made) == 1
