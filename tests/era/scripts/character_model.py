"""A character model: Python 2 reads a text as bytes, counts them, and a scan learns to tell the next one."""
import os
import sys
import numpy as np
import theano
import theano.tensor as T

data = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'text.txt'), 'r').read()
chars = sorted(list(set(data)))
data_size, vocab_size = len(data), len(chars)
print 'data has %d characters, %d unique.' % (data_size, vocab_size)
char_to_ix = dict((ch, i) for i, ch in enumerate(chars))
hidden_size, seq_length = 8, 10
rng = np.random.RandomState(0)
floatX = theano.config.floatX
Wxh = theano.shared((rng.randn(vocab_size, hidden_size) * 0.1).astype(floatX))
Whh = theano.shared((rng.randn(hidden_size, hidden_size) * 0.1).astype(floatX))
Why = theano.shared(np.zeros((hidden_size, vocab_size), dtype=floatX))
x, y = T.ivector(), T.ivector()
h0 = theano.shared(np.zeros(hidden_size, dtype=floatX))
h, _ = theano.scan(lambda x_t, h_tm1: T.tanh(Wxh[x_t] + T.dot(h_tm1, Whh)), sequences=x, outputs_info=h0)
p = T.nnet.softmax(T.dot(h, Why))
loss = T.nnet.categorical_crossentropy(p, y).mean()
params = [Wxh, Whh, Why]
updates = [(q, q - 0.5 * T.clip(g, -5, 5)) for q, g in zip(params, T.grad(loss, params))] + [(h0, h[-1])]
train = theano.function([x, y], loss, updates=updates, allow_input_downcast=True)
losses = []
for epoch in range(20):
    for i in range((data_size - 1) / seq_length):
        part = [char_to_ix[ch] for ch in data[i * seq_length:(i + 1) * seq_length + 1]]
        losses.append(float(train(part[:-1], part[1:])))
print 'steps %d first %.6f last %.6f' % (len(losses), losses[0], np.mean(losses[-5:]))
