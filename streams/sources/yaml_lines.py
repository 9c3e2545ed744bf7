"""YAML with the line of everything in it, so that a fault can say where."""

from __future__ import annotations

import yaml

Path = tuple[str | int, ...]


class YamlError(ValueError):
    """A text that is no YAML, or that says a key twice."""

    def __init__(self, line: int, value: str, expected: str) -> None:
        super().__init__(f"line {line}: got {value}, expected {expected}")
        self.line, self.value, self.expected = line, value, expected


def read_yaml(text: str) -> tuple[object, dict[Path, int]]:
    """The document, and the line of each path in it. Raises `YamlError`."""
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise YamlError(1, "an empty file", "YAML")
        lines: dict[Path, int] = {}
        _walk(node, (), lines)
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise YamlError(mark.line + 1 if mark else 1, error.problem or "this", "YAML") from None
    except RecursionError:
        raise YamlError(1, "a document nested without end", "YAML without such anchors") from None
    except yaml.YAMLError as error:
        raise YamlError(1, str(error).splitlines()[0], "YAML") from None
    finally:
        loader.dispose()


def line_of(lines: dict[Path, int], path: Path) -> int:
    """The line of a path, or of the nearest thing around it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*path, index), lines)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, str(key.value))
            if inner in lines:
                raise YamlError(key.start_mark.line + 1, f"{key.value!r} twice", "each key once")
            lines[inner] = key.start_mark.line + 1
            _walk(value, inner, lines)
