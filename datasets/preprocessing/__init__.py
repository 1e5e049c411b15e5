"""pylearn2's preprocessors. Each has a method ``apply(dataset, can_fit)``, which changes a data set."""

from datasets.preprocessing.color import RGB_YUV
from datasets.preprocessing.contrast import GlobalContrastNormalization, global_contrast_normalize
from datasets.preprocessing.local_contrast import LeCunLCN, gaussian_filter, lecun_lcn
from datasets.preprocessing.pipeline import Pipeline
from datasets.preprocessing.zca import ZCA

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
