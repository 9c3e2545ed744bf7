"""A site directory on disk: read, and copied for a new site."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import TemplateError

from infra.scenario import load as load_scenario
from responders.texts import NAMES, TemplateFault, check_template, unknown_names
from rules.alerts import PIPELINE_FAULT
from rules.loading import load
from rules.misfit import Said
from rules.yaml_file import BadFiles, Document, FileFault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.library import Library

PATTERNS = ("site.yaml", "points.yaml", "plans/*.yaml")


def read_library(directory: Path) -> Library:
    """The library of a site directory. Raises `rules.yaml_file.BadFiles` with every fault."""
    if not directory.is_dir():
        raise BadFiles([FileFault(str(directory), 1, "$", "no such directory", "a site (fenghuo init DIR makes one)")])
    texts: dict[str, str] = {}
    faults: list[FileFault] = []
    for pattern in PATTERNS:
        for path in sorted(directory.glob(pattern)):
            name = path.relative_to(directory).as_posix()
            try:
                texts[name] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                faults.append(_not_text(name, error))
    if faults:
        raise BadFiles(faults)
    try:
        library = load(texts)
    except BadFiles as bad:
        library, faults = None, bad.faults
    faults += [fault for name, text in texts.items() if name.startswith("plans/") for fault in _texts(name, text)]
    if faults or library is None:
        raise BadFiles(faults)
    return library


def drill_faults(directory: Path, library: Library) -> Iterator[FileFault]:
    """What is wrong with the drills of a site directory: each is tried without being played."""
    for path in sorted(directory.glob("drills/*.yaml")):
        name = path.relative_to(directory).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
            scenario = load_scenario(name, text, library.site)
        except BadFiles as bad:
            yield from bad.faults
            continue
        except UnicodeDecodeError as error:
            yield _not_text(name, error)
            continue
        document = Document(name, text)
        for i, expected in enumerate(scenario.expected):
            if expected.plan not in library.plans and expected.plan != PIPELINE_FAULT:
                yield document.fault(f"$.expected[{i}].plan", expected.plan, "a plan of the library")


def _not_text(name: str, error: UnicodeDecodeError) -> FileFault:
    return FileFault(name, 1, "$", f"byte {error.start} that is not UTF-8", "text in UTF-8")


def _texts(name: str, text: str) -> Iterator[FileFault]:
    """Templates of a plan that could not be filled in."""
    try:
        document = Document(name, text)
    except BadFiles:
        return  # said already
    for path, source in _templates(document):
        try:
            check_template(source)
        except (TemplateFault, TemplateError) as fault:
            yield document.fault(path, Said(str(fault)), "text with {{ names }} and {% if %} only")
            continue
        for unknown in unknown_names(source):
            yield document.fault(path, unknown, f"names that are filled in: {', '.join(sorted(NAMES))}")


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
