"""Tables for papers: what Markdown and LaTeX would take for markup is text."""

import numpy as np
import pandas as pd

from pkpo_toy.cli.support.papers import latex, markdown

FRAME = pd.DataFrame(
    {
        "label": ["k = 8, 50% & more_or|less", "a+b ~ 1e5"],
        "n": [16, 4],
        "value": [0.123456, -1.5e-7],
        "value_se": [0.00123, 2e-8],
        "gap": [np.nan, -0.25],
    }
)


def test_markdown():
    assert markdown(FRAME).splitlines() == [
        "| label | n | value ± se | gap |",
        "| --- | ---: | ---: | ---: |",
        r"| k = 8, 50% & more_or\|less | 16 | 0.1235 ± 0.0012 |  |",
        "| a+b ~ 1e5 | 4 | -1.5e-07 ± 2e-08 | -0.25 |",
    ]


def test_latex():
    assert latex(FRAME).splitlines() == [
        r"\begin{tabular}{lrrr}",
        r"\toprule",
        r"label & n & value $\pm$ se & gap \\",
        r"\midrule",
        r"k = 8, 50\% \& more\_or|less & 16 & 0.1235 $\pm$ 0.0012 &  \\",
        r"a+b \textasciitilde{} 1e5 & 4 & "
        r"$-1.5 \cdot 10^{-7}$ $\pm$ $2 \cdot 10^{-8}$ & $-0.25$ \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_special_characters_cannot_leave_their_cell():
    frame = pd.DataFrame({r"a\b^c{d}#$": ["x\ny"]})
    assert latex(frame).splitlines()[2:5] == [
        r"a\textbackslash{}b\textasciicircum{}c\{d\}\#\$ \\",
        r"\midrule",
        r"x y \\",
    ]
