"""Failures inside the contract are explained as in any test."""

import pytest

pytest.register_assert_rewrite("tests.providers.contract")
pytest.register_assert_rewrite("tests.providers.contract_writing")
pytest.register_assert_rewrite("tests.providers.contract_watching")
