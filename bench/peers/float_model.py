"""Builds a checkpoint's model in ONNX: uint8 pixels in, float logits out.

The pixels' normalization is folded into the patch embedding. Mixtures of
experts are written as a practitioner would at best: tokens sorted by expert,
one product per expert. Only operators of the ONNX standard are used, but for
attention, where ONNX Runtime's own fused operator can be asked for.
"""

import enum

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from peers.checkpoint import Checkpoint

_OPSETS = [
    helper.make_opsetid("", 20),
    helper.make_opsetid("com.microsoft", 1),
]
_IR_VERSION = 10


class Attention(enum.Enum):
    """How attention is expressed."""

    PLAIN = "plain"  # two MatMul around a Softmax
    FUSED = "fused"  # com.microsoft.Attention, the product before it included


def build(checkpoint: Checkpoint, attention: Attention) -> onnx.ModelProto:
    """Returns the model of a checkpoint, for batches of any size."""
    return _Builder(checkpoint, attention).build()


class _Builder:
    def __init__(self, checkpoint: Checkpoint, attention: Attention) -> None:
        self._shape = checkpoint.shape
        self._tensors = checkpoint.tensors
        self._attention = attention
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def build(self) -> onnx.ModelProto:
        shape = self._shape
        tokens = self._embed("pixels")
        for block in range(shape.depth):
            tokens = self._block(f"blocks.{block}.", tokens, block)
        first = self._op(
            "Gather", tokens, self._integers(0, scalar=True), axis=1
        )
        first = self._norm("norm", first)
        self._linear("head", first, output="logits")
        side = shape.image_size
        graph = helper.make_graph(
            self._nodes,
            "vision_transformer",
            [
                helper.make_tensor_value_info(
                    "pixels", TensorProto.UINT8, ["batch", side, side, 3]
                )
            ],
            [
                helper.make_tensor_value_info(
                    "logits", TensorProto.FLOAT, ["batch", shape.classes]
                )
            ],
            self._constants,
        )
        model = helper.make_model(
            graph, opset_imports=_OPSETS, ir_version=_IR_VERSION
        )
        onnx.checker.check_model(model)
        return model

    # Nodes and constants.

    def _op(
        self, kind: str, *inputs: str, output: str = "", **attributes
    ) -> str:
        return self._ops(kind, *inputs, outputs=[output], **attributes)[0]

    def _ops(
        self, kind: str, *inputs: str, outputs: list[str], **attributes
    ) -> list[str]:
        """Adds a node; empty names of outputs are made up."""
        name = f"{kind}_{len(self._nodes)}"
        named = [out or f"{name}_{i}" for i, out in enumerate(outputs)]
        self._nodes.append(
            helper.make_node(kind, inputs, named, name, **attributes)
        )
        return named

    def _constant(self, values: np.ndarray, name: str = "") -> str:
        name = name or f"constant_{len(self._constants)}"
        values = np.array(values, order="C")
        self._constants.append(numpy_helper.from_array(values, name))
        return name

    def _integers(self, *values: int, scalar: bool = False) -> str:
        array = np.array(values, np.int64)
        return self._constant(array[0] if scalar else array)

    def _floats(self, name: str) -> str:
        return self._constant(self._tensors[name], name)

    # Layers.

    def _product(
        self,
        name: str,
        x: str,
        weight: np.ndarray,
        bias: np.ndarray,
        output: str = "",
    ) -> str:
        """x @ weight.T + bias, in the two nodes that quantizers know."""
        product = self._op(
            "MatMul", x, self._constant(weight.T, name + ".weight")
        )
        return self._op(
            "Add", product, self._constant(bias, name + ".bias"), output=output
        )

    def _linear(self, name: str, x: str, output: str = "") -> str:
        weight = self._tensors[name + ".weight"]
        bias = self._tensors[name + ".bias"]
        return self._product(name, x, weight, bias, output)

    def _norm(self, name: str, x: str) -> str:
        return self._op(
            "LayerNormalization",
            x,
            self._floats(name + ".weight"),
            self._floats(name + ".bias"),
            axis=-1,
            epsilon=self._shape.epsilon,
        )

    def _embed(self, pixels: str) -> str:
        """[batch, side, side, 3] -> [batch, tokens, width]."""
        shape = self._shape
        side = shape.image_size // shape.patch_size
        patch = shape.patch_size
        x = self._op(
            "Reshape", pixels, self._integers(0, side, patch, side, patch * 3)
        )
        x = self._op("Transpose", x, perm=[0, 1, 3, 2, 4])
        x = self._op(
            "Reshape",
            x,
            self._integers(0, shape.patches, shape.patch_values),
        )
        x = self._op("Cast", x, to=TensorProto.FLOAT)
        weight, bias = self._embedding_of_pixels()
        patches = self._product("patch_embed.proj", x, weight, bias)
        batch = self._op("Shape", pixels, start=0, end=1)
        size = self._op("Concat", batch, self._integers(1, 1), axis=0)
        prefix = self._op("Expand", self._floats("cls_token"), size)
        tokens = self._op("Concat", prefix, patches, axis=1)
        return self._op("Add", tokens, self._floats("pos_embed"))

    def _embedding_of_pixels(self) -> tuple[np.ndarray, np.ndarray]:
        """The embedding of raw pixels in (row, column, channel) order."""
        weight = self._tensors["patch_embed.proj.weight"].astype(np.float64)
        mean = np.array(self._shape.mean).reshape(3, 1, 1)
        std = np.array(self._shape.std).reshape(3, 1, 1)
        bias = self._tensors["patch_embed.proj.bias"]
        bias = bias - (weight * (mean / std)).sum(axis=(1, 2, 3))
        weight = (weight / (255 * std)).transpose(0, 2, 3, 1)
        flat = weight.reshape(len(weight), -1)
        return flat.astype(np.float32), bias.astype(np.float32)

    def _block(self, name: str, x: str, block: int) -> str:
        normed = self._norm(name + "norm1", x)
        mixed = (
            self._fused_attention(name + "attn.qkv", normed)
            if self._attention is Attention.FUSED
            else self._plain_attention(name + "attn.qkv", normed)
        )
        x = self._op("Add", x, self._linear(name + "attn.proj", mixed))
        normed = self._norm(name + "norm2", x)
        if block in self._shape.sparse_blocks:
            return self._op("Add", x, self._experts(name + "mlp.", normed))
        hidden = self._op("Gelu", self._linear(name + "mlp.fc1", normed))
        return self._op("Add", x, self._linear(name + "mlp.fc2", hidden))

    def _fused_attention(self, name: str, x: str) -> str:
        return self._op(
            "Attention",
            x,
            self._constant(self._tensors[name + ".weight"].T, name + ".weight"),
            self._floats(name + ".bias"),
            domain="com.microsoft",
            num_heads=self._shape.heads,
        )

    def _plain_attention(self, name: str, x: str) -> str:
        shape = self._shape
        head_width = shape.width // shape.heads
        qkv = self._linear(name, x)
        by_head = self._op(
            "Reshape", qkv, self._integers(0, 0, 3, shape.heads, head_width)
        )
        by_head = self._op("Transpose", by_head, perm=[2, 0, 3, 1, 4])
        queries, keys, values = (
            self._op("Gather", by_head, self._integers(i, scalar=True), axis=0)
            for i in range(3)
        )
        scale = self._constant(np.array(head_width**-0.5, np.float32))
        queries = self._op("Mul", queries, scale)
        keys = self._op("Transpose", keys, perm=[0, 1, 3, 2])
        scores = self._op("MatMul", queries, keys)
        mixture = self._op(
            "MatMul", self._op("Softmax", scores, axis=-1), values
        )
        mixture = self._op("Transpose", mixture, perm=[0, 2, 1, 3])
        return self._op("Reshape", mixture, self._integers(0, 0, shape.width))

    def _experts(self, name: str, x: str) -> str:
        """[batch, tokens, width] -> the same, each token by its top k."""
        shape = self._shape
        flat = self._op("Reshape", x, self._integers(-1, shape.width))
        gate = self._op("MatMul", flat, self._floats(name + "gate.w_gate"))
        best, chosen = self._ops(
            "TopK", gate, self._integers(shape.top_k), outputs=["", ""]
        )
        weights = self._op("Softmax", best, axis=-1)

        experts = self._op("Reshape", chosen, self._integers(-1))
        slots = self._op("Shape", experts)
        _, order = self._ops(
            "TopK", experts, slots, outputs=["", ""], largest=0
        )
        token = self._op("Div", order, self._integers(shape.top_k))
        sorted_rows = self._op("Gather", flat, token, axis=0)
        counts = self._counts(experts)
        groups = self._ops(
            "Split",
            sorted_rows,
            counts,
            outputs=[""] * shape.experts,
            axis=0,
        )
        outputs = self._op(
            "Concat",
            *(self._expert(name, i, rows) for i, rows in enumerate(groups)),
            axis=0,
        )

        _, place = self._ops("TopK", order, slots, outputs=["", ""], largest=0)
        outputs = self._op("Gather", outputs, place, axis=0)
        outputs = self._op(
            "Reshape", outputs, self._integers(-1, shape.top_k, shape.width)
        )
        weights = self._op("Unsqueeze", weights, self._integers(2))
        mixed = self._op(
            "ReduceSum",
            self._op("Mul", outputs, weights),
            self._integers(1),
            keepdims=0,
        )
        return self._op("Reshape", mixed, self._op("Shape", x))

    def _counts(self, experts: str) -> str:
        """How many slots each expert has."""
        hot = self._op(
            "OneHot",
            experts,
            self._integers(self._shape.experts),
            self._integers(0, 1),
        )
        return self._op("ReduceSum", hot, self._integers(0), keepdims=0)

    def _expert(self, name: str, expert: int, rows: str) -> str:
        def linear(layer: str, x: str) -> str:
            return self._product(
                f"{name}experts.{expert}.{layer}",
                x,
                self._tensors[f"{name}experts.{layer}.weight"][expert],
                self._tensors[f"{name}experts.{layer}.bias"][expert],
            )

        return linear("h4toh", self._op("Gelu", linear("htoh4", rows)))
