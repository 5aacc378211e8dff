"""Functions with one break after another, to see whether anybody notices.

for what, broken in mutants.of(function):
    with mutants.in_place_of(function, broken):
        assert wrong(), what

The source is read as a syntax tree. One place after another is broken: a term is dropped, a sign turned, a factor left
out, an index moved by one, a condition turned round.
"""

import ast
import contextlib
import copy
import functools
import inspect
import itertools
import sys
import types
from pathlib import Path
from unittest import mock

from course_lib.cells import GRU, LSTM, RNN, cell

# ----------------------------------------------------------------------------- what a backward pass runs through

CELLS = (RNN, GRU, LSTM)
# These refuse bad arguments or know the shapes (see test_bad_input.py), or belong to the forward pass.
LEFT_OUT = ("_check", "check_", "_shapes", "_options", "forward")


def function_of(value):
    """The function behind an attribute of a module or a class; None if it is none, or none of the cells'."""
    value = getattr(value, "__func__", value)
    ours = isinstance(value, types.FunctionType) and value.__globals__["__name__"].startswith("course_lib.cells")
    return value if ours else None


def reached(kernel_class, cell_class):
    """The functions that a backward pass of such a cell on such kernels runs through."""
    found, waiting = [], [cell_class.backward]
    while waiting:
        found.append(function := waiting.pop())
        for node in ast.walk(tree_of(function)):
            if isinstance(node, ast.Attribute):
                name, places = node.attr, (kernel_class, cell_class, cell.Padding)
            elif isinstance(node, ast.Name):
                name, places = node.id, (sys.modules[function.__module__],)
            else:
                continue
            value = next((inspect.getattr_static(place, name) for place in places if hasattr(place, name)), None)
            callee = None if name.startswith(LEFT_OUT) else function_of(value)
            if callee and callee not in [*found, *waiting]:
                waiting.append(callee)
    return found


def functions(kernel_class):
    """All of them, each with the cells whose gradients depend on it."""
    cells = {}
    for cell_class in CELLS:
        for function in reached(kernel_class, cell_class):
            cells.setdefault(function, []).append(cell_class)
    return cells


@functools.cache
def module_tree(path):
    return ast.parse(Path(path).read_text(encoding="utf-8"))


@functools.cache
def tree_of(function):
    """The definition of a function, with the line numbers of its file."""
    for node in ast.walk(module_tree(function.__code__.co_filename)):
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            if first == function.__code__.co_firstlineno:
                node = copy.copy(node)
                node.decorator_list = []
                return node
    raise LookupError(function)


# ------------------------------------------------------------------------------------------------------- breaks

OTHER = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.Eq: ast.NotEq}
INDICES = {"t", "j", "k", "n"}
OTHER_FUNCTION = {"add": "subtract", "subtract": "add", "multiply": "add"}
# What may be another one: (function, term)
EQUAL = {
    ("_gru_backward", "rec[1, b]"),  # memory that is free just then
    ("pack_backward", "W.shape[2]"),  # matrices that are square
}


def breaks(tree):
    """The breaks of a function: the number of a node, that of one around it to show, and what is made of the node."""
    nodes = list(ast.walk(tree))
    # The sizes of blocks change how fast it is, and no number.
    left_out = {id(inner) for node in nodes if is_operation(node, ast.FloorDiv) for inner in ast.walk(node)}
    indices = {id(index): number for number, node in enumerate(nodes) for index in indices_of(node)}
    lines = {}  # the first one where a name is given a value
    for name in sorted((n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)), key=line):
        lines.setdefault(name.id, name.lineno)
    lines |= {argument.arg: tree.lineno for argument in tree.args.args}
    for number, node in enumerate(nodes):
        if id(node) in left_out:
            continue
        if id(node) in indices:
            yield from ((number, indices[id(node)], change) for change in moved(node))
        else:
            yield from (
                (number, number, change) for change in [*broken_statement(node, lines), *broken_expression(node)]
            )


def line(node):
    return node.lineno


def is_operation(node, kind):
    return isinstance(node, ast.BinOp) and isinstance(node.op, kind)


def indices_of(node):
    """The parts of a node that say which gate, step or element, where a break is to be off by one."""
    if isinstance(node, ast.Subscript):
        parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for part in parts:
            yield from [part.lower, part.upper] if isinstance(part, ast.Slice) else [part]
    elif isinstance(node, ast.Call):
        called = getattr(getattr(node.func, "value", node.func), "id", "")
        if called == "range":
            yield from node.args
        elif called in ("k", "self"):  # its numbers say how many gates there is memory for: more would do no harm
            yield from (argument for argument in node.args if isinstance(argument, ast.Name))


def moved(node):
    try:
        value = ast.literal_eval(node)
    except ValueError:
        if isinstance(node, ast.Name) and node.id in INDICES:
            yield lambda n: ast.BinOp(n, ast.Sub(), ast.Constant(1))
        else:
            yield from broken_expression(node)
        return
    if type(value) is int:
        yield lambda n: ast.Constant(value + 1)
        if value:  # -1 is the same as 0 where there is one gate
            yield lambda n: ast.Constant(value - 1)


def broken_statement(node, lines):
    def drop(n):
        return ast.Pass()

    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield drop
    elif isinstance(node, ast.AugAssign):
        yield drop
        if type(node.op) in OTHER:
            yield lambda n: ast.AugAssign(n.target, OTHER[type(n.op)](), n.value)
    elif isinstance(node, ast.Assign):
        target = node.targets[0]
        if getattr(getattr(node.value, "func", None), "attr", "").startswith((*LEFT_OUT, "astype")):
            return
        if isinstance(target, ast.Subscript) or (isinstance(target, ast.Name) and lines[target.id] < node.lineno):
            yield drop
        elif isinstance(target, ast.Tuple) and not isinstance(node.value, ast.Tuple):
            yield lambda n: ast.Assign([ast.Tuple(n.targets[0].elts[::-1], ast.Store())], n.value)
    elif isinstance(node, ast.If):
        yield lambda n: ast.If(ast.UnaryOp(ast.Not(), n.test), n.body, n.orelse)


def broken_expression(node):
    if isinstance(node, ast.BinOp):
        if type(node.op) in OTHER:
            yield lambda n: ast.BinOp(n.left, OTHER[type(n.op)](), n.right)
            yield lambda n: n.left
            yield lambda n: n.right
    elif isinstance(node, ast.UnaryOp):
        yield lambda n: n.operand
    elif isinstance(node, ast.IfExp):
        yield lambda n: ast.IfExp(n.test, n.orelse, n.body)
    elif isinstance(node, ast.Compare):
        if type(node.ops[0]) in OTHER:
            yield lambda n: ast.Compare(n.left, [OTHER[type(n.ops[0])]()], n.comparators)
        if ast.unparse(node).endswith("> 0"):
            yield lambda n: ast.Compare(n.left, [ast.GtE()], n.comparators)
    elif getattr(node, "attr", getattr(node, "id", "")) == "one" and isinstance(node.ctx, ast.Load):
        yield lambda n: ast.BinOp(ast.Constant(0.5), ast.Mult(), n)
    elif isinstance(node, ast.Call):
        yield from broken_call(node)


def broken_call(node):
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name in OTHER_FUNCTION and len(node.args) > 1:
        for other, chosen in ((OTHER_FUNCTION[name], slice(None)), ("positive", slice(1)), ("positive", slice(1, 2))):
            yield lambda n, other=other, chosen=chosen: ast.Call(
                ast.Attribute(n.func.value, other, ast.Load()), n.args[chosen], n.keywords
            )
    elif name == "where" and len(node.args) == 3:
        yield lambda n: n.args[1]
        yield lambda n: n.args[2]
    elif name == "slice" and len(node.args) == 2:  # with an end beyond that of the axis it is the same slice
        for first, last in ((1, 0), (0, -1), (1, 1)):
            yield lambda n, first=first, last=last: ast.Call(
                n.func, [plus(n.args[0], first), plus(n.args[1], last)], n.keywords
            )
    elif name == "sum":
        yield lambda n: ast.Call(ast.Attribute(n.func.value, "max", ast.Load()), n.args, n.keywords)
    elif name == "reduce":  # of xp.add
        yield lambda n: ast.Call(
            ast.Attribute(ast.Attribute(n.func.value.value, "maximum", ast.Load()), "reduce", ast.Load()),
            n.args,
            n.keywords,
        )
    elif name == "copy" and not node.args:
        yield lambda n: n.func.value
    elif name == "reversed":
        yield lambda n: n.args[0]


def plus(node, number):
    return ast.BinOp(node, ast.Add(), ast.Constant(number))


class Replace(ast.NodeTransformer):
    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return self.new if node is self.old else self.generic_visit(node)


def of(function):
    """What was broken, and the function with this break; one after another."""
    tree, file = tree_of(function), Path(function.__code__.co_filename).name
    for number, around, change in breaks(tree):
        broken = copy.deepcopy(tree)
        nodes = list(itertools.islice(ast.walk(broken), max(number, around) + 1))
        before, old, new = shown(nodes[around]), nodes[number], change(nodes[number])
        broken = Replace(old, new).visit(broken)
        after = shown(new if around == number else nodes[around])
        if (function.__name__, before) not in EQUAL:
            yield f"{file}:{old.lineno}: {before}  →  {after}", defined(broken, function)


def defined(tree, function):
    """The function that a tree defines, where `function` was defined."""
    scope = dict(function.__globals__)
    exec(compile(ast.Module([ast.fix_missing_locations(tree)], []), "broken", "exec"), scope)
    return scope[function.__name__]


def shown(node):
    return ast.unparse(ast.fix_missing_locations(node)).splitlines()[0]


@contextlib.contextmanager
def in_place_of(function, broken):
    """Within the block, every module and class of the cells has the broken function."""
    modules = [module for name, module in sys.modules.items() if name.startswith("course_lib.cells")]
    with contextlib.ExitStack() as stack:
        for module in modules:
            for owner in (module, *(value for value in vars(module).values() if isinstance(value, type))):
                for name, value in list(vars(owner).items()):
                    if getattr(value, "__func__", value) is function:
                        new = type(value)(broken) if isinstance(value, staticmethod) else broken
                        stack.enter_context(mock.patch.object(owner, name, new))
        yield
