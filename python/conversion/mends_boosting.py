"""Converters of LightGBM and XGBoost (onnxmltools) and CatBoost (its own export), with mends of what they leave out without a word."""

import copy
import re
from contextlib import contextmanager

import numpy
from onnx import TensorProto, helper, load

from conversion.graph_facts import attributes
from conversion.mends_sklearn import ROUNDED, floor32, redirected
from conversion.refused import Refused

FOREST = "the mean over the trees of LightGBM's random forest, where onnxmltools divides by 100"
SQUARE = "the square of LightGBM's reg_sqrt, which onnxmltools leaves out"
SIGMOID = "LightGBM's sigmoid={sigmoid}, which onnxmltools leaves out"
ONE_VS_ALL = "one logistic function per class of LightGBM's multiclassova, where onnxmltools writes a softmax"
LOGISTIC = "the logistic function of XGBoost's reg:logistic, which onnxmltools leaves out"
SOFTMAX = "the softmax of XGBoost's multi:softmax probabilities, which onnxmltools leaves out"
NAMES = "XGBoost's columns by their position, where onnxmltools goes by names such as f2"
EXPONENTIAL = "the exponential of CatBoost's {loss} loss, which its export leaves out"
PER_CLASS = "one logistic function per class of CatBoost's MultiClassOneVsAll, where its export writes a softmax"

NEXT_TO_ZERO = float(numpy.float32(1e-35))
CLASSIFIER = {"zipmap": [True, False, "columns"], "nocl": [True, False], "output_class_labels": [False, True]}


def register_boosting(mended, done):
    """Makes LightGBM's and XGBoost's models known to skl2onnx, as far as these packages are there; with mends when `mended`."""
    from skl2onnx import update_registered_converter
    from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes as of_classes, calculate_linear_regressor_output_shapes as of_numbers

    for library, names, mend in (("lightgbm", ("LGBMClassifier", "LGBMRegressor"), lightgbm_mends), ("xgboost", ("XGBClassifier", "XGBRFClassifier", "XGBRegressor", "XGBRFRegressor"), xgboost_mends)):
        try:
            module = __import__(library)
            original = converter_of(library)
        except ImportError:
            continue
        for name in names:
            if hasattr(module, name):
                classifier = "Classifier" in name
                convert = mend(original, done) if mended else original
                update_registered_converter(getattr(module, name), name, of_classes if classifier else of_numbers, convert, overwrite=True, options=CLASSIFIER if classifier else None)


def converter_of(library):
    if library == "lightgbm":
        from onnxmltools.convert.lightgbm.operator_converters.LightGbm import convert_lightgbm

        return convert_lightgbm
    from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost

    return convert_xgboost


def put(node, **values):
    """Sets attributes of a node."""
    for name, value in values.items():
        for attribute in list(node.attribute):
            if attribute.name == name:
                node.attribute.remove(attribute)
        node.attribute.append(helper.make_attribute(name, value))


def trees_among(nodes):
    return [node for node in nodes if node.op_type in ("TreeEnsembleClassifier", "TreeEnsembleRegressor")]


def scale_leaves(node, factor):
    name = "class_weights" if node.op_type == "TreeEnsembleClassifier" else "target_weights"
    put(node, **{name: [float(weight * factor) for weight in attributes(node)[name]]})


def lightgbm_mends(original, done):
    def convert(scope, operator, container):
        model = operator.raw_operator
        booster = model.booster_
        objective = str(booster.dump_model(num_iteration=1).get("objective", ""))
        forest, squared = model.boosting_type == "rf", re.search(r"\bsqrt\b", objective)
        raw, output = scope.get_unique_variable_name("raw"), operator.outputs[0].full_name
        before = len(container.nodes)
        if forest:
            operator.raw_operator = copy.copy(model)
            operator.raw_operator.boosting_type = "gbdt"
        try:
            with redirected(container, output, raw if squared else output), thresholds_rounded_down(container, done):
                original(scope, operator, container)
        finally:
            operator.raw_operator = model
        for node in trees_among(container.nodes[before:]):
            mend_trees(node, objective, booster.num_model_per_iteration() if forest else None, done)
        if squared:
            # sign(x) x², LightGBM's RegressionL2loss::ConvertOutput with sqrt.
            size = scope.get_unique_variable_name("size")
            container.add_node("Abs", [raw], [size], name=scope.get_unique_operator_name("Abs"))
            container.add_node("Mul", [raw, size], [output], name=scope.get_unique_operator_name("Mul"))
            done(SQUARE)

    return convert


@contextmanager
def thresholds_rounded_down(container, done):
    """
    LightGBM compares float64 with float64; only "<=" of numbers is rounded, "==" is a category. It takes what is within 1e-35 of zero for
    zero when it reads a row (kZeroThreshold), so at its own threshold of -1e-35 that number goes right.
    """
    add_node = container.add_node

    def rounded(value):
        return float(numpy.nextafter(numpy.float32(value), numpy.float32(-1))) if value == -NEXT_TO_ZERO else floor32(value)

    def add(op_type, inputs, outputs, *rest, **values):
        if "nodes_values" in values:
            exact = values["nodes_values"]
            values["nodes_values"] = [rounded(value) if mode == "BRANCH_LEQ" else value for mode, value in zip(values["nodes_modes"], exact)]
            if any(numpy.float32(a) != numpy.float32(b) for a, b in zip(values["nodes_values"], exact)):
                done(ROUNDED)
        return add_node(op_type, inputs, outputs, *rest, **values)

    container.add_node = add
    try:
        yield
    finally:
        container.add_node = add_node


def mend_trees(node, objective, trees_per_round, done):
    if trees_per_round is not None:
        scale_leaves(node, trees_per_round / len(set(attributes(node)["nodes_treeids"])))
        done(FOREST)
    sigmoid = re.search(r"sigmoid:([-+.\de]+)", objective)
    if sigmoid and float(sigmoid[1]) != 1:
        scale_leaves(node, float(sigmoid[1]))
        done(SIGMOID.format(sigmoid=sigmoid[1]))
    if objective.startswith("multiclassova"):
        put(node, post_transform="LOGISTIC")
        done(ONE_VS_ALL)


def xgboost_mends(original, done):
    def convert(scope, operator, container):
        before, objective = len(container.nodes), operator.raw_operator.objective
        logistic = objective == "reg:logistic" and "Regressor" in type(operator.raw_operator).__name__
        raw, output = scope.get_unique_variable_name("raw"), operator.outputs[0].full_name
        with redirected(container, output, raw if logistic else output), named_by_position(operator.raw_operator.get_booster(), done):
            original(scope, operator, container)
        for node in trees_among(container.nodes[before:]):
            values = attributes(node)
            if logistic:
                base = numpy.array(values.get("base_values", [0.5]), dtype=float)
                put(node, base_values=[float(value) for value in numpy.log(base / (1 - base))])
            if objective == "multi:softmax" and node.op_type == "TreeEnsembleClassifier" and values.get("post_transform") == b"NONE":
                put(node, post_transform="SOFTMAX")
                done(SOFTMAX)
        if logistic:
            # XGBoost keeps base_score as a probability and adds its logit (ObjFunction::ProbToMargin).
            container.add_node("Sigmoid", [raw], [output], name=scope.get_unique_operator_name("Sigmoid"))
            done(LOGISTIC)

    return convert


@contextmanager
def named_by_position(booster, done):
    """onnxmltools takes the name of a column for its position: it refuses "age", and reads "f2" as the third column wherever it stands."""
    names = booster.feature_names
    positions = None if names is None else [f"f{index}" for index in range(len(names))]
    if names != positions:
        booster.feature_names = positions
        done(NAMES)
    try:
        yield
    finally:
        booster.feature_names = names


def catboost_graph(model, path, mended, done):
    """CatBoost's own export, its maps of probabilities as a plain tensor, its input as `input`."""
    try:
        model.save_model(path, format="onnx")
    except Exception as error:
        raise Refused(f"CatBoost does not export this model as ONNX: {str(error).strip().splitlines()[-1]}")
    graph = load(path)
    for node in list(graph.graph.node):
        node.input[:] = ["input" if name == graph.graph.input[0].name else name for name in node.input]
        if node.op_type == "ZipMap":
            classes = len(attributes(node).get("classlabels_int64s", []) or attributes(node).get("classlabels_strings", []))
            graph.graph.node.remove(node)
            for output in list(graph.graph.output):
                if output.name == node.output[0]:
                    output.CopyFrom(helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, ["N", classes]))
            for one in graph.graph.node:
                one.output[:] = [node.output[0] if name == node.input[0] else name for name in one.output]
    graph.graph.input[0].name = "input"
    if graph.graph.output[0].name == "predictions":  # ONNX Runtime answers [N, 1], and the file says [N].
        graph.graph.output[0].CopyFrom(helper.make_tensor_value_info("predictions", TensorProto.FLOAT, ["N", 1]))
    loss = str(model.get_all_params().get("loss_function", "")) if mended else ""
    name = loss.partition(":")[0]
    if name in ("Poisson", "Tweedie"):
        output = graph.graph.output[0].name
        for node in graph.graph.node:
            node.output[:] = ["raw" if one == output else one for one in node.output]
        graph.graph.node.append(helper.make_node("Exp", ["raw"], [output]))
        graph.opset_import.append(helper.make_opsetid("", 13))
        done(EXPONENTIAL.format(loss=name))
    if name == "MultiClassOneVsAll":
        for node in trees_among(graph.graph.node):
            put(node, post_transform="LOGISTIC")
        done(PER_CLASS)
    return graph
