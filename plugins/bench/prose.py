"""The sentences of ``benchmark.md``."""

from __future__ import annotations

import textwrap
from typing import Any

WIDTH = 128

NULL = """
{splits} random splits of one pool of {pool} images in two sides; in *groups*, {views} images of each part stay together.
*Named*: at least one attribute at or below α after correction over all of them; *joint test*: the test of the whole space.
Shares in %, with the 95 % interval of Clopper and Pearson; **bold** where the nominal share lies outside of it: below it a
scorer is careful, above it, wrong.
"""
PLANTED = """
A *right* attribute is one that the suite says claims the factor; what must follow by physics counts neither way.
*Precision@1*: the first name, consequences passed over, is right; naming nothing is wrong. *First*: the very first name is
right. *AP* and *rank* are of the whole ranking, named or not, consequences passed over. *Found*: a right attribute is among
those named. *Joint test*: the whole space differs. *Made up*: something is named on its own that is neither right nor a
consequence. Shares are of trials, means over factors. For encoders without names, the up to {relevant} dimensions that the
strongest shift moves on {apart} further images a side count as right.
"""
SIZES = "Mean over the claimed factors of the share of trials that name a right attribute."
FACTOR = """
*Step*: one unit of strength, in the factor's own unit. *Moved*: by how many of its own standard deviations the claiming
attribute moves at strength {strength}. Under each scorer: the smallest strength found with power {power}, by straight lines
between those planted. *Dose–response*: Spearman's correlation of strength and effect. The last three columns are of
`{scorer}`; *comes first* and *made up* at the largest strength.
"""
UNCLAIMED = """
Share of trials in which `{encoder}` names anything at all; *comes first* is of `{scorer}`. A name here is a consequence at
best.
"""
NOBODY = """
At the largest strength and size, no scorer on any encoder raises an alarm in half of the trials: {nobody}. An alarm is
raised, but the attribute that claims the factor is not named in half of the trials by any scorer: {misnamed}.
"""
PAIRED = "Are both named, and does neither stand only as a consequence of the other? Shares of trials."
CONTENT = """
Families or defects change; light and camera do not. Shares of trials that name anything, and that name, on its own, an
attribute of {kinds}: the pictures may differ there, the light does not.
"""
LIMITS = """
The pictures are rendered. A renderer has the effects that its authors thought of: what is found here can be found; what is
found on a real line is another question, and no figure here is a promise for one. A cause that nobody rendered is not even
missed. One site, `{source}`, and one picture size were used; where parts fill less of the picture, or are of one family, the
same shift is larger or smaller in deviations. Strengths are steps of this suite, chosen so that one of them moves the
claiming attribute by about one of its own deviations; they are not what drifts on a line in a week. Some factors were planted
on parts that show them (*options* in the suite), which flatters. Which attribute claims a factor, and what may follow it, was
written down by people who had seen how the attributes respond on a few dozen of such parts; the steps were chosen there too.
Another table would give other precisions, and precision@1 passes over consequences where *first* does not. Trials of one cell
are subsets of the same pools: where a pool is as large as the subset, only the other side changes, so shares over a few
trials are coarse and their intervals too narrow. The splits of the null come from one pool a row and share images, while the
intervals take them for independent. The scorers share a level of significance, not a purpose: `classifier` and `mmd` are
joint tests first, their names are a by-product, and all baselines name every significant attribute where `stylediff` folds
consequences. That the relevant dimensions of an encoder without names rank high tells nobody what to do.
"""


def filled(text: str, **facts: Any) -> str:
    """Give ``text`` with its facts, in lines of at most ``WIDTH`` characters.

    >>> filled("a {b}", b=1)
    'a 1'
    """
    words = " ".join(text.format(**facts).split())
    return textwrap.fill(words, WIDTH, break_long_words=False, break_on_hyphens=False)
