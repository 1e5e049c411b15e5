"""A sequence of preprocessors."""


class Pipeline:
    """Preprocessors that are applied one after the other.

    Parameters
    ----------
    items : list or None
        The preprocessors. More may be appended to the attribute `items`.

    Examples
    --------
    >>> import numpy as np
    >>> from datasets import DenseDesignMatrix
    >>> from datasets.preprocessing import ZCA, GlobalContrastNormalization
    >>> data_set = DenseDesignMatrix(X=np.random.RandomState(0).rand(20, 4))
    >>> Pipeline([GlobalContrastNormalization(), ZCA()]).apply(data_set, can_fit=True)
    >>> data_set.X.shape
    (20, 4)
    """

    def __init__(self, items=None):
        self.items = [] if items is None else items

    def apply(self, dataset, can_fit=False):
        """Apply each of `items` to `dataset`."""
        for item in self.items:
            item.apply(dataset, can_fit)
