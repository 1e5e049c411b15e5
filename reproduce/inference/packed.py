"""The file of an exported model: safetensors, whose metadata carry a format version and a checksum of all the rest."""

import hashlib
import json
import os
import stat

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from reproduce.errors import UserError

NAME = "lab-reproduce model"
VERSION = 1
DTYPES = "F32", "U8"
"""The types of tensors, in safetensors' words."""

REMEDY = "export the model anew, or get the file again"


def encode(tensors, **described):
    """The bytes of a file.

    Parameters
    ----------
    tensors : dict of str to ndarray
    **described : JSON-able
        What the metadata say beside format, version and checksum.
    """
    tensors = {name: np.array(tensor, order="C") for name, tensor in tensors.items()}
    metadata = {name: json.dumps(value, ensure_ascii=True) for name, value in described.items()}
    metadata |= {"format": NAME, "version": str(VERSION)}
    return _ordered(save(tensors, metadata | {"sha256": checksum(tensors, metadata)}))


def read(path):
    """What `encode` was given.

    Returns
    -------
    tensors : dict of str to ndarray
    described : dict of str to JSON values

    Raises
    ------
    UserError
        If the file cannot be read, is no exported model, is of a newer format, or is damaged.
    """
    _check_readable(path)
    try:
        with safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            _check_format(path, metadata)
            tensors = {name: _tensor(file, name) for name in file.keys()}  # noqa: SIM118  no mapping
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path} is no exported model, or is damaged ({_one_line(error)}); {REMEDY}") from None
    if metadata.pop("sha256", None) != checksum(tensors, metadata):
        raise damaged(path, "its checksum does not hold")
    try:
        described = {key: json.loads(text) for key, text in metadata.items() if key not in ("format", "version")}
    except (ValueError, RecursionError) as error:
        raise damaged(path, error) from None
    return tensors, described


def damaged(path, reason):
    """The UserError for a file whose parts do not fit each other."""
    return UserError(f"{path} is damaged ({_one_line(reason)}); {REMEDY}")


def _check_readable(path):
    """Refuse what is no file, or may not be read; safetensors waits for a pipe and calls a forbidden file missing."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise UserError(f"{path} is no exported model: it is no file; {REMEDY}")
        open(path, "rb").close()
    except FileNotFoundError:
        raise UserError(f"there is no file {path}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from None


def _check_format(path, metadata):
    if metadata.get("format") != NAME:
        raise ValueError("its metadata do not say that it is one")
    version = metadata.get("version")
    if version != str(VERSION):
        raise UserError(f"{path} is of format {version!r}, this program reads {VERSION}; use the version that wrote it")


def _tensor(file, name):
    dtype = file.get_slice(name).get_dtype()
    if dtype not in DTYPES:
        raise ValueError(f"tensor {name} is of type {dtype}")
    return file.get_tensor(name)


def _ordered(content):
    """The same file with its header in order, so that equal models have equal bytes; safetensors shuffles metadata."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content[end:]


def checksum(tensors, metadata):
    """SHA-256, in hexadecimal, of tensors and metadata: of names, types, shapes and contents."""
    digest = hashlib.sha256(json.dumps(metadata, sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(json.dumps([name, tensor.dtype.str, tensor.shape]).encode())
        digest.update(np.ascontiguousarray(tensor).data if tensor.size else b"")
    return digest.hexdigest()


def _one_line(reason):
    return " ".join(str(reason).split())
