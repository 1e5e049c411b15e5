"""How data get onto the disk and off it: downloads, archives, HDF5 files, and what every data set on disk can do."""
