from __future__ import annotations

import logging

import pytest

from pi_datasource.errors import PIOptionError
from pi_datasource.options import Option, read_options
from pi_datasource.options.gather import gather, nearest, refuse_strangers
from pi_datasource.options.settings import DECLARED

KNOWN = {option.folded: option for option in DECLARED}

#: What Spark, Delta, Databricks and other readers put beside ours.
FOREIGN = """
    databricks.connection databricks.serviceCredential __serviceCredentialName __databricks_internal spark.sql.shuffle
    mergeSchema overwriteSchema header inferSchema checkpointLocation queryName schema multiLine mode sep delimiter
    encoding quote escape comment dateFormat timestampFormat locale nullValue nanValue lineSep samplingRatio
    columnNameOfCorruptRecord pathGlobFilter recursiveFileLookup modifiedBefore modifiedAfter wholetext basePath
    rescuedDataColumn schemaEvolutionMode maxFilesPerTrigger maxBytesPerTrigger maxOffsetsPerTrigger ignoreDeletes
    ignoreChanges readChangeFeed startingVersion startingTimestamp endingTimestamp versionAsOf timestampAsOf host port
    driver dbtable query fetchsize batchsize partitionColumn lowerBound upperBound isolationLevel truncate type format
    provider owner location catalog tableName tableId warehouse role sfUrl region accessKey failOnDataLoss groupId
    serialization.format externalCatalog connectionName dataframe streaming cloudFiles.format useNotifications
    includeExistingFiles primitivesAsString prefersDecimal allowComments trigger outputMode numRows rowsPerSecond
    rampUpTime rowTag rootTag sourceName isStreaming x 1 ü
"""


@pytest.mark.parametrize("name", FOREIGN.split())
def test_what_platforms_add_is_no_misspelling(name: str) -> None:
    assert nearest(name, KNOWN) is None
    assert read_options({name: "1"}, DECLARED, {})["tags"] is None


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("startime", "startTime"),
        ("starTime", "startTime"),
        ("start_tiem", "startTime"),
        ("endtim", "endTime"),
        ("pasword", "password"),
        ("passwrod", "password"),
        ("usernme", "username"),
        ("user", "username"),
        ("tokn", "token"),
        ("tag", "tags"),
        ("tgas", "tags"),
        ("tagsfilter", "tagFilter"),
        ("pageSise", "pageSize"),
        ("maxCount", "pageSize"),
        ("urls", "url"),
        ("time-zon", "timeZone"),
        ("verfy", "verify"),
        ("timeout_", None),
        ("timeouts", "timeout"),
        ("maxretry", None),
        ("maxRetires", "maxRetries"),
        ("requestPerSecond", "requestsPerSecond"),
        ("numPartition", "numPartitions"),
        ("onTagErrors", "onTagError"),
        ("includeWebIds", "includeWebId"),
        ("lookbak", "lookback"),
        ("tabel", "table"),
        ("cabundel", "caBundle"),
        ("concurency", "concurrency"),
        ("dataservers", "dataServer"),
    ],
)
def test_misspellings_are_refused_with_the_name_meant(name: str, meant: str | None) -> None:
    if meant is None:
        read_options({name: "1"}, DECLARED, {})
        return
    with pytest.raises(PIOptionError, match=f"did you mean {meant}\\?") as caught:
        read_options({name: "canary"}, DECLARED, {})
    assert repr(name) in str(caught.value)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", ["pageSize", "pagesize ", "PAGE_SIZE", "page-size", "page_Size"])
def test_names_are_taken_in_any_spelling(name: str) -> None:
    assert read_options({name: "7"}, DECLARED, {})["pageSize"] == 7


def test_an_unknown_name_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="pi_datasource"):
        for _ in range(3):
            read_options({"mergeSchema": "canary", "header": "true"}, DECLARED, {})
    assert [record.getMessage() for record in caplog.records] == [
        "option 'mergeSchema' is not known here and is ignored",
        "option 'header' is not known here and is ignored",
    ]


def test_two_spellings_must_agree() -> None:
    with pytest.raises(PIOptionError, match="'startTime' and 'start_time'"):
        read_options({"startTime": "t", "start_time": "y"}, DECLARED, {})
    assert read_options({"startTime": "t", "start_time": "t"}, DECLARED, {})["startTime"] == "t"
    with pytest.raises(PIOptionError) as caught:
        read_options({"password": "canary1", "pass_word": "canary2"}, DECLARED, {})
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("option", [option for option in DECLARED if option.planned], ids=lambda option: option.name)
def test_planned_options_are_refused_by_name_unless_from_the_environment(option: Option) -> None:
    with pytest.raises(PIOptionError, match=f"option {option.name} is not in this version yet") as caught:
        read_options({option.name.lower(): "canary"}, DECLARED, {})
    assert "canary" not in str(caught.value)
    assert option.name not in read_options({}, DECLARED, {option.variable: "canary"})


def test_the_environment_serves_what_options_leave_open(caplog: pytest.LogCaptureFixture) -> None:
    environ = {
        "OSIPI_START_TIME": "y",
        "OSIPI_PAGESIZE": "7",
        "OSIPI_END_TIME": "t",
        "OSIPI_TOKEN": "",
        "OSIPI_PATH": "/opt/osipi",
        "OSIPI_STARTTIM": "x",
        "OSIPI_LIVE_TESTS": "x",
        "OSIPI": "x",
        "START_TIME": "x",
    }
    with caplog.at_level(logging.WARNING, logger="pi_datasource"):
        values = read_options({"endTime": "*"}, DECLARED, environ)
        read_options({}, DECLARED, environ)
    assert (values["startTime"], values["endTime"], values["pageSize"]) == ("y", "*", 7)
    assert values["token"] is None
    assert values["path"] is None
    assert [record.getMessage() for record in caplog.records] == [
        "the environment variable OSIPI_STARTTIM is ignored; did you mean OSIPI_START_TIME?"
    ]


def test_errors_name_the_variable_that_a_value_comes_from() -> None:
    with pytest.raises(PIOptionError, match=r"option pageSize \(from the environment variable OSIPI_PAGE_SIZE\): 'x'"):
        read_options({}, DECLARED, {"OSIPI_PAGE_SIZE": "x"})
    with pytest.raises(PIOptionError, match="OSIPI_PAGE_SIZE and OSIPI_PAGESIZE"):
        read_options({}, DECLARED, {"OSIPI_PAGE_SIZE": "1", "OSIPI_PAGESIZE": "2"})


def test_an_option_that_means_nothing_for_the_table_is_refused_unless_from_the_environment() -> None:
    declared = [Option("interval", "text", tables=("interpolated", "plot"), meaning="Distance.")]
    given = gather({"interval": "1h"}, declared, {})
    refuse_strangers(given, "plot")
    with pytest.raises(PIOptionError, match=r"option interval = '1h' means nothing .* interpolated, plot"):
        refuse_strangers(given, "recorded")
    refuse_strangers(gather({}, declared, {"OSIPI_INTERVAL": "1h"}), "recorded")
