"""Changes of nested dictionaries and lists, which JSON, TOML and checkpoints are."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

from fuzzing.values import integer, name, number

DEEPEST = 3_000


def mutate_json(content: bytes, random_: random.Random) -> bytes:
    """A JSON text whose tree was changed; now and then one that no `json.dumps` would write."""
    tree = mutate_tree(json.loads(content), random_)
    text = json.dumps(tree, indent=random_.choice((None, 1)), ensure_ascii=random_.random() < 0.5)
    kind = random_.random()
    if kind < 0.03:
        opening, closing = random_.choice((("[", "]"), ('{"a":', "}")))
        depth = random_.choice((50, DEEPEST, 100_000))
        text = opening * depth + text + closing * random_.choice((0, depth))
    elif kind < 0.05:
        text = text.replace(str(random_.randrange(10)), "9" * random_.choice((30, 400, 5_000)), 1)
    return text.encode("utf-8", "surrogatepass")


def mutate_tree(tree: Any, random_: random.Random) -> Any:
    """A copy with one to three changes at places anywhere in it."""
    root = [copy.deepcopy(tree)]
    for _ in range(random_.choice((1, 1, 2, 3))):
        _change(*random_.choice(_places(root)), random_)
    return root[0]


def _places(root: list[Any]) -> list[tuple[Any, Any]]:
    """Each (container, key or index) in it."""
    found: list[tuple[Any, Any]] = []
    waiting: list[Any] = [root]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        found += [(holder, key) for key in keys]
        waiting += [holder[key] for key in keys if isinstance(holder[key], dict | list)]
    return found


def _change(holder: Any, key: Any, random_: random.Random) -> None:
    kind = random_.random()
    if kind < 0.1 and isinstance(holder, dict):
        del holder[key]
    elif kind < 0.2 and isinstance(holder, dict):
        holder[random_.choice((name(random_), "id", "version", "name"))] = value(random_)
    elif kind < 0.3 and isinstance(holder, list):
        holder[key:key] = [copy.deepcopy(holder[key])] * random_.choice((1, 2, 300))
    elif kind < 0.35 and isinstance(holder, list) and len(holder) > 1:
        del holder[key]
    else:
        holder[key] = _other(holder[key], random_)


def _other(old: Any, random_: random.Random) -> Any:
    """Mostly of the same type: what is of another one is refused at the door."""
    if random_.random() < 0.25:
        return value(random_)
    if isinstance(old, bool):
        return not old
    if isinstance(old, int):
        return integer(random_, old)
    if isinstance(old, float):
        return number(random_, old)
    if isinstance(old, str):
        return random_.choice((name(random_), old + name(random_), old[: len(old) // 2]))
    return value(random_)


def value(random_: random.Random) -> Any:
    """Of any type."""
    return random_.choice(
        (None, True, False, integer(random_), number(random_), name(random_), [], {}, [[]], {"": None}, [0] * 1000)
    )
