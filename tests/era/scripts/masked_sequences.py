"""Lasagne's recurrent layer on sequences of several lengths: what a mask hides changes nothing."""
import lasagne
import numpy as np
import theano
import theano.tensor as T

rng = np.random.RandomState(11)
lasagne.random.set_rng(rng)
l_in = lasagne.layers.InputLayer((None, 5, 3))
l_mask = lasagne.layers.InputLayer((None, 5))
l_rec = lasagne.layers.RecurrentLayer(l_in, 4, mask_input=l_mask, nonlinearity=lasagne.nonlinearities.tanh)
l_last = lasagne.layers.SliceLayer(l_rec, -1, 1)
l_out = lasagne.layers.DenseLayer(l_last, 1, W=lasagne.init.Constant(0.5), nonlinearity=None)
target = T.vector()
cost = T.mean((lasagne.layers.get_output(l_out).flatten() - target) ** 2)
params = lasagne.layers.get_all_params(l_out, trainable=True)
train = theano.function(
    [l_in.input_var, l_mask.input_var, target], cost, updates=lasagne.updates.sgd(cost, params, 0.1))
xs = rng.normal(size=(2, 5, 3)).astype(theano.config.floatX)
mask = np.array([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]], dtype=theano.config.floatX)
values = [np.asarray(p.get_value()) for p in params]
print(" ".join("%s:%s" % (p.name, "x".join(map(str, v.shape))) for p, v in zip(params, values)))
print("weights", *("%.8f" % v for p in values for v in p.ravel()))
print("loss %.6f" % train(xs, mask, np.array([1, -1], dtype=theano.config.floatX)))
for i in range(30):
    last = train(xs, mask, np.array([1, -1], dtype=theano.config.floatX))
print("last %.6f" % last)
