"""Backbone family ``timm``: an architecture by timm's name, weights from files, loaded strictly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import BackboneSpec, BackboneUnusable, UsageError
from ...plugin import BackboneFamily, quoted
from ...training import load_tensors
from .config import TimmOptions
from .keys import from_lukemelas
from .operators import declare_missing_operators

if TYPE_CHECKING:
    from torch import Tensor, nn

    from .network import TimmFeatures

_WEIGHTS = (".safetensors", ".pth", ".pt", ".bin")
_SHOWN = 5


class TimmFamily(BackboneFamily):
    """Makes :class:`shiftlens.plugin.Features` of any timm network that has a feature map."""

    def load(self, spec: BackboneSpec, files: Mapping[str, Path]) -> TimmFeatures:
        """Build the network without weights, then load those of ``files`` into every tensor of it.

        Raises:
            BackboneUnusable: timm has no such network, it has no map, or the weights are not its own;
                missing, unexpected and differently shaped tensors are named.
            UnsafeWeights: the file would have to run code.
            UsageError: torch cannot use the device of this run.
        """
        options = spec.options_as(TimmOptions, hint="options are model, keys and classes")
        file = _weights_file(spec, files)
        declare_missing_operators()
        from .network import TimmFeatures

        network = _build(spec, options)
        tensors = load_tensors(file)
        if options.keys == "lukemelas":
            tensors = from_lukemelas(tensors)
        _fit(spec, network, tensors)
        device = self.context.device
        try:
            return TimmFeatures(network, size=_size(spec, network), input_range=spec.input_range, device=device)
        except (RuntimeError, AssertionError) as error:
            raise UsageError(
                f"device {quoted(device)} cannot be used: {str(error).splitlines()[0]}",
                hint="use --device cpu, or see what torch finds",
            ) from None


def _weights_file(spec: BackboneSpec, files: Mapping[str, Path]) -> Path:
    found = [path for name, path in sorted(files.items()) if name.endswith(_WEIGHTS)]
    if len(found) != 1:
        raise BackboneUnusable(
            f"backbone {spec.name!r}: expected one file of weights, found {len(found)}: {', '.join(p.name for p in found)}",
            hint="name the one to use under files, with its sha256",
        )
    return found[0]


def _build(spec: BackboneSpec, options: TimmOptions) -> nn.Module:
    import timm

    if not timm.is_model(options.model):
        near = timm.list_models(f"*{options.model[:8]}*")[:5] if options.model.replace("_", "").isalnum() else []
        raise BackboneUnusable(
            f"backbone {spec.name!r}: timm {timm.__version__} has no model {quoted(options.model)}",
            hint=f"near it: {', '.join(near)}" if near else "timm.list_models() lists all names",
        )
    arguments: dict[str, Any] = {} if options.classes is None else {"num_classes": options.classes}
    published = timm.get_pretrained_cfg(options.model)
    if spec.input_size and published is not None and published.fixed_input_size:
        arguments["img_size"] = spec.input_size
    try:
        network: nn.Module = timm.create_model(options.model, pretrained=False, **arguments)
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise BackboneUnusable(
            f"backbone {spec.name!r}: timm cannot build {options.model} with {arguments}: {error}",
            hint="check input_size and options.classes against the model",
        ) from None
    return network


def _size(spec: BackboneSpec, network: nn.Module) -> int:
    if spec.input_size:
        return spec.input_size
    config = getattr(network, "pretrained_cfg", None) or {}
    return int(config.get("input_size", (3, 224, 224))[-1])


def _fit(spec: BackboneSpec, network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    wanted = network.state_dict()
    problems = {
        "missing": sorted(wanted.keys() - tensors.keys()),
        "unexpected": sorted(tensors.keys() - wanted.keys()),
        "of another shape": [
            f"{name} {tuple(tensors[name].shape)} for {tuple(wanted[name].shape)}"
            for name in wanted.keys() & tensors.keys()
            if tensors[name].shape != wanted[name].shape
        ],
    }
    said = [f"{len(names)} {what} ({_some(names)})" for what, names in problems.items() if names]
    if said:
        raise BackboneUnusable(
            f"backbone {spec.name!r}: the weights are not those of {spec.options.get('model')}: {', '.join(said)}",
            hint="check options.model, options.keys, options.classes and input_size",
        )
    network.load_state_dict(dict(tensors), strict=True)


def _some(names: list[str]) -> str:
    return ", ".join(sorted(names)[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
