"""A convolution, a pooling and a softmax with Theano's own conv2d and max_pool_2d."""
import cPickle
import cStringIO
import numpy
import theano
import theano.tensor as T
from theano.tensor.nnet import conv
from theano.tensor.signal import downsample

rng = numpy.random.RandomState(23455)

class LeNetConvPoolLayer(object):
    def __init__(self, rng, input, filter_shape, image_shape, poolsize=(2, 2)):
        fan_in = numpy.prod(filter_shape[1:])
        fan_out = filter_shape[0] * numpy.prod(filter_shape[2:]) / numpy.prod(poolsize)
        W_bound = numpy.sqrt(6. / (fan_in + fan_out))
        self.W = theano.shared(
            numpy.asarray(rng.uniform(low=-W_bound, high=W_bound, size=filter_shape), dtype=theano.config.floatX),
            borrow=True)
        self.b = theano.shared(numpy.zeros((filter_shape[0],), dtype=theano.config.floatX), borrow=True)
        conv_out = conv.conv2d(input=input, filters=self.W, filter_shape=filter_shape, image_shape=image_shape)
        pooled_out = downsample.max_pool_2d(input=conv_out, ds=poolsize, ignore_border=True)
        self.output = T.tanh(pooled_out + self.b.dimshuffle('x', 0, 'x', 'x'))
        self.params = [self.W, self.b]

batch, side, kernels = 4, 9, 3
x, y = T.matrix('x'), T.ivector('y')
layer = LeNetConvPoolLayer(rng, x.reshape((batch, 1, side, side)), (kernels, 1, 4, 4), (batch, 1, side, side))
n_features = kernels * ((side - 4 + 1) / 2) ** 2
W = theano.shared(numpy.zeros((n_features, 10), dtype=theano.config.floatX))
p_y = T.nnet.softmax(T.dot(layer.output.flatten(2), W))
cost = -T.mean(T.log(p_y)[T.arange(y.shape[0]), y])
params = layer.params + [W]
train = theano.function([x, y], [cost, layer.output], updates=[(p, p - 0.1 * g) for p, g in zip(params, T.grad(cost, params))])
images = numpy.asarray(rng.uniform(size=(batch, side * side)), dtype=theano.config.floatX)
digits = numpy.arange(batch).astype('int32')
first, features = train(images, digits)
print 'first %.6f' % first
print 'features', ' '.join('%.6f' % v for v in features[0, :, 0, 1])
for i in xrange(5): last = train(images, digits)[0]
print 'last %.6f' % last
saved = cStringIO.StringIO(cPickle.dumps([p.get_value() for p in params], protocol=cPickle.HIGHEST_PROTOCOL))
print 'saved', [p.shape for p in cPickle.load(saved)] == [p.get_value().shape for p in params]
