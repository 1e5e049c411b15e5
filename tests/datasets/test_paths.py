"""The root folder and variables in paths."""

import pytest

from datasets.errors import DataError, EnvironmentVariableError, NoDataPathError
from datasets.paths import data_root, expand_variables


def test_variables_are_replaced_and_tilde_is_not(monkeypatch):
    monkeypatch.setenv("ONE", "/first")
    monkeypatch.setenv("TWO", "second")
    assert expand_variables("~/${ONE}/x/${TWO}") == "~//first/x/second"
    assert expand_variables("$ONE") == "$ONE"


def test_the_root_is_the_argument_or_the_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("PYLEARN2_DATA_PATH", str(tmp_path))
    assert data_root() == tmp_path
    assert data_root("${PYLEARN2_DATA_PATH}/deeper") == tmp_path / "deeper"
    assert str(data_root("elsewhere")) == "elsewhere"


def test_an_unset_root_has_its_own_error(monkeypatch):
    monkeypatch.delenv("PYLEARN2_DATA_PATH", raising=False)
    with pytest.raises(NoDataPathError):
        data_root()
    monkeypatch.setenv("PYLEARN2_DATA_PATH", "")
    with pytest.raises(NoDataPathError, match="PYLEARN2_DATA_PATH is not set; set it") as raised:
        data_root()
    assert isinstance(raised.value, EnvironmentVariableError)
    assert not isinstance(raised.value, ValueError)


def test_another_unset_variable_is_a_value_error(monkeypatch):
    monkeypatch.delenv("SVHN_LOCAL_PATH", raising=False)
    with pytest.raises(ValueError, match="SVHN_LOCAL_PATH") as raised:
        expand_variables("${SVHN_LOCAL_PATH}/h5")
    assert isinstance(raised.value, DataError)
