"""Proof against the truth: how right a release of the demonstration is, beside naive estimates and an oracle.

`evaluate` compares every published figure of some days with the truth that was written beside the deliveries, and the
same figures as others would have made them from the same deliveries; `pooled` does so in many small worlds. A release
of real deliveries cannot be evaluated: nobody knows the truth of it.
"""

from __future__ import annotations

from cellcount.evaluate.evaluation import Evaluation, evaluate
from cellcount.evaluate.report import render, to_dict
from cellcount.evaluate.truth import EvaluationError
from cellcount.evaluate.worlds import pooled

__all__ = ["Evaluation", "EvaluationError", "evaluate", "pooled", "render", "to_dict"]
