"""Networks with binarized weights: layers, losses, the update rule, and the Ops that Aesara lacks."""
