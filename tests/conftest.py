"""Data that all tests share: a small corpus of three languages."""

from pathlib import Path

import pytest

NAMES = {
    "Russian": "Ivanov Petrov Sidorov Smirnov Kuznetsov Popov Vasiliev Sokolov Mikhailov Novikov Fedorov "
    "Morozov Volkov Alekseev Lebedev Semenov Egorov Pavlov Kozlov Stepanov Nikolaev Orlov Andreev Makarov "
    "Nikitin Zakharov Zaitsev Soloviev Borisov Yakovlev Grigoriev Romanov Rodionov Ushakov Uvarov Ulyanov",
    "Japanese": "Tanaka Suzuki Takahashi Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki "
    "Yamaguchi Matsumoto Inoue Kimura Hayashi Shimizu Saito Yamazaki Mori Abe Ikeda Hashimoto Ishikawa Ogawa",
    "Czech": "Novák Svoboda Novotný Dvořák Černý Procházka Kučera Veselý Horák Němec Pokorný Marek Pospíšil "
    "Hájek Král Jelínek Růžička Beneš Fiala Sedláček Šimek Doležal Zeman Kolář Krejčí Navrátil Čermák Vaněk",
}


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of <category>.txt files."""
    folder = tmp_path_factory.mktemp("names")
    for category, names in NAMES.items():
        (folder / f"{category}.txt").write_text("\n".join(names.split()) + "\n", "utf-8")
    return folder
