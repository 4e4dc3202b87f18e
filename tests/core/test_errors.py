"""The tree of errors: messages and responses name the documented classes only."""

import inspect

import pytest

from core import errors
from core.errors import InputError
from ingest.spool.spooled_file import FileChanged, FileMissing
from service.engine.processing_result import FileRejection
from service.http.problems import from_input_error

_DOCUMENTED = [
    category
    for _, category in inspect.getmembers(errors, inspect.isclass)
    if category is not InputError and issubclass(category, InputError)
]
"""In the order of their names."""


@pytest.mark.parametrize("error_class", _DOCUMENTED)
def test_every_input_error_has_a_problem_and_names_itself(error_class: type[InputError]) -> None:
    error = error_class("acts.csv, line 2", "There is no amount", "State one")
    assert error.find_category() is error_class
    problem = from_input_error(error)
    assert 400 <= problem.status < 500
    assert (problem.extensions["where"], problem.extensions["remedy"]) == ("acts.csv, line 2", "State one")


@pytest.mark.parametrize("narrower_class", [FileMissing, FileChanged])
def test_a_narrower_error_is_answered_as_the_documented_one(narrower_class: type[InputError]) -> None:
    error = narrower_class("spool, 00", "There is no such file", "Send the file again")
    assert (from_input_error(error).status, from_input_error(error).code) == (422, "file-unreadable")
    assert FileRejection.from_error("acts.csv", error).error == "FileUnreadable"
