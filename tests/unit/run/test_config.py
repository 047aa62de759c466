"""A job file: what it means, and every mistake with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from pi_datasource.run import Job, parse_job
from pi_datasource.run.config import Mistakes
from pi_datasource.run.schema import job_schema
from pi_datasource.run.settings import LOAD, MODES, settings_table

GOOD = """\
server:
  url: https://pi.example.com/piwebapi
  username: DOMAIN\\reader
  password: '{{secrets/pi/password}}'
  requestsPerSecond: 20
  headers: {X-Tenant: '7'}
options:
  includePointId: yes
  tagFilter: [UNIT1.*, UNIT2.*]
checkpoints: /Volumes/main/pi/checkpoints/
ops: main.ops.loads
hours: [22:00-05:00, 12:00-13:00]
timeZone: Europe/Berlin
parallel: 2
spark:
  spark.sql.shuffle.partitions: 8
loads:
  - name: events
    mode: stream
    target: main.bronze.pi
    options: &mine
      startTime: 2026-01-01
  - {name: merged, mode: merge, target: main.bronze.merged, trigger: 1 minute, options: {lookback: 7d}}
  - name: history
    mode: backfill
    target: /lake/history
    window: 1mo
    order: newest
    options:
      <<: *mine
      startTime: '*-10y'
      endTime: 2026-01-01
  - name: elements
    table: elements
    mode: refresh
    target: main.bronze.elements
    clusterBy: [name]
    catalog: {owner: engineers, grants: {analysts: 'SELECT, MODIFY'}}
  - {name: off, target: t, enabled: false}
"""


def job() -> Job:
    return parse_job(GOOD, "job.yaml")


def test_what_it_means() -> None:
    found = job()
    assert [load.name for load in found.loads] == ["events", "merged", "history", "elements"]
    events, merged, history, elements = found.loads
    assert (events.table, events.mode, events.trigger, events.streams, events.goes_on) == (
        "recorded", "stream", "availableNow", True, False,
    )  # fmt: skip
    assert merged.streams
    assert merged.goes_on
    assert (history.window.text, history.newest_first, history.streams) == ("1mo", True, False)
    assert elements.cluster_by == ("name",)
    assert elements.catalog is not None
    assert elements.catalog.grants == {"analysts": ("SELECT", "MODIFY")}
    assert found.checkpoint(events) == "/Volumes/main/pi/checkpoints/events"
    assert (found.ops, found.parallel, found.wait) == ("main.ops.loads", 2, False)
    assert found.hours is not None
    assert len(found.hours.spans) == 2
    assert found.spark == {"spark.sql.shuffle.partitions": "8"}


def test_options_are_texts_for_spark_as_far_as_the_table_takes_them() -> None:
    events, _, history, elements = job().loads
    server = {
        "url": "https://pi.example.com/piwebapi", "username": "DOMAIN\\reader", "password": "{{secrets/pi/password}}",
        "requestsPerSecond": "20", "headers": '{"X-Tenant": "7"}', "timeZone": "Europe/Berlin",
    }  # fmt: skip
    of_tags = {"includePointId": "yes", "tagFilter": '["UNIT1.*", "UNIT2.*"]'}
    assert events.options == {**server, **of_tags, "startTime": "2026-01-01"}
    assert history.options == {**server, **of_tags, "startTime": "*-10y", "endTime": "2026-01-01"}
    assert elements.options == {**server, "includePointId": "yes", "table": "elements"}


def test_no_option_is_in_its_repr() -> None:
    assert "secrets" not in repr(job())


WRONG = """\
servr: {}
server:
  url: not an address
  pasword: env:X
  password: hunter2-canary
loads:
  - name: a b
    target: t
    options: {tags: A, startTime: noonish}
  - name: b
    table: elemnts
    target: t
  - name: b
    mode: streem
    target: t
  - table: elements
    mode: stream
    windw: 1d
    target: t
  - name: c
    target: t
    options:
      tags: A
      errorColumn: x
      pageSize: many
  - name: d
    mode: backfill
    target: t
    options: {tags: A}
  - name: e
    table: elements
    mode: stream
    target: t
  - name: f
    target: t
  - {name: g, target: t, options: {tags: A, lookback: 1d}}
  - {name: h, target: t, options: {url: 'https://pi', tags: A}}
  - {name: i, target: t, table: event_frames}
"""


def mistakes(text: str) -> list[tuple[int, str]]:
    with pytest.raises(Mistakes) as caught:
        parse_job(text, "job.yaml")
    assert "canary" not in str(caught.value)
    assert str(caught.value).startswith(f"job.yaml: {len(caught.value.found)} mistake")
    return caught.value.found


def test_every_mistake_has_its_line() -> None:
    found = mistakes(WRONG)
    told = [(line, text.partition(";")[0]) for line, text in found]
    expected = [
        (1, "the file has no 'servr'"),
        (4, "server has no 'pasword'"),
        (5, "password: no secret stands in a file"),
        (14, "option mode: 'streem' is not accepted"),
        (16, "a load needs name"),
        (18, "a load has no 'windw'"),
        (24, "options has no 'errorColumn'"),
        (25, "option pageSize: 'many' is not accepted"),
    ]
    assert [one for one in told if one in expected] == expected
    by_line = dict(found)
    assert "did you mean window" in by_line[18]
    assert "accepted is one of batch, stream, merge, refresh, backfill" in by_line[14]
    # What only shows in a whole load.
    assert "startTime" in by_line[9]
    assert "did you mean 'elements'" in by_line[10]
    for line, name in (
        (26, "needs checkpoints"),
        (30, "cannot be streamed"),
        (34, "url"),
        (36, "lookback"),
        (37, "has no 'url'"),
        (38, "event_frames would stay as it was; accepted are merge and refresh"),
    ):
        assert any(name in text for at, text in found if at == line), (line, name, found)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("", 1, "the file is empty"),
        ("loads:\n  - {name: a, target: t, options: {startTime: *-1d}}", 2, "in quotes"),
        ("server:\n  password: {{secrets/a/b}}\nloads: []", 2, "in quotes"),
        ("server:\n  password: @/file\n", 2, "in quotes"),
        ("a: 1\na: 2\n", 2, "stands here twice"),
        ("- 1\n", 1, "a mapping with server and loads"),
        ("server: {url: 'https://pi'}\n", 1, "loads is missing"),
        ("hours: 22-5\nloads: [x]\n", 2, "a load is a mapping"),
        ("loads:\n- {name: a, target: t, options: [1]}\n", 2, "options: accepted is a mapping"),
        ("loads:\n- {name: [a], target: t}\n", 2, "name: accepted is a text"),
        ("loads: &a [*a]\n", 1, "holds itself"),
        ("a: !!python/object:os.system {}\n", 1, ""),
    ],
)
def test_files_that_are_none(text: str, line: int, told: str) -> None:
    assert any(at == line and told in message for at, message in mistakes(text)), mistakes(text)


@pytest.mark.parametrize(
    ("load", "told"),
    [
        ("mode: batch, options: {tags: A, boundaryType: Outside}", "takes Inside only"),
        ("mode: stream, options: {tags: A, lookback: 1d}", "lookback needs mode merge"),
        ("mode: stream, options: {tags: A, endTime: '*'}", "endTime has no place in a stream"),
        ("mode: stream, trigger: soon, options: {tags: A}", "trigger 'soon' is not accepted"),
        ("mode: batch", "no tags are chosen"),
        ("window: 0d, options: {tags: A}", "no length of time"),
        ("catalog: {comment: c}, options: {tags: A}", "need warehouse"),
    ],
)
def test_words_that_do_not_fit_together(load: str, told: str) -> None:
    text = f"server: {{url: 'https://pi'}}\ncheckpoints: /c\nloads:\n- {{name: a, target: t, {load}}}\n"
    ((line, message),) = mistakes(text)
    assert line == 4
    assert told in message


def test_two_loads_of_one_name_would_share_a_checkpoint() -> None:
    loads = "- {name: a, target: t, options: {tags: A}}\n" * 2
    assert mistakes(f"server: {{url: 'https://pi'}}\nloads:\n{loads}") == [
        (4, "load a stands at line 3, too; names have to differ")
    ]


class TestSchema:
    @pytest.fixture(scope="class")
    def check(self) -> Any:
        schema = job_schema()
        jsonschema.Draft202012Validator.check_schema(schema)
        return jsonschema.Draft202012Validator(schema)

    def test_takes_what_is_right(self, check: Any) -> None:
        document = json.loads(json.dumps(yaml.safe_load(GOOD), default=str))
        assert [error.message for error in check.iter_errors(document)] == []

    @pytest.mark.parametrize(
        "wrong",
        [
            {"servr": {}},
            {"server": {"password": "hunter2"}},
            {"loads": [{"name": "a"}]},
            {"loads": [{"name": "a", "target": "t", "mode": "streem"}]},
            {"loads": [{"name": "a", "target": "t", "table": "elemnts"}]},
            {"loads": [{"name": "a", "target": "t", "options": {"tgas": "A"}}]},
            {"loads": []},
            {"parallel": 0},
        ],
    )
    def test_refuses_what_is_wrong(self, check: Any, wrong: dict[str, Any]) -> None:
        good = {"loads": [{"name": "a", "target": "t"}]}
        assert [error.message for error in check.iter_errors(good)] == []
        assert len(list(check.iter_errors({**good, **wrong}))) == 1

    def test_says_what_each_word_means(self) -> None:
        load = job_schema()["properties"]["loads"]["items"]["properties"]
        assert load["mode"]["enum"] == list(MODES)
        assert {option.name for option in LOAD} | {"options", "catalog"} == set(load)
        assert all(word.get("description") for word in load.values())


def test_the_readme_lists_these_words() -> None:
    text = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    begin = "<!-- job: generated by pi_datasource.run.settings.settings_table() -->\n"
    assert text.partition(begin)[2].partition("<!-- /job -->")[0].strip() == settings_table().strip()
