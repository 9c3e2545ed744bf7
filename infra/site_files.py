"""A site directory on disk: read, and copied for a new site."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import TemplateError

from infra.scenario import load as load_scenario
from responders.texts import NAMES, TemplateFault, check_template, unknown_names
from rules import expectations
from rules.alerts import PIPELINE_FAULT, Words
from rules.fault import ROOT, Fault, fault
from rules.loading import load
from rules.yaml_file import BadFiles, Document, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rules.library import Library

NO_DIRECTORY = Words(zh="没有此目录", en="no such directory")
A_SITE = Words(zh="站点目录（可用 fenghuo init DIR 新建）", en="a site (fenghuo init DIR makes one)")
NO_PLAIN_FILE = Words(zh="不是普通文件", en="no plain file")
A_PLAN = Words(zh="本库的预案", en="a plan of the library")
TEMPLATE = Words(zh="只含 {{ 名称 }} 和 {% if %} 的文字", en="text with {{ names }} and {% if %} only")
_NAMES = ", ".join(sorted(NAMES))
FILLED_IN = Words(zh=f"会被填入的名称：{_NAMES}", en=f"names that are filled in: {_NAMES}")
PATTERNS = ("site.yaml", "points.yaml", "plans/*.yaml")


def read_library(directory: Path) -> Library:
    """The library of a site directory. Raises `rules.yaml_file.BadFiles` with every fault."""
    return library_of(read_texts(directory))


def read_texts(directory: Path) -> dict[str, str]:
    """What a library is made of: name within the site directory → text. Raises `BadFiles`."""
    if not directory.is_dir():
        raise BadFiles([fault(ROOT, NO_DIRECTORY, A_SITE, str(directory))])
    texts: dict[str, str] = {}
    faults: list[Fault] = []
    for pattern in PATTERNS:
        for name, found in _files(directory, pattern):
            if isinstance(found, Fault):
                faults.append(found)
            else:
                texts[name] = found
    if faults:
        raise BadFiles(faults)
    return texts


def library_of(texts: Mapping[str, str]) -> Library:
    """The library of a site's texts, from disk or as they were stored. Raises `BadFiles` with every fault."""
    faults: list[Fault] = []
    try:
        library = load(texts)
    except BadFiles as bad:
        library, faults = None, bad.faults
    faults += [wrong for name, text in texts.items() if name.startswith("plans/") for wrong in _texts(name, text)]
    if faults or library is None:
        raise BadFiles(faults)
    return library


def drill_faults(directory: Path, library: Library) -> Iterator[Fault]:
    """What is wrong with the drills of a site directory: each is tried without being played."""
    for name, text in _files(directory, "drills/*.yaml"):
        if isinstance(text, Fault):
            yield text
            continue
        try:
            scenario = load_scenario(name, text, library.site)
        except BadFiles as bad:
            yield from bad.faults
            continue
        document = Document(name, text)
        for i, expected in enumerate(scenario.expected):
            if expected.plan not in library.plans and expected.plan != PIPELINE_FAULT:
                yield document.fault(f"$.expected[{i}].plan", expected.plan, A_PLAN)


def _files(directory: Path, pattern: str) -> Iterator[tuple[str, str | Fault]]:
    """Each file with its text, or why it has none. What is no plain file, such as a pipe, might never end."""
    for path in sorted(directory.glob(pattern)):
        name = path.relative_to(directory).as_posix()
        if not path.is_file():
            yield name, fault(ROOT, NO_PLAIN_FILE, expectations.A_FILE, name)
            continue
        try:
            yield name, decoded(name, path.read_bytes())
        except BadFiles as bad:
            yield name, bad.faults[0]
        except OSError as error:
            yield name, fault(ROOT, expectations.failed(error), expectations.A_FILE, name)


def _texts(name: str, text: str) -> Iterator[Fault]:
    """Templates of a plan that could not be filled in."""
    try:
        document = Document(name, text)
    except BadFiles:
        return  # said already
    for path, source in _templates(document):
        try:
            check_template(source)
        except (TemplateFault, TemplateError) as wrong:
            yield document.fault(path, Words(zh=f"模板有误（{wrong}）", en=str(wrong)), TEMPLATE)
            continue
        for unknown in unknown_names(source):
            yield document.fault(path, unknown, FILLED_IN)


def _templates(document: Document) -> Iterator[tuple[str, str]]:
    """Each text of the plan with its path, so far as the file has the shape of a plan."""
    texts = document.at("$.texts")
    for kind, words in texts.items() if isinstance(texts, dict) else ():
        for language, source in words.items() if isinstance(words, dict) else ():
            if isinstance(source, str):
                yield f"$.texts.{kind}.{language}", source


def example_site() -> Path:
    """The example site that ships with the product."""
    return Path(str(files("contingency_plans"))) / "wuyi"


def copy_example(target: Path) -> None:
    """Copies the example site. Raises `FileExistsError` when something is there already."""
    shutil.copytree(example_site(), target, ignore=shutil.ignore_patterns("__pycache__"))


def mapping_file(named: str) -> Path | None:
    """A mapping by path, or by the name of one that ships with the product."""
    shipped = Path(str(files("contingency_plans"))) / "mappings" / f"{named}.yaml"
    return next((path for path in (Path(named), shipped) if path.is_file()), None)


def example_roster() -> Path:
    """Placeholder officers by role, with numbers reserved for fiction."""
    return example_site() / "roster.example.yaml"
