"""Files of facts on a command line: how foreign ones are read, and how far reading has come."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from infra.cli.context import refuse
from infra.site_files import mapping_file
from rules.alerts import Words
from rules.fault import fault
from streams.sources.files import FactFile, Format
from streams.sources.mapping import CsvMapping, load_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


A_MAPPING = Words(
    zh="文件，或自带映射的名称（wfp_food_prices）", en="a file, or the name of a mapping that ships (wfp_food_prices)"
)


def mapping_named(named: str | None) -> CsvMapping | None:
    """A mapping by path, or by the name of one that ships. Bad input ends the command."""
    if named is None:
        return None
    path = mapping_file(named)
    if path is None:
        raise refuse(fault("--mapping", named, A_MAPPING))
    return load_mapping(path)


def fact_files(
    paths: Iterable[Path], form: Format | None, mapping: CsvMapping | None, given: dict[str, str]
) -> list[FactFile]:
    """The files; `-` is standard input, which is NDJSON unless said otherwise."""
    return [_fact_file(path, form, mapping, given) for path in paths]


def bar(length: int | None, label: str) -> Any:
    """A progress bar on a terminal; nothing elsewhere, or where the length is not known."""
    if not sys.stderr.isatty() or length is None:
        return nullcontext()
    return click.progressbar(length=length, label=label, file=sys.stderr)


def bytes_of(files: Sequence[FactFile]) -> int | None:
    """How much there is to read, where that can be known."""
    sizes = [file.size for file in files]
    return None if None in sizes else sum(size or 0 for size in sizes)


def move(progress: Any, done: int) -> None:
    """The bar, if there is one, stands at `done`."""
    if progress is not None:
        progress.update(done - progress.pos)


def _fact_file(path: Path, form: Format | None, mapping: CsvMapping | None, given: dict[str, str]) -> FactFile:
    stream = sys.stdin.buffer if str(path) == "-" else None
    return FactFile(path, form=form or ("ndjson" if stream else None), mapping=mapping, given=given, stream=stream)
