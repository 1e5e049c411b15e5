"""Two hidden layers with dropout by shared random streams, momentum, and an evaluation without dropout."""
import numpy as np
import theano
import theano.tensor as T
from theano.tensor.shared_randomstreams import RandomStreams

rng = np.random.RandomState(1234)
srng = RandomStreams(rng.randint(2 ** 30))
sizes = [8, 16, 16, 3]

def floatX(value):
    return np.asarray(value, dtype=theano.config.floatX)

def dropout(layer, p):
    mask = srng.binomial(n=1, p=1 - p, size=layer.shape, dtype=theano.config.floatX)
    return layer * mask / floatX(1 - p)

params = []
for n_in, n_out in zip(sizes[:-1], sizes[1:]):
    limit = np.sqrt(6. / (n_in + n_out)) * (n_out is not sizes[-1])
    params.append((theano.shared(floatX(rng.uniform(-limit, limit, (n_in, n_out)))), theano.shared(floatX(np.zeros(n_out)))))

def network(x, p):
    for W, b in params[:-1]:
        x = dropout(T.maximum(T.dot(x, W) + b, 0), p) if p > 0 else T.maximum(T.dot(x, W) + b, 0)
    W, b = params[-1]
    return T.nnet.softmax(T.dot(x, W) + b)

x, y = T.matrix(), T.ivector()
cost = T.nnet.categorical_crossentropy(network(x, 0.5), y).mean()
test_cost = T.nnet.categorical_crossentropy(network(x, 0), y).mean()
flat = reduce(lambda a, b: a + b, map(list, params))
updates = []
for param, grad in zip(flat, T.grad(cost, flat)):
    velocity = theano.shared(param.get_value() * floatX(0.))
    step = 0.9 * velocity - 0.05 * grad
    updates += [(velocity, step), (param, param + step)]
train = theano.function([x, y], cost, updates=updates, allow_input_downcast=True)
test = theano.function([x, y], test_cost, allow_input_downcast=True)

xs = rng.normal(size=(30, 8))
ys = xs[:, :3].argmax(1)
print 'first %.6f' % train(xs, ys)
for i in range(40): train(xs, ys)
print 'last %.6f' % test(xs, ys)
