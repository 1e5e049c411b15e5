"""Preprocessors under pylearn2's names: each has ``apply(dataset, can_fit)``, which changes a data set."""

from datasets.color import RGB_YUV
from datasets.contrast import GlobalContrastNormalization, global_contrast_normalize
from datasets.local_contrast import LeCunLCN, gaussian_filter, lecun_lcn
from datasets.whitening import ZCA

__all__ = [
    "RGB_YUV",
    "ZCA",
    "GlobalContrastNormalization",
    "LeCunLCN",
    "Pipeline",
    "gaussian_filter",
    "global_contrast_normalize",
    "lecun_lcn",
]


class Pipeline:
    """Several preprocessors, one after the other.

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
