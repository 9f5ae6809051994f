"""Templates: TOML and overrides, validated into a frozen description of a battery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializeAsAny,
    ValidationError,
)
from pydantic import model_validator as _model_validator

from geom3d import architectures
from geom3d.architectures import ClosedForms, ParametersBase, Structure
from geom3d.architectures._profile import WallKeys, as_etched
from geom3d.architectures._sponge import WebParameters
from geom3d.cell.description import Description, Device, Published
from geom3d.cell.film_thickness import Thickness, is_even, on_top
from geom3d.cell.repeat import Repeat
from geom3d.core.errors import InputError, choose_from
from geom3d.core.plugins import spelled, toml_files
from geom3d.core.quantities import Length
from geom3d.core.roles import Role
from geom3d.core.texts import words
from geom3d.core.validation import explain, fields_of
from geom3d.core.words import Name, Words
from geom3d.deposition.keys import StepCoverage
from geom3d.library import materials
from geom3d.library.catalogue import read_text, read_toml
from geom3d.library.materials import FIGURES, Material, Utilisation

#: Tables in tables, at most.
DEEPEST = 20
_CONFIG = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Layer(BaseModel):
    """A conformal coat (`thickness`) or a fill (`fill_to`), in order from the scaffold outward.

    Attributes:
        name: unique in its template.
        role: what the layer does.
        material: name of a material.
        utilisation: of an electrode, share of the material's theoretical charge that counts as practical; the material's own
            if None.
        thickness: of a coat, µm: one, or against depth.
        step_coverage: how the thickness of a coat against depth follows from its process; `thickness` is then that on open flat
            surface.
        fill_to: the level, µm above the scaffold's top (negative: below it), up to which a fill takes what is left.
    """

    model_config = _CONFIG

    name: Name
    role: Role
    material: str
    utilisation: Utilisation | None = None
    thickness: Thickness | None = None
    step_coverage: StepCoverage | None = None
    fill_to: Annotated[Length, Field(ge=-1e5, le=1e5)] | None = None

    @_model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.thickness is None) == (self.fill_to is None):
            raise ValueError("needs either thickness (a conformal coat) or fill_to (a fill), and not both")
        if self.step_coverage is not None and (self.thickness is None or not is_even(self.thickness)):
            raise ValueError("step_coverage makes a table of one thickness, which is that on open flat surface")
        return self


class RegionChoice(BaseModel):
    """Material, and where they differ from the usual ones the role and the utilisation, of one of the architecture's own regions."""

    model_config = _CONFIG

    material: str
    role: Role | None = None
    utilisation: Utilisation | None = None


class Template(BaseModel):
    """A description of a battery, complete and valid by itself.

    Attributes:
        name: of the file, without its ending.
        title, source, note: what it describes, and where that was published.
        architecture: name of an architecture.
        repeat: unit cells in x and y; no number per footprint depends on it.
        tolerance: largest distance between a chord and its arc, µm; None means 0.1 % of each circle's radius.
        resolution: of what is sampled, the step of its grid, µm; None for one that suits curvature and films.
        film_edges: form of the films' outer rims; None for the usual one, square only where walls are straight and films even.
        profile: of walls as etched; None where they are straight.
        capacity_basis: "practical" or "theoretical".
        parameters: of the architecture, µm.
        materials: by own region of the architecture.
        user_materials: defined in the template, or found beside it.
        layers: coats and fills, from the scaffold outward.
        published: values to compare with.
        device: the packaged device, if any.
    """

    model_config = _CONFIG

    name: str
    title: Words
    source: Words = ""
    note: Words = ""
    architecture: str
    repeat: Repeat = (1, 1)
    tolerance: Annotated[Length, Field(gt=0, le=1e3)] | None = None
    resolution: Annotated[Length, Field(gt=0, le=1e3)] | None = None
    film_edges: Literal["square", "round"] | None = None
    profile: WallKeys | None = None
    capacity_basis: Literal["practical", "theoretical"] = "practical"
    parameters: SerializeAsAny[ParametersBase]
    materials: dict[str, RegionChoice] = Field(default_factory=dict)
    user_materials: dict[str, Material] = Field(default_factory=dict)
    layers: tuple[Layer, ...] = Field(default=(), max_length=30)
    published: tuple[Published, ...] = ()
    device: Device | None = None

    def description(self) -> Description:
        """What the cell carries of it."""
        return Description(
            name=self.name,
            title=self.title,
            source=self.source,
            note=self.note,
            architecture=self.architecture,
            parameters=self.parameters,
            repeat=self.repeat,
            capacity_basis=self.capacity_basis,
            device=self.device,
            published=self.published,
            settings=self.model_dump(mode="json"),
        )

    def material(self, name: str, key: str) -> Material:
        """The material of that name: the template's own, then the shipped ones.

        Raises:
            InputError: naming `key` and the valid names.
        """
        found = self.user_materials.get(name) or self.user_materials.get(_usual(name)) or materials.find(name)
        if found is None:
            meant = materials.meant_by(name)
            if len(meant) > 1:
                titles = " or ".join(f"{other!r} ({materials.find(other).title})" for other in meant)  # type: ignore[union-attr]
                raise InputError(f"{key}: {name!r} may mean {titles}: case matters where names differ in nothing else")
            valid = choose_from(name, [*materials.names(), *self.user_materials], limit=80)
            raise InputError(f"{key}: unknown material {name!r}; {valid}")
        return found


@dataclass(frozen=True)
class Draft:
    """A template, and what its architecture builds from its parameters: once, and for all that follows.

    Attributes:
        template: what was asked for.
        structure: before films.
    """

    template: Template
    structure: Structure

    @property
    def ideal(self) -> Draft | None:
        """The same with straight walls and films as thick everywhere as on the top; None where it is that already."""
        template = self.template
        even = tuple(layer.model_copy(update={"thickness": on_top(layer.thickness)}) for layer in template.layers)
        if template.profile is None and even == template.layers:
            return None
        changes = {"profile": None, "film_edges": None, "layers": even, "resolution": None}
        words = {"name": f"{template.name}-ideal", "title": f"{template.title}, ideal"}
        parameters = template.parameters
        return Draft(
            template.model_copy(update={**changes, **words}),
            architectures.get(template.architecture).build(parameters),
        )


def shipped() -> list[str]:
    """Names of the templates that come with geom3d."""
    return list(_files())


def load_template(source: str | Path, overrides: Mapping[str, Any] | None = None) -> Template:
    """The template alone; see `load_draft`."""
    return load_draft(source, overrides).template


def load_draft(source: str | Path, overrides: Mapping[str, Any] | None = None) -> Draft:
    """Reads a template.

    Args:
        source: path of a TOML file, or the name of a shipped template.
        overrides: value by path, such as `{"parameters.pitch": 12, "layers.barrier.thickness": "20 nm"}`.

    Raises:
        InputError: one or two lines that name the file, the key, the rule, the value and the valid options.
    """
    return read_original(source).draft(overrides)


@dataclass(frozen=True)
class Original:
    """A template as it stands in its file, from which any number of designs can be made.

    Attributes:
        source: what the user called it.
        name: of the file, without its ending.
        content: of the file.
        folder: where to look for material files of the user; None for a shipped template.
    """

    source: str
    name: str
    content: Mapping[str, Any]
    folder: Path | None = None

    def draft(self, overrides: Mapping[str, Any] | None = None) -> Draft:
        """The template with some keys changed, and what its architecture builds.

        Raises:
            InputError: as `load_draft`.
        """
        try:
            return parse_draft(self.content, self.name, self.folder, overrides or {})
        except InputError as error:
            raise InputError(f"{self.source}: {error}") from None

    def takes_long(self) -> bool:
        """Whether it is sampled on a grid, or its posts' resistance is solved for, by what the file says: nothing is built."""
        name = self.content.get("architecture")
        if name not in architectures.names():
            return False
        architecture = architectures.get(name)
        layers = [layer for layer in _list(self.content.get("layers")) if isinstance(layer, dict)]
        uneven = any("step_coverage" in layer or isinstance(layer.get("thickness"), dict | list) for layer in layers)
        if uneven or "profile" in self.content or issubclass(architecture.Parameters, WebParameters):
            return True
        try:
            parameters = architecture.Parameters.model_validate(self.content.get("parameters", {}))
            known = architecture.closed_form(parameters)
        except (ValidationError, InputError):
            return False
        return isinstance(known, ClosedForms) and known.conductance_per_um is not None

    def changed(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """The content with some keys changed.

        Raises:
            InputError: for a path that leads nowhere.
        """
        content: dict[str, Any] = _copy(self.content)
        for path, value in overrides.items():
            _override(content, path, value)
        return content


def read_original(source: str | Path) -> Original:
    """Reads a template's file, and checks nothing of it but that it is TOML.

    Args:
        source: path of a TOML file, or the name of a shipped template.

    Raises:
        InputError: where there is no such file, or it is not TOML.
    """
    path = Path(source)
    known = spelled(str(source), _files())
    if path.suffix != ".toml" and known in _files():
        text, folder, name = _files()[known].read_text("utf-8"), None, known
    else:
        text, folder, name = _read(path), path.parent, path.stem
    return Original(str(source), name, read_toml(text, str(source)), folder)


def parse_draft(
    data: Mapping[str, Any], name: str, folder: Path | None = None, overrides: Mapping[str, Any] | None = None
) -> Draft:
    """A template from a mapping of the form of a TOML file.

    Args:
        data: left as it is.
        name: of the template.
        folder: of the template: where to look for the user's files.
        overrides: value by path.
    """
    content = _copy(data)
    _require_file_name(name)
    for path, value in (overrides or {}).items():
        _override(content, path, value)
    for key in ("name", "user_materials"):  # set below, and not the user's to give
        if key in content:
            raise InputError(f"{key}: unknown key; {choose_from(key, fields_of(Template))}")
    content.setdefault("title", name)
    if "architecture" not in content:
        raise InputError(f"architecture: missing; valid: {', '.join(architectures.names())}")
    _require_known(content)
    if not isinstance(content["architecture"], str):
        raise InputError(f"architecture: must be a name in quotes; got {content['architecture']!r}")
    content["architecture"] = spelled(content["architecture"], architectures.names())
    architecture = architectures.get(content["architecture"])
    given = content.pop("parameters", {})
    if not isinstance(given, dict):
        raise InputError(f"parameters: must be a table [parameters]; got {given!r}")
    try:
        content["parameters"] = architecture.Parameters.model_validate(given, context={"folder": folder})
    except ValidationError as error:
        raise InputError(explain(error, architecture.Parameters, given, "parameters")) from None
    structure = architecture.build(content["parameters"])
    own = [region for region, _, _ in structure.regions]
    content["materials"], content["user_materials"] = _materials(content.get("materials", {}), own)
    _find_beside(content, folder)
    content["name"] = name
    try:
        template = Template.model_validate(content)
    except ValidationError as error:
        raise InputError(explain(error, Template, content, "")) from None
    metrics = [entry.metric for entry in template.published]
    if len(set(metrics)) < len(metrics):
        raise InputError("published.metric: each metric may have one published value only")
    twice = _first_duplicate([*own, "void", "outside", "assembly", *(layer.name for layer in template.layers)])
    if twice is not None:
        raise InputError(f"layers: the name {twice!r} is taken; names of layers and regions must differ")
    return Draft(template, _as_made(template, structure))


def _require_file_name(name: str) -> None:
    """Raises a clear error for a name that would lead files elsewhere, or do more than stand on a screen."""
    try:
        plain = words(name) == name and not set(name) & set("/\\")
    except ValueError:
        plain = False
    if not plain or len(name) > 200:
        raise InputError(f"name: must be a plain name for files, of at most 200 characters; got {name[:80]!r}")


def _as_made(template: Template, structure: Structure) -> Structure:
    """The structure with walls and rims as the template wants them.

    Raises:
        InputError: where there can be none such.
    """
    uneven = next((f"layers.{layer.name}.thickness" for layer in template.layers if not is_even(layer.thickness)), None)
    facts = structure.facts
    if uneven is None and (facts.top > facts.base_z or facts.web is not None):  # on the flat every film is even
        uneven = next((f"layers.{layer.name}.step_coverage" for layer in template.layers if layer.step_coverage), None)
    reason = "profile" if template.profile is not None else uneven
    family = structure.film_base.family
    if facts.both_faces and (reason or template.film_edges not in (None, family.film_edges)):
        raise InputError(
            f"{reason or 'film_edges'}: belongs to structures on a plate; a plate whose holes are open at both ends (base = 0) has "
            "straight walls, and films as thick everywhere, with square rims"
        )
    if template.film_edges == "square" and (reason or family.film_edges == "round"):
        raise InputError(
            f"film_edges: rims are square only of even films on straight walls (see {reason or 'architecture'}); got 'square'"
        )
    if reason is None and template.film_edges in (None, family.film_edges):
        return structure
    stack = sum(on_top(layer.thickness) or 0.0 for layer in template.layers)
    return as_etched(structure, template.profile, reason or "film_edges", stack)


def _require_known(content: Mapping[str, Any]) -> None:
    """Raises a clear error for a key that stands where none of that name does, but would in a table."""
    name = content["architecture"]
    known = architectures.DOOR.knows(name) if isinstance(name, str) else False
    parameters = architectures.get(name).Parameters.model_fields if known else {}
    layers = [layer for layer in _list(content.get("layers")) if isinstance(layer, dict)]
    places = {key: f"parameters.{key}" for key in parameters}
    places |= {str(layer.get("name")): f"layers.{layer.get('name')}.thickness" for layer in layers}
    for key in content:
        if key not in Template.model_fields and key in places:
            raise InputError(f"{key}: unknown key; did you mean {places[key]}?")


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _first_duplicate(names: Iterable[str]) -> str | None:
    """The first name that occurs twice (files and override paths do not tell case apart), or None."""
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            return name
        seen.add(name.casefold())
    return None


@cache
def _files() -> dict[str, Traversable]:
    """The shipped templates by name: inside an installed package, or beside it in a checkout."""
    inside = files("geom3d") / "templates"
    return toml_files(inside if inside.is_dir() else Path(__file__).resolve().parent.parent.parent / "templates")


def titles() -> dict[str, str]:
    """The titles of the shipped templates by name; nothing of them is built."""
    return {name: read_toml(file.read_text("utf-8"), name).get("title", name) for name, file in _files().items()}


def text_of(name: str) -> str | None:
    """The text of the shipped template of that name, hyphen and underscore alike; None where there is none."""
    file = _files().get(spelled(name, _files()))
    return None if file is None else file.read_text("utf-8")


def _read(path: Path) -> str:
    """The text of a user's file."""

    def missing() -> str:
        valid = choose_from(path.stem, shipped())
        return f"template {str(path)!r}: no such file, and no shipped template has that name; {valid}"

    return read_text(path, str(path), missing)


def _copy(value: Any, depth: int = 0) -> Any:
    if depth > DEEPEST:
        raise InputError(f"not valid: tables and lists must be nested at most {DEEPEST} deep")
    if isinstance(value, Mapping):
        return {key: _copy(item, depth + 1) for key, item in value.items()}
    return [_copy(item, depth + 1) for item in value] if isinstance(value, list | tuple) else value


def _override(content: dict[str, Any], path: str, value: Any) -> None:
    """Sets one key; layers are named, not numbered."""
    keys = _keys(path, content)
    if not all(keys):
        raise InputError(
            f"override {path!r}: must be a path of names such as parameters.pitch or layers.NAME.thickness"
        )
    target: Any = content
    for depth, key in enumerate(keys[:-1]):
        if isinstance(target, list):
            target = _named(target, key, path)
            continue
        if key not in target and (
            key in ("parameters", "materials", "device", "profile") or (keys[0] == "materials" and materials.find(key))
        ):
            target[key] = {}
        target = target.get(key)
        if not isinstance(target, dict | list):
            raise InputError(f"{path}: {'.'.join(keys[: depth + 1])} is not a table of this template")
    if isinstance(target, list):
        raise InputError(f"{path}: name the key to set, such as {path}.thickness")
    # A coat can be turned into a fill and back: the two keys exclude each other.
    for one, other in (("thickness", "fill_to"), ("fill_to", "thickness")):
        if keys[0] == "layers" and keys[-1] == one:
            target.pop(other, None)
    target[keys[-1]] = value


def _keys(path: str, content: Mapping[str, Any]) -> list[str]:
    """The parts of an override's path; names of materials may hold dots, as argyrodite-cl1.5 does."""
    table, _, rest = path.partition(".")
    if table == "materials" and rest.count(".") > 1:
        given = content.get("materials")
        names = [*(given if isinstance(given, dict) else ()), *materials.names()]
        found = max((name for name in names if rest.startswith(f"{name}.")), key=len, default=None)
        if found is not None:
            return [table, found, *rest[len(found) + 1 :].split(".")]
    return path.split(".")


def _named(items: list[Any], name: str, path: str) -> Any:
    for item in items:
        if isinstance(item, dict) and item.get("name") == name:
            return item
    names = [str(item.get("name")) for item in items if isinstance(item, dict)]
    raise InputError(f"{path}: no layer {name!r}; {choose_from(name, names)}")


def _materials(given: Any, own: Iterable[str]) -> tuple[dict[str, Any], dict[str, Material]]:
    """Splits [materials] into the choice for own regions and the materials that the user defines."""
    if not isinstance(given, dict):
        raise InputError(f"materials: must be a table [materials]; got {given!r}")
    own = list(own)
    choices: dict[str, Any] = {}
    defined: dict[str, Material] = {}
    for key, value in given.items():
        if key in own:
            choices[key] = {"material": value} if isinstance(value, str) else value
        elif isinstance(value, dict):
            try:
                words(key)
            except ValueError as error:
                raise InputError(f"materials.{key!r}: {error}") from None
            defined[_usual(key) if "roles" not in value else key] = _define(value, key, f"materials.{key}")
        else:
            raise InputError(f"materials.{key}: not a region of this architecture; {choose_from(key, own)}")
    return choices, defined


def _usual(name: str) -> str:
    """The name of a known material that has this name or alias; the name itself where there is none."""
    entry = materials.CATALOGUE.entry(name)
    return name if entry is None else entry.name


def _define(value: Mapping[str, Any], name: str, key: str) -> Material:
    """A material of the user; without roles of its own, a known one of that name with some figures changed."""
    known = None if "roles" in value else materials.find(name)
    if known is None:
        content = {"title": name, **value}
    else:
        figures = known.model_dump(exclude_defaults=True, by_alias=True)
        # The one follows from the other and the theoretical charge.
        figures.pop("capacity_practical_mAh_g" if "utilisation" in value else "utilisation", None)
        sources = {figure: "stated in the template" for figure in value if figure in FIGURES and "source" not in value}
        content = {**figures, **value, "sources": {**known.sources, **sources, **_table(value.get("sources"))}}
    try:
        return Material.model_validate(content)
    except ValidationError as error:
        raise InputError(explain(error, Material, content, key)) from None


def _find_beside(content: dict[str, Any], folder: Path | None) -> None:
    """Reads materials that are neither defined in the template nor shipped from files beside it.

    A file beside the template goes before what other distributions register: to install one changes no design.
    """
    layers = content.get("layers", [])
    users = [*content["materials"].values(), *(layers if isinstance(layers, list) else [])]
    for user in users:
        name = user.get("material") if isinstance(user, dict) else None
        if not isinstance(name, str) or name in content["user_materials"] or materials.find_shipped(name):
            continue
        if name.endswith(".toml"):
            path = _material_file(Path(name), folder)
            content["user_materials"][name] = _define(read_toml(_read_material(path), str(path)), path.stem, str(path))
            continue
        if folder is None:
            continue
        path = folder / f"{name}.toml"
        if Path(name).name == name and path.is_file():
            data = read_toml(_read_material(path), str(path))
            content["user_materials"][name] = _define(data, name, str(path))


def _material_file(path: Path, folder: Path | None) -> Path:
    """Where a material's file is: beside the template, or seen from the working folder."""
    beside = path if folder is None else folder / path
    return beside if beside.is_file() else path


def _read_material(path: Path) -> str:
    return read_text(path, str(path), lambda: f"material {str(path)!r}: no such file", regular=True)
