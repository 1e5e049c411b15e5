"""BinaryConnect's way of reading MNIST: pylearn2's names, pixels and targets of -1 and 1, a squared hinge loss."""
import sys
import time
import numpy as np
np.random.seed(1234)
import theano
import theano.tensor as T
import lasagne
from pylearn2.datasets.mnist import MNIST
from collections import OrderedDict

batch_size, num_batches = 50, 6
train_set = MNIST(which_set='train', start=0, stop=50000, center=False)
valid_set = MNIST(which_set='train', start=50000, stop=60000, center=False)
print 'pixels', train_set.X.shape, train_set.X.dtype, len(train_set.X) / batch_size
train_set.X = 2 * train_set.X - 1.
train_set.y = np.hstack(train_set.y)
train_set.y = 2 * np.float32(np.eye(10)[train_set.y]) - 1.

input, target, LR = T.matrix('inputs'), T.matrix('targets'), T.scalar('LR', dtype=theano.config.floatX)
mlp = lasagne.layers.InputLayer(shape=(None, 784), input_var=input)
mlp = lasagne.layers.DenseLayer(mlp, nonlinearity=lasagne.nonlinearities.rectify, num_units=8)
mlp = lasagne.layers.DenseLayer(mlp, nonlinearity=lasagne.nonlinearities.identity, num_units=10, W=lasagne.init.Constant(0.))
loss = T.mean(T.sqr(T.maximum(0., 1. - target * lasagne.layers.get_output(mlp, deterministic=False))))
params = lasagne.layers.get_all_params(mlp, trainable=True)
updates = OrderedDict(lasagne.updates.sgd(loss_or_grads=loss, params=params, learning_rate=LR).items())
train_fn = theano.function([input, target, LR], loss, updates=updates)
start = time.clock()
for i in xrange(num_batches):
    part = slice(i * batch_size, (i + 1) * batch_size)
    print 'loss %.6f' % train_fn(np.asarray(train_set.X[part], theano.config.floatX), np.asarray(train_set.y[part], theano.config.floatX), 0.01)
print 'dtype', params[0].get_value().dtype, theano.config.floatX
for arg in sys.argv[1:]: print >>sys.stderr, 'argument', arg
