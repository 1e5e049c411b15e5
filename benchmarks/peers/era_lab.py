"""LAB's training step for a network of dense layers, as a script of Theano's era: python era_lab.py STATE.npz

It runs under Python 2.7 with Theano and Lasagne as it does by `python -m reproduce theano`. It prints their versions,
and then, for every line on its standard input, a number of steps, the last loss and the median seconds of a step.
"""
import sys
import time

import numpy as np
import theano
import theano.tensor as T
import theano.tensor.signal.pool
theano.tensor.signal.downsample = theano.tensor.signal.pool  # Lasagne 0.1 imports it by its former name
import lasagne

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


class BinaryDenseLayer(lasagne.layers.DenseLayer):
    def __init__(self, incoming, W, b):
        super(BinaryDenseLayer, self).__init__(incoming, b.size, W=W, b=b, nonlinearity=lasagne.nonlinearities.identity)
        self.params[self.W].add('binary')
        self.alpha = theano.shared(np.float32(abs(W).mean()), name='alpha')
        self.Wb = self.alpha * T.switch(T.ge(self.W + np.float32(1), 1), np.float32(1), np.float32(-1))

    def get_output_for(self, input, **kwargs):
        return T.dot(input, self.Wb) + self.b.dimshuffle('x', 0)


class BatchNormLayer(lasagne.layers.Layer):
    def __init__(self, incoming, gamma, beta, epsilon=1e-4, rate=0.1, nonlinearity=None):
        super(BatchNormLayer, self).__init__(incoming)
        shape = self.input_shape[1:]
        self.epsilon, self.rate, self.nonlinearity = epsilon, rate, nonlinearity
        self.gamma = self.add_param(gamma, shape, name='gamma')
        self.beta = self.add_param(beta, shape, name='beta')
        self.mean = self.add_param(lasagne.init.Constant(0), shape, name='mean', trainable=False)
        self.std = self.add_param(lasagne.init.Constant(1), shape, name='std', trainable=False)

    def get_output_for(self, input, deterministic=False, **kwargs):
        if deterministic:
            mean, std = self.mean, self.std
        else:
            mean = T.mean(input, axis=0)
            std = T.sqrt(T.mean(T.sqr(input - mean), axis=0))
            self.statistics = [(self.mean, (1 - self.rate) * self.mean + self.rate * mean),
                               (self.std, (1 - self.rate) * self.std + self.rate * std)]
        output = (input - mean) * (self.gamma / (std + self.epsilon)) + self.beta
        return output if self.nonlinearity is None else self.nonlinearity(output)


def build(state, input_var):
    network = lasagne.layers.InputLayer((None, state['x'].shape[1]), input_var)
    depth = int(state['depth'])
    for k in range(depth):
        network = BinaryDenseLayer(network, state['W%d' % k], state['b%d' % k])
        last = k == depth - 1
        network = BatchNormLayer(network, state['gamma%d' % k], state['beta%d' % k],
                                 nonlinearity=None if last else lasagne.nonlinearities.rectify)
    return network


def adam(loss, layers, params, lr):
    """Adam; a binary layer's scale is that of its weights under the curvature sqrt(v)."""
    used = dict((layer.W, layer.Wb) for layer in layers)
    t = theano.shared(np.float32(0))
    size = lr * T.sqrt(1 - np.float32(BETA2) ** (t + 1)) / (1 - np.float32(BETA1) ** (t + 1))
    updates = [(t, t + 1)]
    for param, grad in zip(params, theano.grad(loss, [used.get(param, param) for param in params])):
        m = theano.shared(np.zeros_like(param.get_value()))
        v = theano.shared(np.zeros_like(param.get_value()))
        new_m = np.float32(BETA1) * m + np.float32(1 - BETA1) * grad
        new_v = np.float32(BETA2) * v + np.float32(1 - BETA2) * T.sqr(grad)
        d = T.sqrt(new_v) + np.float32(EPSILON)
        value = param - size * new_m / d
        for layer in layers:
            if layer.W is param:
                value = T.clip(value, -1, 1)
                updates.append((layer.alpha, T.sum(d * abs(value)) / T.sum(d)))
        updates += [(m, new_m), (v, new_v), (param, value)]
    return updates


def main(path):
    state = np.load(path)
    input, target, lr = T.matrix('inputs'), T.matrix('targets'), T.scalar('lr')
    network = build(state, input)
    output = lasagne.layers.get_output(network, deterministic=False)
    loss = T.mean(T.sqr(T.maximum(0., 1. - target * output)))
    params = lasagne.layers.get_all_params(network, trainable=True)
    layers = lasagne.layers.get_all_layers(network)
    updates = adam(loss, [layer for layer in layers if isinstance(layer, BinaryDenseLayer)], params, lr)
    for layer in layers:
        updates += getattr(layer, 'statistics', [])
    train = theano.function([input, target, lr], loss, updates=updates)

    X, Y, rows, rate = state['x'], state['y'], state['rows'], state['rate']
    print('python=%s numpy=%s theano=%s lasagne=%s' % (sys.version.split()[0], np.__version__, theano.__version__,
                                                       lasagne.__version__))
    sys.stdout.flush()
    done = 0
    for line in iter(sys.stdin.readline, ''):
        seconds = []
        for i in range(int(line)):
            batch = rows[done % len(rows)]
            began = time.time()
            value = float(train(X[batch], Y[batch], rate))
            seconds.append(time.time() - began)
            done += 1
        print('%.9g %.9g' % (value, np.median(seconds)))
        sys.stdout.flush()


if __name__ == '__main__':
    main(sys.argv[1])
