"""Write (or with --check compare) everything that is generated."""

import sys
from pathlib import Path

import msgspec

from penholder_daemon.generate import clients, nouns_index, openrpc, reference, typescript
from penholder_daemon.rooms import build_registry

ROOT = Path(__file__).resolve().parents[3]


def generated() -> dict[Path, str]:
    """Return the text of every generated file."""
    registry = build_registry()
    return {
        nouns_index.NOUNS / "__init__.py": nouns_index.render(),
        ROOT / "protocol/penholder_protocol/openrpc.json": openrpc.render(registry),
        **{ROOT / path: text for path, text in clients.render(registry).items()},
        **{ROOT / path: text for path, text in typescript.render(registry).items()},
        **{ROOT / path: text for path, text in reference.render(registry, _examples()).items()},
    }


def _examples() -> dict[str, reference.Example]:
    """Return the calls that the contract tests made, where those are."""
    kept = ROOT / "tests/contract/examples.json"
    if not kept.exists():
        return {}
    return msgspec.json.decode(kept.read_bytes(), type=dict[str, reference.Example])


def stale() -> list[Path]:
    """Return the generated files that are not what they should be."""
    return [
        path
        for path, text in generated().items()
        if not path.exists() or path.read_text("utf-8") != text
    ]


def main() -> int:
    """Write what is stale; with --check only say so and fail."""
    check = "--check" in sys.argv[1:]
    texts = generated()
    for path in stale():
        print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts[path], "utf-8")
    return 1 if check and stale() else 0


if __name__ == "__main__":
    raise SystemExit(main())
