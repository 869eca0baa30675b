"""The README says what is there: commands, settings, and every column that holds a Discord ID."""

from pathlib import Path

from bot.settings import Settings
from bot.store.tables import Table

README = Path("README.md").read_text("utf-8")


def test_every_setting_is_in_the_table() -> None:
    for name in Settings.model_fields:
        assert f"| `{name.upper()}` |" in README


def test_every_column_with_a_discord_id_is_in_the_table() -> None:
    rows = {line for line in README.splitlines() if line.startswith("| `")}
    for table in Table.metadata.sorted_tables:
        for column in table.columns:
            if "discord" in column.info:
                assert any(f"`{table.name}`" in row and f"`{column.name}`" in row for row in rows), column


def test_every_table_is_in_the_table() -> None:
    for table in Table.metadata.sorted_tables:
        assert f"`{table.name}`" in README


def test_the_defaults_are_the_tables() -> None:
    settings = Settings.read({}, Path("/nonexistent"))
    for name in ("database_url", "data_dir", "history_days", "log_level"):
        assert f"| `{name.upper()}` | `{getattr(settings, name)}` |" in README
