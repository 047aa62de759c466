"""P8: secrets are in no plan, log, event log, page, checkpoint, exception. Searched for after a run with canaries."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest
from pytest_httpserver import HTTPServer

from mock_pi import MockPI, PISystem
from tests.spark.sessions import FAST

pytestmark = [pytest.mark.slow, pytest.mark.long]

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "p8_program.py"
#: One secret of each kind. None occurs in another, and none is a word of Spark's.
CANARIES = {
    name: f"canary-{name}-7391/+=ü"
    for name in ("password", "token", "client", "access", "header", "file", "variable", "wrong", "key")
}
SHOWN = "canary-shown-7391"
USER = "DOMAIN\\canaryuser"

LOG = """
rootLogger.level = debug
rootLogger.appenderRef.file.ref = file
appender.file.type = File
appender.file.name = file
appender.file.fileName = {folder}/${{sys:osipi.log}}.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d %p %c: %m%n%ex
# What travels between the processes is what it is about; in hexadecimal nobody reads it.
logger.netty.name = io.netty
logger.netty.level = info
logger.grpc.name = org.sparkproject.connect.grpc
logger.grpc.level = info
"""


def forms(secret: str) -> set[bytes]:
    """A secret as it may be written: plainly, in a form, in JSON, in a header."""
    both = f"{USER}:{secret}".encode()
    texts = (secret, quote_plus(secret), json.dumps(secret)[1:-1], base64.b64encode(both).decode())
    return {form.encode() for form in texts} | {base64.b64encode(secret.encode())[:-4]}


def found_in(folder: Path, secrets: list[str]) -> list[tuple[str, str]]:
    """Which secret is in which file."""
    wanted = [(secret, form) for secret in secrets for form in forms(secret)]
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 10
    return [
        (str(file.relative_to(folder)), secret)
        for file in files
        for content in [file.read_bytes()]
        for secret, form in wanted
        if form in content
    ]


@pytest.fixture
def sites(httpserver: HTTPServer) -> Iterator[dict[str, Any]]:
    """Servers that want a password or a token, one that hands tokens out; and how to log in."""
    system = PISystem.demo(20, now="2026-01-08T00:00:00Z")
    token = {"access_token": CANARIES["access"].rstrip("ü"), "token_type": "Bearer", "expires_in": 3600}
    httpserver.expect_request("/token").respond_with_json(token)
    tokens = {text.rstrip("ü"): None for text in (CANARIES["token"], CANARIES["access"])}
    users = {USER: CANARIES["password"]}
    with (
        MockPI(system, auth="basic", users=users) as basic,
        MockPI(system, auth="bearer", tokens=tokens) as bearer,
    ):
        yield {"basic": basic.url, "bearer": bearer.url, "token": httpserver.url_for("/token")}


def logins(sites: dict[str, Any]) -> dict[str, dict[str, str]]:
    headers = json.dumps({"X-Api-Key": CANARIES["header"].rstrip("ü")})
    return {
        "basic": {"url": sites["basic"], "username": USER, "password": CANARIES["password"], "headers": headers},
        "bearer": {"url": sites["bearer"], "token": CANARIES["token"].rstrip("ü"), "headers": headers},
        "oauth": {"url": sites["bearer"], "tokenUrl": sites["token"], "clientId": "spark",
                  "clientSecret": CANARIES["client"]},
    }  # fmt: skip


def refused(sites: dict[str, Any]) -> list[dict[str, str]]:
    wrong = CANARIES["wrong"]
    return [
        {"url": sites["basic"], "username": USER, "password": wrong},
        {"url": sites["bearer"], "token": wrong.rstrip("ü")},
        {"url": sites["bearer"], "auth": "oauth", "tokenUrl": sites["token"] + "/none", "clientId": "spark",
         "clientSecret": wrong},
        {"url": sites["basic"], "headers": json.dumps({"X-Api-Key": wrong})},
    ]  # fmt: skip


def run(folder: Path, kind: str, settings: dict[str, Any], **environment: str) -> None:
    """Runs the program with everything that Spark can write in a folder of its own."""
    import pyspark

    # Executors of a local cluster write their logs below SPARK_HOME.
    home = folder / "home"
    home.mkdir()
    for one in Path(pyspark.__file__).parent.iterdir():
        (home / one.name).symlink_to(one)
    (folder / "events").mkdir()
    (folder / "conf").mkdir()
    (folder / "log4j2.properties").write_text(LOG.format(folder=folder))
    java = f"-Dlog4j2.configurationFile=file:{folder}/log4j2.properties -Dosipi.log="
    chosen = {
        **FAST,
        "spark.ui.enabled": "true",
        "spark.ui.port": str(settings["port"]),
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": f"file:{folder}/events",
        "spark.driver.extraJavaOptions": f"{FAST['spark.driver.extraJavaOptions']} {java}driver",
        "spark.executor.extraJavaOptions": f"-XX:+UseSerialGC {java}executor",
    }
    (folder / "conf" / "spark-defaults.conf").write_text("".join(f"{name} {text}\n" for name, text in chosen.items()))
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder), kind],
        input=json.dumps(settings),
        env={
            **os.environ,
            "SPARK_HOME": str(home),
            "SPARK_CONF_DIR": str(folder / "conf"),
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
            "PYTHONPATH": str(ROOT),
            "SPARK_LOCAL_IP": "127.0.0.1",
            # A free port; and without it executors write where they do elsewhere.
            **({"SPARK_TESTING": "1"} if kind == "connect" else {}),
            **environment,
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    (folder / "out").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, (done.stderr + (folder / "said").read_text())[-3000:]


def everything_was_looked_at(folder: Path, failures: int, pages: int) -> None:
    """A search that finds nothing says nothing, unless there is something to search."""
    said = (folder / "said").read_text()
    assert f"failures {failures}\n" in said
    assert said.count("== Physical Plan ==") >= 3
    events = b"".join(file.read_bytes() for file in (folder / "events").rglob("*") if file.is_file())
    assert b"SparkListenerSQLExecutionStart" in events
    assert b"SparkListenerTaskEnd" in events
    assert b" DEBUG " in (folder / "driver.log").read_bytes()
    assert len(list((folder / "pages").iterdir())) >= pages
    assert (folder / "checkpoint" / "offsets" / "0").exists()


def settings_for(sites: dict[str, Any]) -> dict[str, Any]:
    from tests.real.processes import free_port

    return {"port": free_port(), "logins": logins(sites), "refused": refused(sites), "rows": 1440,
            "every_failure": False}  # fmt: skip


@pytest.mark.parametrize(
    "every_failure", [False, pytest.param(True, marks=pytest.mark.long)], ids=["some failures", "every failure"]
)
def test_p8_secrets_are_nowhere_to_be_found(sites: dict[str, Any], tmp_path: Path, every_failure: bool) -> None:
    run(tmp_path, "classic", settings_for(sites) | {"every_failure": every_failure})
    everything_was_looked_at(tmp_path, failures=23 if every_failure else 7, pages=8)
    assert (tmp_path / "executor.log").stat().st_size > 0
    assert list(tmp_path.glob("home/work/*/*/stderr"))
    assert found_in(tmp_path, list(CANARIES.values())) == []


@pytest.mark.long
@pytest.mark.skipif(find_spec("grpc") is None, reason="Spark Connect is not here")
def test_p8_secrets_are_nowhere_to_be_found_over_connect(sites: dict[str, Any], tmp_path: Path) -> None:
    settings = settings_for(sites)
    ways = settings["logins"]
    secret_file = tmp_path.parent / "canary-file"
    secret_file.write_text(CANARIES["token"].rstrip("ü"))
    # Two by reference, as the documentation recommends; the third written out, and blanked by the session's setting.
    ways["basic"]["password"] = "env:CANARY"
    ways["bearer"]["token"] = f"@{secret_file}"
    settings["shown"] = {**ways["basic"], "headers": json.dumps({"X-Api-Key": SHOWN})}
    run(tmp_path, "connect", settings, CANARY=CANARIES["password"])
    # A Connect server of one's own under test opens no UI; its pages show what the event log holds.
    everything_was_looked_at(tmp_path, failures=7, pages=0)
    assert found_in(tmp_path, list(CANARIES.values())) == []
    # And that this search finds what there is to find: without the setting Connect shows what was written out.
    assert [file for file, _ in found_in(tmp_path, [SHOWN]) if file.startswith("events")]
