"""The asset bundle of the examples: what can be said of it without a workspace and without Databricks' command."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).parents[2]
BUNDLE = ROOT / "examples" / "databricks"
TOP = yaml.safe_load((BUNDLE / "databricks.yml").read_text())
FILES = sorted((BUNDLE / "resources").glob("*.yml"))
RESOURCES = {kind: items for path in FILES for kind, items in yaml.safe_load(path.read_text())["resources"].items()}


def texts(node: Any) -> list[str]:
    """All texts in it."""
    if isinstance(node, dict):
        return [text for item in node.items() for text in texts(list(item))]
    if isinstance(node, list):
        return [text for item in node for text in texts(item)]
    return [str(node)]


def test_every_variable_is_declared_and_every_one_is_used() -> None:
    used = {name for text in texts(RESOURCES) for name in re.findall(r"\$\{var\.(\w+)\}", text)}
    assert used == set(TOP["variables"])
    for target in TOP["targets"].values():
        assert set(target.get("variables", {})) <= set(TOP["variables"])
    assert {"dev", "prod"} == set(TOP["targets"])


def test_files_entry_points_and_environments_are_there() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    scripts = setup["options.entry_points"]["console_scripts"]
    for job in RESOURCES["jobs"].values():
        environments = {one["environment_key"] for one in job.get("environments", [])}
        clusters = {one["job_cluster_key"] for one in job.get("job_clusters", [])}
        for task in job["tasks"]:
            assert task.get("environment_key", next(iter(environments), None)) in {*environments, None}
            assert task.get("job_cluster_key", next(iter(clusters), None)) in {*clusters, None}
            if wheel := task.get("python_wheel_task"):
                assert wheel["package_name"] == setup["metadata"]["name"]
                assert f"{wheel['entry_point']} = " in scripts
            if notebook := task.get("notebook_task"):
                source = (FILES[0].parent / notebook["notebook_path"]).read_text()
                assert source.startswith("# Databricks notebook source\n")
                widgets = set(re.findall(r'dbutils\.widgets\.text\("(\w+)"', source))
                assert widgets == set(notebook["base_parameters"])
    (pipeline,) = RESOURCES["pipelines"].values()
    source = (BUNDLE / "pipelines" / "transformations" / "pi.py").read_text()
    assert set(re.findall(r'conf\.get\("(osipi\.\w+)"', source)) == set(pipeline["configuration"])


#: What the command takes at the top of a bundle's file and of its targets, of what ours say.
TOP_WORDS = {"bundle", "include", "artifacts", "variables", "targets"}
TARGET_WORDS = {"mode", "default", "variables", "workspace", "permissions", "run_as"}


def test_only_known_words_stand_at_the_top() -> None:
    assert set(TOP) <= TOP_WORDS
    assert {word for target in TOP["targets"].values() for word in target} <= TARGET_WORDS
    assert {word for variable in TOP["variables"].values() for word in variable} == {"description", "default"}
    (artifact,) = TOP["artifacts"].values()
    assert (artifact["type"], (BUNDLE / artifact["path"] / "setup.cfg").resolve()) == ("whl", ROOT / "setup.cfg")


@pytest.mark.parametrize("target", sorted(TOP["targets"]))
def test_databricks_own_classes_know_every_field(target: str) -> None:
    """They refuse unknown fields, missing ones and wrong kinds; what they took they give back the same."""
    of_jobs = pytest.importorskip("databricks.bundles.jobs")
    of_pipelines = pytest.importorskip("databricks.bundles.pipelines")
    variables = {name: told["default"] for name, told in TOP["variables"].items()}
    variables |= TOP["targets"][target].get("variables", {})
    for kind, known in (("jobs", of_jobs.Job), ("pipelines", of_pipelines.Pipeline)):
        for resource in RESOURCES[kind].values():
            told = resolved(resource, variables)
            assert known.from_dict(told).as_dict() == told
            with pytest.raises(ValueError, match="nonsense"):
                known.from_dict({**told, "nonsense": 1})


def resolved(node: Any, variables: dict[str, str]) -> Any:
    """With the values of the variables in place of their names; one that is not declared is an error."""
    if isinstance(node, dict):
        return {name: resolved(value, variables) for name, value in node.items()}
    if isinstance(node, list):
        return [resolved(value, variables) for value in node]
    return re.sub(r"\$\{var\.(\w+)\}", lambda found: variables[found[1]], node) if isinstance(node, str) else node


def test_no_secret_stands_in_it() -> None:
    for path in BUNDLE.rglob("*"):
        if path.is_file() and path.suffix in (".yml", ".py"):
            assert not re.search(r"(?i)(password|token|secret)\s*[:=]\s*[\"']?(?!\$|\{|dbutils)[\w-]{6,}[\"']?$",
                                 path.read_text(), re.M), path  # fmt: skip
