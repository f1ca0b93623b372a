"""Mends of what skl2onnx (1.20.0 and neighbours) leaves out of scikit-learn's models without a word.

Each wraps skl2onnx's own converter, so it holds wherever in a pipeline the model stands. A mend says what it did; the graph is then held to the
same comparison as any other, and so is the graph without mends, should a newer skl2onnx have made a mend wrong.
"""

from contextlib import contextmanager

import numpy
from onnx import TensorProto, helper

MISSING_SIDE = "to which side scikit-learn's trees send a missing value, which skl2onnx leaves out"
EXPONENTIAL = "the exponential of the {loss} loss, which skl2onnx leaves out"
INDICATOR = "the columns of SimpleImputer(add_indicator=True), which skl2onnx leaves out"
DISCRIMINANT = "the probabilities of LinearDiscriminantAnalysis with two classes, whose logit skl2onnx doubles"
LABELS = "the labels of QuadraticDiscriminantAnalysis, one per row, where skl2onnx makes one row of all"
ROUNDED = "thresholds rounded to float32 so that no float32 number changes sides"

TREES = ("DecisionTree", "ExtraTree", "RandomForest", "ExtraTrees")


def mend_sklearn(done):
    """Puts the mends into skl2onnx; `done(sentence)` is told of each that acts. Returns a function that takes them out again."""
    from skl2onnx.common import _registration, tree_ensemble

    converters = dict(_registration._converter_pool)
    shapes = dict(_registration._shape_calculator_pool)
    add_node = tree_ensemble.add_node
    for name in [f"Sklearn{tree}{kind}" for tree in TREES for kind in ("Classifier", "Regressor")] + ["SklearnIsolationForest"]:
        wrap(_registration, name, lambda original: trees_know_missing(original, done))
    wrap(_registration, "SklearnHistGradientBoostingRegressor", lambda original: exponential_of_loss(original, done))
    wrap(_registration, "SklearnLinearClassifier", lambda original: halved_discriminant(original, done))
    wrap(_registration, "SklearnQuadraticDiscriminantAnalysis", lambda original: labels_per_row(original, done))
    wrap(_registration, "SklearnSimpleImputer", lambda original: with_indicator(original, done))
    indicator_shape(_registration)
    tree_ensemble.add_node = rounded_down(add_node, done)

    def undo():
        _registration._converter_pool.update(converters)
        _registration._shape_calculator_pool.update(shapes)
        tree_ensemble.add_node = add_node

    return undo


def wrap(registration, name, mend):
    original = registration._converter_pool.get(name)
    if original is not None:
        registration._converter_pool[name] = registration.RegisteredConverter(mend(original), original.get_allowed_options())


def floor32(value):
    """The greatest float32 that is not above a float64: x <= value and x <= floor32(value) are the same for every float32 x."""
    nearest = numpy.float32(value)
    return float(nearest if float(nearest) <= float(value) else numpy.nextafter(nearest, numpy.float32(-numpy.inf)))


def rounded_down(add_node, done):
    """Histogram boosting compares float64 thresholds; protobuf 7 takes no bool where an int belongs, which stopped skl2onnx 1.20.0."""

    def convert(attr_pairs, is_classifier, tree_id, tree_weight, node_id, feature_id, mode, value, *rest, **options):
        if "nodes_missing_value_tracks_true" in options:
            options["nodes_missing_value_tracks_true"] = int(options["nodes_missing_value_tracks_true"])
            if mode == "BRANCH_LEQ" and numpy.isfinite(value) and floor32(value) != float(numpy.float32(value)):
                value = floor32(value)
                done(ROUNDED)
        return add_node(attr_pairs, is_classifier, tree_id, tree_weight, node_id, feature_id, mode, value, *rest, **options)

    return convert


def trees_know_missing(original, done):
    def convert(scope, operator, container):
        before = len(container.nodes)
        original(scope, operator, container)
        model = operator.raw_operator
        trees = [one.tree_ for one in numpy.ravel(model.estimators_)] if hasattr(model, "estimators_") else [model.tree_]
        sides = [tree.missing_go_to_left for tree in trees if hasattr(tree, "missing_go_to_left")]
        if len(sides) != len(trees):
            return
        nodes = [node for node in container.nodes[before:] if node.op_type in ("TreeEnsembleClassifier", "TreeEnsembleRegressor")]
        for index, node in enumerate(nodes):
            # All trees in one node, or (isolation forests) each in its own.
            set_missing_side(node, [sides[index]] if len(nodes) == len(trees) else sides, done)

    return convert


def set_missing_side(node, sides, done):
    values = {attribute.name: attribute for attribute in node.attribute}
    ids = list(zip(values["nodes_treeids"].ints, values["nodes_nodeids"].ints))
    if [len([one for one, _ in ids if one == tree]) for tree in range(len(sides))] != [len(side) for side in sides]:
        return
    modes = values["nodes_modes"].strings
    wanted = [int(mode != b"LEAF" and bool(sides[tree][index])) for mode, (tree, index) in zip(modes, ids)]
    if wanted != list(values["nodes_missing_value_tracks_true"].ints):
        values["nodes_missing_value_tracks_true"].CopyFrom(helper.make_attribute("nodes_missing_value_tracks_true", wanted))
        done(MISSING_SIDE)


@contextmanager
def redirected(container, output, to):
    """While it holds, what would be written to a tensor is written to another, so that an operator can be put between."""
    add_node = container.add_node

    def add(op_type, inputs, outputs, *rest, **values):
        outputs = [to if name == output else name for name in ([outputs] if isinstance(outputs, str) else outputs)]
        return add_node(op_type, inputs, outputs, *rest, **values)

    container.add_node = add
    try:
        yield
    finally:
        container.add_node = add_node


def exponential_of_loss(original, done):
    """`HalfPoissonLoss` and `HalfGammaLoss` have a logarithmic link (scikit-learn's sklearn._loss.link.LogLink)."""

    def convert(scope, operator, container):
        link = type(getattr(getattr(operator.raw_operator, "_loss", None), "link", None)).__name__
        if link != "LogLink":
            return original(scope, operator, container)
        raw, output = scope.get_unique_variable_name("raw"), operator.outputs[0].full_name
        with redirected(container, output, raw):
            original(scope, operator, container)
        container.add_node("Exp", [raw], [output], name=scope.get_unique_operator_name("Exp"))
        done(EXPONENTIAL.format(loss=operator.raw_operator.loss))

    return convert


def halved_discriminant(original, done):
    """scikit-learn: the probability is logistic(d). softmax(-d, d), which skl2onnx writes, is logistic(2 d); halving numbers is exact."""

    def convert(scope, operator, container):
        before = len(container.nodes)
        original(scope, operator, container)
        model = operator.raw_operator
        if type(model).__name__ != "LinearDiscriminantAnalysis" or len(model.classes_) != 2:
            return
        for node in container.nodes[before:]:
            values = {attribute.name: attribute for attribute in node.attribute}
            if node.op_type == "LinearClassifier" and values["post_transform"].s == b"SOFTMAX":
                for name in ("coefficients", "intercepts"):
                    values[name].CopyFrom(helper.make_attribute(name, [value / 2 for value in values[name].floats]))
                done(DISCRIMINANT)

    return convert


def labels_per_row(original, done):
    def convert(scope, operator, container):
        from skl2onnx.common._apply_operation import apply_reshape

        labels, output = scope.get_unique_variable_name("labels"), operator.outputs[0].full_name
        with redirected(container, output, labels):
            original(scope, operator, container)
        apply_reshape(scope, labels, output, container, desired_shape=(-1,))
        done(LABELS)

    return convert


def has_indicator(operator):
    from skl2onnx.common.data_types import FloatTensorType

    imputer = operator.raw_operator
    empty = [index for index, value in enumerate(imputer.statistics_) if isinstance(value, float) and numpy.isnan(value)] if imputer.statistics_.dtype.kind == "f" else []
    floats = all(isinstance(variable.type, FloatTensorType) for variable in operator.inputs)
    return imputer.indicator_ is not None and floats and not empty and isinstance(imputer.missing_values, float) and numpy.isnan(imputer.missing_values)


def indicator_shape(registration):
    original = registration._shape_calculator_pool.get("SklearnSimpleImputer")
    if original is None:
        return

    def calculate(operator):
        original(operator)
        shape = operator.outputs[0].type.shape
        if has_indicator(operator) and shape[1] is not None:
            operator.outputs[0].type.shape = [shape[0], shape[1] + len(operator.raw_operator.indicator_.features_)]

    registration._shape_calculator_pool["SklearnSimpleImputer"] = calculate


def with_indicator(original, done):
    """scikit-learn appends, for each column of `indicator_.features_`, 1 where it was missing."""

    def convert(scope, operator, container):
        if not has_indicator(operator):
            return original(scope, operator, container)
        from skl2onnx.common._apply_operation import apply_cast, apply_concat

        filled, flags, picked, gone, ones = (scope.get_unique_variable_name(name) for name in ("filled", "flags", "picked", "gone", "ones"))
        output = operator.outputs[0].full_name
        features = [int(index) for index in operator.raw_operator.indicator_.features_]
        with redirected(container, output, filled if features else output):
            original(scope, operator, container)
        if not features:
            return
        source = next(node for node in reversed(container.nodes) if node.op_type == "Imputer").input[0]
        container.add_initializer(picked, TensorProto.INT64, [len(features)], features)
        container.add_node("Gather", [source, picked], [flags], name=scope.get_unique_operator_name("Gather"), axis=1)
        container.add_node("IsNaN", [flags], [gone], name=scope.get_unique_operator_name("IsNaN"), op_version=9)
        apply_cast(scope, gone, ones, container, to=TensorProto.FLOAT)
        apply_concat(scope, [filled, ones], output, container, axis=1)
        done(INDICATOR)

    return convert
