"""Figures of notebook 03: Jacobians of one step and of many, eigenvalues and singular values."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_lib.backend import asnumpy
from course_lib.plots.style import HIDDEN, LIGHT, LOSS, NEUTRAL, decades, empty, styled


@styled
def gradient_flow(norms: Mapping[str, Any], compared: Mapping[str, Any]) -> Any:
    """How much of a gradient arrives at each step, on its way back from the last one.

    Args:
        norms: by label, ``‖∂h(T)/∂h(t)‖₂`` for t = 1, …, T.
        compared: the same, drawn in grey.
    """
    norms, compared = ({name: asnumpy(line) for name, line in lines.items()} for lines in (norms, compared))
    T = len(next(iter(norms.values())))
    said = "; ".join(f"{name}: {line[0]:.0e}" for name, line in (norms | compared).items())
    figure = empty(
        11,
        5.2,
        f"Norm of the derivative of h({T}) by h(t), logarithmic, against t. All lines are 1 at t = {T} and are "
        f"roughly straight on the way back. At t = 1: {said}.",
    )
    axes = figure.add_subplot()
    decades(axes, np.arange(1, T + 1), norms, compared)
    axes.axhline(1, color="black", lw=1, zorder=0)
    axes.set(xlabel="time step t", ylabel=f"$\\|\\partial h^{{({T})}} / \\partial h^{{(t)}}\\|_2$", xlim=(0, T + 1))
    return figure


@styled
def chain(gradients: Mapping[str, Any]) -> Any:
    """How strongly each bias of a chain of neurons acts on the cost.

    Args:
        gradients: by label, ``|∂C/∂b_j|`` for j = 1, …, n.
    """
    gradients = {name: asnumpy(line) for name, line in gradients.items()}
    n = len(next(iter(gradients.values())))
    lowest = 1e-18  # what falls further than this leaves the picture
    said = "; ".join(
        f"{name}: {line[0] / line[-1]:.0e}" + (", below the picture" if line[0] < lowest else "")
        for name, line in gradients.items()
    )
    figure = empty(
        11,
        5.2,
        f"Gradient of the cost by the bias of neuron j in a chain of {n}, logarithmic, against j: straight lines. "
        f"Gradient of the first over that of the last: {said}.",
    )
    axes = figure.add_subplot()
    decades(axes, np.arange(1, n + 1), gradients, every=2)
    axes.set(xlabel="neuron j", ylabel="$|\\partial C / \\partial b_j|$", xticks=[1, *range(5, n + 1, 5)])
    axes.set_ylim(bottom=max(lowest, axes.get_ylim()[0]))
    return figure


@styled
def eigenvalue_plane(spectra: Mapping[str, Any]) -> Any:
    """Eigenvalues in the complex plane, with the unit circle.

    Args:
        spectra: by label, the eigenvalues of a matrix.
    """
    spectra = {name: asnumpy(values) for name, values in spectra.items()}
    radii = {name: np.abs(values).max() for name, values in spectra.items()}
    said = "; ".join(f"{name}: {radius:.2f}" for name, radius in radii.items())
    figure = empty(
        12,
        4.9,
        "Eigenvalues in the complex plane with the unit circle, in mirrored pairs above and below the real axis. "
        f"Largest distance from 0: {said}.",
    )
    circle = np.exp(1j * np.linspace(0, 2 * np.pi, 200))
    reach = 1.08 * max(1, *radii.values())
    for axes, (name, values) in zip(figure.subplots(1, len(spectra), sharey=True), spectra.items(), strict=True):
        axes.axhline(0, color=LIGHT, lw=1, zorder=0)
        axes.axvline(0, color=LIGHT, lw=1, zorder=0)
        axes.plot(circle.real, circle.imag, color="black", lw=1.5, label="unit circle")
        radius = radii[name]
        axes.plot(radius * circle.real, radius * circle.imag, "--", color=HIDDEN, lw=1.5, label="radius ρ")
        axes.plot(values.real, values.imag, "o", color=HIDDEN, ms=6, mec="white", mew=0.7, label="eigenvalues λ")
        axes.set(
            xlim=(-reach, reach),
            ylim=(-reach, reach),
            aspect="equal",
            xlabel="Re λ",
            xticks=[-1, 0, 1],
            yticks=[-1, 0, 1],
        )
        axes.set_title(f"{name}, ρ = {radius:.2f}")
    figure.axes[0].set_ylabel("Im λ")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


@styled
def radius_flow(radius: float, network: Any, linear: Any) -> Any:
    """Gradients in a tanh network and in a linear one, against the powers of the spectral radius.

    Args:
        radius: the spectral radius ρ of W.
        network: ``‖∂h(T)/∂h(t)‖₂`` of the tanh network for t = 1, …, T.
        linear: the same without tanh, ``‖W^(T-t)‖₂``.
    """
    network, linear = asnumpy(network), asnumpy(linear)
    T = len(network)
    t = np.arange(1, T + 1)
    powers = radius ** (T - t.astype(float))
    figure = empty(
        10,
        5,
        f"Spectral radius {radius:g}: norm of the derivative of h({T}) by h(t), logarithmic, against t. At t = 1 the "
        f"tanh network has {network[0]:.0e}, the linear one {linear[0]:.0e}, and the power of the radius is "
        f"{powers[0]:.0e}.",
    )
    axes = figure.add_subplot()
    axes.axhline(1, color="black", lw=1, zorder=0)
    axes.semilogy(t, powers, ":", color=NEUTRAL, label="$\\rho^{T-t}$")
    axes.semilogy(t, linear, "s--", color=NEUTRAL, ms=6, mfc="white", label="linear: $\\|W^{T-t}\\|_2$")
    axes.semilogy(t, network, "o-", color=LOSS, ms=6, label="tanh network")
    axes.set(
        xlabel="time step t",
        ylabel=f"$\\|\\partial h^{{({T})}} / \\partial h^{{(t)}}\\|_2$",
        ylim=(1e-10, 1e10),
        xlim=(0, T + 1),
        title=f"spectral radius ρ = {radius:g}",
    )
    axes.legend(loc="upper right")
    return figure


@styled
def singular_values(products: Mapping[str, Any], radius: float) -> Any:
    """The singular values of products of Jacobians, for two matrices with the same eigenvalues.

    Args:
        products: by label, the singular values ``(K, H)`` of the products of 0, …, K - 1 Jacobians.
        radius: the spectral radius of both matrices.
    """
    products = {name: asnumpy(values) for name, values in products.items()}
    depth = np.arange(len(next(iter(products.values()))))
    said = "; ".join(f"{name}: at most {values.max():.1f}" for name, values in products.items())
    figure = empty(
        12,
        5.2,
        f"Singular values of the product of k Jacobians, against k, on a log axis. Their maximum: {said}. "
        "The normal matrix follows the powers of the radius; the other first rises above 1, then falls nearly as fast.",
    )
    for axes, (name, values) in zip(figure.subplots(1, len(products), sharey=True), products.items(), strict=True):
        axes.axhline(1, color="black", lw=1, zorder=0)
        axes.semilogy(depth, values[:, 1:], color=LIGHT, lw=1)
        axes.plot([], color=LIGHT, lw=1, label="other singular values")
        axes.semilogy(depth, values[:, 0], "o-", color=LOSS, ms=5, label="largest one, the 2-norm")
        axes.semilogy(depth, radius**depth, "--", color="black", lw=2, label="$\\rho^k$")
        axes.set(xlabel="depth k: number of steps", title=name, ylim=(1e-6, 3 * max(3, values.max())))
    figure.axes[0].set_ylabel("singular values")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


@styled
def squashing(a: Any, curves: Mapping[str, tuple[Any, Any]], edges: Mapping[str, float]) -> Any:
    """Functions that squash, their derivatives, and where they are saturated.

    Args:
        a: where the curves are known, ``(n,)``.
        curves: by label, the values of the function and of its derivative at ``a``.
        edges: by label, the ``|a|`` from which on the function counts as saturated.
    """
    a = asnumpy(a)
    said = "; ".join(
        f"{name} from {asnumpy(f).min():.0f} to {asnumpy(f).max():.0f}, slope at most {asnumpy(slope).max():.2f}, "
        f"saturated beyond |a| = {edges[name]:.1f}"
        for name, (f, slope) in curves.items()
    )
    figure = empty(12, 4.9, f"Two S-shaped curves and their bell-shaped derivatives. {said}.")
    for axes, (name, (f, slope)) in zip(figure.subplots(1, len(curves), sharey=True), curves.items(), strict=True):
        edge = edges[name]
        for low, high in ((a.min(), -edge), (edge, a.max())):
            axes.axvspan(low, high, color="#E6E6E6", zorder=0, lw=0)
        axes.plot([], color="#E6E6E6", lw=10, label="saturated")
        axes.axhline(0, color=LIGHT, lw=1, zorder=1)
        axes.plot(a, f, color=HIDDEN, label="function")
        axes.plot(a, slope, "--", color=LOSS, label="derivative")
        axes.plot([0], [slope[np.abs(a).argmin()]], "o", color=LOSS, ms=7)
        axes.set(
            xlabel="a", xlim=(a.min(), a.max()), ylim=(-1.08, 1.15), yticks=[-1, -0.5, 0, 0.25, 0.5, 1], title=name
        )
    figure.axes[0].set_ylabel("value")
    handles, labels = figure.axes[0].get_legend_handles_labels()
    order = [1, 2, 0]
    figure.legend([handles[i] for i in order], [labels[i] for i in order], loc="outside lower center", ncols=3)
    return figure
