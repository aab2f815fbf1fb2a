"""What a person reads who made a mistake in the settings: file, key, what was expected, everything at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from national_sync import i18n
from national_sync.errors import SettingsInvalid
from national_sync.settings import Loaded, load_settings


class AdapterSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    base_url: str
    pages: int = Field(4, ge=1)
    secret_file: Path | None = None


def _adapter_settings(name: str) -> type[BaseModel]:
    assert name == "nvsi"
    return AdapterSettings


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "national-sync.toml"


def load(config: Path, content: str, **environment: str) -> Loaded:
    config.write_text('[national]\nbase_url = "https://example.org"\n' + content, encoding="utf-8")
    return load_settings(config, environment, _adapter_settings)


def problems(config: Path, content: str, **environment: str) -> list[str]:
    with pytest.raises(SettingsInvalid) as caught:
        load(config, content, **environment)
    return str(caught.value.facts["problems"]).splitlines()


def test_nothing_but_the_adapters_address_is_needed(config: Path) -> None:
    loaded = load(config, "")
    assert loaded.settings.schedule.nightly == "02:30"
    assert loaded.national.base_url == "https://example.org"


def test_the_environment_beats_the_file(config: Path) -> None:
    loaded = load(
        config, '[log]\nlevel = "info"', NATIONAL_SYNC__LOG__LEVEL="error", NATIONAL_SYNC__NATIONAL__PAGES="9"
    )
    assert loaded.settings.log.level == "error"
    assert loaded.national.pages == 9


def test_a_misspelt_key_is_refused_with_the_right_one_named(config: Path) -> None:
    assert problems(config, '[schedule]\nnightley = "02:30"') == [
        "national-sync.toml [schedule] nightley: unknown key; did you mean nightly?"
    ]


def test_a_misspelt_table_is_refused_with_the_right_one_named(config: Path) -> None:
    assert problems(config, '[databse]\nurl = "sqlite:///a.db"') == [
        "national-sync.toml [databse]: unknown key; did you mean database?"
    ]


def test_a_key_like_no_other_is_refused_with_all_keys_named(config: Path) -> None:
    assert problems(config, "[log]\ncolour = 1") == [
        "national-sync.toml [log] colour: unknown key; the keys here are: level"
    ]


def test_a_misspelt_variable_is_refused(config: Path) -> None:
    assert problems(config, "", NATIONAL_SYNC__DATABSE__URL="sqlite:///a.db") == [
        "NATIONAL_SYNC__DATABSE__URL: unknown key; did you mean database__…?"
    ]
    assert problems(config, "", NATIONAL_SYNC__LOG__LEVLE="info") == [
        "NATIONAL_SYNC__LOG__LEVLE: unknown key; did you mean level?"
    ]


def test_variables_without_the_prefix_are_nobodys_business(config: Path) -> None:
    load(config, "", NATIONAL_SYNC_CONFIG="x", NATIONAL_SYNC_LANG="zh", PATH="/bin")


def test_all_problems_are_told_at_once_with_their_places(config: Path) -> None:
    content = (
        'pages = 0\nbase = 1\n[schedule]\nnightly = "25:00"\nlight_minute = "x"\ncatch_up = 7\n[log]\nlevel = "loud"'
    )
    assert problems(config, content, NATIONAL_SYNC__SCHEDULE__GRACE_SECONDS="soon") == [
        "national-sync.toml [schedule] nightly: expected a time of day, HH:MM, found '25:00'",
        "national-sync.toml [schedule] light_minute: expected a whole number, found 'x'",
        "national-sync.toml [schedule] catch_up: expected true or false, found 7",
        "NATIONAL_SYNC__SCHEDULE__GRACE_SECONDS: expected a whole number, found 'soon'",
        "national-sync.toml [log] level: expected one of 'debug', 'info', 'warning' or 'error', found 'loud'",
        "national-sync.toml [national] pages: expected at least 1, found 0",
        "national-sync.toml [national] base: unknown key; did you mean base_url?",
    ]


def test_the_adapters_missing_key_is_named_with_its_table(config: Path) -> None:
    config.write_text("", encoding="utf-8")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(config, {}, _adapter_settings)
    assert str(caught.value.facts["problems"]) == (
        "national-sync.toml [national] base_url: this key is missing; add it"
    )


def test_secrets_are_never_repeated(config: Path) -> None:
    told = "\n".join(
        problems(
            config,
            'secret_flie = "s3cr3t"\nsecret_file = ["s3cr3t"]\n[database]\nurl = "mysql://me:s3cr3t@host/x"',
            NATIONAL_SYNC__NATIONAL__SECRET="s3cr3t",
        )
    )
    assert "s3cr3t" not in told
    assert "must be sqlite:///FILE or postgresql://USER@HOST/DATABASE" in told


def test_problems_are_told_in_chinese(config: Path) -> None:
    i18n.use("zh")
    with pytest.raises(SettingsInvalid) as caught:
        load(config, "[schedule]\nlight_minute = 99\nnightley = 1")
    assert i18n.say(caught.value.facts["problems"]).splitlines() == [
        "national-sync.toml [schedule] light_minute：应为不大于 59 的数，实际是 99",
        "national-sync.toml [schedule] nightley：没有这个配置项；是否应为 nightly？",
    ]


def test_a_file_that_is_no_toml_is_told_with_its_line(config: Path) -> None:
    config.write_text("[national\n", encoding="utf-8")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(config, {}, _adapter_settings)
    assert "it is not TOML" in str(caught.value)
    assert "line 1" in str(caught.value)


def test_a_missing_file_names_the_command_that_makes_it(config: Path) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(config, {}, _adapter_settings)
    assert "there is no such file" in str(caught.value)
    assert caught.value.hint_template == "Create it with: national-sync init"


def test_a_table_that_is_a_plain_value_is_refused(config: Path) -> None:
    config.write_text("national = 3\nlog = 4\n", encoding="utf-8")
    with pytest.raises(SettingsInvalid) as caught:
        load_settings(config, {}, _adapter_settings)
    assert str(caught.value.facts["problems"]).splitlines() == [
        "national-sync.toml [national]: expected a table: [name] and below it the keys, found 3",
        "national-sync.toml [log]: expected a table: [name] and below it the keys, found 4",
    ]


def test_paths_are_relative_to_the_settings_file(config: Path, tmp_path: Path) -> None:
    loaded = load(config, 'secret_file = "s"\n[database]\nurl = "sqlite:///a.db"')
    assert loaded.database_url == f"sqlite:///{tmp_path}/a.db"
    assert loaded.path(Path("k")) == tmp_path / "k"
    assert loaded.national.secret_file == tmp_path / "s"


def test_a_password_file_completes_the_url(config: Path, tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("a b@c\n", encoding="utf-8")
    (tmp_path / "pw").chmod(0o600)
    loaded = load(config, '[database]\nurl = "postgresql://me@host/x"\npassword_file = "pw"')
    assert loaded.database_url == "postgresql+psycopg://me:a b%40c@host/x"


def test_a_mistake_in_the_policy_names_the_policy_file(config: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("[guards]\nwithdrawal_percent = 5\nupdates_count = -1\n", encoding="utf-8")
    assert sorted(problems(config, "")) == [
        "policy.toml [guards] updates_count: expected at least 0, found -1",
        "policy.toml [guards] withdrawal_percent: unknown key; did you mean withdrawals_percent?",
    ]


def test_a_policy_file_that_is_named_must_exist(config: Path) -> None:
    assert "there is no such file" in problems(config, '[policy]\nfile = "other.toml"')[0]


def test_without_a_policy_file_the_built_in_policy_holds(config: Path) -> None:
    assert load(config, "").policy.guards.withdrawals_count == 20
