"""What a finished graph says of itself: where its trees split the inputs, which texts it knows."""

import numpy
from onnx import helper

#: What hands a number on as it is, but for missing ones.
PASSING = ("Cast", "Identity", "Imputer", "Concat", "FeatureVectorizer")


def attributes(node):
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def thresholds_of(graph, widths):
    """The thresholds of trees and binarizers that look at an input directly, by the index of the input's column; `widths` is the number of columns by input."""
    producers = {output: node for node in graph.graph.node for output in node.output}
    starts, start = {}, 0
    for value in graph.graph.input:
        starts[value.name] = start
        start += widths[value.name]

    def columns(name):
        """The column behind each feature of a tensor; None where it is none."""
        if name in starts:
            return list(range(starts[name], starts[name] + widths[name]))
        node = producers.get(name)
        if node is None or node.op_type not in PASSING:
            return None
        parts = [columns(one) for one in (node.input if node.op_type in ("Concat", "FeatureVectorizer") else node.input[:1])]
        return None if any(part is None for part in parts) else [column for part in parts for column in part]

    found = {}
    for node in graph.graph.node:
        if node.op_type not in ("TreeEnsembleClassifier", "TreeEnsembleRegressor", "TreeEnsemble", "Binarizer"):
            continue
        features = columns(node.input[0])
        if features is None:
            continue
        for feature, threshold in splits(attributes(node), len(features)):
            if 0 <= feature < len(features) and numpy.isfinite(threshold):
                found.setdefault(features[feature], []).append(float(threshold))
    return found


def splits(values, width):
    """(feature, threshold) pairs of a node."""
    if "threshold" in values:
        return [(feature, values["threshold"]) for feature in range(width)]
    modes = [mode.decode() if isinstance(mode, bytes) else mode for mode in values.get("nodes_modes", [])]
    return [(feature, value) for feature, value, mode in zip(values.get("nodes_featureids", []), values.get("nodes_values", []), modes) if mode != "LEAF"]


def texts_of(graph):
    """The texts that encoders of the graph know."""
    found = {}
    for node in graph.graph.node:
        for name in ("cats_strings", "keys_strings"):
            for text in attributes(node).get(name, []):
                found[text.decode(errors="replace") if isinstance(text, bytes) else text] = None
    return list(found)
