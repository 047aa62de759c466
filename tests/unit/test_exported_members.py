"""What each package says it exports is there, is all there is, and is spelt the same everywhere."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest

import pi_datasource
from pi_datasource import register

MODULES = sorted(found.name for found in pkgutil.walk_packages(pi_datasource.__path__, "pi_datasource."))
WITH_ALL = [name for name in MODULES if hasattr(importlib.import_module(name), "__all__")]
#: Folders whose tests these are.
OURS = ("webapi", "plan", "read", "resolve", "columns", "errors")


def own_names(module: ModuleType) -> set[str]:
    """Public classes and functions that were defined in this module."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and callable(value) and getattr(value, "__module__", "") == module.__name__
    }


def test_there_is_something_to_look_at() -> None:
    assert len(MODULES) > 30
    assert {"pi_datasource.webapi.client", "pi_datasource.errors", "pi_datasource.read.cursor"} <= set(WITH_ALL)


@pytest.mark.parametrize("name", WITH_ALL)
def test_all_that_is_exported_exists_once(name: str) -> None:
    module = importlib.import_module(name)
    assert len(module.__all__) == len(set(module.__all__)) > 0
    assert [member for member in module.__all__ if not hasattr(module, member)] == []


@pytest.mark.parametrize("name", WITH_ALL)
def test_nothing_private_is_exported(name: str) -> None:
    exported = importlib.import_module(name).__all__
    assert [member for member in exported if member.startswith("_") and member != "__version__"] == []


@pytest.mark.parametrize("name", [name for name in WITH_ALL if name.split(".")[1] in OURS])
def test_what_other_modules_of_the_package_import_is_exported(name: str) -> None:
    module = importlib.import_module(name)
    wanted = set()
    for other in map(importlib.import_module, MODULES):
        if other is not module:
            wanted |= {
                member
                for member, value in vars(other).items()
                if member in own_names(module) and value is getattr(module, member)
            }
    assert wanted <= set(module.__all__), f"{name} lends {sorted(wanted - set(module.__all__))} without exporting it"


def test_the_package_itself_shows_its_public_names() -> None:
    assert dir(pi_datasource) == sorted(pi_datasource.__all__)
    for name in pi_datasource.__all__:
        assert getattr(pi_datasource, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = pi_datasource.nothing


def test_public_names_are_those_of_their_modules() -> None:
    from pi_datasource.datasource import PIDataSource
    from pi_datasource.errors import PIError, PIOptionError, PIRequestError, PITagError
    from pi_datasource.register import register as found

    # Where the module was imported first it stands for its function, and can be called like it.
    assert getattr(register, "register", register) is found
    for value in (PIDataSource, PIError, PIOptionError, PIRequestError, PITagError):
        assert getattr(pi_datasource, value.__name__) is value
