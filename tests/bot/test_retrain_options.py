"""What /retrain can be asked for, and what is then written down to be done; no training begins here."""

from typing import Any

import pytest
import pytest_asyncio

from bot.store import BASE, NewRun, Run, RunStatus
from bot.training.plan import Plan
from model import Corpus, Generator
from tests.bot.test_datasets import ELVES
from tests.bot.world import Waiting, World, new_model, publish, text_of


@pytest_asyncio.fixture
async def idle(world: World) -> World:
    """A world in which no training begins; its model is a GRU that learned names in 3 categories."""
    world.bot.trainer._executor = Waiting()
    return world


async def retrain(world: World, **options: Any) -> Any:
    return (await world.boss.slash(world.channel, "retrain", **options)).response


async def the_run(world: World) -> tuple[Run, Plan]:
    """The only run that waits, and what it is to do."""
    (run,) = await world.bot.store.runs.unfinished(world.guild.id)
    return run, Plan.of(run)


async def base(world: World) -> int:
    model = await world.bot.store.models.active(BASE)
    assert model is not None
    return model.id


async def test_as_usual_it_goes_on_from_the_current_model(idle: World, generator: Generator) -> None:
    card = await retrain(idle)

    run, plan = await the_run(idle)
    assert (run.network, run.recipe, run.requested_by) == ("gru", "default", idle.boss.id)
    assert (plan.start_from, plan.chosen, plan.categories) == (await base(idle), (), 3)
    assert plan.names == sum(generator.card.counts.values())
    assert plan.limits.memory_mib == idle.settings.training_memory_mib
    assert plan.limits.minutes == idle.settings.training_minutes
    assert plan.limits.models == idle.settings.models_kept
    told = f"gru network, recipe default · {plan.names} names · 3 categories · from the current model"
    assert told in text_of(card)


async def test_it_goes_on_from_the_servers_own_model_if_there_is_one(
    idle: World, generator: Generator
) -> None:
    own = await publish(idle.settings, generator, idle.guild.id)

    await retrain(idle)

    assert (await the_run(idle))[1].start_from == own


async def test_fresh_forgets_it_and_takes_the_recipes_network(idle: World) -> None:
    card = await retrain(idle, fresh=True, recipe="quick")

    run, plan = await the_run(idle)
    assert (run.network, run.recipe, plan.start_from) == ("ensemble", "quick", None)
    assert "ensemble network, recipe quick" in text_of(card)
    assert "fresh" in text_of(card)


@pytest.mark.parametrize("network", ["ensemble", "gru", "lstm", "rnn", "tutorial"])
async def test_a_network_of_ones_choice_begins_fresh(idle: World, network: str) -> None:
    await retrain(idle, network=network)

    run, plan = await the_run(idle)
    assert (run.network, run.recipe, plan.start_from) == (network, "default", None)


async def test_some_categories_are_learned_alone(idle: World) -> None:
    await idle.bot.store.datasets.put(idle.guild.id, "Elves", ELVES, extends=False, by=idle.boss.id, most=9)

    card = await retrain(idle, categories=" elves, CZECH ,")

    run, plan = await the_run(idle)
    assert plan.chosen == ("elves", "CZECH")
    assert plan.categories == 2
    assert set(plan.shown) == {"Czech", "Elves"}
    order = await idle.bot.store.runs.start(run.id)
    assert Corpus.read(order.archive).categories == ["Czech", "Elves"]
    assert "2 categories" in text_of(card)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"network": "transformer"}, "choose ensemble, gru, lstm, rnn, tutorial"),
        ({"network": "ngram"}, "choose ensemble, gru, lstm, rnn, tutorial"),
        ({"recipe": "slow"}, "choose quick, default, best"),
        ({"recipe": "tutorial"}, "choose quick, default, best"),
        ({"categories": "Czech, Orcs"}, "no category Orcs to learn"),
        ({"categories": "**Orcs** @everyone"}, r"no category \*\*Orcs\*\* @"),
    ],
)
async def test_what_is_not_there_is_refused(idle: World, options: dict[str, str], told: str) -> None:
    refused = await retrain(idle, **options)

    assert told in text_of(refused)
    assert not await idle.bot.store.runs.unfinished()


async def test_a_server_without_names_is_refused(idle: World) -> None:
    await idle.bot.store.datasets.use(idle.guild.id, "none", idle.boss.id)

    refused = await retrain(idle)

    assert "names" in text_of(refused)
    assert not await idle.bot.store.runs.unfinished()


async def test_start_again_asks_for_the_same(idle: World) -> None:
    await retrain(idle, network="lstm", recipe="quick", categories="Czech")
    first, plan = await the_run(idle)
    await idle.boss.click(idle.channel.last_message, label="Cancel")
    await idle.env.advance_time(4)

    await idle.boss.click(idle.channel.last_message, label="Start again")

    again, same = await the_run(idle)
    assert again.id != first.id
    assert (again.network, again.recipe, same) == (first.network, first.recipe, plan)


async def offered(world: World, option: str, typed: str = "") -> dict[str, str]:
    choices = await world.boss.autocomplete(world.channel, "retrain", option, typed)
    return {choice["value"]: choice["name"] for choice in choices}


async def test_each_choice_has_a_sentence(idle: World) -> None:
    networks, recipes = await offered(idle, "network"), await offered(idle, "recipe")

    assert [*networks] == ["ensemble", "gru", "lstm", "rnn", "tutorial"]
    assert [*recipes] == ["quick", "default", "best"]
    assert networks["ensemble"] == "ensemble: a GRU and letter counts together: the best (not tried here yet)"
    assert recipes["quick"] == "quick: a rough model, soon (not tried here yet)"
    assert [*await offered(idle, "network", " L")] == ["lstm"]


async def test_each_choice_tells_how_long_such_a_training_took_here(
    idle: World, generator: Generator
) -> None:
    await past(idle, generator, network="gru", start_from=await base(idle))
    await past(idle, generator, network="lstm", start_from=None)

    networks, recipes = await offered(idle, "network"), await offered(idle, "recipe")

    assert "about" in networks["lstm"]
    assert "not tried here yet" in networks["gru"], "that went on from a model, and this would begin fresh"
    assert "about" in recipes["default"]
    assert "not tried here yet" in recipes["quick"]


async def past(world: World, generator: Generator, *, network: str, start_from: int | None) -> None:
    """Have the server look back upon a training by the default recipe."""
    plan = Plan(start_from=start_from, names=sum(generator.card.counts.values()), categories=3)
    options = plan.model_dump(mode="json")
    runs = world.bot.store.runs
    run = await runs.request(NewRun(world.guild.id, None, None, network, "default", 0, options, b""))
    await runs.start(run.id)
    model = new_model(generator, world.guild.id, run_id=run.id)
    await runs.finish(run.id, RunStatus.REJECTED, model=model)


async def test_the_last_of_several_categories_is_completed(idle: World) -> None:
    assert [*await offered(idle, "categories", "Czech, ru")] == ["Czech, Russian"]
