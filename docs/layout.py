"""Draws the rooms of the framework in layers, and counts: ``python docs/layout.py [FOLDER]``; ends with 1 if an arrow goes up.

A room is a folder, or a loose file, in ``framework``; an arrow stands for any import from one room to another, those for type
checkers alone left out. The layers are those of the import contract in ``pyproject.toml``.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("specs", "registry", "framework", "plugins")
FACADES = ("__init__", "plugin", "training", "reporting", "testing")


def rooms_of(root: Path) -> dict[str, list[Path]]:
    """Give the files of each room of the framework."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted((root / "framework").rglob("*.py")):
        first = path.relative_to(root / "framework").parts[0]
        if first != "__init__.py":
            found[first.removesuffix(".py")].append(path)
    return dict(found)


def arrows_of(root: Path) -> set[tuple[str, str]]:
    """Give ``(from, to)`` of all rooms one of which imports the other."""
    rooms = rooms_of(root)
    found = set()
    for room, paths in rooms.items():
        for path in paths:
            package = ("shiftlens", *path.relative_to(root).parent.parts)
            for node in _imports(ast.parse(path.read_text(encoding="utf-8"))):
                base = package[: len(package) - node.level + 1] if node.level else ()
                whole = (*base, *(node.module or "").split("."))
                names = [name for name in whole if name]
                targets = [names[2]] if len(names) > 2 else [alias.name for alias in node.names]
                if names[:2] == ["shiftlens", "framework"]:
                    found |= {(room, target) for target in targets if target in rooms and target != room}
    return found


def _imports(tree: ast.Module) -> list[ast.ImportFrom]:
    unseen = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    skipped = {id(inner) for node in unseen for inner in ast.walk(node)}
    return [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and id(node) not in skipped]


def layers_of(root: Path) -> list[list[str]]:
    """Give the rooms of each layer, the highest first."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    own = next((one["layers"] for one in contracts if any("framework." in str(layer) for layer in one.get("layers", ()))), [])
    return [[name.strip().removeprefix("shiftlens.framework.") for name in layer.split("|")] for layer in own]


def circles_of(arrows: set[tuple[str, str]]) -> list[str]:
    """Give the rooms from which arrows lead back to themselves."""
    below: dict[str, set[str]] = defaultdict(set)
    for start, end in arrows:
        below[start].add(end)
    found = []
    for room in sorted(below):
        seen: set[str] = set()
        waiting = set(below[room])
        while waiting:
            one = waiting.pop()
            seen.add(one)
            waiting |= below[one] - seen
        if room in seen:
            found.append(room)
    return found


def upward(arrows: set[tuple[str, str]], layers: list[list[str]]) -> list[tuple[str, str]]:
    """Give the arrows that do not lead to a lower layer."""
    height = {room: -i for i, layer in enumerate(layers) for room in layer}
    return sorted((a, b) for a, b in arrows if height.get(b, 0) >= height.get(a, 0))


def drawing(root: Path) -> str:
    """Give the layers, what each room imports, and the counts."""
    arrows, layers, rooms = arrows_of(root), layers_of(root), rooms_of(root)
    lines = []
    for layer in layers:
        for room in layer:
            ends = sorted(end for start, end in arrows if start == room)
            lines.append(f"  {room:<12} {len(rooms.get(room, ())):>3} files  -> {', '.join(ends) or 'nothing'}")
        lines.append("  " + "-" * 76)
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for floor in FLOORS for path in (root / floor).rglob("*.py")]
    up = upward(arrows, layers) if layers else []
    said = f"{len(rooms)} rooms, {len(arrows)} arrows, {len(up)} upward, {len(circles_of(arrows))} rooms in circles"
    facades = ", ".join(f"{name.replace('__init__', 'shiftlens')} {count}" for name, count in names_of(root).items())
    files = [length for length in lengths if length > 3]
    return "\n".join([*lines, said, f"files: median {median(files):g} lines, largest {max(files)}", f"names: {facades}"])


def names_of(root: Path) -> dict[str, int]:
    """Count the names of each facade."""
    found = {}
    for name in FACADES:
        stub = root / f"{name}.pyi"
        if stub.exists():
            tree = ast.parse(stub.read_text(encoding="utf-8"))
            found[name] = sum(len(node.names) for node in tree.body if isinstance(node, ast.ImportFrom))
    return found


if __name__ == "__main__":
    root = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT
    print(drawing(root))
    sys.exit(bool(upward(arrows_of(root), layers_of(root)) or circles_of(arrows_of(root))) if layers_of(root) else 0)
