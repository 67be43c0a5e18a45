"""``./dev bench NAME [--json] [PATH...]``: run one bench. Each prints what it ran beside itself."""

import importlib
import sys

NAMES = (
    "checkout", "completion", "economy", "fixes", "index", "latency", "local", "pack",
    "recall", "refactor", "refactor-evidence", "review", "review-focus", "session",
)  # fmt: skip


def main(argv: list[str]) -> int:
    """Run the bench that is named first; the rest are its own arguments."""
    if not argv or argv[0] not in NAMES:
        print(f"usage: ./dev bench NAME [ARGUMENTS]; NAME is one of {', '.join(NAMES)}")
        return 2
    bench = importlib.import_module(f"tests.bench.{argv[0].replace('-', '_')}")
    return int(bench.main(argv[1:]) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
