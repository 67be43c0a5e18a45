"""The part of the project that is repaired and rewritten: a stub, and names without their imports.

Beside what `parcels` writes, which is where the missing name is. In TypeScript as well, for the
editor that comes with a server of that language.
"""

from typing import Final

from tests.editors.model import Model
from tests.editors.proof import NotShownError
from tests.editors.replies import SIGNATURE
from tests.editors.scene import Scene

LABELS: Final = "shop/labels.py"  # It ends with the stub.
STUB: Final = "    raise NotImplementedError"
IMPLEMENT: Final = "Implement `label`"
SIMPLIFY: Final = "Simplify `total`"  # The simulated model has no answer to that.
TOTAL: Final = "    return sum(map(shipping_fee, weights))"
REFUSED: Final = "every model that may be asked has failed"
ASKING: Final = "asking flash, about $0.0"
"""Of the progress while the model is asked. What it costs is below a cent."""

TOTALS: Final = "shop/totals.py"  # Its last line has the name that is not imported.
MISSING: Final = "shipping_fee"
IMPORT: Final = "Import `shipping_fee` from `shop.fees` (free)"
IMPORTED: Final = "from shop.fees import shipping_fee"

SCRIPT: Final = "web/totals.ts"  # Its last line ends with the name and a semicolon.
SCRIPT_WRONG: Final = "export const fee = shippingFee;"
SCRIPT_IMPORT: Final = "Import `shippingFee` from `./fees` (free)"
SCRIPT_IMPORTED: Final = 'import { shippingFee } from "./fees";'

_LABELS: Final = '''"""Labels for parcels."""

from __future__ import annotations


'''
_TOTALS: Final = f'''"""Totals of parcels."""

from __future__ import annotations


def total(weights: list[float]) -> float:
{TOTAL}
'''
_SCRIPT_FEES: Final = """export function shippingFee(weight: number): number {
  return 4.5 + 0.8 * weight;
}
"""
_SCRIPT: Final = f"""import {{ version }} from "./version";

export const shown = version;
{SCRIPT_WRONG}
"""


def write(scene: Scene) -> None:
    """Add the files; the index of a server that starts then knows them."""
    stub = "\n".join([*SIGNATURE, STUB, ""])
    written = {
        LABELS: _LABELS + stub,
        TOTALS: _TOTALS,
        "web/fees.ts": _SCRIPT_FEES,
        "web/version.ts": 'export const version = "1";\n',
        SCRIPT: _SCRIPT,
    }
    for name, text in written.items():
        path = scene.workspace / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def not_asked(model: Model) -> None:
    """Raise if anything was sent for a menu, or for a choice that is free."""
    _asked(model, 0)


def asked_once(model: Model) -> None:
    """Raise unless the one choice that a model carries out was one question."""
    _asked(model, 1)


def _asked(model: Model, wanted: int) -> None:
    if model.chats() != wanted:
        raise NotShownError(f"the model was asked {model.chats()} times instead of {wanted}")
