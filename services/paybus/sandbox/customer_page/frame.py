"""The frame of every page: its style, and what a browser may do with it (nothing but show it)."""

from base64 import b64encode
from hashlib import sha256
from typing import Final

from starlette.responses import HTMLResponse, Response

from paybus.sandbox.customer_page.markup import Markup, fill

_STYLE: Final = Markup("""
:root{--ink:#1b2430;--dim:#55606e;--line:#dde3ea;--good:#0b6b3a;--bad:#a1261d;--busy:#1f5596;--wait:#7a4b00}
*{box-sizing:border-box}
body{margin:0;background:#eef1f5;color:var(--ink);font:1rem/1.5 system-ui,"DejaVu Sans",sans-serif}
main{max-width:46rem;margin:0 auto;padding:1.25rem 1rem}
.card{background:#fff;border:1px solid var(--line);border-radius:.8rem;padding:1.25rem 1.5rem 1.5rem}
.head{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.25rem 1rem}
.amount,.pill{margin:0}
.amount{font-size:2.4rem;font-weight:700;line-height:1.25;letter-spacing:-.02em}
.pill{padding:.2rem .8rem;border-radius:1rem;font-weight:600;color:#fff}
.good{background:var(--good)}.bad{background:var(--bad)}.busy{background:var(--busy)}.wait{background:var(--wait)}
h1{margin:.2rem 0 0;font-size:1.2rem;overflow-wrap:anywhere}
.columns{display:flex;flex-wrap:wrap;gap:1.25rem 2rem;margin-top:1.25rem}
.columns>*{flex:1 1 17rem;min-width:0}
figure{margin:0;text-align:center}
figure svg{display:block;width:100%;max-width:17rem;margin:0 auto;border:1px solid var(--line);
border-radius:.5rem}
.small,dt,figcaption{color:var(--dim);font-size:.85rem;overflow-wrap:anywhere}
figcaption{margin-top:.5rem;font-size:.78rem}
.actions{display:grid;gap:.75rem;margin-bottom:1.25rem}
form{margin:0}
button{width:100%;min-height:3rem;padding:.6rem 1rem;border-radius:.5rem;border:2px solid var(--good);
background:var(--good);color:#fff;font:inherit;font-weight:600;cursor:pointer}
.decline button{background:#fff;border-color:var(--bad);color:var(--bad)}
button:hover{filter:brightness(.93)}
a{color:var(--busy)}
a:focus-visible,button:focus-visible{outline:3px solid #b36b00;outline-offset:2px}
dl{display:grid;grid-template-columns:max-content 1fr;align-items:baseline;gap:.35rem 1.25rem;margin:0}
dd{margin:0;overflow-wrap:anywhere}
ul{list-style:none;margin:1rem 0 0;padding:0}
li a{display:flex;justify-content:space-between;gap:1rem;padding:.8rem 0;border-top:1px solid var(--line);
text-decoration:none;color:inherit}
li a:hover b{text-decoration:underline}
li b,li .small{display:block;overflow-wrap:anywhere}
li .sum{flex:none;font-weight:700}
footer{margin-top:1rem;text-align:center}
""")
_DOCUMENT: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">{again}
<style>{style}</style></head>
<body><main>{body}
<footer class="small">A sandbox: no money moves. Times are China time.</footer></main></body></html>
"""
_AGAIN: Final = '<meta http-equiv="refresh" content="{seconds}">'
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def make_page(title: str, body: Markup, *, status: int = 200, again_seconds: int | None = None) -> Response:
    """Make a page; with *again_seconds* the browser looks again after that time."""
    again = Markup() if again_seconds is None else fill(_AGAIN, seconds=str(again_seconds))
    document = fill(_DOCUMENT, title=title, style=_STYLE, body=body, again=again)
    return HTMLResponse(document, status_code=status, headers=_HEADERS)
