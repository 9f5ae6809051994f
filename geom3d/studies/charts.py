"""Charts of a study: the frontier, parallel coordinates, effects of what was varied, and where designs can be built."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geom3d.comparison.charts import chart_look
from geom3d.comparison.drawing import Canvas
from geom3d.core.arrays import FloatArray
from geom3d.core.colours import ABSENT, GRID, NEUTRAL, SCALE, SIDES
from geom3d.studies.results import Results
from geom3d.studies.study import short_name, title_of

#: Width of charts, mm; most designs that are drawn as lines; bins of a range.
WIDTH, LINES, BINS = 170.0, 400, 8
#: Most keys whose effect is shown.
MOST = 6
GOOD, FRONT, WRONG = SIDES["anode"], SIDES["cathode"], ABSENT


@dataclass(frozen=True)
class Chart:
    """A chart of a page.

    Attributes:
        name, title: of it.
        hint: how to read it.
        svg: the drawing.
    """

    name: str
    title: str
    hint: str
    svg: str


def charts(results: Results) -> list[Chart]:
    """All charts for which the results have something to show."""
    made: list[tuple[str, str, str, Callable[[Results, Canvas], bool]]] = [
        ("frontier", "Frontier", _FRONTIER, _frontier),
        ("parallel", "Parallel coordinates", _PARALLEL, _parallel),
        ("effects", "Main effects", _EFFECTS, _effects),
        ("interaction", "Interaction", _INTERACTION, _interaction),
        ("feasibility", "Feasibility", _FEASIBILITY, _feasibility),
    ]
    found = []
    for name, title, hint, draw in made:
        canvas = Canvas(WIDTH)
        with chart_look():
            if draw(results, canvas):
                found.append(Chart(name, title, hint, _saved(canvas)))
    return found


_FRONTIER = (
    "Every design that can be built; those on the line are better in one objective than all that are as good in the other. "
    "Numbers count the rows of the frontier's table."
)
_PARALLEL = "A line is a design; its colour is the first objective. Designs that break a constraint are grey."
_EFFECTS = "The first objective against each key: dots are feasible designs, the line is their mean, whatever the other keys are."
_INTERACTION = "The mean of the first objective over feasible designs, by the two keys that matter most; empty where there are none."
_FEASIBILITY = "Which designs can be built, and which of these keep to all constraints, by two keys."


def _saved(canvas: Canvas) -> str:
    data = io.BytesIO()
    canvas.figure.savefig(data, format="svg", metadata={"Date": None})
    return data.getvalue().decode()


def _column(results: Results, name: str) -> FloatArray:
    """(n,) a column as numbers: those of words are their places among all that occur; nan where there is nothing."""
    values = results.columns[name]
    words = list(dict.fromkeys(value for value in values if isinstance(value, str)))
    return np.array(
        [np.nan if v is None else float(words.index(v)) if isinstance(v, str) else float(v) for v in values],
        dtype=float,
    )


def _words(results: Results, name: str) -> list[str]:
    """What the places of a column of words stand for; empty for one of numbers."""
    return list(dict.fromkeys(value for value in results.columns[name] if isinstance(value, str)))


def _axes_names(results: Results) -> list[str]:
    """Columns that were varied, and in which designs differ; the templates first where there are several."""
    names = (["template"] if len(results.study.branches) > 1 else []) + results.keys_varied
    return [name for name in names if len({str(value) for value in results.columns[name]}) > 1]


def _plain(axes: Any) -> None:
    axes.grid(color=GRID, linewidth=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=6.8, width=0.5)


def _label(name: str) -> str:
    return title_of(name) if "." in name or "_" in name else name


def _ticks(axes: Any, which: str, words: Sequence[str]) -> None:
    if words:
        short = [word if len(word) < 24 else f"{word[:20]}…" for word in words]
        (axes.set_xticks if which == "x" else axes.set_yticks)(range(len(words)), short)


def _frontier(results: Results, canvas: Canvas) -> bool:
    objectives = list(results.study.plan.objectives)
    names = _axes_names(results)
    if not objectives or not (len(objectives) > 1 or names) or not results.ranked:
        return False
    across, up = (objectives[0], objectives[1]) if len(objectives) > 1 else (names[0], objectives[0])
    x, y, good = _column(results, across), _column(results, up), results.feasible
    canvas.height(88)
    axes = canvas.figure.subplots()
    axes.scatter(x[~good], y[~good], s=7, color=WRONG, linewidths=0, alpha=0.5)
    axes.scatter(x[good], y[good], s=9, color=GOOD, linewidths=0)
    front = results.frontier if len(objectives) > 1 else results.ranked[:1]
    order = sorted(front, key=lambda k: x[k])
    axes.plot(x[order], y[order], "o-", color=FRONT, markersize=4, linewidth=1)
    rank = {k: str(place) for place, k in enumerate(front, 1)}
    for k in order[:: max(1, len(order) // 12)]:
        axes.annotate(rank[k], (x[k], y[k]), xytext=(3, 3), textcoords="offset points", fontsize=6.5, color=FRONT)
    axes.set_xlabel(_label(across), fontsize=7.5)
    axes.set_ylabel(_label(up), fontsize=7.5)
    _ticks(axes, "x", _words(results, across))
    _plain(axes)
    legend = [
        canvas.marker("o", GOOD, "keeps to all constraints"),
        canvas.marker("o", FRONT, "frontier" if len(front) > 1 else "best"),
    ]
    canvas.legend(
        [*legend, *([canvas.marker("o", WRONG, "breaks a constraint")] if (~good & np.isfinite(x * y)).any() else [])]
    )
    return True


def _parallel(results: Results, canvas: Canvas) -> bool:
    objectives = list(results.study.plan.objectives)
    names = [*_axes_names(results), *objectives]
    if not objectives or len(names) < 3 or not results.ranked:
        return False
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection

    table = np.column_stack([_column(results, name) for name in names])
    low, high = np.nanmin(table, axis=0), np.nanmax(table, axis=0)
    scaled = (table - low) / np.where(high > low, high - low, 1.0)
    whole = np.flatnonzero(np.isfinite(scaled).all(axis=1))
    step = max(1, len(whole) // LINES)
    shown = sorted({*whole[::step].tolist(), *(k for k in results.ranked[:20] if k in set(whole.tolist()))})
    if not shown:
        return False
    canvas.height(80)
    axes = canvas.figure.subplots()
    colours = colormaps[SCALE]
    first = scaled[:, names.index(objectives[0])]
    lines = [np.column_stack([np.arange(len(names)), scaled[k]]) for k in shown]
    looks = [colours(first[k]) if results.feasible[k] else NEUTRAL for k in shown]
    widths = [0.9 if results.feasible[k] else 0.35 for k in shown]
    axes.add_collection(LineCollection(lines, colors=looks, linewidths=widths, alpha=0.75))
    for place in range(len(names)):
        axes.axvline(place, color=NEUTRAL, linewidth=0.7)
        words = _words(results, names[place])
        ends = (words[0], words[-1]) if words else (f"{low[place]:.4g}", f"{high[place]:.4g}")
        axes.text(place, -0.03, ends[0], ha="center", va="top", fontsize=6.5)
        axes.text(place, 1.03, ends[1], ha="center", va="bottom", fontsize=6.5)
    axes.set_xlim(-0.3, len(names) - 0.7)
    axes.set_ylim(-0.12, 1.12)
    axes.set_xticks(range(len(names)), [_wrapped(_label(name)) for name in names], fontsize=6.8)
    axes.set_yticks([])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return True


def _wrapped(text: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text.replace("parameters.", ""), 22))


def _bins(values: FloatArray) -> FloatArray:
    """(n,) which bin each value is in: its own where there are few values, else one of equal parts of the range."""
    known = np.unique(values[np.isfinite(values)])
    if len(known) <= 2 * BINS:
        return np.asarray(np.where(np.isfinite(values), np.searchsorted(known, values), -1), dtype=float)
    edges = np.linspace(known[0], known[-1], BINS + 1)
    return np.asarray(
        np.where(np.isfinite(values), np.clip(np.digitize(values, edges) - 1, 0, BINS - 1), -1), dtype=float
    )


def _by_effect(results: Results) -> list[tuple[float, str]]:
    """Keys by how much of the first objective's variance the means over their bins have, the most first."""
    y = _column(results, next(iter(results.study.plan.objectives)))
    good = results.feasible & np.isfinite(y)
    if good.sum() < 3 or np.ptp(y[good]) == 0:
        return []
    found = []
    for name in _axes_names(results):
        bins = _bins(_column(results, name))[good]
        means = {b: y[good][bins == b].mean() for b in np.unique(bins)}
        between = float(np.mean([(means[b] - y[good].mean()) ** 2 for b in bins]))
        found.append((between / float(y[good].var()), name))
    return sorted(found, reverse=True)


def _effects(results: Results, canvas: Canvas) -> bool:
    if not results.study.plan.objectives:
        return False
    ranked = _by_effect(results)[:MOST]
    if not ranked:
        return False
    objective = next(iter(results.study.plan.objectives))
    y = _column(results, objective)
    good = results.feasible & np.isfinite(y)
    columns = min(3, len(ranked))
    rows = -(-len(ranked) // columns)
    canvas.height(52 * rows + 4)
    panels = canvas.figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes, (share, name) in zip(panels, ranked, strict=False):
        x = _column(results, name)
        bins = _bins(x)
        axes.scatter(x[good], y[good], s=5, color=GOOD, linewidths=0, alpha=0.4)
        centres = [(x[good & (bins == b)].mean(), y[good & (bins == b)].mean()) for b in np.unique(bins[good])]
        axes.plot(*zip(*sorted(centres), strict=True), color=FRONT, linewidth=1.2)
        axes.set_title(f"{100 * share:.0f} % of the variance", fontsize=6.8, loc="left")
        axes.set_xlabel(short_name(name), fontsize=7.2)
        _ticks(axes, "x", _words(results, name))
        _plain(axes)
    for axes in panels[len(ranked) :]:
        axes.set_visible(False)
    panels[0].set_ylabel(_label(objective), fontsize=7.2)
    return True


def _interaction(results: Results, canvas: Canvas) -> bool:
    if not results.study.plan.objectives:
        return False
    ranked = [name for _, name in _by_effect(results)]
    if len(ranked) < 2:
        return False
    objective = next(iter(results.study.plan.objectives))
    y = _column(results, objective)
    good = results.feasible & np.isfinite(y)
    x1, x2 = (_column(results, name) for name in ranked[:2])
    b1, b2 = _bins(x1).astype(int), _bins(x2).astype(int)
    table = np.full((b2.max() + 1, b1.max() + 1), np.nan)
    for i, j in {(int(i), int(j)) for i, j in zip(b2[good], b1[good], strict=True)}:
        table[i, j] = y[good & (b2 == i) & (b1 == j)].mean()
    canvas.height(80)
    axes = canvas.figure.subplots()
    image = axes.imshow(table, origin="lower", aspect="auto", cmap=SCALE)
    for which, name, x, b in (("x", ranked[0], x1, b1), ("y", ranked[1], x2, b2)):
        words = _words(results, name)
        labels = words or [f"{x[b == k].mean():.3g}" if (b == k).any() else "" for k in range(b.max() + 1)]
        (axes.set_xticks if which == "x" else axes.set_yticks)(range(len(labels)), labels)
        (axes.set_xlabel if which == "x" else axes.set_ylabel)(short_name(name), fontsize=7.5)
    axes.tick_params(labelsize=6.5, width=0.5)
    bar = canvas.figure.colorbar(image, ax=axes, shrink=0.9)
    bar.set_label(_label(objective), fontsize=7)
    bar.ax.tick_params(labelsize=6.5, width=0.5)
    return True


def _feasibility(results: Results, canvas: Canvas) -> bool:
    names = _axes_names(results)
    ok = np.array([row.ok for row in results.rows])
    if len(names) < 2 or results.feasible.all():
        return False
    x, y = _column(results, names[0]), _column(results, names[1])
    canvas.height(80)
    axes = canvas.figure.subplots()
    parts = (
        (results.feasible, "o", GOOD, "keeps to all constraints"),
        (ok & ~results.feasible, "s", FRONT, "breaks a constraint"),
        (~ok, "v", NEUTRAL, "cannot be built"),
    )
    legend = []
    for mask, marker, colour, words in parts:
        if mask.any():
            axes.scatter(x[mask], y[mask], s=12, marker=marker, color=colour, linewidths=0)
            legend.append(canvas.marker(marker, colour, words))
    axes.set_xlabel(short_name(names[0]), fontsize=7.5)
    axes.set_ylabel(short_name(names[1]), fontsize=7.5)
    _ticks(axes, "x", _words(results, names[0]))
    _ticks(axes, "y", _words(results, names[1]))
    _plain(axes)
    canvas.legend(legend)
    return True
