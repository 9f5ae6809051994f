"""Ionic conduction in cells of prisms: exact results, bounds that hold, and the order in which they close."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy

import geom3d
from geom3d.architectures._structure import StructureFacts
from geom3d.cell.cell import Cell, Region
from geom3d.core.progress import bar
from geom3d.core.roles import Role
from geom3d.library.materials import find
from geom3d.solids.prisms.outline import Disc, Plane, Strip
from geom3d.solids.prisms.prism import Prism, Prisms
from geom3d.transport import OHM_CM2, NoPath, conduct, contacts_of, electrons, linear, prisms
from geom3d.transport.bounds import mass_inverse
from geom3d.transport.plan import Plan
from geom3d.transport.prisms import Pair, WedgeStack
from geom3d.transport.surface import FIELD
from geom3d.verification.comparison import verify

LIPON = find("lipon").conductivity_S_cm
#: Largest current density over its mean from which on current is said to crowd: between thin films and posts side by side.
CROWDED = 2.5


def cell_of(size, *bodies, tolerance=None) -> Cell:
    """Upright bodies from bottom to top; the first has the place."""
    regions = (
        Region(f"{role.value} {k}", role, find("lipon"), Prisms((Prism(body, -math.inf, math.inf),), size[:2]))
        for k, (role, body) in enumerate(bodies)
    )
    return Cell(size, tuple(regions), StructureFacts(0.0, size[2], ("none",)), tolerance)


def coaxial(outer, x=2.1, tolerance=None) -> Cell:
    """A film around a pillar of radius 1."""
    bodies = [
        (Role.ANODE, Disc(x, 1.9, 1.0)), (Role.ELECTROLYTE, Disc(x, 1.9, outer)), (Role.CATHODE, Plane()),
    ]  # fmt: skip
    return cell_of((4.0, 4.0, 0.5), *bodies, tolerance=tolerance)


def found(cell: Cell):
    """Conductance over conductivity, µm, with its bounds."""
    solution = conduct(cell, cell.walls()).solution
    low, high = (bound / LIPON for bound in solution.bounds)
    assert low <= high
    assert high / low - 1 < 2 * 2 * prisms.ENOUGH
    for currents in (solution.anode, solution.cathode):
        assert currents.total == pytest.approx(solution.bounds[0], rel=1e-8)
    assert solution.anode.total == pytest.approx(solution.cathode.total, rel=1e-8)
    return solution.conductance / LIPON, low, high


def test_a1_planar():
    report = geom3d.load("planar-licoo2-lipon-lithium").measure(transport=True)
    assert report["ionic_resistance_ohm_cm2"] == pytest.approx(43.4783, rel=1e-5)
    assert report["transport.to_planar"] == pytest.approx(1, rel=1e-9)
    assert report["transport.effective_distance_um"] == pytest.approx(1, rel=1e-9)
    # 0.09 × (3.9 V)² / 43.48 Ω·cm²
    voltage = report["voltage_V"]
    assert report["transport.power_mW_cm2"] == pytest.approx(90 * voltage**2 / 43.4783, rel=1e-5)
    for side in ("anode", "cathode"):
        figures = report[f"transport.current.{side}"]
        assert figures["max_over_mean"] == pytest.approx(1)
        assert figures["area_share_of_half"] == pytest.approx(0.5)


def test_two_layers_in_series():
    report = geom3d.load("planar-two-layer-sulfide").measure(transport=True, temperature=60)
    # 15 µm at 10.2 mS/cm and 5 µm at 0.1 mS/cm
    assert report["ionic_resistance_ohm_cm2"] == pytest.approx(15e-4 / 1.02e-2 + 5e-4 / 1e-4, rel=1e-9)
    warm = [math.exp(energy / 8.617333e-5 * (1 / 298.15 - 1 / 333.15)) for energy in (0.28, 0.37)]
    expected = 15e-4 / (1.02e-2 * warm[0]) + 5e-4 / (1e-4 * warm[1])
    assert report["transport.resistance_ohm_cm2"] == pytest.approx(expected, rel=1e-6)
    assert report["transport.temperature_C"] == 60


@pytest.mark.slow
def test_a6_checkerboard_on_a_substrate(monkeypatch):
    """The template of posts side by side; what `geom3d verify` says of it is the same."""
    monkeypatch.setattr(prisms, "ENOUGH", 4e-3)
    monkeypatch.setattr(electrons, "MOST", 2000)  # what electrons meet is not asked for here
    design = geom3d.load("interdigitated-pillars-substrate")
    report = design.measure(transport=True)
    assert report["ionic_resistance_ohm_cm2"] == pytest.approx(59.83, rel=5e-3)
    low, high = report["transport.bounds_ohm_cm2"]
    assert low * 0.999 < 59.83 < high * 1.001  # chords lie within 0.1 % of the radius
    # Neither estimate is the answer: 62.28 and 71.05.
    assert report["transport.to_least_distance"] == pytest.approx(59.83 / 62.28, rel=5e-3)
    assert report["transport.to_mean_distance"] == pytest.approx(59.83 / 71.05, rel=7e-3)
    (row,) = (row for row in verify(design) if row.path.startswith("ionic_resistance"))
    # LiPON 2.3e-6 S/cm: 1e-4 cm/µm × footprint 2 × 15² µm² per positive post / (2.3e-6 × 6.540109 × 50 µm) = 59.831 Ω·cm².
    assert row.closed == pytest.approx(1e-4 * 2 * 15**2 / (2.3e-6 * 6.540109 * 50), rel=1e-6)
    assert row.independent
    assert row.agrees
    assert abs(row.from_closed) < 5e-3


#: Slender posts, and the widest: what lies between is neither.
TABLES = {
    "checkerboard": {0.35: 7.286705},
    "alternating_rows": {0.10: 1.546682, 0.25: 2.875032},
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("pattern", "ratio", "exact"), [(p, r, e) for p, table in TABLES.items() for r, e in table.items()]
)
def test_conductance_of_posts(pattern, ratio, exact):
    """Per positive post and length, for unit conductivity."""
    pitch, height = 10.0, 4.0
    parameters = {"pattern": pattern, "mounting": "substrate", "pitch": pitch, "height": height}
    parameters |= {"anode_diameter": 2 * ratio * pitch, "cathode_diameter": 2 * ratio * pitch}
    cell = geom3d.design({"architecture": "interdigitated_pillars", "parameters": parameters}).cell()
    posts = cell.footprint / (2 * pitch**2)
    value, low, high = found(cell)
    assert value / (posts * height) == pytest.approx(exact, rel=5e-3)
    assert low * 0.999 < exact * posts * height < high * 1.001


@pytest.mark.parametrize("outer", [2.0, 1.4, 1.05])
def test_film_around_a_pillar(outer):
    exact = 2 * math.pi / math.log(outer) * 0.5
    value, low, high = found(coaxial(outer, tolerance=1e-4))
    assert value == pytest.approx(exact, rel=3e-3)
    assert low * 0.999 < exact < high * 1.001


@pytest.mark.slow
@pytest.mark.parametrize(("share", "effective"), [(0.1, 0.818177), (0.2, 0.666531), (0.3, 0.537580), (0.4, 0.425351)])
def test_square_array_of_insulating_cylinders(share, effective):
    """Between two plates, one cylinder from each: the planes amid cylinders of an array are at one potential."""
    radius, plate = math.sqrt(share / math.pi), 0.5
    discs = [(Role.SUBSTRATE, Disc(x, 0.5, radius)) for x in (0.75, 2.25)]
    plates = [(Role.ANODE, Strip(0.0, plate)), (Role.CATHODE, Strip(1.5, plate))]
    cell = cell_of((3.0, 1.0, 0.25), *discs, *plates, (Role.ELECTROLYTE, Plane()))
    value, low, high = found(cell)
    assert value == pytest.approx(2 * 0.25 * effective, rel=5e-3)
    assert low * 0.999 < 2 * 0.25 * effective < high * 1.001


def test_the_lattice_may_be_shifted():
    """Posts on the seam of the period conduct as they do in the middle, within the bounds."""
    values = [found(coaxial(1.4, x)) for x in (2.1, 0.0, 1.2)]
    for _, low, high in values:
        assert all(low * 0.9995 < value < high * 1.0005 for value, *_ in values)


@pytest.mark.slow
def test_bounds_close_in_second_order():
    """Every edge halved: both energies only come closer, four times as close, and their gap is the sum of its shares."""
    cell = coaxial(2.0, tolerance=0.02)
    walls, contacts = cell.walls(), contacts_of(cell)
    stack = WedgeStack.of(walls.filling, contacts, walls.size[:2])
    bounds = []
    for _ in range(4):
        pair = Pair.of(stack.wedges(contacts)).polished()
        low, high = pair.bounds
        assert pair.shares.sum() == pytest.approx(high - low, rel=1e-6)
        assert pair.shares.min() >= 0
        bounds.append((low, high))
        stack = stack.with_triangles(np.ones(len(stack.plan.triangles), dtype=bool))
        stack = stack.with_layers(np.ones(len(stack.z_layer), dtype=bool))
    lows, highs = np.transpose(bounds)
    assert (np.diff(lows) > 0).all()
    assert (np.diff(highs) < 0).all()
    orders = np.log2((highs - lows)[:-1] / (highs - lows)[1:])
    assert orders[0] > 1.3
    assert (orders[1:] > 1.75).all(), orders  # kinks of the chords keep it a little below 2


def test_a_planar_cell_is_exact_however_coarse():
    cell = geom3d.load("planar-efl700a39").cell()
    walls, contacts = cell.walls(), contacts_of(cell)
    pair = Pair.of(WedgeStack.of(walls.filling, contacts, walls.size[:2]).wedges(contacts)).polished()
    low, high = (bound / LIPON for bound in pair.bounds)
    assert low == pytest.approx(high, rel=1e-12)
    assert low == pytest.approx(walls.footprint / 1.5, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pillars-coated", "grid-oukassi-2019", "trenches-notten-2007"])
def test_currents_on_finer_walls(name, monkeypatch):
    """They are the same walls, and hold each electrode's surface and current, however exact that is."""
    monkeypatch.setattr(prisms, "ENOUGH", 1e-2)
    design = geom3d.load(name, {"parameters.height": 20, "tolerance": 0.01} if name == "pillars-coated" else None)
    flow = design.transport()
    walls = flow.field().check()
    assert walls.volumes == pytest.approx(design.walls().volumes, rel=1e-9)
    assert walls.interfaces() == pytest.approx(design.walls().interfaces(), rel=1e-9)
    density = walls.fields[FIELD]
    cell = design.cell()
    electrolyte = cell.labels(Role.ELECTROLYTE)
    for role, currents in ((Role.ANODE, flow.solution.anode), (Role.CATHODE, flow.solution.cathode)):
        mine = walls.between(cell.labels(role), electrolyte)
        assert np.isfinite(density[mine]).all()
        assert walls.areas[mine].sum() == pytest.approx(currents.area, rel=1e-9)
        assert (walls.areas * density)[mine].sum() == pytest.approx(currents.area, rel=1e-9)
    facing = walls.between(cell.labels(Role.ANODE, Role.CATHODE), electrolyte)
    assert np.isnan(density[~facing]).all()
    if name == "pillars-coated":  # current goes straight through a thin film, and evenly
        report = design.measure(transport=True)
        assert report["transport.effective_distance_um"] == pytest.approx(0.5, rel=0.03)
        assert report["transport.current.anode.area_share_of_half"] > 0.45
        assert report["transport.current.anode.max_over_mean"] < CROWDED


def test_electrodes_that_touch_have_no_resistance():
    bodies = [(Role.ANODE, Strip(0.0, 2.0)), (Role.CATHODE, Disc(1.5, 2.0, 0.8)), (Role.ELECTROLYTE, Plane())]
    touching = cell_of((4.0, 4.0, 1.0), *bodies)
    with pytest.raises(NoPath, match="the electrodes touch at the edge of the electrolyte"):
        conduct(touching, touching.walls())


def test_electrolyte_that_reaches_one_electrode_only_carries_nothing():
    """A slab beyond the insulator changes nothing; alone it gives no resistance."""
    plates = [(Role.ANODE, Strip(0.0, 1.0)), (Role.CATHODE, Strip(2.0, 1.0)), (Role.SUBSTRATE, Strip(3.0, 0.5))]
    cell = cell_of((4.0, 1.0, 1.0), *plates, (Role.ELECTROLYTE, Plane()))
    assert found(cell)[0] == pytest.approx(1.0, rel=1e-9)
    blocked = cell_of((4.0, 1.0, 1.0), *plates, (Role.BARRIER, Strip(1.0, 0.5)), (Role.ELECTROLYTE, Plane()))
    with pytest.raises(NoPath, match="the electrolyte does not join the electrodes"):
        conduct(blocked, blocked.walls())


def test_resistance_is_one_over_conductance():
    flow = geom3d.load("planar-lithium-free").transport()
    assert flow.resistance == pytest.approx(OHM_CM2 * flow.footprint / flow.solution.conductance)
    assert flow.bounds == pytest.approx((43.478, 43.478), rel=1e-4)


def flat(height: float, count: int = 40) -> Plan:
    """Triangles of such a height over sides of about 1, anywhere and turned anyhow."""
    rng = np.random.default_rng(5)
    shape = np.array([[0.0, 0.0], [1.0, 0.0], [0.3, height]])
    turn = rng.random(count) * 2 * math.pi
    turned = np.stack([np.cos(turn), -np.sin(turn), np.sin(turn), np.cos(turn)], axis=1).reshape(-1, 2, 2)
    sizes = 0.5 + rng.random((count, 1, 1))
    points = np.einsum("nij,nkj->nki", turned, sizes * shape) + rng.random((count, 1, 2))
    return Plan(points.reshape(-1, 2), np.arange(3 * count).reshape(-1, 3), np.zeros(count, dtype=int), (9.0, 9.0))


def test_the_inverse_mass_of_currents_by_quadrature():
    """The mass by the midpoints of sides, where quadratic functions are exact; inverted by LAPACK."""
    plan = flat(0.7)
    corners = plan.points[plan.triangles]
    middles = (corners + np.roll(corners, -1, axis=1)) / 2
    fields = (middles[:, :, None] - corners[:, None, :]) / (2 * plan.areas)[:, None, None, None]
    mass = np.einsum("tqid,tqjd,t->tij", fields, fields, plan.areas / 3)
    assert mass_inverse(plan) @ mass == pytest.approx(np.tile(np.eye(3), (len(mass), 1, 1)), abs=1e-12)


def test_flat_triangles_have_an_inverse_as_exact_as_their_area():
    """What rounding left of a matrix a hundred million times as long as wide could not be inverted."""
    plan = flat(1e-8)
    found = mass_inverse(plan)
    assert np.isfinite(found).all()
    # The rest is the stiffness of functions that are linear by the sides' middles, which knows no current between equals.
    rest = found - found.mean(axis=(1, 2), keepdims=True)
    assert np.abs(rest.sum(axis=2)).max() < 1e-7 * np.abs(found).max()
    assert (np.linalg.eigvalsh(rest)[:, -1] * plan.areas) == pytest.approx((plan.lengths**2).sum(axis=1), rel=1e-6)


@pytest.mark.slow
def test_a_film_of_2_nm_beside_a_bus_bar_of_422_um(monkeypatch):
    """It ended in a singular matrix. Between both bounds; the film is no part of the electrolyte's way."""
    monkeypatch.setattr(prisms, "MOST", 3000)
    comb = {"anode_width": 3.4, "cathode_width": 30.7138, "gap": 0.302, "height": 20.0, "plate": 1.02281}
    comb |= {"fingers": 2, "finger_length": 60.808, "bus_width": 422.0, "margin": 37.1}
    film = {"name": "film", "role": "barrier", "material": "copper", "thickness": 0.002}
    design = geom3d.design({"architecture": "interdigitated_plates", "parameters": comb, "layers": [film]})
    found = design.transport()
    low, high = found.solution.bounds
    assert 0 < low < high < 1.3 * low
    # Through the gaps alone, as plane sheets of electrolyte along all fingers: less than what flows in all.
    sheets = 3 * 60.8 * 20.0 / 0.302
    assert sheets * LIPON * 1e-4 < high


def test_a_thin_film_as_the_only_way_ends_with_a_reason(monkeypatch):
    """Found by the fuzzer: plates around nothing, joined by a film on them a hundred times as long as thick; it took for ever."""
    monkeypatch.setattr("geom3d.transport.prisms.MANY", 1_500)
    film = {"name": "film", "role": "electrolyte", "material": "lipon", "thickness": 0.46}
    parameters = {"anode_width": 46.5, "cathode_width": 34.8, "gap": 16.4, "height": 79.4, "plate": 9.6, "fingers": 5}
    described = {
        "architecture": "interdigitated_plates",
        "parameters": parameters | {"finger_length": 1000.0, "bus_width": 66.0, "margin": 12.6},
        "layers": [film],
        "materials": {"electrolyte": {"role": "encapsulation", "material": "silicon-dioxide"}},
    }
    report = geom3d.design(described).measure(transport=True)
    assert report["ionic_resistance_ohm_cm2"] is None
    assert any("a film is the only way" in warning for warning in report.warnings)


def test_both_orders_of_elimination_give_the_same(monkeypatch):
    grid = scipy.sparse.diags_array([2.1, -1.0, -1.0], offsets=[0, 1, -1], shape=(40, 40)).tocsr()
    one = scipy.sparse.eye_array(40).tocsr()
    matrix = (scipy.sparse.kron(grid, one) + scipy.sparse.kron(one, grid)).tocsr()
    load = np.sin(np.arange(1600.0))
    found = linear._direct(matrix, load)
    monkeypatch.setattr(linear, "DIRECT", 10)
    assert linear._direct(matrix, load) == pytest.approx(found, rel=1e-10)
    assert matrix @ found == pytest.approx(load, rel=1e-10)


def test_a_reason_passes_through_what_has_to_be_ended():
    """A progress bar, as any context, sets where an exception came from: found by the fuzzer on a sponge without a way."""
    with pytest.raises(NoPath, match="no way"), bar("conduction", 1):
        raise NoPath("no way")
