"""A calculator: numbers, brackets and the four operations, powers and square roots; exact, and bounded in size."""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext
from fractions import Fraction

from agents.errors import ToolFailed
from agents.models import ToolOffer
from agents.tools.tool import Outcome

MOST_CHARACTERS = 200
LARGEST = Fraction(10**30)
"""Of any number on the way, and of the lower part of a fraction: beyond it nothing is exact or quick."""
_DIGITS = 12
_SIGNS = str.maketrans({"×": "*", "·": "*", "÷": "/", "\u2212": "-", "–": "-", "^": "**"})
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_OPERATIONS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: lambda one, other: Fraction(one // other),
    ast.Mod: operator.mod,
}


class Calculator:
    """Nothing is evaluated but what is named here."""

    offer = ToolOffer(
        name="calculate",
        description="Calculates, exactly: numbers with + - * / // % ** ( ) and sqrt( ). Example: (12.5 + 3) * 52",
        schema={
            "type": "object",
            "properties": {"expression": {"type": "string", "description": "such as 10 * 52"}},
            "required": ["expression"],
        },
    )

    async def call(self, arguments: Mapping[str, object]) -> Outcome:
        expression = arguments.get("expression")
        if not isinstance(expression, str) or not expression.strip():
            raise ToolFailed("calculate needs an expression, such as 10 * 52.")
        return Outcome(f"{' '.join(expression.split())} = {calculate(expression)}")


def calculate(expression: str) -> str:
    """The result as it is written. Raises ToolFailed."""
    if len(expression) > MOST_CHARACTERS:
        raise ToolFailed(f"An expression has at most {MOST_CHARACTERS} characters.")
    try:
        tree = ast.parse(_THOUSANDS.sub("", expression.translate(_SIGNS)).strip(), mode="eval")
        return _written(_value(tree.body))
    except ZeroDivisionError:
        raise ToolFailed("That divides by zero.") from None
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
        raise ToolFailed("That is no expression of numbers and + - * / // % ** ( ) sqrt( ).") from None


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=bool()):
            raise ValueError
        case ast.Constant(value=int() | float() as number):
            return _bounded(Fraction(str(number)))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _value(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _bounded(_power(_value(left), _value(right)))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _bounded(_OPERATIONS[type(op)](_value(left), _value(right)))
        case ast.Call(func=ast.Name(id="sqrt"), args=[argument], keywords=[]):
            return _root(_value(argument))
    raise ValueError


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1:
        if base < 0:
            raise ToolFailed("A negative number has no such power.")
        return Fraction(str(float(base) ** float(exponent)))
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if bits > 1 and bits * abs(exponent) > 256:
        raise ToolFailed("That number is too large.")
    whole = int(exponent)
    if bits <= 1 and whole:  # Powers of 0, 1 and -1 only differ between odd and even.
        whole = (2 - whole % 2) * (1 if whole > 0 else -1)
    return Fraction(base**whole)


def _root(value: Fraction) -> Fraction:
    if value < 0:
        raise ToolFailed("A negative number has no square root.")
    upper, lower = math.isqrt(value.numerator), math.isqrt(value.denominator)
    exact = Fraction(upper, lower)
    return exact if exact * exact == value else Fraction(str(math.sqrt(value)))


def _bounded(value: Fraction) -> Fraction:
    if abs(value) > LARGEST or value.denominator > LARGEST:
        raise ToolFailed("That number is too large.")
    return value


def _written(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    with localcontext() as context:
        context.prec = _DIGITS
        told = f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    return told.rstrip("0").rstrip(".") if "." in told else told
