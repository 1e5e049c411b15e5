"""Softmax regression by minibatches that are slices of a shared data set, the way of the deep learning tutorials."""
import numpy
import theano
import theano.tensor as T

n_in, n_out, batch_size = 6, 4, 5
rng = numpy.random.RandomState(1)
data = rng.uniform(size=(23, n_in))
labels = rng.randint(0, n_out, 23)

def shared_dataset((data_x, data_y), borrow=True):
    shared_x = theano.shared(numpy.asarray(data_x, dtype=theano.config.floatX), borrow=borrow)
    shared_y = theano.shared(numpy.asarray(data_y, dtype=theano.config.floatX), borrow=borrow)
    return shared_x, T.cast(shared_y, 'int32')

class LogisticRegression(object):
    def __init__(self, input, n_in, n_out):
        self.W = theano.shared(value=numpy.zeros((n_in, n_out), dtype=theano.config.floatX), name='W', borrow=True)
        self.b = theano.shared(value=numpy.zeros((n_out,), dtype=theano.config.floatX), name='b', borrow=True)
        self.p_y_given_x = T.nnet.softmax(T.dot(input, self.W) + self.b)
        self.y_pred = T.argmax(self.p_y_given_x, axis=1)

    def negative_log_likelihood(self, y):
        return -T.mean(T.log(self.p_y_given_x)[T.arange(y.shape[0]), y])

    def errors(self, y):
        return T.mean(T.neq(self.y_pred, y))

set_x, set_y = shared_dataset((data, labels))
n_batches = set_x.get_value(borrow=True).shape[0] / batch_size
index, x, y = T.lscalar(), T.matrix('x'), T.ivector('y')
classifier = LogisticRegression(input=x, n_in=n_in, n_out=n_out)
cost = classifier.negative_log_likelihood(y)
updates = [(p, p - 0.5 * g) for p, g in zip([classifier.W, classifier.b], T.grad(cost, [classifier.W, classifier.b]))]
train_model = theano.function(
    inputs=[index], outputs=cost, updates=updates,
    givens={
        x: set_x[index * batch_size:(index + 1) * batch_size],
        y: set_y[index * batch_size:(index + 1) * batch_size],
    })
for epoch in xrange(3):
    for minibatch in xrange(n_batches):
        print 'loss %.7f' % train_model(minibatch)
print 'batches', n_batches
