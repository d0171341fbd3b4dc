# SPDX-License-Identifier: Apache-2.0
"""What is made of many measurements. All of it returns values that were measured, or NaN where none were."""
import math
import statistics


def median(values):
    """The middle one; of an even number the lower one of the two in the middle."""
    values = list(values)
    return statistics.median_low(values) if values else math.nan


def percentile(values, part):
    """The smallest value that at least this part (0 to 1) of all do not exceed (nearest rank)."""
    values = sorted(values)
    return values[max(math.ceil(len(values) * part), 1) - 1] if values else math.nan


def median_ratio(above, below):
    """The median of the ratios of pairs that were measured one right after the other: what disturbs the
    machine disturbs both."""
    return median(a / b for a, b in zip(above, below))
