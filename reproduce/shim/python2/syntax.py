"""Python 2's syntax as Python 3's, line for line, with fissix's parser.

Only what Python 3 cannot parse is rewritten, or parses otherwise; what parses alike and means something else is for
`meaning`. Each line keeps its number, so that tracebacks show the user's own lines.
"""

import dataclasses
import re

from fissix import pygram, pytree
from fissix.pgen2 import driver, parse, token, tokenize

from reproduce.shim.python2 import RUNTIME

SYMBOLS = pygram.python_symbols
TAB = 8
PRINT_FUNCTION, UNICODE_LITERALS = (
    re.compile(rf"^\s*from\s+__future__\s+import\s.*?\b{feature}\b", re.MULTILINE)
    for feature in ("print_function", "unicode_literals")
)


@dataclasses.dataclass
class Converted:
    """Python 3's text of a Python 2 module.

    Attributes
    ----------
    text : str
    unpacked : dict
        New name of a parameter or a caught exception: source of the tuple that it replaces.
    """

    text: str
    unpacked: dict


def convert(text):
    """The module `text` in Python 3's syntax, as `Converted`.

    Raises
    ------
    SyntaxError
        If `text` is not Python 2; ``lineno`` says where.
    """
    text = expand_tabs(text if text.endswith("\n") else text + "\n")
    printing = PRINT_FUNCTION.search(text) is None
    grammar = pygram.python_grammar if printing else pygram.python_grammar_no_print_statement
    tree = _parsed(text, grammar)
    rewriter = _Rewriter(UNICODE_LITERALS.search(text) is not None)
    for node in list(tree.post_order()):
        rewriter.rewrite(node)
    return Converted(str(tree), rewriter.unpacked)


def expand_tabs(text):
    """`text` with spaces for the tabs that indent its lines, up to the next multiple of eight as in Python 2."""
    if "\t" not in text:
        return text
    lines = text.splitlines(keepends=True)
    inside = set()  # lines that begin within a string
    with _syntax_errors():
        for kind, _, (start, _), (end, _), _ in tokenize.generate_tokens(iter([*lines, ""]).__next__):
            if kind == token.STRING:
                inside.update(range(start + 1, end + 1))
    for number, line in enumerate(lines, 1):
        blank = line[: len(line) - len(line.lstrip(" \t\f"))]
        if "\t" in blank and number not in inside:
            lines[number - 1] = blank.rpartition("\f")[2].expandtabs(TAB) + line[len(blank) :]
    return "".join(lines)


def _parsed(text, grammar):
    with _syntax_errors():
        return driver.Driver(grammar, convert=pytree.convert).parse_string(text)


class _syntax_errors:
    """A context in which fissix's errors are raised as SyntaxError with a line."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, parse.ParseError):
            problem = SyntaxError("invalid syntax")
            problem.lineno = error.context[1][0]
        elif isinstance(error, tokenize.TokenError):
            problem = SyntaxError(error.args[0])
            problem.lineno = error.args[1][0]
        elif isinstance(error, IndentationError):
            problem = IndentationError(error.args[0])
            problem.lineno = error.args[1][1]
        else:
            return False
        raise problem from None


class _Rewriter:
    """Rewrites nodes of a tree, children first; `unpacked` collects the tuples that names replace."""

    def __init__(self, texts):
        self.unpacked, self._texts = {}, texts

    def rewrite(self, node):
        if isinstance(node, pytree.Leaf):
            self._leaf(node)
            return
        rule = {
            SYMBOLS.print_stmt: self._print,
            SYMBOLS.exec_stmt: self._exec,
            SYMBOLS.raise_stmt: self._raise,
            SYMBOLS.except_clause: self._except,
            SYMBOLS.atom: self._backticks,
            SYMBOLS.tfpdef: self._parameter,
            SYMBOLS.vfpdef: self._parameter,
            SYMBOLS.testlist_safe: _parenthesize,
        }.get(node.type)
        if rule is not None:
            rule(node)

    def _leaf(self, leaf):
        if leaf.type == token.NUMBER:
            leaf.value = number(leaf.value)
        elif leaf.type == token.STRING:
            leaf.value = string(leaf.value, self._texts)
        elif leaf.value == "<>":
            leaf.value = "!="
        elif leaf.type == token.NAME and leaf.value == "print" and _is_statement(leaf):
            leaf.value = f"{RUNTIME}.display(True, None)"

    def _print(self, node):
        """``display(newline, file, *values)``."""
        first, second = node.children[:2]
        last = node.children[-1]
        newline = last.type != token.COMMA
        if not newline:
            last.remove()
        if second.type == token.RIGHTSHIFT:
            second.value = ""
            first.value = f"{RUNTIME}.display({newline},"
        else:
            first.value = f"{RUNTIME}.display({newline}, None,"
        node.append_child(pytree.Leaf(token.RPAR, ")"))

    def _exec(self, node):
        for child in node.children[2:]:
            if child.type == token.NAME and child.value == "in":
                child.type, child.value, child.prefix = token.COMMA, ",", ""
                break
        node.children[0].value = f"exec(*{RUNTIME}.exec_arguments("
        node.append_child(pytree.Leaf(token.RPAR, "))"))

    def _raise(self, node):
        if len(node.children) > 2 and node.children[2].type == token.COMMA:
            node.children[0].value = f"raise {RUNTIME}.exception("
            node.append_child(pytree.Leaf(token.RPAR, ")"))

    def _except(self, node):
        if len(node.children) != 4:
            return
        comma, target = node.children[2:]
        if comma.type == token.COMMA:
            comma.type, comma.value, comma.prefix = token.NAME, "as", " "
            target.prefix = target.prefix or " "
        if target.type != token.NAME:
            self._make_room(target)

    def _backticks(self, node):
        if node.children[0].type == token.BACKQUOTE:
            node.children[0].value = f"{RUNTIME}.repr(("
            node.children[-1].value = "))"

    def _parameter(self, node):
        """A tuple among the parameters of a function; of nested ones only the outermost."""
        parent = node.parent
        while parent is not None and parent.type in (SYMBOLS.tfplist, SYMBOLS.vfplist, SYMBOLS.tfpdef, SYMBOLS.vfpdef):
            if parent.type in (SYMBOLS.tfpdef, SYMBOLS.vfpdef):
                return
            parent = parent.parent
        if node.children[0].type == token.LPAR:
            self._make_room(node)

    def _make_room(self, node):
        name = f"_python2_tuple_{len(self.unpacked)}"
        source = str(node).strip()
        self.unpacked[name] = source
        room = pytree.Leaf(token.NAME, name + "\\\n" * source.count("\n"), prefix=node.prefix or " ")
        node.replace(room)


def _is_statement(leaf):
    return leaf.parent.type != SYMBOLS.print_stmt and leaf.parent.type in (SYMBOLS.simple_stmt, SYMBOLS.file_input)


def _parenthesize(node):
    """``for x in 1, 2`` in a list comprehension."""
    prefix, node.prefix = node.prefix, ""
    node.insert_child(0, pytree.Leaf(token.LPAR, "(", prefix=prefix))
    node.append_child(pytree.Leaf(token.RPAR, ")"))


def string(literal, texts):
    """A Python 2 string in Python 3's spelling; unless all are `texts`, ``\\u0041`` is a letter in ``u"…"`` only."""
    prefix = re.match("[a-zA-Z]*", literal).group().lower()
    if prefix == "ur":
        return literal[1:]
    if prefix or texts:
        return literal
    return re.sub(r"(?<!\\)((?:\\\\)*)\\(?=[uUN])", r"\1\\\\", literal)


def number(literal):
    """A Python 2 number in Python 3's spelling: ``0777L`` is ``0o777``."""
    literal = literal.rstrip("lL")
    if re.fullmatch(r"0[0-7]+", literal):
        return f"0o{literal[1:]}"
    return literal
