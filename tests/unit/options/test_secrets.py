from __future__ import annotations

import copy
import os
import pickle
import sys
import types
from pathlib import Path

import pytest

from pi_datasource.datasource import PIDataSource
from pi_datasource.errors import PIOptionError
from pi_datasource.options import Secret

CANARY = "canary-7391"
LABEL = "option password"


def assert_hidden(secret: Secret) -> None:
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>40}", f"{secret:>40}", "%s" % secret, str([secret])]  # noqa: UP031
    assert not [text for text in shown if CANARY in text]
    assert all("<secret" in text for text in shown)


@pytest.mark.parametrize(
    ("text", "revealed", "shown"),
    [
        (CANARY, CANARY, "<secret>"),
        ("env:PI_PASSWORD", CANARY, "<secret from env:PI_PASSWORD>"),
        ("literal:env:PI_PASSWORD", "env:PI_PASSWORD", "<secret>"),
        ("literal:@" + CANARY, "@" + CANARY, "<secret>"),
        ("literal:literal:x", "literal:x", "<secret>"),
        (" spaces stay ", " spaces stay ", "<secret>"),
        ("line break goes\n", "line break goes", "<secret>"),
        ("pw{{with}}braces", "pw{{with}}braces", "<secret>"),
        ("a@b", "a@b", "<secret>"),
    ],
)
def test_ways_to_give_a_secret(text: str, revealed: str, shown: str) -> None:
    secret = Secret.parse(text, LABEL, {"PI_PASSWORD": CANARY})
    assert secret.reveal() == revealed
    assert repr(secret) == shown
    assert_hidden(secret)


def test_a_secret_travels_whole_and_stays_hidden() -> None:
    secret = Secret.parse("env:PI_PASSWORD", LABEL, {"PI_PASSWORD": CANARY})
    for again in (pickle.loads(pickle.dumps(secret)), copy.copy(secret), copy.deepcopy(secret)):
        assert again.reveal() == CANARY
        assert again == secret
        assert hash(again) == hash(secret)
        assert_hidden(again)


def test_equality_follows_the_text() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_a_secret_cannot_be_changed() -> None:
    secret = Secret(CANARY)
    with pytest.raises(AttributeError, match="cannot be changed"):
        secret._text = "x"
    with pytest.raises(AttributeError, match="cannot be changed"):
        del secret._text
    assert not hasattr(secret, "__dict__")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("literal:", "empty"),
        ("@", "empty"),
        ("two\nlines", "more than one line"),
        ("nul\0", "more than one line"),
        ("env:", "'' is not set"),
        ("env:NOT_SET", "'NOT_SET' is not set. The environment is the one that the JVM had"),
        ("env:EMPTY", "'EMPTY' is not set"),
        ("{{secrets/scope}}", "{{secrets/scope/key}}"),
        ("{{ secrets/scope }}", "{{secrets/scope/key}}"),
        ("{{secrets/a/b/c}}", "{{secrets/scope/key}}"),
        ("{{secrets/scope/key}} and more", "{{secrets/scope/key}}"),
    ],
)
def test_wrong_secrets_name_the_option_and_the_other_ways(text: str, hint: str) -> None:
    with pytest.raises(PIOptionError) as caught:
        Secret.parse(text, LABEL, {"EMPTY": ""})
    assert LABEL in str(caught.value)
    assert hint in str(caught.value)
    assert "lines" not in str(caught.value)


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "token"
    secret = Secret.parse(f"@{file}", LABEL, {})
    with pytest.raises(PIOptionError, match=f"{LABEL}: the file '{file}' cannot be read here"):
        secret.reveal()
    file.write_text(CANARY + "\r\n")
    assert secret.reveal() == CANARY
    assert repr(secret) == f"<secret from file {file}>"
    assert CANARY.encode() not in pickle.dumps(secret)
    file.write_text("other-7391x\n")
    os.utime(file, ns=(1, 1))
    assert secret.reveal() == "other-7391x"
    # The same time and size in another file, as when Kubernetes swaps a mounted secret.
    swapped = tmp_path / "new"
    swapped.write_text("third-7391x\n")
    os.utime(swapped, ns=(1, 1))
    swapped.replace(file)
    assert pickle.loads(pickle.dumps(secret)).reveal() == "third-7391x"
    file.unlink()
    with pytest.raises(PIOptionError, match="cannot be read here"):
        secret.reveal()


@pytest.mark.parametrize(
    ("content", "hint"),
    [(b"", "is empty"), (b"\n", "is empty"), (b"a\nb", "one line"), (b"\xff\xfe", "no text in UTF-8")],
)
def test_files_that_hold_no_secret(tmp_path: Path, content: bytes, hint: str) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(PIOptionError, match=hint) as caught:
        Secret.parse(f"@{file}", LABEL, {}).reveal()
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("path", ["/", "/no/such\0file", "/\ud800"])
def test_paths_that_are_no_files(path: str) -> None:
    with pytest.raises(PIOptionError, match=LABEL):
        Secret.parse(f"@{path}", LABEL, {}).reveal()


class FakeWorkspace:
    """Stands in for databricks-sdk's WorkspaceClient."""

    def __init__(self) -> None:
        self.dbutils = types.SimpleNamespace(secrets=types.SimpleNamespace(get=self.get))

    def get(self, scope: str, key: str) -> str:
        if scope != "pi":
            raise RuntimeError(f"Secret scope {scope} does not exist")
        return f"{CANARY}-{key}"


class LonelyWorkspace:
    def __init__(self) -> None:
        raise RuntimeError("cannot configure default credentials")


def install(monkeypatch: pytest.MonkeyPatch, client: type) -> None:
    sdk = types.ModuleType("databricks.sdk")
    sdk.WorkspaceClient = client  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "databricks", types.ModuleType("databricks"))
    monkeypatch.setitem(sys.modules, "databricks.sdk", sdk)


def test_databricks_secrets_come_through_its_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, FakeWorkspace)
    reference = Secret.parse(" {{ secrets/pi/token }}", LABEL, {})
    secret = reference.resolved()
    for one in (reference, secret):
        assert one.reveal() == f"{CANARY}-token"
        assert repr(one) == "<secret from {{secrets/pi/token}}>"
        assert_hidden(one)
    assert CANARY.encode() not in pickle.dumps(reference)
    assert CANARY.encode() in pickle.dumps(secret)
    assert secret.resolved() is secret
    assert reference != secret
    assert reference == Secret.parse("{{secrets/pi/token}}", LABEL, {}) != Secret.parse("{{secrets/pi/x}}", LABEL, {})
    with pytest.raises(PIOptionError, match=r"scope other does not exist.*env:NAME"):
        Secret.parse("{{secrets/other/token}}", LABEL, {}).resolved()
    install(monkeypatch, LonelyWorkspace)
    with pytest.raises(PIOptionError, match=r"cannot configure default credentials.*env:NAME"):
        reference.resolved()


def test_without_its_sdk_a_databricks_secret_names_the_other_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "databricks.sdk", None)
    with pytest.raises(PIOptionError, match=rf"{LABEL}: .*databricks-sdk, which is not installed here; give env:NAME"):
        Secret.parse("{{secrets/pi/token}}", LABEL, {}).resolved()


def test_a_reader_looks_secrets_up_and_a_schema_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, LonelyWorkspace)
    options = {"url": "https://pi", "tags": "A", "token": "{{secrets/pi/token}}",
               "headers": '{"X-Key": "{{secrets/pi/key}}"}'}  # fmt: skip
    source = PIDataSource(options)
    schema = source.schema()
    assert "tag" in schema.fieldNames()
    install(monkeypatch, FakeWorkspace)
    source = pickle.loads(pickle.dumps(source))
    for reader in (source.reader(schema), source.streamReader(schema)):
        again = pickle.loads(pickle.dumps(reader)).request.options.connection
        install(monkeypatch, LonelyWorkspace)
        assert again.token.reveal() == f"{CANARY}-token"
        assert again.headers[0][1].reveal() == f"{CANARY}-key"
        install(monkeypatch, FakeWorkspace)


def test_what_was_looked_up_stays_out_of_the_pickled_source(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PI_PASSWORD", CANARY)
    source = PIDataSource({"url": "https://pi", "tags": "A", "username": "me", "password": "env:PI_PASSWORD"})
    reader = source.reader(source.schema())
    assert CANARY.encode() not in pickle.dumps(source)
    assert CANARY.encode() in pickle.dumps(reader)
