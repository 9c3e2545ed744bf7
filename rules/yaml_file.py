"""YAML read into a struct, every fault at once: file, line, path, value, expected."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar

import msgspec
import yaml

from rules.misfit import Said, misfits

T = TypeVar("T")
MAX_DEPTH = 32
MAX_SHOWN = 120


class FileFault(NamedTuple):
    """One fault of one file, for people."""

    file: str
    line: int
    path: str
    value: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.path}: got {self.value}, expected {self.expected}"


class BadFiles(ValueError):
    """Files that cannot be used. `faults` has every one of them."""

    def __init__(self, faults: list[FileFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class Document:
    """A parsed YAML file that knows on which line each path stands."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        try:
            node = yaml.compose(text, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise BadFiles(
                [FileFault(file, mark.line + 1 if mark else 1, "$", "this text", f"YAML ({error.problem})")]
            ) from None
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise BadFiles([FileFault(file, line, "$", "this text", f"YAML ({error.reason})")]) from None
        if node is None:
            raise BadFiles([FileFault(file, 1, "$", "an empty file", "a YAML mapping")])
        self._lines: dict[str, int] = {}
        self._faults: list[FileFault] = []
        self._read_already: set[int] = set()
        self.value = self._read(node, "$")
        if self._faults:
            raise BadFiles(self._faults)

    def line(self, path: str) -> int:
        """The line of a path, or of its nearest known parent."""
        while path not in self._lines and path != "$":
            path = path[: max(path.rfind("."), path.rfind("["))] or "$"
        return self._lines.get(path, 1)

    def fault(self, path: str, value: object, expected: str) -> FileFault:
        shown = repr(value) if isinstance(value, str) and not isinstance(value, Said) else str(value)
        shown = shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}…"
        return FileFault(self.file, self.line(path), path.removeprefix("$."), shown, expected)

    def at(self, path: str) -> Any:
        value = self.value
        for step in path.removeprefix("$").replace("[", ".").replace("]", "").split("."):
            if step:
                try:
                    value = value[int(step)] if isinstance(value, list) else value[step]
                except (LookupError, TypeError, ValueError):
                    return None
        return value

    def to(self, type_: type[T]) -> T:
        """The document as a struct. Raises `BadFiles` with every fault."""
        return self.part("$", self.value, type_)

    def part(self, path: str, value: object, type_: type[T]) -> T:
        """What stands at `path` (as `value`, where defaults are filled in) as a struct. Raises `BadFiles`."""
        faults = [self.fault(*misfit) for misfit in misfits(value, type_, path)]
        if faults:
            raise BadFiles(faults)
        try:
            return msgspec.convert(value, type_, strict=False)
        except msgspec.ValidationError as error:
            raise BadFiles([self.explain(str(error), path)]) from None

    def explain(self, message: str, prefix: str = "$") -> FileFault:
        """A fault in msgspec's own words: `Expected …, got … - at `$.path``."""
        text, _, path = message.partition(" - at `")
        path = prefix + (path.rstrip("`") or "$").removeprefix("$")
        return self.fault(path, self.at(path), text.removeprefix("Expected ").split(", got ")[0].strip("`"))

    def _read(self, node: yaml.Node, path: str) -> Any:
        self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.CollectionNode):
            # an alias may hold itself, or a few lines a million nodes
            again, deep = id(node) in self._read_already, path.count(".") + path.count("[") > MAX_DEPTH
            if again or deep:
                value, expected = ("an alias", "the value itself") if again else ("more", f"at most {MAX_DEPTH} levels")
                self._faults.append(self.fault(path, Said(value), expected))
                return None
            self._read_already.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self._read(item, f"{path}[{i}]") for i, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        # every scalar stays text: msgspec gives it its type, so that 4.60 keeps its digits and "no" stays a word
        return None if node.tag == "tag:yaml.org,2002:null" else node.value

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value)
            if name in found:
                self._lines[f"{path}.{name}"] = key.start_mark.line + 1
                self._faults.append(self.fault(f"{path}.{name}", Said("a second value"), "one value for each key"))
            found[name] = self._read(value, f"{path}.{name}")
        return found
