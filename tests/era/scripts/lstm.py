"""An LSTM by scan over a minibatch of masked sequences, in Python 3 as it was in 2016."""
from collections import OrderedDict

import numpy
import theano
from theano import config, tensor

dim, classes, steps, samples = 4, 3, 5, 2
rng = numpy.random.RandomState(3)
params = OrderedDict()
for name, shape in [("W", (dim, 4 * dim)), ("U", (dim, 4 * dim)), ("b", (4 * dim,)), ("V", (dim, classes))]:
    params[name] = theano.shared(rng.uniform(-0.5, 0.5, shape).astype(config.floatX), name=name)


def _slice(_x, n: int, dim: int):
    return _x[:, n * dim:(n + 1) * dim]


def _step(m_, x_, h_, c_):
    preact = tensor.dot(h_, params["U"]) + x_
    i, f, o = (tensor.nnet.sigmoid(_slice(preact, n, dim)) for n in range(3))
    c = f * c_ + i * tensor.tanh(_slice(preact, 3, dim))
    c = m_[:, None] * c + (1. - m_)[:, None] * c_
    h = o * tensor.tanh(c)
    h = m_[:, None] * h + (1. - m_)[:, None] * h_
    return h, c


x, mask, y = tensor.tensor3("x"), tensor.matrix("mask"), tensor.vector("y", dtype="int64")
state_below = tensor.dot(x, params["W"]) + params["b"]
rval, updates = theano.scan(
    _step, sequences=[mask, state_below],
    outputs_info=[tensor.alloc(numpy.asarray(0., dtype=config.floatX), samples, dim) for _ in range(2)],
    name="lstm_layers", n_steps=x.shape[0])
pooled = (rval[0] * mask[:, :, None]).sum(axis=0) / mask.sum(axis=0)[:, None]
pred = tensor.nnet.softmax(tensor.dot(pooled, params["V"]))
cost = -tensor.log(pred[tensor.arange(samples), y] + 1e-8).mean()
grads = tensor.grad(cost, wrt=list(params.values()))
f_train = theano.function(
    [x, mask, y], cost, updates=[(p, p - 0.5 * g) for p, g in zip(params.values(), grads)], name="f_train")
xs = rng.normal(size=(steps, samples, dim)).astype(config.floatX)
masks = numpy.array([[1, 1], [1, 1], [1, 1], [1, 0], [1, 0]], dtype=config.floatX)
for step in range(10):
    print(f"loss {f_train(xs, masks, numpy.array([0, 2])):.6f}")
