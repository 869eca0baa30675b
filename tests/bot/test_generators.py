"""Models in memory: as many as there is room for, the base's always among them."""

from bot.generators import Generators
from bot.settings import Settings
from bot.store import Store
from model import Generator
from tests.bot.world import publish


async def test_the_base_stays_while_others_come_and_go(settings: Settings, generator: Generator) -> None:
    for guild_id in (0, 1, 2, 3):
        await publish(settings, generator, guild_id)
    async with await Store.open(settings.database_url) as store:
        loaded = Generators(store, most=2)

        for guild_id in (None, 1, 2, 3):
            assert await loaded.of_guild(guild_id) is not None

        assert loaded.loaded == 2
        assert await loaded.must_load(2)
        assert not await loaded.must_load(3)
        assert not await loaded.must_load(None)
        loaded.close()
