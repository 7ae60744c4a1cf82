"""HTML as a tree of elements: text is escaped where the tree is written, and nowhere by hand."""

from __future__ import annotations

from xml.etree.ElementTree import Element, tostring

Child = Element | str | None


def tag(name: str, /, *children: Child, **attributes: str | None) -> Element:
    """An element with its children; None is left out. `class_` is class, `data_kind` data-kind."""
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    element = Element(name, {key: value for key, value in given.items() if value is not None})
    for child in children:
        if isinstance(child, Element):
            element.append(child)
        elif child and len(element):
            element[-1].tail = (element[-1].tail or "") + child
        elif child:
            element.text = (element.text or "") + child
    return element


def written(element: Element) -> str:
    """The element as HTML; `script` and `style` are not escaped, so ours alone goes there."""
    return tostring(element, encoding="unicode", method="html")


def definitions(rows: dict[str, Child], class_: str | None = None) -> Element:
    """A list of names and what they stand for."""
    pairs = [tag("div", tag("dt", name), tag("dd", value)) for name, value in rows.items()]
    return tag("dl", *pairs, class_=class_)


def folded(title: str, *children: Child, open_: bool = False) -> Element:
    """What is shown when its title is clicked."""
    return tag("details", tag("summary", title), *children, open="open" if open_ else None)
