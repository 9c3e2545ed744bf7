"""YAML read into a struct, every fault at once: file, line, path, value, expected."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import yaml

from rules import expectations
from rules.alerts import Words
from rules.fault import ROOT, Fault, Faults, fault
from rules.misfit import misfits

T = TypeVar("T")
MAX_DEPTH = 32

THIS_TEXT = Words(zh="此处文字", en="this text")
ONCE = Words(zh="每个键只出现一次", en="one value for each key")
TWICE = Words(zh="重复的值", en="a second value")
AN_ALIAS = Words(zh="别名（alias）", en="an alias")
ITSELF = Words(zh="值本身", en="the value itself")
DEEPER = Words(zh="嵌套过深", en="more")
SHALLOW = Words(zh=f"至多 {MAX_DEPTH} 层", en=f"at most {MAX_DEPTH} levels")
READABLE = Words(zh="能读出的值", en="a value that can be read")


class BadFiles(Faults):
    """Files that cannot be used."""


def _yaml(problem: str | None) -> Words:
    """The parser's own words are English, and for who knows YAML."""
    return Words(zh="合法的 YAML", en=f"YAML ({problem})")


def decoded(file: str, raw: bytes) -> str:
    """The text of a file; a byte order mark is no part of it. Raises `BadFiles`."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadFiles([fault(ROOT, expectations.byte(raw, error.start), expectations.UTF8, file, line)]) from None


class Document:
    """A parsed YAML file that knows on which line each path stands."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self._lines: dict[str, int] = {}
        try:
            node = yaml.compose(text, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise BadFiles([fault(ROOT, THIS_TEXT, _yaml(error.problem), file, mark.line + 1 if mark else 1)]) from None
        except yaml.reader.ReaderError as error:
            line = text.count("\n", 0, error.position) + 1
            raise BadFiles([fault(ROOT, THIS_TEXT, _yaml(error.reason), file, line)]) from None
        if node is None:
            raise BadFiles([fault(ROOT, expectations.EMPTY, expectations.MAPPING, file, 1)])
        self._faults: list[Fault] = []
        self._read_already: set[int] = set()
        self.value = self._read(node, "$")
        if self._faults:
            raise BadFiles(self._faults)

    def line(self, path: str) -> int:
        """The line of a path, or of its nearest known parent."""
        while path not in self._lines and path != "$":
            path = path[: max(path.rfind("."), path.rfind("["))] or "$"
        return self._lines.get(path, 1)

    def fault(self, path: str, value: object, expected: Words) -> Fault:
        return fault(path, value, expected, self.file, self.line(path))

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
        except msgspec.ValidationError as error:  # what no misfit knows of: msgspec says where
            inner = str(error).partition(" - at `$")[2].rstrip("`")
            raise BadFiles([self.fault(f"{path}{inner}", self.at(f"{path}{inner}"), READABLE)]) from None

    def _read(self, node: yaml.Node, path: str) -> Any:
        self._lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.CollectionNode):
            # an alias may hold itself, or a few lines a million nodes
            again, deep = id(node) in self._read_already, path.count(".") + path.count("[") > MAX_DEPTH
            if again or deep:
                value, expected = (AN_ALIAS, ITSELF) if again else (DEEPER, SHALLOW)
                self._faults.append(self.fault(path, value, expected))
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
                self._faults.append(self.fault(f"{path}.{name}", TWICE, ONCE))
            found[name] = self._read(value, f"{path}.{name}")
        return found
