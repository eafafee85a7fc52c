# ruff: noqa: SIM905 - words read better than quoted words
"""The words HTML mail may use here: tags, attributes, CSS properties."""

TAGS = frozenset(
    """a abbr address article b bdi bdo big blockquote br caption center cite code col colgroup dd
    del dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li
    main mark ol p pre q s samp section small span strike strong sub sup table tbody td tfoot th
    thead tr tt u ul var wbr""".split()
)
VOID = frozenset("br col hr img wbr input embed link meta base area source track param".split())

# Content that a parser reads as text, not as markup: gone with all it holds.
RAW = frozenset(
    "script style title textarea xmp iframe noembed noframes noscript plaintext".split()
)
# Foreign namespaces and elements that act or load: gone with all they hold.
HIDDEN = frozenset(
    """svg math template object applet select datalist audio video canvas map selectedcontent
    frameset portal fencedframe""".split()
)

ATTRIBUTES = frozenset("style dir lang title align valign bgcolor width height color".split()) | {
    "class",  # for the sheets and the quotes; neither class nor id leaves this room
    "id",
}
ATTRIBUTES_OF = {
    "a": frozenset(("href", "name")),
    "img": frozenset("src srcset alt border hspace vspace".split()),
    "table": frozenset("border cellpadding cellspacing background".split()),
    "td": frozenset("colspan rowspan nowrap background".split()),
    "th": frozenset("colspan rowspan nowrap background".split()),
    "tr": frozenset(("background",)),
    "div": frozenset(("background",)),
    "body": frozenset(("background", "text")),
    "font": frozenset(("face", "size")),
    "ol": frozenset(("start", "type")),
    "ul": frozenset(("type",)),
    "li": frozenset(("value", "type")),
    "blockquote": frozenset(("type",)),
    "col": frozenset(("span",)),
    "colgroup": frozenset(("span",)),
    "hr": frozenset(("size", "noshade")),
}

_SIDES = ("top", "right", "bottom", "left")
PROPERTIES = (
    frozenset(
        """background background-color border border-collapse border-color border-radius
        border-spacing border-style border-width box-sizing caption-side clear color direction
        display empty-cells float font font-family font-size font-style font-variant font-weight
        height letter-spacing line-height list-style list-style-position list-style-type margin
        max-height max-width min-height min-width overflow overflow-wrap padding table-layout
        text-align text-decoration text-decoration-line text-indent text-transform vertical-align
        visibility white-space width word-break word-spacing word-wrap""".split()
    )
    | {f"{box}-{side}" for box in ("border", "margin", "padding") for side in _SIDES}
    | {f"border-{side}-{what}" for side in _SIDES for what in ("color", "style", "width")}
    | {f"border-{y}-{x}-radius" for y in ("top", "bottom") for x in ("left", "right")}
)
"""None of them places an element outside its flow, and none loads anything."""

BACKGROUNDS = frozenset(
    "background background-image list-style list-style-image content border-image cursor".split()
)
"""Properties in which senders name images."""

FUNCTIONS = frozenset("rgb rgba hsl hsla calc".split())
