"""The processes that train, with calls that end at once."""

import os
from functools import partial
from pathlib import Path

import pytest

from bot.training.workers import WorkerEnded, Workers


def test_a_call_needs_no_settings_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=shouting\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRAINING_MINUTES", "many")

    Workers().submit(Path("called").touch).result(30)

    assert Path("called").exists()


def test_the_initializer_is_called_first() -> None:
    with pytest.raises(WorkerEnded, match="exit code 3"):
        Workers(partial(os._exit, 3)).submit(os._exit, 4).result(30)
