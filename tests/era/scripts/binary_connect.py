"""Weights binarized for the products, by an Op with C code alone, or by chance with MRG's noise."""
import sys
import numpy as np
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams as RandomStreams
from theano.scalar.basic import UnaryScalarOp, same_out_nocomplex
from theano.tensor.elemwise import Elemwise

class Round3(UnaryScalarOp):
    def c_code(self, node, name, (x,), (z,), sub):
        return "%(z)s = round(%(x)s);" % locals()
    def grad(self, inputs, (gz,)):
        return gz,

round3 = Elemwise(Round3(same_out_nocomplex, name='round3'))

def hard_sigmoid(x):
    return T.clip((x + 1.) / 2., 0, 1)

def binarization(W, srng=None):
    Wb = hard_sigmoid(W)
    if srng is not None:
        Wb = T.cast(srng.binomial(n=1, p=Wb, size=T.shape(Wb)), theano.config.floatX)
    else:
        Wb = round3(Wb)
    return T.cast(T.switch(Wb, 1., -1.), theano.config.floatX)

rng = np.random.RandomState(1234)
stochastic = '--stochastic' in sys.argv
W = theano.shared(rng.uniform(-1, 1, (6, 4)).astype(theano.config.floatX), name='W')
x, y = T.matrix(), T.matrix()
Wb = binarization(W, RandomStreams(42) if stochastic else None)
loss = T.mean(T.sqr(T.maximum(0., 1. - y * T.dot(x, Wb))))
grad = theano.grad(loss, wrt=Wb)
train = theano.function([x, y], [loss, Wb], updates=[(W, T.clip(W - 0.1 * grad, -1, 1))])
xs = rng.normal(size=(10, 6)).astype(theano.config.floatX)
ys = (2 * (xs[:, :4] > 0) - 1).astype(theano.config.floatX)
for epoch in range(15):
    value, binary = train(xs, ys)
    print 'loss %.6f' % value, set(binary.flat) == set([-1, 1])
print 'clipped', abs(W.get_value()).max() <= 1
