"""The site directory, the names the desk uses, and the temporary sites of a demonstration."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from infra.demo import NotPlayable, prepare
from infra.demo_site import make_file_site, make_synthetic_site
from infra.desk_library import DeskLibrary
from infra.site_files import copy_example, example_roster, example_site, mapping_file, read_library
from responders.roster_file import read
from rules.facts import GrainPriceReading
from rules.yaml_file import BadFiles

START = datetime(2014, 1, 15, 12, tzinfo=UTC)


def series(prices: list[str], point: str = "Hebei/Shijiazhuang") -> list[GrainPriceReading]:
    return [
        GrainPriceReading(
            county="000000", source="wfp", point=point, commodity="wheat", stage="wholesale",
            observed_at=START + timedelta(days=30 * i), price=Decimal(p), currency="CNY", unit="KG",
        )
        for i, p in enumerate(prices)
    ]  # fmt: skip


def test_the_example_site_has_the_countys_35_points_18_towns_and_its_plans() -> None:
    """As the reference site."""
    library = read_library(example_site())
    assert len(library.site.points) == 35
    assert len(library.site.file.divisions) == 18
    assert sorted(library.plans) == sorted(path.stem for path in (example_site() / "plans").glob("*.yaml"))


def test_the_example_roster_reaches_every_role_of_the_site_with_numbers_reserved_for_fiction() -> None:
    """No real person's number is in the repository."""
    roster = read(example_roster())
    site = read_library(example_site()).site.file
    assert {duty["role"] for duty in roster.duties} == {site.duty_role, *site.roles}
    assert all(contact["address"].startswith("+120255501") for contact in roster.contacts)


def test_init_copies_the_example_and_never_overwrites(tmp_path: Path) -> None:
    """A second time it refuses."""
    copy_example(tmp_path / "site")
    assert read_library(tmp_path / "site").versions == read_library(example_site()).versions
    with pytest.raises(FileExistsError):
        copy_example(tmp_path / "site")


def test_a_directory_that_is_no_site_is_named(tmp_path: Path) -> None:
    """What is missing, and what makes one."""
    with pytest.raises(BadFiles, match=r"no such directory, expected a site \(fenghuo init DIR makes one\)"):
        read_library(tmp_path / "nowhere")


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    """With the byte."""
    copy_example(tmp_path / "site")
    (tmp_path / "site" / "points.yaml").write_bytes(b"points: \xff")
    with pytest.raises(BadFiles, match=r"points.yaml:1: 第 8 字节为 0xff，应为 UTF-8 编码的文字 "):
        read_library(tmp_path / "site")


def test_what_is_no_plain_file_is_named_and_never_read(tmp_path: Path) -> None:
    """A pipe among the plans would keep every command waiting for who writes into it."""
    site = tmp_path / "site"
    copy_example(site)
    os.mkfifo(site / "plans" / "pipe.yaml")
    (site / "plans" / "directory.yaml").mkdir()
    with pytest.raises(BadFiles) as bad:
        read_library(site)
    assert str(bad.value).splitlines() == [
        "plans/directory.yaml: 不是普通文件，应为可以读取的文件 (got no plain file, expected a file that can be read)",
        "plans/pipe.yaml: 不是普通文件，应为可以读取的文件 (got no plain file, expected a file that can be read)",
    ]


def test_mappings_are_found_by_path_or_by_the_name_of_one_that_ships() -> None:
    """Anything else is none."""
    shipped = mapping_file("wfp_food_prices")
    assert shipped is not None
    assert mapping_file(str(shipped)) == shipped
    assert mapping_file("nothing") is None


def test_places_have_names_for_officers() -> None:
    """`330723/retail` is 武义县 零售."""
    library = DeskLibrary(read_library(example_site()))
    assert library.place_name("grain-warning-line", "330723/retail").zh == "武义县 零售"
    assert library.place_name("weather-warning", "330723/rainstorm").en == "Wuyi County rainstorm"
    assert library.place_name("disaster-relief", "330723/flood").zh == "武义县 洪涝"
    assert library.place_name("disaster-relief", "330723/nothing").zh == "武义县 nothing"
    assert (
        library.place_name("pipeline-fault", "330723/dead-letters/feeder:future").zh == "武义县 数据接收 feeder:future"
    )
    assert library.place_name("grain-emergency", "330723/rice/retail").zh == "武义县 粳米 零售"
    assert library.place_name("silent-points", "330723/Hubei/Wuhan").zh == "武义县 Hubei/Wuhan"
    assert library.place_name("gone", "330723/x").zh == "330723 x"
    assert library.plan("gone", "") is None


def test_a_file_gets_one_point_per_market_and_115_percent_of_the_median_of_its_first_12_values(tmp_path: Path) -> None:
    """The line of 2.00, 2.00, …, 4.00 is 2.30, and the highest ratio is told."""
    readings = series(["2.00"] * 12 + ["4.00"])
    (found,) = make_file_site(tmp_path / "site", readings, "file")
    assert (found.line, found.readings) == (Decimal("2.3000"), 13)
    assert found.highest_ratio == Decimal("4.00") / Decimal("2.3000")
    library = read_library(tmp_path / "site")
    assert library.site.points["Hebei/Shijiazhuang"].lines[0].upper == Decimal("2.3000")


def test_the_synthetic_site_is_decided_by_the_generator_alone(tmp_path: Path) -> None:
    """The example's own source cannot move it, nor the generator the example."""
    make_synthetic_site(tmp_path / "site")
    assert {p.source for p in read_library(tmp_path / "site").site.points.values()} == {"synthetic"}
    assert "synthetic" not in {p.source for p in read_library(example_site()).site.points.values()}


def test_the_worlds_price_files_are_played_as_they_come(tmp_path: Path, test_data: Path) -> None:
    """Every row of the shared file, by day, with the lines that were made for it."""
    script = prepare(test_data / "wfp_food_prices_chn.csv", tmp_path)
    assert sum(map(len, script.days)) == 1259
    assert len(script.series) == 16
    assert max(s.highest_ratio for s in script.series) > 1
    site = read_library(tmp_path / "site").site
    goods = {site.commodity(s.commodity).zh for s in script.series}
    assert goods == {"粳米", "籼米", "玉米", "小麦", "特一粉"}


def test_a_file_without_prices_cannot_be_played(tmp_path: Path) -> None:
    """Said with the first row that was refused."""
    data = tmp_path / "empty.csv"
    data.write_text("a,b\n1,2\n")
    with pytest.raises(NotPlayable, match="no usable price row"):
        prepare(data, tmp_path)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% for i in range(99999) %}x{% endfor %}", "got For in line 1"),
        ("{{ 'x' * 50000000 }}", "got Mul in line 1"),
        ("{{ ''.__class__ }}", "got Getattr in line 1"),
        ("{{ x", "got unexpected end of template, expected 'end of print statement'."),
    ],
)
def test_a_template_that_could_hang_or_grow_is_refused_with_its_place(tmp_path: Path, template: str, said: str) -> None:
    """One plan's text may not hold up the pages of all."""
    copy_example(tmp_path / "site")
    plan = tmp_path / "site" / "plans" / "large-event.yaml"
    plan.write_text(plan.read_text() + f'texts: {{page: {{zh: "{template}", en: "{{{{ explain }}}}"}}}}\n')
    with pytest.raises(BadFiles, match=r"^plans/large-event\.yaml:\d+ texts\.page\.zh: ") as bad:
        read_library(tmp_path / "site")
    assert said in str(bad.value)
