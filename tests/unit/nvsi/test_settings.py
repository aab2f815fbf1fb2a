"""The `[national]` table: what is refused, and where the secret comes from."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.unit.nvsi.side import settings

from national_sync.errors import SettingsInvalid
from national_sync.national.registry import adapter_class, adapter_names
from national_sync_adapters.nvsi.adapter import NvsiAdapter


@pytest.mark.parametrize(
    "address",
    [
        "http://national.example/open/v1",
        "ftp://national.example",
        "national.example",
        "https://user:pw@national.example",
    ],
)
def test_an_address_that_is_not_safe_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="https://"):
        settings(base_url=address)


@pytest.mark.parametrize("address", ["https://national.example/open/v1/", "http://127.0.0.1:8080", "http://[::1]:1"])
def test_an_address_on_this_machine_or_with_tls_is_taken(address: str) -> None:
    assert settings(base_url=address).base_url == address.rstrip("/")


def test_an_unknown_key_is_refused_without_showing_values() -> None:
    with pytest.raises(ValidationError) as caught:
        settings(pagesize=10, app_id="")
    assert "pagesize" in str(caught.value)
    assert "input_value" not in str(caught.value)


def test_the_secret_comes_from_the_file_or_else_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-file\n")
    file.chmod(0o600)
    assert settings(secret_file=file).read_secret({"NATIONAL_SYNC_SECRET": "x"}) == b"from-file"
    assert settings(secret_env="OURS").read_secret({"OURS": "from-environment"}) == b"from-environment"


def test_a_missing_secret_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="NATIONAL_SYNC_SECRET"):
        settings().read_secret({})
    with pytest.raises(ValueError, match="nowhere"):
        settings(secret_file=tmp_path / "nowhere").read_secret({})


def test_a_secret_that_others_can_read_or_that_is_empty_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("")
    file.chmod(0o600)
    with pytest.raises(ValueError, match="is empty"):
        settings(secret_file=file).read_secret({})
    file.chmod(0o640)
    with pytest.raises(SettingsInvalid, match="mode 0640"):
        settings(secret_file=file).read_secret({})


def test_the_adapter_is_found_by_its_name() -> None:
    assert adapter_class("nvsi") is NvsiAdapter


def test_an_adapter_that_is_not_installed_is_refused_with_those_that_are() -> None:
    assert "nvsi" in adapter_names()
    with pytest.raises(SettingsInvalid, match=r"no nvsy.*nvsi"):
        adapter_class("nvsy")
