"""Figure 1 of the paper: gradients recorded during training, and their histograms."""
