"""A denoising autoencoder with tied weights; the weights begin at zero, so each unit costs log 2."""
import numpy
import theano
import theano.tensor as T
from theano.tensor.shared_randomstreams import RandomStreams

n_visible, n_hidden = 12, 5
rng = numpy.random.RandomState(123)
theano_rng = RandomStreams(rng.randint(2 ** 30))
W = theano.shared(numpy.zeros((n_visible, n_hidden), dtype=theano.config.floatX), name='W')
bvis = theano.shared(numpy.zeros(n_visible, dtype=theano.config.floatX), name='bvis')
bhid = theano.shared(numpy.zeros(n_hidden, dtype=theano.config.floatX), name='bhid')

def get_cost_updates(x, corruption_level, learning_rate):
    tilde_x = theano_rng.binomial(size=x.shape, n=1, p=1 - corruption_level, dtype=theano.config.floatX) * x
    y = T.nnet.sigmoid(T.dot(tilde_x, W) + bhid)
    z = T.nnet.sigmoid(T.dot(y, W.T) + bvis)
    L = - T.sum(x * T.log(z) + (1 - x) * T.log(1 - z), axis=1)
    cost = T.mean(L)
    params = [W, bhid, bvis]
    return cost, [(param, param - learning_rate * gparam) for param, gparam in zip(params, T.grad(cost, params))]

x = T.matrix('x')
cost, updates = get_cost_updates(x, corruption_level=0.3, learning_rate=0.1)
train_da = theano.function([x], cost, updates=updates)
data = numpy.asarray(rng.binomial(1, 0.2, (20, n_visible)), dtype=theano.config.floatX)
c = []
for epoch in xrange(30):
    c.append(train_da(data))
print 'first %.6f' % c[0]
print 'last %.6f' % c[-1]
