"""Which Python a file shows to be, and which files cannot be told apart."""

import re
from pathlib import Path

import pytest

from reproduce.shim.python2 import loader, verdict
from tests.shim.python2.test_idioms import IDIOMS

REPOSITORY = Path(__file__).resolve().parents[3]

PYTHON2 = [
    "for i in xrange(3): pass",
    "import cPickle",
    "import urllib2, os",
    "from itertools import izip",
    "import itertools\nitertools.imap(f, x)",
    "import sys\nn = sys.maxint",
    "d.iteritems()",
    "if d.has_key(1): pass",
    "x = d.items() + [1]",
    "x = [1] + range(4)",
    "first = zip(a, b)[0]",
    "first = d.keys()[0]",
    "d.keys().sort()",
    "n = len(map(f, x))",
    "isinstance(x, (int, long))",
    "isinstance(x, basestring)",
    "x.sort(cmp=f)",
    "print >>sys.stderr, 'x'",
    "print ('%d') % 3",
    "print",
    "print ('a'), b",
    "from __future__ import print_function\nprint(a, end='')",
    "from __future__ import division",
    "class A(object):\n    __metaclass__ = M",
    "class A(object):\n    def __nonzero__(self): return False",
    "class A(object):\n    def __iter__(self): return self\n    def next(self): return 1",
    "#!/usr/bin/env python2.7\nx = 1",
    "f.im_func.func_name",
]
PYTHON3 = [
    "x = f'{a}'",
    "def f(a: int): pass",
    "def f(*a: int): pass",
    "def f(**a: int): pass",
    "def f(*, a): pass",
    "def f():\n    yield from g()",
    "print(a, end='')",
    "class A(B):\n    def f(self): super().f()",
    "class A(metaclass=M): pass",
    "first, *rest = x",
    "a @ b",
    "raise A from b",
    "xrange(3)\nx = f'{a}'",
]
NEITHER = [
    "n = len(x) / 10\nfor i in range(n): print(i)",
    "try:\n    import cPickle as pickle\nexcept ImportError:\n    import pickle",
    "try:\n    xrange\nexcept NameError:\n    xrange = range",
    "if sys.version_info[0] < 3:\n    from itertools import izip as zip",
    "if six.PY2:\n    text = unicode",
    "text = unicode if sys.version_info[0] == 2 else str",
    "from six.moves import xrange, cPickle\nxrange(3)",
    "def f(reduce): return reduce(1)",
    "cmp = lambda a, b: 0\ncmp(1, 2)",
    "print('a')",
    "for k in d.keys(): x = d.items()",
    "y = range(5)[2]",
    "u'text'",
    "class A(object):\n    def __div__(self, o): return 1\n    def __truediv__(self, o): return 1",
]


@pytest.mark.parametrize("text", PYTHON2)
def test_what_only_python_2_has_shows_it(text):
    assert verdict.verdict(text + "\n") == 2


@pytest.mark.parametrize("text", PYTHON3)
def test_what_only_python_3_has_shows_it(text):
    assert verdict.verdict(text + "\n") == 3


@pytest.mark.parametrize("text", NEITHER)
def test_what_both_have_shows_neither(text):
    assert verdict.verdict(text + "\n") is None
    assert [loader.python_of(text.encode(), default) for default in (2, 3)] == [2, 3]


def test_what_does_not_parse_as_python_3_is_python_2_if_it_is():
    assert loader.python_of(b"print 'a'\n", 3) == 2
    assert [loader.python_of(b"print 'a' if\n", default) for default in (2, 3)] == [2, 3]


@pytest.mark.parametrize("name", IDIOMS)
def test_idioms_are_python_2_by_themselves(name):
    assert loader.python_of(IDIOMS[name][0].encode(), None) == 2


def test_the_documentation_lists_what_shows_python_2():
    page = (REPOSITORY / "docs" / "era_scripts.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`([^`]+)`", re.sub("```.*?```", "", page, flags=re.S)))
    shown = verdict.NAMES | verdict.MODULES | verdict.ATTRIBUTES | verdict.METHODS | verdict.FUTURE
    assert set().union(shown, *verdict.MODULE_NAMES.values()) <= listed
