"""Figure 1 of the paper: records gradients during training as histograms."""
