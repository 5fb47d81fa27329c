"""Losses of ``mcdut`` and one step of it, against golden values and against the published step written out."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from pydantic import ValidationError
from torch import Tensor
from torch.nn import functional as F

from shiftlens.plugins.mcdut.data import Batch
from shiftlens.plugins.mcdut.fit_config import McdutConfig
from shiftlens.plugins.mcdut.heads import Consistency, PatchHeads, unit
from shiftlens.plugins.mcdut.losses import crop_nce, patch_nce
from shiftlens.plugins.mcdut.network import Generator
from shiftlens.plugins.mcdut.networks import Networks
from shiftlens.plugins.mcdut.step import Step
from shiftlens.plugins.mcdut.views import Window, anywhere, centred, centres, cut, near, places

TINY = {
    "ngf": 8, "ndf": 8, "blocks": 2, "layers": (0, 4, 8, 12, 13), "load": 40, "crop": 32, "patches": 24, "width": 16,
    "steps": 5,
}  # fmt: skip


def config(**values: Any) -> McdutConfig:
    return McdutConfig.model_validate({"preset": "cut"} | TINY | values)


def step(seed: int = 0, **values: Any) -> Step:
    torch.manual_seed(seed)
    return Step(Networks(config(**values), Accelerator(cpu=True)))


def batch(seed: int = 0, load: int = 40, crop: int = 32, images: int = 1) -> Batch:
    draws = np.random.default_rng(seed)
    torch.manual_seed(seed)
    x, y = (F.interpolate(torch.rand(images, 3, 8, 8), load, mode="bilinear") * 2 - 1 for _ in range(2))
    return Batch(x, y, *[[anywhere(load, crop, draws) for _ in range(images)] for _ in range(2)])


def taken(one: Step, given: Batch, number: int = 1, epoch: float = 0) -> dict[str, Tensor]:
    return one.step(given, np.random.default_rng([5, number]), number, epoch)


def gradients(one: Step) -> dict[str, Tensor]:
    networks = one.networks.named()
    return {
        f"{n}.{name}": p.grad.clone() for n, net in networks.items() for name, p in net.named_parameters() if p.grad is not None
    }


def weights(one: Step, name: str) -> dict[str, Tensor]:
    return {key: tensor.clone() for key, tensor in one.networks.named()[name].state_dict().items()}


# golden values


def test_equal_patches_give_the_logarithm_of_their_number() -> None:
    same = torch.ones(1, 256, 1, dtype=torch.float64)
    assert patch_nce(same, same).item() == pytest.approx(5.545177, abs=1e-6)
    assert crop_nce(same, same, [same, same, same]).item() == pytest.approx(6.645091, abs=1e-6)
    assert crop_nce(same, same, [same] * 3, averaged=True).item() == pytest.approx(math.log(257), abs=1e-6)
    internal = crop_nce(same, same, [same], internal=True).item()
    assert internal == pytest.approx(math.log(1 + 256 + 255), abs=1e-6)


@pytest.mark.parametrize(("dtype", "wanted"), [(torch.float64, 1.5933e-4), (torch.float32, 1.5888e-4)])
def test_perfect_patches_give_nearly_nothing(dtype: torch.dtype, wanted: float) -> None:
    apart = torch.eye(256, dtype=dtype)[None]
    assert patch_nce(apart, apart).item() == pytest.approx(wanted, abs=1e-6)
    assert math.log1p(255 * math.exp(-1 / 0.07)) == pytest.approx(1.5933e-4, abs=1e-8)


def test_a_key_of_the_own_place_is_the_positive_and_no_negative() -> None:
    torch.manual_seed(0)
    q, k = (unit(torch.randn(2, 6, 4)) for _ in range(2))
    wanted = []
    for image in range(2):
        for i in range(6):
            row = [(q[image, i] @ k[image, i]).item()]
            row += [-10.0 if j == i else (q[image, i] @ k[image, j]).item() for j in range(6)]
            wanted.append(-math.log(math.exp(row[0] / 0.07) / sum(math.exp(x / 0.07) for x in row)))
    assert patch_nce(q, k).item() == pytest.approx(np.mean(wanted), rel=1e-5)


def test_negatives_of_views_are_all_that_a_query_is_held_against() -> None:
    torch.manual_seed(0)
    q, k, *views = (unit(torch.randn(1, n, 4)) for n in (5, 5, 7, 7))
    near_one = torch.zeros(1, 5, 7, dtype=torch.bool)
    near_one[0, 2, 3] = True
    for mask in (None, [near_one, torch.zeros_like(near_one)]):
        wanted = []
        for i in range(5):
            against = [(q[0, i] @ n).item() for view in views for n in view[0]]
            if mask and i == 2:
                against[3] = -10.0
            terms = [math.exp(x / 0.07) for x in [(q[0, i] @ k[0, i]).item(), *against]]
            wanted.append(-math.log(terms[0] / sum(terms)))
        assert crop_nce(q, k, views, near=mask).item() == pytest.approx(np.mean(wanted), rel=1e-5)


def test_no_gradient_reaches_keys_or_negatives() -> None:
    torch.manual_seed(0)
    q, k, view = (unit(torch.randn(1, 8, 4)).requires_grad_() for _ in range(3))
    (patch_nce(q, k) + crop_nce(q, k, [view], internal=True)).backward()
    assert k.grad is None
    assert view.grad is None
    assert q.grad is not None
    assert q.grad.abs().sum() > 0


# where patches lie


def test_the_positive_is_at_the_place_of_its_query() -> None:
    torch.manual_seed(0)
    generator = Generator(8, 2).eval()
    maps = generator.features(torch.rand(1, 3, 32, 32) * 2 - 1, (4, 8, 12))
    heads = PatchHeads(generator.widths((4, 8, 12)), 32)
    ids = places(maps, 40, np.random.default_rng(0))
    queries = heads(maps, ids)
    moved = heads(maps, [(one + 1) % (m.shape[2] * m.shape[3]) for one, m in zip(ids, maps, strict=True)])
    for q, k in zip(queries, moved, strict=True):
        assert patch_nce(q, k) > patch_nce(q, q) + 0.05


def test_places_of_maps_lie_where_their_pixels_are() -> None:
    spot = torch.zeros(1, 3, 32, 32)
    spot[:, :, 13, 21] = 1
    generator = Generator(4, 1)
    window = [Window(5, 7, 32)]
    for layer, one in zip((0, 8), [F.pad(spot, (3, 3, 3, 3)), F.max_pool2d(spot, 2)], strict=True):
        assert generator.features(spot, (layer,))[0].shape[2:] == one.shape[2:]
        at = one[0, 0].argmax()[None, None]
        found = centres(at, one, window)[0, 0]
        assert (found - torch.tensor([5 + 13.5, 7 + 21.5])).abs().max() <= 0.5
    assert near(torch.tensor([[[0.0, 0.0]]]), torch.tensor([[[3.0, 4.0], [3.0, 5.0]]]), 5.0).tolist() == [[[True, False]]]


def test_views_are_windows_of_their_source() -> None:
    images = torch.arange(2 * 3 * 16 * 16).float().view(2, 3, 16, 16)
    windows = [Window(2, 3, 8), centred(16, 8)]
    made = cut(images, windows)
    assert torch.equal(made[0], images[0, :, 2:10, 3:11])
    assert torch.equal(made[1], images[1, :, 4:12, 4:12])


WRONG_VIEWS = [
    ({"size": 40}, "crops of 40 px from pictures of 40 px cut nothing"),
    ({"size": 32, "source": "cropped"}, "crops of 32 px from pictures of 32 px cut nothing"),
    ({"center": 0, "random": 0}, "none are cut"),
    ({"combine": "center_only", "center": 0}, "center_only without the one in the middle"),
]


@pytest.mark.parametrize(("views", "said"), WRONG_VIEWS)
def test_views_that_are_no_crops_are_refused_before_anything_is_loaded(views: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        config(views=views)


def test_published_views_stay_smaller_than_their_source_to_the_end() -> None:
    paper = McdutConfig()
    assert (paper.view_side(False), paper.view_source(False)) == (256, 286)
    assert (paper.view_side(True), paper.view_source(True)) == (228, 256)


# one step


def published_gradients(networks: Networks, given: Batch, draws: np.random.Generator) -> dict[str, Tensor]:
    """CUT's step written out: every image is encoded again, keys with a graph and then detached."""
    generator, heads, judge, layers = networks.generator, networks.heads, networks.judge, networks.layers
    x, y = cut(given.source, given.source_at), cut(given.target, given.target_at)
    fake, same = generator(torch.cat([x, y])).chunk(2)
    loss = 0.5 * (judge(fake.detach()).square().mean() + (judge(y) - 1).square().mean())
    networks.optimisers["judge"].zero_grad()
    loss.backward()
    networks.optimisers["judge"].step()
    judge.requires_grad_(False)
    for one in (generator, heads):
        one.zero_grad()
    total = (judge(fake) - 1).square().mean()
    for source, made in ((x, fake), (y, same)):
        queried = generator.features(made, layers)
        keyed = generator.features(source, layers)
        ids = places(queried, networks.config.patches, draws)
        for q, k in zip(heads(queried, ids), heads(keyed, ids), strict=True):
            k = k.detach()[0]
            logits = q[0] @ k.T
            logits.fill_diagonal_(-10.0)
            rows = torch.cat([(q[0] * k).sum(1, keepdim=True), logits], 1) / 0.07
            total = total + 0.5 * F.cross_entropy(rows, torch.zeros(len(rows), dtype=torch.long)) / len(layers)
    total.backward()
    return {
        f"{n}.{name}": p.grad
        for n, one in (("generator", generator), ("heads", heads))
        for name, p in one.named_parameters()
        if p.grad is not None
    }


def test_gradients_are_those_of_the_published_step() -> None:
    one = step()
    other = copy.deepcopy(one.networks.state())
    plain = step().networks
    plain.restore(other)
    given = batch()
    taken(one, given)
    wanted = published_gradients(plain, given, np.random.default_rng([5, 1]))
    found = gradients(one)
    assert wanted.keys() == {key for key in found if not key.startswith("judge")}
    largest = max(gradient.abs().max() for gradient in wanted.values())
    for key, gradient in wanted.items():
        torch.testing.assert_close(found[key], gradient, rtol=1e-3, atol=1e-5 * float(largest))


def test_a_full_size_view_in_the_middle_is_cuts_own_loss() -> None:
    views = {"combine": "center_only", "source": "cropped", "size": 32, "random": 0}
    plain, whole, true = (taken(step(**kind), batch()) for kind in ({}, {"views": views}, {"views": views | {"size": 24}}))
    assert whole["nce"].item() == pytest.approx(plain["nce"].item(), abs=1e-6)
    assert abs(true["nce"].item() - plain["nce"].item()) > 1e-3


@pytest.mark.parametrize("source", ["loaded", "cropped"])
def test_views_differ_from_their_source_and_change_the_loss(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = step(views={"source": source, "radius": 2.0, "internal": True})
    encoded: list[Tensor] = []
    plain = one._encoded
    monkeypatch.setattr(one, "_encoded", lambda images: encoded.append(images) or plain(images))
    given = batch()
    found = taken(one, given)
    (views,) = encoded
    assert views.shape == (6, 3, *[32 if source == "loaded" else 24] * 2)
    crop = cut(given.source, given.source_at)
    assert all(view.shape != crop[0].shape or not torch.equal(view, crop[0]) for view in views)
    assert math.isfinite(found["nce"])
    assert abs(found["nce"] - taken(step(), given)["nce"]) > 1e-3


def test_the_discriminators_step_and_the_others_leave_each_other_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    one = step(views={}, consistency={})
    taken(one, batch())
    networks, seen = one.networks, {}
    before = {name: weights(one, name) for name in networks.named()}
    plain = networks.descend

    def watched(names: tuple[str, ...], loss: Tensor) -> None:
        held = gradients(one)
        plain(names, loss)
        now = gradients(one)
        mine = ("judge",) if names == ("judge",) else ("generator", "heads", "real", "fake")
        changed = {key for key in now if not torch.equal(now[key], held.get(key, torch.tensor(math.nan)))}
        seen[names] = {key.partition(".")[0] for key in changed}, mine
        for name in networks.named():
            same = all(torch.equal(a, b) for a, b in zip(weights(one, name).values(), before[name].values(), strict=True))
            assert same != (name in mine), (names, name)
        before.update({name: weights(one, name) for name in networks.named()})

    monkeypatch.setattr(networks, "descend", watched)
    taken(one, batch(seed=1), number=2)
    assert list(seen) == [("judge",), ("generator", "heads")]
    for changed, mine in seen.values():
        assert changed == set(mine)


def test_the_learning_rate_takes_its_published_course() -> None:
    one = step()
    rates = []
    for epoch in (0, 199, 200, 399):
        one.networks.set_rates(epoch)
        rates.append([optimiser.param_groups[0]["lr"] for optimiser in one.networks.optimisers.values()])
    for row, wanted in zip(rates, (2e-4, 2e-4, 2e-4 * (1 - 1 / 201), 2e-4 / 201), strict=True):
        assert row == pytest.approx([wanted] * 3)
    assert rates[3][0] == pytest.approx(9.95e-7, abs=1e-9)
    square = step(resize="square")
    assert [square.settled(epoch) for epoch in (0, 199, 200)] == [False, False, True]
    assert not step(resize="none").settled(200)
    fast = McdutConfig(preset="fastcut")
    assert (fast.constant, fast.decay, fast.nce, fast.identity_term) == (150, 50, 10.0, False)


def test_a_mirrored_picture_gives_the_loss_of_the_picture_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    class Always:
        """Random numbers, of which the first one decides for the mirror."""

        def __init__(self, value: float) -> None:
            self._value, self._draws = value, np.random.default_rng(3)

        def random(self) -> float:
            return self._value

        def __getattr__(self, name: str) -> Any:
            return getattr(self._draws, name)

    losses = []
    for value in (0.0, 1.0):
        one = step(preset="fastcut", flip_equivariance=True)
        symmetric(one.networks.generator)
        given = batch()
        losses.append(one.step(given, Always(value), 1, 0)["nce"].item())  # type: ignore[arg-type]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def symmetric(generator: Generator) -> None:
    """Make every filter its own mirror image, so that mirrored pictures give mirrored maps, but for the downsampling's grid."""
    for parameter in generator.parameters():
        if parameter.ndim == 4:
            parameter.data = (parameter.data + parameter.data.flip(3)) / 2
    for part in generator.modules():
        if type(part).__name__ == "BlurDown":
            part.forward = lambda x: F.avg_pool2d(x, 2)  # type: ignore[method-assign]


# domain consistency


def test_embeddings_have_norm_one_and_every_network_learns_from_their_distance() -> None:
    one = step(consistency={}, nce=0.0, gan=0.0, identity_term=False)
    before = {name: weights(one, name) for name in ("generator", "heads", "real", "fake")}
    found = taken(one, batch())
    assert found["consistency"] > 0
    assert all(one.norm().item() == pytest.approx(1, abs=1e-3) for one in one._watched)
    held = gradients(one)
    for name, tensors in before.items():
        assert max(held[key].abs().max() for key in held if key.startswith(name)) > 0
        assert not all(torch.equal(tensors[key], now) for key, now in weights(one, name).items()), name


def test_the_distance_is_ten_times_the_mean_as_released_and_64_times_that_as_a_sum() -> None:
    mean, total = (taken(step(consistency={"reduction": kind}), batch())["consistency"] for kind in ("mean", "sum"))
    assert total.item() == pytest.approx(64 * mean.item(), rel=1e-5)


def test_as_released_the_embedding_networks_stay_as_drawn() -> None:
    one = step(preset="mcdut-released")
    before = {name: weights(one, name) for name in ("real", "fake")}
    taken(one, batch())
    for name, tensors in before.items():
        assert all(torch.equal(tensors[key], now) for key, now in weights(one, name).items())
    assert one.networks.generator.shape.attention == "none"
    assert one.config.views is None


def test_embedding_networks_survive_a_checkpoint() -> None:
    one, other = step(consistency={}), step(seed=1, consistency={})
    taken(one, batch())
    other.networks.restore(copy.deepcopy(one.networks.state()))
    for name in ("real", "fake"):
        assert all(torch.equal(weights(one, name)[key], now) for key, now in weights(other, name).items())
    for run in (one, other):
        taken(run, batch(seed=1), number=2)
    assert torch.equal(one.networks.embeddings["fake"].model[0].weight, other.networks.embeddings["fake"].model[0].weight)


def test_a_shared_embedding_network_learns_once() -> None:
    one = step(consistency={"share": True})
    assert list(one.networks.named()) == ["generator", "heads", "judge", "real"]
    assert taken(one, batch())["consistency"] > 0


def test_published_heads_at_their_first_weights_embed_everything_alike() -> None:
    torch.manual_seed(0)
    from shiftlens.plugins.mcdut.network import initialise

    network, stacks = Consistency(5), unit(torch.randn(8, 5, 24, 16))
    initialise(network)
    small = network.model(stacks).norm(dim=1)
    assert small.max() < 1e-4
    initialise(network, 1.0)
    assert network(stacks).norm(dim=1).min() > 0.999
