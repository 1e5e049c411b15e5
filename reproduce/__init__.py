"""Reference reproduction of *Loss-aware Binarization of Deep Networks* (ICLR 2017).

Importing this package installs the shim, so ``import theano`` and ``import lasagne`` work anywhere after it.
"""

from reproduce import shim

shim.install()
