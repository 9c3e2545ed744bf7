"""The published JSON Schemas: current, in every copied site, and true of every file that ships."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from jsonschema import Draft202012Validator

from infra.schemas import FILES, render, schema
from infra.site_files import copy_example, example_site
from rules.inheritance import INHERITED
from rules.loading import load
from rules.plans import Plan
from rules.triggers import Condition
from rules.yaml_file import BadFiles

ROOT = Path(__file__).parents[2]
KINDS = {"plans": "plan", "drills": "drill"}
SHIPPED = [path for path in sorted(example_site().rglob("*.yaml")) if path.name != "roster.example.yaml"]


class Editor(yaml.SafeLoader):
    """YAML as editors read it (1.2): a date is text."""


Editor.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text: str) -> Any:
    return yaml.load(text, Loader=Editor)  # noqa: S506 - a safe loader, without dates


def kind(path: Path) -> str:
    return KINDS.get(path.parent.name, path.stem)


def complaints(name: str, value: Any) -> list[str]:
    validator = Draft202012Validator(schema(FILES[name]))
    return sorted(f"{error.json_path}: {error.message}" for error in validator.iter_errors(value))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("directory", ["docs/schemas", "contingency_plans/wuyi/schemas"])
def test_the_committed_schemas_are_those_of_the_types(directory: str, name: str) -> None:
    """`python -m infra.schemas` writes them."""
    committed = (ROOT / directory / f"{name}.schema.json").read_text(encoding="utf-8")
    assert committed == render(FILES[name]), "run python -m infra.schemas"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_file_that_ships_is_what_its_schema_says(path: Path) -> None:
    """As an editor would check it."""
    assert complaints(kind(path), read(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_file_of_a_copied_site_names_its_schema(path: Path, tmp_path: Path) -> None:
    """The first line leads to the schema, which came along."""
    copy_example(tmp_path / "site")
    copied = tmp_path / "site" / path.relative_to(example_site())
    before, _, where = copied.read_text(encoding="utf-8").splitlines()[0].partition("$schema=")
    assert before == "# yaml-language-server: "
    assert (copied.parent / where).resolve() == tmp_path / "site" / "schemas" / f"{kind(path)}.schema.json"
    assert (copied.parent / where).is_file()


def test_each_field_of_a_plan_is_explained_in_both_languages() -> None:
    """What an editor shows beside the field."""
    parts = schema(FILES["plan"])["$defs"]
    for name in ("Plan", "Task", "Report", "Start", "Judgement", "AfterAction", "Retention", "OutOfScope"):
        for field, said in parts[name]["properties"].items():
            zh, _, en = said["description"].partition(" / ")
            assert any("一" <= character <= "龥" for character in zh), (name, field)
            assert en, (name, field)


def test_an_editor_offers_levels_words_and_required_fields() -> None:
    """Enumerations as values and as keys, and what may be left out to the parent."""
    parts = schema(FILES["plan"])["$defs"]
    assert set(parts["Plan"]["properties"]["starts"]["properties"]) == {"line", "IV", "III", "II", "I"}
    assert parts["Plan"]["properties"]["starts"]["additionalProperties"] is False
    assert parts["Report"]["properties"]["by"]["enum"] == ["phone", "written"]
    assert "escalation" not in parts["Plan"]["required"]
    assert set(parts["Task"]["required"]) == {"id", "department", "what", "within", "source"}
    assert set(parts["Report"]["required"]) == {"id", "from", "to", "by", "within", "source"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"colour": "red"}, "$: Additional properties are not allowed ('colour' was unexpected)"),
        ({"titles": {"zh": "题"}}, "$.titles: 'en' is a required property"),
        ({"titles": {"zh": "题", "en": " "}}, r"$.titles.en: ' ' does not match '\\S'"),
        (
            {"starts": {"V": {}}},
            "$.starts: Additional properties are not allowed ('V' was unexpected)",
        ),
        ({"update_every": "soon"}, r"$.update_every: 'soon' does not match '^([0-9]{1,6}(s|m|h|d)|0)$(?!\\n)'"),
    ],
)
def test_an_editor_underlines_what_the_reader_would_refuse(changed: dict[str, Any], said: str) -> None:
    """The same mistakes, while they are made."""
    overall = read((example_site() / "plans" / "overall.yaml").read_text(encoding="utf-8"))
    assert complaints("plan", {**overall, **changed}) == [said]


def test_numbers_may_be_written_with_quotes_or_without() -> None:
    """4.60 in quotes keeps its digits in other tools too."""
    for price in ("4.60", 4.6):
        line = {"commodity": "rice", "stage": "retail", "upper": price, "unit": "元/kg"}
        point = {"id": "P", "name": {"zh": "点", "en": "p"}, "division": "330723001000", "lines": [line]}
        assert complaints("points", {"defaults": {"source": "a", "cadence": "1d"}, "points": [point]}) == []


def test_the_example_of_the_plan_format_is_a_plan_and_its_table_has_every_field() -> None:
    """What docs/plans-format.md shows can be copied; the fields that inherit are marked, and no others."""
    page = (ROOT / "docs" / "plans-format.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    assert complaints("plan", read(example)) == []
    files = {str(p.relative_to(example_site())): p.read_text(encoding="utf-8") for p in example_site().rglob("*.yaml")}
    plan = load({**files, "plans/forest-fire.yaml": example}).plans["forest-fire"]
    assert plan.retention is not None  # the parent's
    with pytest.raises(BadFiles) as bad:
        load({**files, "plans/forest-fire.yaml": example.replace("department: fire ", "department: fir ")})
    assert f"{bad.value}\n1 处错误 / 1 fault\n" in page
    table = page.partition("## Fields")[2].partition("## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    told = {name: "✓" in row[3] for row in rows for name in re.findall(r"`(\w+)`", row[1])}
    assert told == {name: name in INHERITED for name in Plan.__struct_fields__}


def test_the_plan_format_names_every_condition() -> None:
    """What can be written is on the page."""
    page = (ROOT / "docs" / "plans-format.md").read_text(encoding="utf-8").partition("## Conditions")[2]
    rows = [line.split("|")[1] for line in page.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    tags = {one.__struct_config__.tag for one in get_args(Condition)}
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} - {"detector"} == tags
