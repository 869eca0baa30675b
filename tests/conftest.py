"""Data that all tests share: a small corpus of three languages."""

from pathlib import Path

import pytest

NAMES = {
    "Russian": "Ivanov Petrov Sidorov Smirnov Sokolov Novikov Fedorov Morozov Volkov Makarov Egorov "
    "Romanov Rybakov Ushakov Uvarov Ulyanov",
    "Japanese": "Tanaka Suzuki Yamada Sasaki Kimura Yoshida Hayashi Shimizu Murata Takeda Okamoto Matsuda "
    "Kikuchi Fujita",
    "Czech": "Svoboda Novotný Dvořák Kučera Veselý Pokorný Jelínek Růžička Doležal Krejčí Čermák "
    "Šimůnek Hruška Bartoš",
}
"""Few names, of two lengths alone: a batch has names of one length, and so a training takes few steps."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the test in the browser: it waits most of its time, and should not be the last to end."""
    items.sort(key=lambda item: item.path.name != "test_offline.py")


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of <category>.txt files."""
    folder = tmp_path_factory.mktemp("names")
    for category, names in NAMES.items():
        (folder / f"{category}.txt").write_text("\n".join(names.split()) + "\n", "utf-8")
    return folder
