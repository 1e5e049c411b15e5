"""A recurrent network by scan, with an initial state that is learnt and gradients through time."""
import numpy as np
import theano
import theano.tensor as T
mode = theano.Mode(linker='cvm') if theano.config.mode == 'DEBUG_MODE' else None

nin, nhid, nout, steps = 3, 5, 2, 6
rng = np.random.RandomState(7)
W, W_in, W_out, h0 = [
    theano.shared(rng.uniform(size=size, low=-.3, high=.3).astype(theano.config.floatX), name=name)
    for size, name in ((nhid, nhid), 'W'), ((nin, nhid), 'W_in'), ((nhid, nout), 'W_out'), ((nhid,), 'h0')]
u, t, lr = T.matrix(), T.matrix(), T.scalar()

def step(u_t, h_tm1, W, W_in, W_out):
    h_t = T.tanh(T.dot(u_t, W_in) + T.dot(h_tm1, W))
    return h_t, T.dot(h_t, W_out)

[h, y], _ = theano.scan(step, sequences=u, outputs_info=[h0, None], non_sequences=[W, W_in, W_out])
error = ((y - t) ** 2).sum() / u.shape[0]
params = W, W_in, W_out, h0
train = theano.function([u, t, lr], error, updates=[(p, p - lr * g) for p, g in zip(params, T.grad(error, list(params)))])
inputs = rng.uniform(size=(steps, nin)).astype(theano.config.floatX)
targets = rng.uniform(size=(steps, nout)).astype(theano.config.floatX)
for i in xrange(20):
    print 'loss %.6f' % train(inputs, targets, np.asarray(0.1, dtype=theano.config.floatX))
