"""Networks with binarized weights: layers, losses, the update rule, and the operations that Aesara lacks."""
