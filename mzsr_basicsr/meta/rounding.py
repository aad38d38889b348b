"""Losses in float32 whose gradients are made with convolutions in bfloat16: a meta-step's "mixed" precision.

What may be rounded was measured (docs/performance.md). A forward pass may not: a rounded weight or feature turns ReLUs
and the signs of an L1 loss over, which is a jump, and 0.4 % of rounding became 5 to 14 % of the meta-gradient. The
gradients that inner steps follow may not either: they move the parameters, which turns ReLUs over again. The passes
back may, where nothing but the meta-gradient is made of them: at fixed ReLUs they are linear, and 0.4 % stays less
than 1 %. Parameters, losses, biases' gradients and sums stay float32, as do all convolutions by fixed kernels.

A convolution y = w ∗ x has the gradients g_x = wᵀ ∗ g_y and g_w = x ⋆ g_y. For a function of these, with the
gradients a of g_x, c of g_w and d of g_b,

    by g_y: w ∗ a + c ∗ x + d,    by x: cᵀ ∗ g_y,    by w: a ⋆ g_y.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.overrides import TorchFunctionMode

from mzsr_basicsr.meta.task import Loss, Params

SHORT = torch.bfloat16
_backward = torch.ops.aten.convolution_backward


def with_short_gradients(loss: Loss, exact: bool) -> Loss:
    """Give a loss, of the same value, whose gradients come of convolutions in bfloat16.

    Args:
        loss: of the parameters.
        exact: the first gradient is as it was, and only what is made by differentiating it is rounded.
    """

    def short(params: Params) -> Tensor:
        with _ShortGradients(exact):
            return loss(params)

    return short


class _Form(NamedTuple):
    """The form of a 2-D convolution, and whether its first gradient is exact."""

    stride: list[int]
    padding: list[int]
    dilation: list[int]
    groups: int
    exact: bool

    def forward(self, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
        return torch.conv2d(x, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def backward(self, slope: Tensor, x: Tensor, weight: Tensor, mask: Sequence[bool]) -> tuple[Tensor | None, ...]:
        """Compute those of g_x, g_w and g_b that are wanted, in the operands' precision."""
        shape = (self.stride, self.padding, self.dilation, False, [0, 0], self.groups)
        found: tuple[Tensor | None, ...] = _backward(slope, x, weight, [len(weight)], *shape, list(mask))
        return tuple(part if wanted else None for part, wanted in zip(found, mask, strict=True))


class _ShortGradients(TorchFunctionMode):
    """Take the place of 2-D convolutions by float32 weights that are differentiated by; leave all else alone."""

    def __init__(self, exact: bool) -> None:
        super().__init__()
        self._exact = exact

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func is not torch.conv2d or not torch.is_grad_enabled():
            return func(*args, **(kwargs or {}))
        return self._convolved(func, *args, **(kwargs or {}))

    def _convolved(
        self,
        plain: Callable[..., Tensor],
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor:
        ours = weight.requires_grad and input.dtype == weight.dtype == torch.float32 and input.ndim == 4
        if not ours or isinstance(padding, str):
            return plain(input, weight, bias, stride, padding, dilation, groups)
        form = _Form(_pair(stride), _pair(padding), _pair(dilation), groups, self._exact)
        result: Tensor = _Convolution.apply(input, weight, bias, form)
        return result


def _pair(value: int | Sequence[int]) -> list[int]:
    return [value, value] if isinstance(value, int) else [*value, *value][:2]


class _Convolution(torch.autograd.Function):
    """y = w ∗ x + b in float32. The first pass back that an exact one sees is that of the loss."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, form: _Form) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.form, ctx.exact = form, form.exact
        return form.forward(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        exact, ctx.exact = ctx.exact, False
        return (*_Slopes.apply(slopes[0], x, weight, ctx.form, ctx.needs_input_grad[:3], exact), None)


class _Slopes(torch.autograd.Function):
    """(g_y, x, w) -> g_x, g_w, g_b; exact or in bfloat16, its own gradient always in bfloat16."""

    @staticmethod
    def forward(
        ctx: Any, slope: Tensor, x: Tensor, weight: Tensor, form: _Form, wanted: Sequence[bool], exact: bool
    ) -> tuple[Tensor | None, ...]:
        ctx.form = form
        ctx.set_materialize_grads(False)
        short = slope.to(SHORT) if any(ctx.needs_input_grad) or not exact else slope
        ctx.save_for_backward(short, x, weight)
        if exact:
            return form.backward(slope, x, weight, wanted)
        by_x, by_weight, _ = form.backward(short, x.to(SHORT), weight.to(SHORT), [*wanted[:2], False])
        return _float(by_x), _float(by_weight), slope.sum((0, 2, 3)) if wanted[2] else None

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *cotangents: Tensor | None) -> tuple[Tensor | None, ...]:
        slope, x, weight = ctx.saved_tensors
        form, (a, c, d) = ctx.form, cotangents
        by_slope = by_x = by_weight = None
        if a is not None:
            a = a.to(SHORT)
            by_slope = form.forward(a, weight.to(SHORT)).float()
            by_weight = form.backward(slope, a, weight.to(SHORT), [False, True, False])[1]
        if c is not None:
            c = c.to(SHORT)
            more = form.forward(x.to(SHORT), c)
            by_slope = more.float() if by_slope is None else by_slope + more
            by_x = form.backward(slope, x.to(SHORT), c, [True, False, False])[0]
        if d is not None:
            shift = d[:, None, None].expand(slope.shape)
            by_slope = shift if by_slope is None else by_slope + shift
        return by_slope, _float(by_x), _float(by_weight), None, None, None


def _float(value: Tensor | None) -> Tensor | None:
    return None if value is None else value.float()
