"""A restricted Boltzmann machine with k steps of Gibbs sampling by scan (CD-k)."""
import numpy
import theano
import theano.tensor as T
from theano.sandbox.rng_mrg import MRG_RandomStreams

n_visible, n_hidden, k = 7, 4, 3
rng = numpy.random.RandomState(1)
theano_rng = MRG_RandomStreams(seed=rng.randint(2 ** 30))
floatX = theano.config.floatX
W = theano.shared(rng.normal(0, 0.1, (n_visible, n_hidden)).astype(floatX), name='W')
hbias = theano.shared(numpy.zeros(n_hidden, dtype=floatX), name='hbias')
vbias = theano.shared(numpy.linspace(-1, 1, n_visible).astype(floatX), name='vbias')

def free_energy(v_sample):
    wx_b = T.dot(v_sample, W) + hbias
    return -T.sum(T.log(1 + T.exp(wx_b)), axis=1) - T.dot(v_sample, vbias)

def gibbs_vhv(v0_sample):
    h1_mean = T.nnet.sigmoid(T.dot(v0_sample, W) + hbias)
    h1_sample = theano_rng.binomial(size=h1_mean.shape, n=1, p=h1_mean, dtype=floatX)
    v1_mean = T.nnet.sigmoid(T.dot(h1_sample, W.T) + vbias)
    return [v1_mean, theano_rng.binomial(size=v1_mean.shape, n=1, p=v1_mean, dtype=floatX)]

x = T.matrix('x')
(means, samples), updates = theano.scan(gibbs_vhv, outputs_info=[None, x], n_steps=k)
chain_end = samples[-1]
cost = T.mean(free_energy(x)) - T.mean(free_energy(chain_end))
params = [W, hbias, vbias]
gparams = T.grad(cost, params, consider_constant=[chain_end])
for gparam, param in zip(gparams, params):
    updates[param] = param - gparam * T.cast(0.1, dtype=floatX)
data = (rng.uniform(size=(50, n_visible)) < 0.3).astype(floatX)
energy = theano.function([x], free_energy(x).mean())
train_rbm = theano.function([x], [cost, chain_end], updates=updates)
print 'energy %.6f' % energy(data)
for epoch in xrange(40):
    cost_value, chain = train_rbm(data)
print 'chain', chain.shape, sorted(set(chain.flatten().tolist())) == [0, 1]
print 'biased', vbias.get_value().mean() < -0.2
