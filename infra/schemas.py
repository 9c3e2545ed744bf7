"""JSON Schemas of the files of a site, made from the very types that read them, for editors and other tools.

`python -m infra.schemas` writes them to `docs/schemas/` and into the example site, from where `fenghuo init` copies
them: `# yaml-language-server: $schema=../schemas/plan.schema.json` then completes and explains. Tested to be equal.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
from pathlib import Path
from typing import Any

import msgspec

from infra.scenario import Scenario
from infra.site_files import example_site
from rules.alerts import Words
from rules.inheritance import INHERITED
from rules.plans import Plan
from rules.site import PointsFile, SiteFile

FILES: dict[str, type[msgspec.Struct]] = {
    "plan": Plan, "site": SiteFile, "points": PointsFile, "drill": Scenario,
}  # fmt: skip
OPTIONAL = {"Plan": frozenset(INHERITED), "Point": frozenset({"source", "cadence"})}
"""Fields that a file may leave out though the type has them: the parent, or `defaults`, gives them."""
TEXT = {"type": "string", "pattern": "\\S"}
DIRECTORIES = (Path("docs") / "schemas", example_site() / "schemas")


def schema(type_: type[msgspec.Struct]) -> dict[str, Any]:
    """The schema of one kind of file."""
    (root,), parts = msgspec.json.schema_components([type_], ref_template="#/$defs/{name}")
    structs = _structs(msgspec.inspect.type_info(type_))
    for name, struct in structs.items():
        _explain(parts[name], struct)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Fenghuo 烽火: {type_.__name__}",
        **root,
        "$defs": _as_yaml(parts),
    }


def render(type_: type[msgspec.Struct]) -> str:
    """The schema as it is committed."""
    return json.dumps(schema(type_), ensure_ascii=False, indent=2) + "\n"


def _structs(info: Any, found: dict[str, type] | None = None) -> dict[str, type]:
    """Every struct that a type is made of, by name."""
    found = {} if found is None else found
    if isinstance(info, msgspec.inspect.StructType):
        if info.cls.__name__ not in found:
            found[info.cls.__name__] = info.cls
            for field in info.fields:
                _structs(field.type, found)
        return found
    for name in ("type", "item_type", "key_type", "value_type"):
        if hasattr(info, name):
            _structs(getattr(info, name), found)
    for one in getattr(info, "types", ()):
        _structs(one, found)
    return found


def _explain(part: dict[str, Any], struct: type) -> None:
    """Adds what msgspec leaves out: field texts, the words a mapping may have as keys, what a parent may give."""
    said = _field_texts(struct)
    if struct is Words:  # stricter in a file than on a topic: both languages, and nothing else
        part["additionalProperties"] = False
        part["properties"] = {"zh": {**TEXT, "description": "中文"}, "en": {**TEXT, "description": "English"}}
    for field in msgspec.inspect.type_info(struct).fields:  # type: ignore[attr-defined]
        place = part["properties"][field.encode_name]
        if field.name in said:
            place["description"] = said[field.name]
        keys = _keys(field.type)
        if keys:
            place["properties"] = dict.fromkeys(keys, place["additionalProperties"])
            place["additionalProperties"] = False
    optional = OPTIONAL.get(struct.__name__, frozenset())
    part["required"] = [name for name in part.get("required", []) if name not in optional]


def _keys(info: Any) -> list[str]:
    """The keys of a mapping that has only some: editors offer them."""
    while isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    if isinstance(info, msgspec.inspect.DictType) and isinstance(info.key_type, msgspec.inspect.LiteralType):
        return [str(value) for value in info.key_type.values]
    return []


def _field_texts(struct: type) -> dict[str, str]:
    """The text under each field, of the class and of those it comes from."""
    found: dict[str, str] = {}
    for cls in reversed(struct.__mro__):
        if not issubclass(cls, msgspec.Struct) or cls is msgspec.Struct:
            continue
        (node,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
        for field, text in zip(node.body, node.body[1:], strict=False):  # type: ignore[attr-defined]
            if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr) and isinstance(field.target, ast.Name):
                value = text.value
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found[field.target.id] = inspect.cleandoc(value.value)
    return found


def _as_yaml(schema: Any) -> Any:
    """A decimal may be written as a number too, and a field whose type is given elsewhere keeps its own text."""
    if isinstance(schema, list):
        return [_as_yaml(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("format") == "decimal":
        rest = {key: value for key, value in schema.items() if key not in ("type", "format")}
        return {**rest, "type": ["string", "number"]}
    return {key: _as_yaml(value) for key, value in schema.items() if key != "discriminator"}


def write(root: Path) -> None:
    """Writes every schema where it belongs."""
    for directory in DIRECTORIES:
        (root / directory).mkdir(exist_ok=True)
        for name, type_ in FILES.items():
            (root / directory / f"{name}.schema.json").write_text(render(type_), encoding="utf-8")


if __name__ == "__main__":
    write(Path())
    sys.stdout.write(f"{len(FILES)} schemas → {', '.join(map(str, DIRECTORIES))}\n")
