"""Every metric of ours, by name: what it counts, in which unit, and the labels it may have.

Each class is one subject and belongs to the process that serves it; the registry is passed in. Labels have
few values, all known here, and every series exists from the start with 0: a rate can be taken of the first
event, and its absence means that nobody serves it. What is not known here is counted as `other`.
Identifiers (trades, merchants, messages) are never labels.
"""
