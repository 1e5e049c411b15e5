"""Batch normalization between two layers of Lasagne 0.2.dev1, and an evaluation by the running averages."""
import numpy as np
import theano
import theano.tensor as T
import lasagne

rng = np.random.RandomState(5)
lasagne.random.set_rng(rng)
input_var, target_var = T.matrix('inputs'), T.ivector('targets')
hidden = lasagne.layers.DenseLayer(lasagne.layers.InputLayer((None, 6), input_var), num_units=8)
network = lasagne.layers.DenseLayer(
    lasagne.layers.batch_norm(hidden), num_units=3, W=lasagne.init.Constant(0.),
    nonlinearity=lasagne.nonlinearities.softmax)
prediction = lasagne.layers.get_output(network)
loss = lasagne.objectives.categorical_crossentropy(prediction, target_var).mean()
params = lasagne.layers.get_all_params(network, trainable=True)
updates = lasagne.updates.nesterov_momentum(loss, params, learning_rate=0.2, momentum=0.9)
test_prediction = lasagne.layers.get_output(network, deterministic=True)
test_acc = T.mean(lasagne.objectives.categorical_accuracy(test_prediction, target_var), dtype=theano.config.floatX)
train_fn = theano.function([input_var, target_var], loss, updates=updates)
val_fn = theano.function([input_var, target_var], test_acc)
xs = rng.normal(2, 3, (40, 6)).astype(theano.config.floatX)
ys = xs[:, :3].argmax(1).astype('int32')
print 'first %.6f' % train_fn(xs, ys)
mean = lasagne.layers.get_all_params(network, trainable=False)[0]
print mean.name, hidden.b
for epoch in xrange(60): train_fn(xs, ys)
print 'accuracy %.3f' % val_fn(xs, ys)
