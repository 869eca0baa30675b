"""Settings: what is read, what is refused, and that the token stays hidden."""

from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError

NOWHERE = Path("/nonexistent/.env")


def test_defaults() -> None:
    settings = Settings.read({}, NOWHERE)

    assert settings.database_url == "sqlite+aiosqlite:///var/namesmith.db"
    assert settings.data_dir == Path("data/names")
    assert settings.log_level == "info"
    assert settings.discord_token is None


def test_limits_are_read_as_uses_in_seconds() -> None:
    settings = Settings.read({"MEMBER_LIMITS": "3/10s 7/2m", "SERVER_LIMITS": "none"}, NOWHERE)

    assert settings.member_limits == ((10, 3), (120, 7))
    assert settings.server_limits == ()


def test_words_are_read_with_commas_between_them() -> None:
    assert Settings.read({"OBSCENE_WORDS": "foo, bar,"}, NOWHERE).obscene_words == ("foo", "bar")


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text("LOG_LEVEL=debug\nDEV_GUILD_ID=42\n")

    settings = Settings.read({"LOG_LEVEL": "ERROR"}, dotenv)

    assert settings.log_level == "error"
    assert settings.dev_guild_id == 42


def test_empty_means_not_set() -> None:
    assert Settings.read({"DEV_GUILD_ID": "", "DATABASE_URL": ""}, NOWHERE) == Settings.read({}, NOWHERE)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "sqlite:///names.db"),
        ("DATABASE_URL", "oracle+unheard://x"),
        ("DEV_GUILD_ID", "my server"),
        ("DEV_GUILD_ID", "-1"),
        ("DISCORD_API_URL", "localhost"),
        ("DISCORD_GATEWAY_URL", "https://gateway.discord.gg"),
        ("LOG_LEVEL", "loud"),
        ("MEMBER_LIMITS", "often"),
        ("MEMBER_LIMITS", "5/0s"),
        ("SERVER_LIMITS", "5/10y"),
        ("UPLOAD_NAMES", "many"),
    ],
)
def test_an_unusable_value_is_named_with_its_key_and_the_fix(key: str, value: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.read({key: value}, NOWHERE)

    sentence = str(refusal.value)
    assert sentence.startswith(f"{key}={value} can't be used: ")
    assert "\n" not in sentence


def test_a_database_urls_password_is_not_told() -> None:
    with pytest.raises(SettingsError) as refusal:
        Settings.read({"DATABASE_URL": "postgresql://bot:hunter2@db/names"}, NOWHERE)

    assert "hunter2" not in str(refusal.value)
    assert "postgresql://bot:***@db/names" in str(refusal.value)


def test_the_token_does_not_print_itself() -> None:
    settings = Settings.read({"DISCORD_TOKEN": "secret.token"}, NOWHERE)

    assert settings.discord_token is not None
    assert settings.discord_token.get_secret_value() == "secret.token"
    shown = f"{settings} {settings!r} {settings.discord_token} {settings.model_dump_json()}"
    assert "secret.token" not in shown


def test_the_example_names_every_setting_and_is_usable() -> None:
    example = Path(".env.example")

    settings = Settings.read({"DISCORD_TOKEN": "x"}, example)

    assert settings == Settings.read({"DISCORD_TOKEN": "x"}, NOWHERE)
    text = example.read_text("utf-8")
    assert all(f"{name.upper()}=" in text for name in Settings.model_fields)
