"""BAR_CODE as a picture: inline SVG, so that a page needs nothing from elsewhere."""

from typing import Final

import segno

from paybus.sandbox.customer_page.markup import Markup, fill

MAX_TEXT: Final = 500
"""Characters; an address of ours has about 60, and more than some 2 300 fit into no code."""

_QUIET_ZONE: Final = 4  # modules of white around it, which the standard wants


def draw(text: str) -> Markup:
    """Draw *text*, which must not be longer than MAX_TEXT; black on white whatever surrounds it."""
    code = segno.make_qr(text, error="m")
    svg = code.svg_inline(border=_QUIET_ZONE, omitsize=True, dark="#000", light="#fff", lineclass=None)
    described = fill(
        '<svg role="img" aria-label="QR code of {text}" shape-rendering="crispEdges" ', text=text
    )
    return Markup(described + svg.removeprefix("<svg "))
