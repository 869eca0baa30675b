"""/name: what members type, and what they are told."""

from tests.bot.world import World, buttons_of, names_on, text_of


async def test_a_name_for_each_letter(world: World) -> None:
    reply = await world.alice.slash(world.channel, "name", language="russian", letters="rus")

    names = names_on(reply.response)
    assert [name[0] for name in names] == ["R", "U", "S"]
    assert "Russian" in text_of(reply.response)
    assert f"<@{world.alice.id}>" in text_of(reply.response)
    assert buttons_of(reply.response) == {"Again": True}
    assert not reply.response.ephemeral
