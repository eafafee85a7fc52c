"""What templates may say: Liquid (https://shopify.github.io/liquid/), with most of it taken away.

Left are fields, a few filters, and ``if``, ``unless``, ``case``, ``for``. No template reads another
one, assigns, or makes more than a little longer what it is given; limits end what runs on.
"""

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import ClassVar, TextIO

from liquid import BoundTemplate, Environment, RenderContext
from liquid.builtin.expressions import FilteredExpression, Path, StringLiteral
from liquid.builtin.output import Output, OutputNode
from liquid.exceptions import (
    LiquidError,
    LiquidSyntaxError,
    OutputStreamLimitError,
    ResourceLimitError,
)
from liquid.stream import TokenStream
from liquid.stringify import to_liquid_string
from liquid.undefined import Undefined

from mailweave.kit.errors import Expected

MAX_SOURCE = 200_000
MAX_CODE = 300
"""Fields and tags in one template."""
MAX_FILTERS = 8
"""On one field."""
MAX_JOINED = 5_000
"""Characters that ``append`` and ``prepend`` make."""
TAGS = frozenset(("if", "unless", "case", "for", "break", "continue", "comment"))
FILTERS = frozenset(
    (
        *("append", "capitalize", "default", "downcase", "prepend", "round", "size", "strip"),
        *("truncate", "truncatewords", "upcase"),
    )
)
CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)

_ALWAYS = frozenset(("content", "output", "illegal"))
_UNRESOLVED = "unresolved"
_UNUSUAL = re.compile(r"[^\w.]+", re.ASCII)


class Unmergeable(Expected):
    """A template with a mistake in it: what it is, and where."""


def parse(source: str, *, html: bool) -> BoundTemplate:
    """A template that was read; raises Unmergeable."""
    if len(source) > MAX_SOURCE:
        raise Unmergeable(f"A template has at most {MAX_SOURCE} characters.")
    if len(CODE.findall(source)) > MAX_CODE:
        raise Unmergeable(f"A template has at most {MAX_CODE} fields and conditions.")
    language = _HTML if html else _TEXT
    try:
        return language.from_string(source)
    except LiquidError as error:
        raise Unmergeable(_explained(source, error)) from None


def render(
    template: BoundTemplate, values: Mapping[str, object], source: str
) -> tuple[str, tuple[str, ...]]:
    """(content, fields without a value) of a template filled in; raises Unmergeable."""
    nothing = {name: Undefined(name) for name in ("now", "today")}  # no clock but the kit's
    context = RenderContext(template, globals={**nothing, **values})
    buffer = template._get_buffer()  # noqa: SLF001 - the one that counts
    try:
        template.render_with_context(context, buffer)
    except ResourceLimitError:
        raise Unmergeable("The template makes more text than a message can hold.") from None
    except LiquidError as error:
        raise Unmergeable(_explained(source, error)) from None
    except RecursionError:
        raise Unmergeable("The template is nested too deep.") from None
    return buffer.getvalue(), tuple(context.tag_namespace.get(_UNRESOLVED, ()))


def at(source: str, index: int, said: str) -> str:
    """A sentence that says where in a template something is wrong."""
    place = source.count("\n", 0, index) + 1
    code = next((m[0] for m in CODE.finditer(source) if m.start() <= index < m.end()), "")
    shown = " ".join(code.split())[:80]
    return f"Line {place} of the template{f', “{shown}”' if shown else ''}: {said}."


def _explained(source: str, error: LiquidError) -> str:
    said = str(error.message or "it cannot be read")
    if isinstance(error.__cause__, RecursionError):
        return "The template is nested too deep."
    index = error.token.start_index if error.token else -1
    if index < 0:  # at the end of something: of which one?
        unread = (match.start() for match in CODE.finditer(source) if not _reads(match[0]))
        index = next(unread, len(source))
    return at(source, index, said.replace("'", "’").replace("end of expression", "the end"))  # noqa: RUF001


def _reads(code: str) -> bool:
    if code.startswith("{%"):
        return True
    try:
        _TEXT.from_string(code)
    except LiquidError:
        return False
    return True


class _FieldNode(OutputNode):
    """Writes a value, or for a field that has none what makes it stand out."""

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = self.expression.evaluate(context)
        name = _missing(self.expression, value, context)
        if not name:
            return buffer.write(to_liquid_string(value, context.autoescape))
        context.tag_namespace.setdefault(_UNRESOLVED, {})[name] = None
        if not context.autoescape:
            return buffer.write(f"{{{{ {name} }}}}")
        return buffer.write(f'<mark data-unresolved="{name}">{escape(name)}</mark>')


def _missing(expression: object, value: object, context: RenderContext) -> str:
    """The field without a value that would be left out in silence; "" when there is none."""
    if not isinstance(expression, FilteredExpression):
        return ""
    filters = expression.filters or []
    fallbacks = [each for each in filters if each.name == "default"]
    said = [arg.value for each in fallbacks for arg in each.args]
    if any(isinstance(one, StringLiteral) for one in said):
        return ""
    named = [expression.left]
    named += [arg.value for each in filters if each.name != "default" for arg in each.args]
    undefined = [one for one in named if isinstance(one, Path) and _is_undefined(one, context)]
    filled = fallbacks and not isinstance(value, Undefined) and str(value).strip()
    return "" if filled or not undefined else _UNUSUAL.sub("_", str(undefined[0]))[:200]


def _is_undefined(path: Path, context: RenderContext) -> bool:
    return isinstance(path.evaluate(context), Undefined)


class _Field(Output):
    node_class = _FieldNode

    def parse(self, stream: TokenStream) -> OutputNode:
        node = super().parse(stream)
        if len(getattr(node.expression, "filters", None) or ()) > MAX_FILTERS:
            raise LiquidSyntaxError(f"more than {MAX_FILTERS} filters", token=node.token)
        return node


def _bounded(join: Callable[..., str]) -> Callable[..., str]:
    """A filter that joins texts, to no more than a line or a paragraph has reason to be."""

    def joined(value: object, other: object) -> str:
        made = join(value, other)
        if len(made) > MAX_JOINED:
            raise OutputStreamLimitError("too long", token=None)
        return made

    return joined


class _Language(Environment):
    """What is left of Liquid."""

    context_depth_limit: ClassVar[int] = 20
    block_nesting_limit: ClassVar[int] = 10
    loop_iteration_limit: ClassVar[int | None] = 100
    local_namespace_limit: ClassVar[int | None] = 10_000
    output_stream_limit: ClassVar[int | None] = 1_000_000

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        self.add_tag(_Field)
        self.tags = {name: tag for name, tag in self.tags.items() if name in TAGS | _ALWAYS}
        self.filters = {
            name: _bounded(one) if name in ("append", "prepend") else one
            for name, one in self.filters.items()
            if name in FILTERS
        }


_HTML = _Language(autoescape=True)
_TEXT = _Language()
