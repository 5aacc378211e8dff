"""``course slides``: from an executed notebook to a lecture in one HTML file, and on paper."""


class SlidesError(ValueError):
    """A notebook cannot be made into slides, or slides into a PDF; the message says what mends it."""
