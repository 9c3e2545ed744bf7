"""`fenghuo backtest` as an officer of the grain bureau uses it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from infra import clock
from infra.backtest.history import Gathering
from rules.facts import DrillStarted, Tick, encode
from streams.embedded import EmbeddedProducer, Outgoing
from streams.provision import provision
from streams.settings import StreamSettings
from tests.infra.backtest.world import START, backtest, make_site, ndjson, prices, reading, year
from tests.rules.builders import COUNTY, GRAIN_OFFICE

if TYPE_CHECKING:
    from datetime import datetime


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return make_site(tmp_path / "site")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return ndjson(tmp_path / "year.ndjson", year())


def day(number: float) -> datetime:
    return reading(number, "1").observed_at


def test_it_says_which_incidents_would_have_been(site: Path, history: Path) -> None:
    """From week 10 to week 16 the price stood over the line; from week 30 on it only approached."""
    incident, notice = backtest(site, "--json", history).rows("incident")
    assert (incident["plan"], incident["place"], incident["severity"], incident["pages"]) == (
        "grain", f"{COUNTY}/retail", "line", 1,
    )  # fmt: skip
    assert [msgspec.convert(incident[f], type(START)) for f in ("opened_at", "paged_at", "returned_at")] == [
        day(70), day(70), day(112),
    ]  # fmt: skip
    assert (notice["severity"], notice["pages"], notice["paged_at"]) == ("approach", 0, None)


def test_the_terminal_speaks_both_languages_and_shanghai_time(site: Path, history: Path) -> None:
    """Chinese first."""
    said = backtest(site, history)
    assert said.code == 0
    assert (
        "事件 incident 1: 2024-03-11 08:00 – 2024-04-22 08:00, 越过警戒线 past the warning line,"
        " 武义县 零售 / 武义县 retail, 警报 alerts 2, 呼叫 pages 1\n"
        "      一号点 粳米（零售） 4.70 元/kg ≥ 警戒线 4.60，越过警戒线"
        " / 一号点, japonica rice (retail) 4.70 CNY/kg ≥ line 4.60, past the warning line\n"
    ) in said.out
    assert "报警天数 days in alarm" in said.out


def test_the_same_prices_as_csv_json_and_ndjson_give_the_same_answer(site: Path, tmp_path: Path) -> None:
    """The fingerprint is of what the facts say, not of how they are written."""
    facts = year()
    rows = [
        f"grain_price,{COUNTY},{GRAIN_OFFICE},{f.observed_at.isoformat()},{f.point},rice,retail,{f.price},CNY,元/kg"
        for f in facts
    ]
    (tmp_path / "year.json").write_bytes(b"[" + b",".join(map(encode, facts)) + b"]")
    answers = [
        backtest(site, "--json", file)
        for file in (prices(tmp_path / "year.csv", rows), tmp_path / "year.json", ndjson(tmp_path / "y.ndjson", facts))
    ]
    assert len({answer.rows("history")[0]["fingerprint"] for answer in answers}) == 1
    assert answers[0].rows("incident") == answers[1].rows("incident") == answers[2].rows("incident") != []


async def test_a_topic_gives_what_its_facts_give_as_a_file_and_leaves_out_ticks_and_drills(
    site: Path, history: Path, tmp_path: Path
) -> None:
    """The broker's own log, without a worker."""
    broker = f"sqlite:///{tmp_path / 'broker.db'}"
    settings = StreamSettings(broker=broker, county=COUNTY, data_dir=str(tmp_path))
    provision(settings)
    drill = reading(71, "9.00", exercise="surge-1", source="drill")
    control = [Tick(at=day(400)), DrillStarted(exercise="surge-1", source="drill", at=day(71)), drill]
    async with EmbeddedProducer(settings.log_path) as producer:
        for message in (*year(), *control):
            await producer.send_many([Outgoing("grain-prices", COUNTY.encode(), encode(message))])
        await producer.send_many([Outgoing("grain-prices", COUNTY.encode(), b'{"kind": "grain_price"}')])
    gathering = Gathering("known", clock.utc_now())
    await gathering.topic(settings, "grain-prices")
    found = gathering.history()
    assert [msgspec.structs.replace(one.fact, reported_at=None) for one in found.arrivals] == sorted(
        year(), key=lambda fact: fact.observed_at
    )
    assert found.skipped == {
        "no fact: a tick, or the beginning or end of a drill": 2, "a fact of a drill": 1,
    }  # fmt: skip
    assert [str(fault).split(" ", 1)[1] for fault in found.faults] == [
        "county: 未填写，应为一个值（此项必填） (got nothing, expected a value: the field is required)"
    ]


def test_a_period_is_chosen_by_day(site: Path, history: Path) -> None:
    """`--to` includes its day, and the clock runs to its end."""
    said = backtest(site, "--json", "--from", "2024-03-12", "--to", "2024-04-22", history)
    (row,) = said.rows("history")
    assert (row["from"], row["to"]) == ("2024-03-18T00:00:00Z", "2024-04-23T00:00:00+08:00")
    assert row["left_out"] == {"outside --from and --to": 2 * (52 - 6)}
    assert [one["returned_at"] for one in said.rows("incident")] == ["2024-04-22T00:00:00Z"]


def test_reports_that_were_sent_late_come_late_when_asked(site: Path, tmp_path: Path) -> None:
    """`--by reported`: over the line on day 1, told on day 9."""
    late = reading(1, "4.70", reported_at=day(9))
    file = ndjson(tmp_path / "late.ndjson", [reading(0, "4.00"), late, reading(12, "4.70")])
    assert backtest(site, "--json", file).rows("incident")[0]["opened_at"] == "2024-01-02T00:00:00Z"
    by_report = backtest(site, "--json", "--by", "reported", file)
    assert by_report.rows("incident")[0]["opened_at"] == "2024-01-10T00:00:00Z"


def test_two_site_directories_side_by_side(site: Path, history: Path, tmp_path: Path) -> None:
    """What would a line of 4.40 have done? It would have paged in the summer too."""
    other = make_site(tmp_path / "lower", upper="4.40")
    matches = backtest(site, "--json", "--against", other, history).rows("comparison")
    assert [(m["which"], m["paged_at"], len(m["a"]), len(m["b"])) for m in matches] == [
        ("both", "2024-03-11T00:00:00Z", 1, 1), ("only_b", "2024-07-29T00:00:00Z", 0, 1),
    ]  # fmt: skip
    said = backtest(site, "--against", other, history)
    assert "仅 B 有 only in B: 1\n  武义县 零售 / 武义县 retail, grain: B 2024-07-29 – 2024-08-26 (line)\n" in said.out


def test_figures_against_labelled_episodes(site: Path, history: Path, tmp_path: Path) -> None:
    """One found after six days, one missed."""
    episodes = tmp_path / "known.csv"
    episodes.write_text(
        f"name,from,to,plan,place\n春季涨价,2024-03-05T08:00:00+08:00,2024-04-30,grain,{COUNTY}\n夏季,2024-07-01,2024-08-31,,\n",
        encoding="utf-8",
    )
    (found,) = backtest(site, "--json", "--episodes", episodes, history).rows("detection")
    assert (found["hits"], found["misses"], found["false_alarms"], found["median_delay_s"]) == (1, 1, [], 6 * 86400)
    assert "命中 found 1/2, 漏报 missed 1" in backtest(site, "--episodes", episodes, history).out


def test_a_history_that_moves_nothing_says_why(site: Path, tmp_path: Path) -> None:
    """Of another source than the point's, or of no point."""
    file = ndjson(tmp_path / "h.ndjson", [reading(0, "9", source="wfp"), reading(0, "9", point="Hangzhou")])
    said = backtest(site, file)
    assert "  没有警报 / no alert\n" in said.out
    assert (
        "引擎拒收 refused by the engine: unknown_point 1"
        " (point：得到 'Hangzhou'，应为本站点 2 个监测点之一"
        " / point: got 'Hangzhou', expected one of the site's 2 points)\n" in said.out
    )
    assert "  1 条数据没有任何报警关注（来源不是该点的指定来源、无预案涉及或重复）" in said.out


# -- bad input: file, line, field, value, expected


def test_bad_rows_are_told_and_left_out_and_the_exit_code_says_so(site: Path, tmp_path: Path) -> None:
    """The first stops nothing."""
    good = f"grain_price,{COUNTY},{GRAIN_OFFICE},2024-01-01T00:00:00Z,P01,rice,retail,4.70,CNY,元/kg"
    file = prices(tmp_path / "bad.csv", [good.replace("4.70", "dear"), good])
    said = backtest(site, "--json", file)
    assert said.code == 2
    assert said.err == (
        f"{file}:2 price: 得到 'dear'，应为用半角数字 0-9 写的十进制数"
        " (got 'dear', expected a decimal number in the digits 0-9)\n  拒收 / refused field:price: 1\n"
    )
    assert said.rows("history")[0]["facts"] == 1


def test_what_lies_in_the_future_is_refused_as_it_is_live(site: Path, tmp_path: Path) -> None:
    """A slip of a year would stretch all figures over it."""
    file = ndjson(tmp_path / "slip.ndjson", [reading(0, "4.70"), reading(365 * 200, "4.70")])
    said = backtest(site, "--json", file)
    assert said.code == 2
    assert said.err.startswith(
        f"{file}:2 observed_at: 得到 2223-11-14T08:00:00+08:00，应为不晚于现在的时间"
        " (got 2223-11-14T08:00:00+08:00, expected a time that is not in the future)\n"
    )
    assert said.rows("history")[0]["to"] == "2024-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "FILES: 未填写，应为数据文件，或 --topic (got nothing, expected files of facts, or --topic)"),
        (["--from", "2024-13-01", "year.ndjson"],
         "--from: 得到 '2024-13-01'，应为日期或带时区的 RFC 3339 时间：2020-10-15 | 2020-10-15T08:00:00+08:00"
         " (got '2024-13-01', expected a date, or a time of RFC 3339 with its offset:"
         " 2020-10-15 | 2020-10-15T08:00:00+08:00)"),
        (["--mapping", "nosuch", "year.ndjson"],
         "--mapping: 得到 'nosuch'，应为文件，或自带映射的名称（wfp_food_prices）"
         " (got 'nosuch', expected a file, or the name of a mapping that ships (wfp_food_prices))"),
        (["--report", "no/where.html", "year.ndjson"],
         "--report: 得到 'no/where.html'，应为现有目录中的文件"
         " (got 'no/where.html', expected a file in a directory that exists)"),
        (["--made-site", "--topic", "grain-prices"],
         "--made-site: 同时有 --topic 或 --site，应为只有价格文件"
         " (got --topic or --site beside it, expected files of prices alone)"),
        (["--from", "2030-01-01", "year.ndjson"],
         "year.ndjson: 没有可用的数据，应为至少一条数据 (got no usable fact, expected at least one fact)"),
    ],
)  # fmt: skip
def test_wrong_use_is_refused_with_what_was_expected(
    site: Path, history: Path, arguments: list[str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, one sentence."""
    monkeypatch.chdir(history.parent)
    said = backtest(site, *arguments)
    assert said.code == 2
    assert said.err.splitlines()[-1] == f"Error: {expected}"


def test_another_site_that_is_none_is_named(site: Path, history: Path, tmp_path: Path) -> None:
    """Before it is said what the first would have done."""
    assert backtest(site, "--against", tmp_path / "none", history).refused == (
        f"{tmp_path / 'none'}: 没有此目录，应为站点目录（可用 fenghuo init DIR 新建）"
        " (got no such directory, expected a site (fenghuo init DIR makes one))"
    )


WRONG = """\
name,from,to,plan,place
a,soon,2024-01-01,grian,330724/retail
b,2024-02-02,2024-02-01,,
"""
UNKNOWN = """\
- {name: a, from: 2024-01-01, to: 2024-01-02}
- {name: b, from: 2024-01-01, to: 2024-01-02, plase: x}
"""
EPISODES = {
    "unreadable.csv": (
        None,
        "{file}: 无法读取（No such file or directory），应为可以读取的文件"
        " (got No such file or directory, expected a file that can be read)",
    ),
    "known.txt": (
        "",
        "{file}: 得到 'known.txt'，应为以 .yaml | .yml | .csv 结尾的文件名"
        " (got 'known.txt', expected a name that ends in .yaml | .yml | .csv)",
    ),
    "empty.csv": ("name,from,to\n", "{file}: 未填写，应为至少一个时段 (got nothing, expected at least one episode)"),
    "mapping.yaml": (
        "name: a\n",
        '{file}:1: 得到 {{"name":"a"}}，应为时段列表 (got {{"name":"a"}}, expected a list of episodes)',
    ),
    "missing.csv": (
        "name,from\na,2024-01-01\n",
        "{file}:2 to: 未填写，应为一个值（此项必填） (got nothing, expected a value: the field is required)",
    ),
    "wrong.csv": (
        WRONG,
        "{file}:2 from: 得到 'soon'，应为日期或带时区的 RFC 3339 时间：2020-10-15 | 2020-10-15T08:00:00+08:00"
        " (got 'soon', expected a date, or a time of RFC 3339 with its offset:"
        " 2020-10-15 | 2020-10-15T08:00:00+08:00)\n"
        "{file}:2 plan: 得到 'grian'，应为本站点的预案：event | grain | relief | weather"
        " (got 'grian', expected a plan of the site: event | grain | relief | weather)\n"
        "{file}:2 place: 得到 '330724/retail'，应为本站点所辖县内的地点：330723"
        " (got '330724/retail', expected a place in a county of the site: 330723)\n"
        "{file}:3 to: 得到 '2024-02-01'，应为晚于 from，即 2024-02-02"
        " (got '2024-02-01', expected later than from, 2024-02-02)",
    ),
    "unknown.yaml": (
        UNKNOWN,
        "{file}:2 $[1].plase: 多出此项，应为 name | from | to | plan | place"
        " (got this field, expected name | from | to | plan | place)",
    ),
}


@pytest.mark.parametrize("name", EPISODES)
def test_every_fault_of_a_file_of_episodes_is_told_at_once(
    site: Path, history: Path, tmp_path: Path, name: str
) -> None:
    """File, line, field, value, expected."""
    text, expected = EPISODES[name]
    file = tmp_path / name
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert backtest(site, "--episodes", file, history).refused == expected.format(file=file)


def test_two_processes_give_the_same_bytes(site: Path, history: Path, tmp_path: Path) -> None:
    """No clock, no order of a set: neither what is printed nor the report differs."""
    said = []
    for seed in ("1", "2"):
        report = tmp_path / f"{seed}.html"
        command = [
            Path(sys.executable).parent / "fenghuo", "backtest", "--site", site, "--json",
            "--report", report, history,
        ]  # fmt: skip
        done = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True,
            timeout=120,
        )  # fmt: skip
        said.append((done.stdout, report.read_bytes()))
    assert said[0] == said[1]
    assert said[0][1].startswith(b"<!DOCTYPE html>")
