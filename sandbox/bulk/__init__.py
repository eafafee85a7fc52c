"""Mail by the ten thousand for benches: no story, but the shape of real mail, streamed.

What real mail has and this keeps: threads with References that quote what they answer, markup of
mail programs around a few paragraphs, a vocabulary with common and rare words, small attachments,
several people on each mail.
"""

from sandbox.bulk.making import generate
from sandbox.bulk.measure import Shape, shape
from sandbox.world.shapes import Delivery

__all__ = ["Delivery", "Shape", "generate", "shape"]
