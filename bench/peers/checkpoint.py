"""Float checkpoints: the one source of every engine's model.

A checkpoint is a directory with config.json and model.safetensors, as `moevit
quantize` reads it. The trained one is given; those with random weights are
written here, so that all engines run the same numbers.
"""

import dataclasses
import json
import pathlib

import numpy as np
from safetensors import numpy as safetensors


@dataclasses.dataclass(frozen=True)
class Shape:
    """The shape of a pre-norm Vision Transformer with a class token."""

    image_size: int
    patch_size: int
    width: int
    depth: int
    heads: int
    mlp_width: int
    classes: int
    sparse_blocks: tuple[int, ...] = ()
    experts: int = 0
    top_k: int = 0
    expert_width: int = 0
    epsilon: float = 1e-6
    mean: tuple[float, ...] = (0.5, 0.5, 0.5)
    std: tuple[float, ...] = (0.5, 0.5, 0.5)

    @property
    def patches(self) -> int:
        return (self.image_size // self.patch_size) ** 2

    @property
    def tokens(self) -> int:
        return self.patches + 1

    @property
    def patch_values(self) -> int:
        return self.patch_size**2 * 3


DEIT_S = Shape(
    image_size=224,
    patch_size=16,
    width=384,
    depth=12,
    heads=6,
    mlp_width=1536,
    classes=1000,
)
M3VIT_S = dataclasses.replace(
    DEIT_S,
    sparse_blocks=(1, 3, 5, 7, 9, 11),
    experts=16,
    top_k=2,
    expert_width=768,
)
# The models with random weights, by name.
SYNTHETIC = {"deit_s": DEIT_S, "m3vit_s": M3VIT_S}

_BIAS_SCALE = 0.1


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A model's shape and its tensors, under timm's and M3ViT's names."""

    directory: pathlib.Path
    shape: Shape
    tensors: dict[str, np.ndarray]


def load(directory: pathlib.Path) -> Checkpoint:
    """Reads a checkpoint whose config.json has the trained model's names."""
    config = json.loads((directory / "config.json").read_text())
    shape = Shape(
        image_size=config["image_size"],
        patch_size=config["patch_size"],
        width=config["embed_dim"],
        depth=config["depth"],
        heads=config["num_heads"],
        mlp_width=config["mlp_hidden"],
        classes=config["num_classes"],
        sparse_blocks=tuple(config.get("moe_layers", ())),
        experts=config.get("num_experts", 0),
        top_k=config.get("top_k", 0),
        expert_width=config.get("expert_hidden", 0),
        epsilon=config["layer_norm_eps"],
        mean=tuple(config["preprocessing"]["mean"]),
        std=tuple(config["preprocessing"]["std"]),
    )
    tensors = safetensors.load_file(directory / "model.safetensors")
    return Checkpoint(directory, shape, tensors)


def write_random(directory: pathlib.Path, shape: Shape) -> None:
    """Writes a checkpoint of `shape` with random weights, always the same."""
    directory.mkdir(parents=True)
    safetensors.save_file(
        _random_tensors(shape), directory / "model.safetensors"
    )
    (directory / "config.json").write_text(json.dumps(_config(shape)))


def _config(shape: Shape) -> dict:
    config = {
        "image_size": shape.image_size,
        "patch_size": shape.patch_size,
        "embed_dim": shape.width,
        "depth": shape.depth,
        "num_heads": shape.heads,
        "mlp_hidden": shape.mlp_width,
        "num_classes": shape.classes,
        "layer_norm_eps": shape.epsilon,
        "hidden_act": "gelu_erf",
        "preprocessing": {"mean": shape.mean, "std": shape.std},
    }
    if shape.sparse_blocks:
        config |= {
            "moe_layers": shape.sparse_blocks,
            "num_experts": shape.experts,
            "top_k": shape.top_k,
            "expert_hidden": shape.expert_width,
            "gate": {"type": "noisy_topk"},
        }
    return config


def _random_tensors(shape: Shape) -> dict[str, np.ndarray]:
    tensors = _RandomTensors()
    width = shape.width
    patch = (3, shape.patch_size, shape.patch_size)
    tensors.normal("cls_token", 1, 1, width)
    tensors.normal("pos_embed", 1, shape.tokens, width)
    tensors.normal(
        "patch_embed.proj.weight",
        width,
        *patch,
        scale=shape.patch_values**-0.5,
    )
    tensors.normal("patch_embed.proj.bias", width, scale=_BIAS_SCALE)
    for block in range(shape.depth):
        name = f"blocks.{block}."
        tensors.norm(name + "norm1", width)
        tensors.linear(name + "attn.qkv", 3 * width, width)
        tensors.linear(name + "attn.proj", width, width)
        tensors.norm(name + "norm2", width)
        if block in shape.sparse_blocks:
            experts, hidden = shape.experts, shape.expert_width
            tensors.normal(
                name + "mlp.gate.w_gate", width, experts, scale=width**-0.5
            )
            tensors.linear(name + "mlp.experts.htoh4", experts, hidden, width)
            tensors.linear(name + "mlp.experts.h4toh", experts, width, hidden)
        else:
            tensors.linear(name + "mlp.fc1", shape.mlp_width, width)
            tensors.linear(name + "mlp.fc2", width, shape.mlp_width)
    tensors.norm("norm", width)
    tensors.linear("head", shape.classes, width)
    return tensors.by_name


class _RandomTensors:
    """Tensors that keep activations of about unit size."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(1)
        self.by_name: dict[str, np.ndarray] = {}

    def normal(self, name: str, *size: int, scale: float = 1) -> None:
        values = self._random.standard_normal(size, dtype=np.float32)
        self.by_name[name] = values * np.float32(scale)

    def linear(self, name: str, *size: int) -> None:
        """Weights [..., outputs, inputs] and a bias."""
        self.normal(name + ".weight", *size, scale=size[-1] ** -0.5)
        self.normal(name + ".bias", *size[:-1], scale=_BIAS_SCALE)

    def norm(self, name: str, width: int) -> None:
        self.by_name[name + ".weight"] = np.ones(width, np.float32)
        self.by_name[name + ".bias"] = np.zeros(width, np.float32)
