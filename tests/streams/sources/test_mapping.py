"""Foreign CSV through a mapping; the World Food Programme's files through the one that ships."""

from __future__ import annotations

import io
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from rules.alerts import Words
from rules.facts import GrainPriceReading
from rules.yaml_file import BadFiles
from streams.sources.base import FactRow, Row, RowFault, RowSkipped
from streams.sources.files import FactFile
from streams.sources.mapped import label
from streams.sources.mapping import CsvMapping, parse_mapping

HEADER = (
    "date,admin1,admin2,market,latitude,longitude,category,commodity,unit,priceflag,pricetype,currency,price,usdprice\n"
    "#date,#adm1+name,#adm2+name,#loc+market+name,#geo+lat,#geo+lon,#item+type,#item+name,#item+unit,"
    "#item+price+flag,#item+price+type,#currency,#value,#value+usd\n"
)


@pytest.fixture(scope="module")
def wfp() -> CsvMapping:
    shipped = files("contingency_plans") / "mappings" / "wfp_food_prices.yaml"
    return parse_mapping(shipped.read_bytes(), "wfp_food_prices.yaml")


def row(**changes: str) -> str:
    cells = {
        "date": "2024-03-15", "admin1": "North", "admin2": "Lake", "market": "Old Town", "latitude": "1",
        "longitude": "2", "category": "cereals and tubers", "commodity": "Maize (white)", "unit": "KG",
        "priceflag": "actual", "pricetype": "Retail", "currency": "XAF", "price": "210.5", "usdprice": "0.3",
    } | changes  # fmt: skip
    return ",".join(cells.values()) + "\n"


def read(mapping: CsvMapping, content: str) -> list[Row]:
    given = {"county": "330723"}
    return list(FactFile(Path("w.csv"), mapping=mapping, given=given, stream=io.BytesIO(content.encode())).rows())


def reading(mapping: CsvMapping, **changes: str) -> GrainPriceReading:
    made = read(mapping, HEADER + row(**changes))[1]
    assert isinstance(made, FactRow), made
    assert isinstance(made.fact, GrainPriceReading)
    return made.fact


class TestWfp:
    @pytest.mark.parametrize(
        ("label", "zh", "en"),
        [
            ("rice-japonica", "粳米", "japonica rice"),
            ("rice-50-kg", "大米 50 kg", "rice 50 kg"),
            ("oil-vegetable-750-ml", "植物油 750 ml", "vegetable oil 750 ml"),
        ],
    )
    def test_goods_have_names_for_people_with_their_pack(self, wfp: CsvMapping, label: str, zh: str, en: str) -> None:
        """By the longest beginning of the label that has one."""
        assert wfp.commodity(label) == Words(zh=zh, en=en)

    def test_a_good_that_nobody_has_named_has_none(self, wfp: CsvMapping) -> None:
        """It is shown by its label."""
        assert wfp.commodity("riceflour") is None

    def test_the_names_are_of_labels_as_the_mapping_makes_them(self, wfp: CsvMapping) -> None:
        """A name under any other key would never be found."""
        assert [key for key in wfp.commodities if label(key) != key] == []

    def test_the_file_of_china_is_read_whole(self, wfp: CsvMapping, test_data: Path) -> None:
        """1,259 rows of data: 1,259 facts, none refused, none twice; the line of HXL tags is left out."""
        path = test_data / "wfp_food_prices_chn.csv"
        rows = list(FactFile(path, mapping=wfp, given={"county": "330723"}).rows())
        assert Counter(type(one) for one in rows) == {FactRow: 1259, RowSkipped: 1}
        read_facts = [one.fact for one in rows if isinstance(one, FactRow)]
        assert len({fact.id for fact in read_facts}) == 1259
        prices = [fact for fact in read_facts if isinstance(fact, GrainPriceReading)]
        assert len({fact.point for fact in prices}) == 11
        assert Counter(fact.commodity for fact in prices) == {
            "rice-japonica": 304, "maize": 246, "rice-indica": 246, "wheat-flour-first-grade": 242, "wheat": 221,
        }  # fmt: skip
        assert {(fact.stage, fact.source, fact.unit, fact.estimated) for fact in prices} == {
            ("wholesale", "wfp", "KG", False)
        }

    def test_a_row_is_a_reading_of_its_market(self, wfp: CsvMapping) -> None:
        fact = reading(wfp)
        assert (fact.point, fact.commodity, str(fact.price), fact.currency, fact.unit) == (
            "North/Lake/Old Town", "maize-white", "210.5", "XAF", "KG",
        )  # fmt: skip
        assert fact.observed_at.isoformat() == "2024-03-15T12:00:00+00:00"

    def test_a_market_without_areas_is_a_point_too(self, wfp: CsvMapping) -> None:
        assert reading(wfp, admin1="", admin2="", market="National Average").point == "National Average"

    @pytest.mark.parametrize(
        ("pricetype", "stage"),
        [("Retail", "retail"), ("Wholesale", "wholesale"), ("Farm Gate", "purchase"), ("Producer", "purchase")],
    )
    def test_the_stage_follows_from_the_price_type(self, wfp: CsvMapping, pricetype: str, stage: str) -> None:
        assert reading(wfp, pricetype=pricetype).stage == stage

    @pytest.mark.parametrize(
        ("flag", "estimated"), [("actual", False), ("aggregate", True), ('"actual,aggregate"', True), ("", True)]
    )
    def test_what_is_not_actual_is_estimated(self, wfp: CsvMapping, flag: str, estimated: bool) -> None:
        assert reading(wfp, priceflag=flag).estimated is estimated

    def test_two_packs_of_one_commodity_are_two_series(self, wfp: CsvMapping) -> None:
        """Some countries price a kilogram and a sack on one day: neither contradicts the other."""
        assert reading(wfp, unit="90 KG").commodity == "maize-white-90-kg"

    def test_other_categories_are_left_out_and_counted(self, wfp: CsvMapping) -> None:
        rows = read(wfp, HEADER + row(category="non-food", unit="Course") + row())
        assert [one.because for one in rows if isinstance(one, RowSkipped)] == ["HXL tags", "another category"]
        assert isinstance(rows[2], FactRow)

    def test_an_unknown_unit_is_told_with_its_column(self, wfp: CsvMapping) -> None:
        bad = read(wfp, HEADER + row(unit="Marmite"))[1]
        assert isinstance(bad, RowFault)
        assert (bad.line, bad.reason) == (3, "field:unit")
        assert str(bad).startswith("w.csv:3 unit: 得到 'Marmite'，应为已知的单位：")

    def test_all_that_is_wrong_with_a_row_is_told_at_once(self, wfp: CsvMapping) -> None:
        bad = read(wfp, HEADER + row(date="March", pricetype="Gift"))[1]
        assert str(bad) == (
            "w.csv:3 stage (pricetype): 得到 'Gift'，应为 Retail | Wholesale | Farm Gate | Producer "
            "(got 'Gift', expected Retail | Wholesale | Farm Gate | Producer); observed_at (date): "
            "得到 'March'，应为形如 %Y-%m-%d 或 %d/%m/%Y 的日期 (got 'March', expected a date as "
            "%Y-%m-%d or %d/%m/%Y)"
        )

    def test_two_prices_for_one_natural_key_are_a_conflict_with_the_first(self, wfp: CsvMapping) -> None:
        """The first one counts, as it would on the topic; the second is refused and names the first."""
        rows = read(wfp, HEADER + row() + row(market="New") + row(price="199"))
        assert [type(one) for one in rows] == [RowSkipped, FactRow, FactRow, RowFault]
        assert str(rows[3]) == (
            "w.csv:5 price: 得到 199，应为与第 3 行一致：两行的自然键相同（wfp · North/Lake/Old Town · "
            "maize-white · retail · 2024-03-15T20:00:00+08:00） (got 199, expected what line 3 says: "
            "it has the same natural key wfp · North/Lake/Old Town · maize-white · retail · "
            "2024-03-15T20:00:00+08:00)"
        )

    def test_the_same_row_again_is_left_out_and_counted(self, wfp: CsvMapping) -> None:
        again = read(wfp, HEADER + row() + row())[2]
        assert again == RowSkipped("w.csv", 4, "repeats an earlier row")

    def test_a_missing_column_is_told_once_and_by_name(self, wfp: CsvMapping) -> None:
        (bad,) = read(wfp, "date,market,price\n2024-03-15,Old Town,2\n2024-03-16,Old Town,3\n")
        assert isinstance(bad, RowFault)
        assert {fault.path for fault in bad.faults} == {
            "unit", "admin1", "admin2", "commodity", "pricetype", "priceflag", "currency", "category",
        }  # fmt: skip
        assert bad.faults[0].expected.en == "a column: date | market | price"

    def test_the_county_has_to_be_given(self, wfp: CsvMapping) -> None:
        (bad,) = FactFile(Path("w.csv"), mapping=wfp, stream=io.BytesIO(b"")).rows()
        assert str(bad) == (
            "w.csv:1 county: 未填写，应为一个值：映射 wfp_food_prices 要求提供"
            " (got nothing, expected a value: mapping wfp_food_prices asks for it)"
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wheat flour (first grade)", "wheat-flour-first-grade"),
        ("  wheat   FLOUR, first_grade ", "wheat-flour-first-grade"),
        ("大米（粳）", "大米-粳"),
    ],
)
def test_a_label_is_the_same_however_it_is_written(text: str, expected: str) -> None:
    assert label(text) == expected
    assert label(expected) == expected


class TestFaultsOfAMapping:
    def told(self, text: str) -> list[str]:
        with pytest.raises(BadFiles) as caught:
            parse_mapping(text.encode(), "m.yaml")
        return str(caught.value).splitlines()

    def test_all_faults_of_shape_at_once_each_with_its_line(self) -> None:
        text = "kind: gold\nfields:\n  price: {colum: x}\n  unit: {column: [a]}\nskip: 3\nfoo: 3\n"
        text += "only: [{column: a, in: b}]\n"
        values = "column | constant | parameter | template | join | separator | map | otherwise | dates | at | zone | "
        value = f"{values}label | optional"
        fields = "name | kind | description | delimiter | encoding | skip | only | derive | commodities | fields"
        kinds = "disaster_forecast | grain_price | hazard_report | large_event"
        assert self.told(text) == [
            "m.yaml:1 name: 未填写，应为一个值（此项必填） (got nothing, expected a value: the field is required)",
            f"m.yaml:1 kind: 得到 'gold'，应为 {kinds} (got 'gold', expected {kinds})",
            "m.yaml:5 skip: 得到 '3'，应为列表 (got '3', expected a list)",
            "m.yaml:7 only[0].in: 得到 'b'，应为列表 (got 'b', expected a list)",
            f"m.yaml:3 fields.price.colum: 多出此项，应为 {value} (got this field, expected {value})",
            'm.yaml:4 fields.unit.column: 得到 ["a"]，应为文字 (got ["a"], expected text)',
            f"m.yaml:6 foo: 多出此项，应为 {fields} (got this field, expected {fields})",
        ]

    def test_all_faults_of_meaning_at_once_each_with_its_line(self) -> None:
        text = (
            "name: x\nkind: grain_price\nfields:\n  price: {column: x, constant: 3}\n"
            '  unit: {column: u, zone: Mars, at: "25:00", dates: ["%d"]}\n  pirce: {column: p, otherwise: x}\n'
            "skip:\n  - {column: a}\ndelimiter: ';;'\n"
        )
        found = [line.split(", expected")[0] for line in self.told(text)]
        assert found == [
            (
                "m.yaml:6 fields.pirce: 得到 'pirce'，应为 grain_price 的字段：county | source | "
                "observed_at | known_at | reported_at | revision | estimated | exercise | point | "
                "commodity | stage | price | currency | unit | stock_t | delivered_t (got 'pirce'"
            ),
            (
                "m.yaml:4 fields: 缺少 county、source、observed_at、point、commodity、stage、currency，"
                "应为每项都有值：grain_price 必有这些字段 (got nothing for county, source, observed_at, "
                "point, commodity, stage, currency"
            ),
            (
                "m.yaml:4 fields.price: column、constant，应为 column | constant | parameter | template | "
                "join 中恰好一项 (got column and constant"
            ),
            "m.yaml:5 fields.unit.at: 得到 '25:00'，应为一天中的时刻，如 08:30 (got '25:00'",
            "m.yaml:5 fields.unit.zone: 得到 'Mars'，应为时区，如 Asia/Shanghai (got 'Mars'",
            "m.yaml:5 fields.unit.dates[0]: 得到 '%d'，应为含年和月的日期格式，如 %Y-%m-%d (got '%d'",
            "m.yaml:6 fields.pirce.otherwise: 得到 'x'，应为同时有 `map` (got 'x'",
            "m.yaml:8 skip[0]: 没有条件，应为 in | starts_with | empty (got no test",
            "m.yaml:9 delimiter: 得到 ';;'，应为一个字符，如 , 或 ; (got ';;'",
        ]

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "m.yaml:1: 文件为空，应为“键: 值”形式的映射 (got an empty file, expected a mapping)"),
            (
                "a: [1",
                (
                    "m.yaml:2: 此处文字，应为合法的 YAML (got this text, expected YAML (did not find expected "
                    "',' or ']'))"
                ),
            ),
            (
                "name: x\nname: y",
                ("m.yaml:2 name: 重复的值，应为每个键只出现一次 (got a second value, expected one value for each key)"),
            ),
            ("- 1", 'm.yaml:1: 得到 ["1"]，应为“键: 值”形式的映射 (got ["1"], expected a mapping)'),
            ("a: &a [*a]", "m.yaml:1 a[0]: 别名（alias），应为值本身 (got an alias, expected the value itself)"),
        ],
    )
    def test_what_is_no_mapping_at_all(self, text: str, told: str) -> None:
        assert self.told(text) == [told]
