"""Operations of the method that Aesara lacks, each with a C implementation, a NumPy one and a JAX twin."""
