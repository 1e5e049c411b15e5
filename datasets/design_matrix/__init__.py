"""pylearn2's data set in memory, `DenseDesignMatrix`, and what it is made of."""

from datasets.design_matrix.dense_design_matrix import DenseDesignMatrix
from datasets.design_matrix.view_converter import DefaultViewConverter
from datasets.design_matrix.zca_dataset import ZCA_Dataset

__all__ = ["DefaultViewConverter", "DenseDesignMatrix", "ZCA_Dataset"]
