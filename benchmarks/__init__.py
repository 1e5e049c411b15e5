"""Comparisons of this project with its peers, runnable by anyone from the checkout."""
