"""Getting data onto the disk and off it: downloads, archives, HDF5 files, and the base of all sources."""
