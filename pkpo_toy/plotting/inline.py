"""A figure as an SVG element for a web page: small, and each curve under the name of its legend.

The page's script reads `data-series`: artists of one number belong together, in all panels and in
the legend. They are told by their colour, which no two curves of a figure share, so the functions
that draw need not know of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from itertools import groupby
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import matplotlib.figure
import numpy as np
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgba_array
from matplotlib.container import ErrorbarContainer
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from pkpo_toy.plotting.style import styled

FONTS = "'DejaVu Sans',Verdana,sans-serif"
"""Verdana is as wide as DejaVu Sans, in which the figure was laid out."""

_SERIES, _ENTRY = "series-", "entry-"
_DECIMALS = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_GEOMETRY = {"d", "points", "transform", "x", "y", "width", "height"}
_REFERENCE = re.compile(r"#([\w.-]+)")


def inline(canvas: matplotlib.figure.Figure, prefix: str) -> Element:
    """The figure as an `svg` element to be put into an HTML page.

    prefix: starts every id, so that several figures can share a page. The figure's own ids are
    set and taken back.
    """
    named = _name_curves(canvas)
    buffer = BytesIO()
    with styled(), rc_context({"svg.fonttype": "none"}):
        canvas.savefig(buffer, format="svg", transparent=True)
    for artist in named:
        artist.set_gid(None)
    root = ElementTree.fromstring(buffer.getvalue())
    _without_namespaces(root)
    _without_extras(root)
    for text in root.iter("g"):
        _joined_glyphs(text)
    for element in root.iter():
        _rounded(element)
    for element in root.iter("g"):
        _share(element)
    _identified(root, prefix)
    width, height = root.get("viewBox", "0 0 1 1").split()[2:]
    root.attrib = {"viewBox": f"0 0 {width} {height}", "data-width": width}
    return root


@dataclass
class _Series:
    """Curves of one colour, and what the legend calls them."""

    colour: str
    labels: set[str] = field(default_factory=set)
    lined: bool = False


def _name_curves(canvas: matplotlib.figure.Figure) -> list[Artist]:
    """Give every artist that a legend explains the number of its series; returns these artists."""
    found: list[_Series] = []
    named: list[Artist] = []
    for legend in canvas.findobj(Legend):
        assert isinstance(legend, Legend)
        for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=True):
            number = _entry(found, handle, text.get_text()) if handle else None
            if handle and number is not None:
                for part in (handle, text):
                    part.set_gid(f"{_ENTRY}{number}")
                named += [handle, text]
    for artist, label in _drawn(canvas):
        fitting = [number for number, one in enumerate(found) if one.colour == _colour(artist)]
        if len(fitting) > 1:
            fitting = [number for number in fitting if label in found[number].labels]
        if fitting:
            artist.set_gid(f"{_SERIES}{fitting[0]}")
            named.append(artist)
    return named


def _entry(found: list[_Series], handle: Artist, label: str) -> int | None:
    """The number of the series of a legend's entry: entries of a colour are one, but two lines."""
    colour = _colour(handle)
    if colour is None:
        return None
    lined = isinstance(handle, Line2D) and handle.get_linestyle() not in ("None", "", " ")
    for number, one in enumerate(found):
        if one.colour == colour and not (lined and one.lined and label not in one.labels):
            one.labels.add(label)
            one.lined |= lined
            return number
    found.append(_Series(colour, {label}, lined))
    return len(found) - 1


def _drawn(canvas: matplotlib.figure.Figure) -> Iterator[tuple[Artist, str]]:
    """What stands for data in the panels, with its label; error bars have that of their dots."""
    for panel in canvas.findobj(Axes):
        assert isinstance(panel, Axes)
        bars = [one for one in panel.containers if isinstance(one, ErrorbarContainer)]
        labels = {id(part): one.get_label() for one in bars for part in one.get_children()}
        for artist in (*panel.lines, *panel.collections, *panel.patches):
            yield artist, str(labels.get(id(artist), artist.get_label()))


def _colour(artist: Artist) -> str | None:
    """The one colour of an artist, without its transparency; None where it has several."""
    if isinstance(artist, Line2D):
        return to_hex(artist.get_color())
    if isinstance(artist, Patch):
        return to_hex(artist.get_facecolor())
    if not isinstance(artist, Collection):
        return None
    rows = np.vstack([to_rgba_array(artist.get_facecolor()), to_rgba_array(artist.get_edgecolor())])
    found = {to_hex(tuple(row)) for row in rows[rows[:, 3] > 0]}
    return found.pop() if len(found) == 1 else None


def _without_namespaces(root: Element) -> None:
    """Inside HTML, SVG needs none."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {name.rpartition("}")[2]: v for name, v in element.attrib.items()}
        element.tail = None
        if element.tag not in ("text", "tspan"):
            element.text = None


def _without_extras(root: Element) -> None:
    """Leave out metadata, the style sheet (the page has its own) and what is not visible."""
    for parent in list(root.iter()):
        for child in list(parent):
            invisible = child.tag == "path" and child.get("style") == "fill: none"
            if child.tag in ("metadata", "style") or invisible:
                parent.remove(child)
    for parent in reversed(list(root.iter())):
        for child in list(parent):
            if child.tag in ("g", "defs") and not len(child):
                parent.remove(child)


def _joined_glyphs(group: Element) -> None:
    """A formula's glyphs as runs of one style, so that they can be read, searched and copied."""
    for text in group.findall("text"):
        glyphs = sorted(_glyphs(text), key=lambda one: one[0])
        if not glyphs:
            continue
        text.text = None
        for part in list(text):
            text.remove(part)
        for (style, y), run in groupby(glyphs, key=lambda one: one[1:3]):
            letters = list(run)
            part = SubElement(text, "tspan", {"x": f"{letters[0][0]:.2f}", "y": y, "style": style})
            part.text = "".join(one[3] for one in letters).replace("\N{NO-BREAK SPACE}", " ")


def _glyphs(text: Element) -> Iterator[tuple[float, str, str, str]]:
    """Place, style, height and letter of each glyph."""
    for part in text.findall("tspan"):
        places = part.get("x", "0").split()
        for place, letter in zip(places, part.text or "", strict=True):
            yield float(place), part.get("style", ""), part.get("y", "0"), letter


def _rounded(element: Element) -> None:
    """Numbers to a hundredth of a point, styles without blanks, no rotation by nothing."""
    for name in _GEOMETRY & element.attrib.keys():
        short = _DECIMALS.sub(_two_decimals, element.attrib[name])
        element.attrib[name] = re.sub(r"\s*([MLQCzZ])\s*", r"\1", short).strip()
    if re.match(r"rotate\(-?0[ )]", element.get("transform", "")):
        del element.attrib["transform"]
    style = element.get("style")
    if style is not None:
        style = style.replace("'DejaVu Sans'", FONTS)
        element.set("style", re.sub(r"([:;,]) ", r"\1", style))


def _two_decimals(found: re.Match[str]) -> str:
    text = f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _share(group: Element) -> None:
    """What all children of a group have in common is said once, by the group."""
    if len(group) < 2:
        return
    for name in ("style", "clip-path"):
        values = {child.get(name) for child in group}
        text = values.pop() or ""
        # Opacity is not inherited.
        if text and not values and name not in group.attrib and "opacity" not in text:
            group.set(name, text)
            for child in group:
                del child.attrib[name]


def _identified(root: Element, prefix: str) -> None:
    """Series as data, ids only where something refers to them, each with the prefix."""
    values = [value for element in root.iter() for value in element.attrib.values()]
    referred = {name for value in values for name in _REFERENCE.findall(value)}
    for element in root.iter():
        name = element.attrib.pop("id", "")
        if name.startswith((_SERIES, _ENTRY)):
            kind, _, number = name.partition("-")
            element.set(f"data-{kind}", number)
        elif name in referred:
            element.set("id", prefix + name)
        for key, value in element.attrib.items():
            if key in ("href", "clip-path"):
                element.set(key, _REFERENCE.sub(rf"#{prefix}\1", value))
