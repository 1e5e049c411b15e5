"""Several preprocessors as one."""


class Pipeline:
    """Several preprocessors, applied one after the other.

    Parameters
    ----------
    items : list or None
        Preprocessors; the attribute `items` may be appended to.
    """

    def __init__(self, items=None):
        self.items = [] if items is None else items

    def apply(self, dataset, can_fit=False):
        """Apply each of `items` to `dataset`."""
        for item in self.items:
            item.apply(dataset, can_fit)
