"""The seven methods: how latent weights w become ``α·b``, and whether activations are binarized.

| method | b | α | activations |
| --- | --- | --- | --- |
| full-precision | none | none | full |
| binaryconnect | sign(w) | 1 | full |
| bwn | sign(w) | mean(abs(w)) | full |
| lab | sign(w) | Σ d·abs(w) / Σ d | full |
| bnn, xnor, lab2 | as the three above | | binarized |

The paper's Table 1 names them. Equations 1, 2 and 8 give b and α; `reproduce.formulas` computes them. A method's entry
here is the only place that knows it by name.
"""

from dataclasses import dataclass

from datasets.errors import nearest
from reproduce.errors import UserError


@dataclass(frozen=True)
class Method:
    """One way to binarize.

    Attributes
    ----------
    name : str
        The name in commands and records.
    label : str
        The name in the paper's tables.
    help : str
        One line for the command line's help.
    color : str
        The colour of its lines in plots that methods share.
    scale : {None, "one", "mean_abs", "curvature"}
        The formula of α, a key of `reproduce.formulas.SCALES`; None leaves the weights in full precision.
    binary_activations : bool
        Whether activations are binarized too.
    diverges_on_text : bool
        Whether it diverges on language models; there its spread between seeds is pooled apart.
    """

    name: str
    label: str
    help: str
    color: str
    scale: str | None
    binary_activations: bool = False
    diverges_on_text: bool = False

    @property
    def binarizes(self):
        """Whether weights are binarized."""
        return self.scale is not None

    @property
    def has_alpha(self):
        """Whether α is anything but 1."""
        return self.scale not in (None, "one")

    @property
    def group(self):
        """The title over such methods' rows in the paper's tables."""
        if self.binary_activations:
            return "Binarized weights and activations"
        return "Binarized weights" if self.binarizes else "No binarization"


METHODS = {
    method.name: method
    for method in (
        Method("full-precision", "full-precision", "nothing is binarized", "#80858d", None),
        Method("binaryconnect", "BinaryConnect", "weights ±1", "#d95f0e", "one", diverges_on_text=True),
        Method("bwn", "BWN", "weights ±α, α the mean of abs(w)", "#5f8f3e", "mean_abs"),
        Method("lab", "LAB", "weights ±α, α weighted by the curvature of the loss", "#2b83ba", "curvature"),
        Method("bnn", "BNN", "as binaryconnect, with activations ±1", "#d95f0e", "one", True, diverges_on_text=True),
        Method("xnor", "XNOR", "as bwn, with activations ±1", "#5f8f3e", "mean_abs", True),
        Method("lab2", "LAB2", "as lab, with activations ±1", "#2b83ba", "curvature", True),
    )
}


def get(name):
    """The method called `name`.

    Raises
    ------
    UserError
        If the name is unknown; the message lists the known ones.

    Examples
    --------
    >>> lab = get("lab")
    >>> lab.label, lab.scale, lab.binarizes, lab.binary_activations
    ('LAB', 'curvature', True, False)
    """
    if name not in METHODS:
        raise UserError(f"unknown method '{name}'{nearest(name, METHODS)}; methods are {', '.join(METHODS)}")
    return METHODS[name]
