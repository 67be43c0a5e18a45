"""Money as an integer count of pico-dollars (1e-12 USD), never a float.

A price of one micro-dollar per million tokens is one pico-dollar per token, so every price that
was ever published (0.0028 USD per million = 2,800) and every product of tokens and price is exact.
A signed 64-bit column holds 9.2 million dollars.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

PICO_PER_DOLLAR: Final = 10**12
_CENT_DIGITS: Final = 2
_PICO_DIGITS: Final = 12
_LARGEST_EXPONENT: Final = 15  # a quadrillion dollars is a typing error


@dataclass(frozen=True, slots=True, order=True)
class Usd:
    """An amount of US dollars; `pico` may be negative only as a difference."""

    pico: int = 0

    @classmethod
    def of(cls, dollars: str | int | Decimal) -> "Usd":
        """Read a decimal amount such as ``"0.15"``; raise ValueError if it is not one."""
        try:
            amount = Decimal(dollars)
        except (ArithmeticError, ValueError) as error:
            raise ValueError(f"{dollars!r} is not an amount of dollars") from error
        sign, digits, exponent = amount.as_tuple()
        if not isinstance(exponent, int) or amount.adjusted() > _LARGEST_EXPONENT:
            raise ValueError(f"{dollars!r} is not an amount of dollars")
        shift = exponent + _PICO_DIGITS
        kept, rest = digits[: shift or None] if shift < 0 else digits, digits[shift:]
        if shift < 0 and any(rest if -shift <= len(digits) else digits):
            raise ValueError(f"{dollars!r} is not a whole number of pico-dollars")
        pico = int("".join(map(str, kept)) or "0") * 10 ** max(shift, 0)
        return cls(-pico if sign else pico)

    def __add__(self, other: "Usd") -> "Usd":
        return Usd(self.pico + other.pico)

    def __sub__(self, other: "Usd") -> "Usd":
        return Usd(self.pico - other.pico)

    def __mul__(self, count: int) -> "Usd":
        return Usd(self.pico * count)

    def __bool__(self) -> bool:
        return self.pico != 0

    def decimal(self) -> str:
        """Return the exact amount in dollars as a decimal string, for machines."""
        return format(Decimal(self.pico).scaleb(-12).normalize(), "f")

    def __str__(self) -> str:
        """Show dollars with two significant digits below a cent: ``$1.24``, ``$0.00062``."""
        value = Decimal(self.pico).scaleb(-12)
        if value == 0:
            return "$0"
        digits = max(_CENT_DIGITS, 1 - value.adjusted())
        text = f"{abs(value):.{digits}f}"
        if digits == _CENT_DIGITS + 1:  # five cents are $0.05, not $0.050
            text = text.removesuffix("0")
        return f"{'-' if value < 0 else ''}${text}"
