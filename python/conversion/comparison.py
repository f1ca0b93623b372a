"""Everything that a graph must be compared with: rows, what the model answers to them, and where to expect an error."""

import os

import numpy

from conversion.columns import as_float32, encoded, feeds_of, frame_of
from conversion.graph_facts import texts_of, thresholds_of
from conversion.known_errors import parts_of, suspects
from conversion.made_rows import make_rows
from conversion.model_answers import answers_of, ask
from conversion.refused import Refused

#: Above this an answer of the model to a rounded row counts as another; float32 has 24 bits.
ROUNDING = 1e-5


def what_to_compare(model, columns, named, graphs, extremes):
    outputs = [[value.name for value in one.graph.graph.output] for one in graphs]
    asked = answers_of(model, max(outputs, key=len))
    for one, names in zip(graphs, outputs):
        leave_out(one, [output for output, answer in zip(names, asked) if answer is None], "which the model itself does not give")
    if len(asked) > 1 and asked[1] is not None and asked[1].method != "predict_proba":
        graphs = graphs + [labels_alone(one, len(graphs) + index) for index, one in enumerate(graphs)]
        outputs = outputs + [names[:1] for names in outputs]
    thresholds, texts = {}, {}
    for one in graphs:
        widths = {"input": len(columns)} if one.matrix else {value.name: 1 for value in one.graph.graph.input}
        for index, found in thresholds_of(one.graph, widths).items():
            thresholds.setdefault(index, []).extend(found)
        texts.update(dict.fromkeys(texts_of(one.graph)))
    kinds, rows = zip(*(made := make_rows(columns, thresholds, list(texts), extremes))[0])
    exact, rows = list(rows), as_float32(columns, rows)
    make_frame = lambda part: frame_of(columns, part, named)  # noqa: E731
    taken, answers, margins, refused = ask(model, asked, make_frame, rows)
    if not taken:
        raise Refused(f"The model itself answers none of {len(rows)} rows: {next(iter(refused), 'there are none')}")
    used = [position for position, one in enumerate(asked) if one is not None]
    rows = [rows[index] for index in taken]
    return {
        "candidates": [
            {"file": one.file, "feeds": feeds_of(columns, rows, one.matrix), "columns": [column.name for column in columns], "mended": one.mended, "outputs": [used.index(position) for position in range(len(names)) if asked[position] is not None]}
            for one, names in zip(graphs, outputs)
        ],
        "rows": [kinds[index] for index in taken],
        "answers": [{"method": asked[position].method, "kind": asked[position].kind, "scale": asked[position].scale, "sided": asked[position].sided, "values": values_of(answers[position], asked[position].kind)} for position in used],
        "margins": [None if numpy.isnan(margin) else float(margin) for margin in margins],
        "batches": sorted({1, 2, 3, *(size for part in parts_of(model) for size in sizes(part))}),
        "refused": {sentence: len(indices) for sentence, indices in refused.items()},
        "rounded": changed_by_rounding(model, asked, make_frame, exact, kinds, dict(zip(taken, range(len(taken)))), answers),
        "left": made[1],
        "suspects": suspects(model),
    }


def sizes(part):
    count = len(getattr(part, "estimators_", None) if getattr(part, "estimators_", None) is not None else [])
    return [count] if 0 < count <= 1000 else []


def leave_out(one, outputs, why):
    """An output that cannot be compared is no part of the graph."""
    for output in [output for output in one.graph.graph.output if output.name in outputs]:
        one.graph.graph.output.remove(output)
        one.mended.append(f"the output {output.name}, {why}, was left out")
    with open(one.file, "wb") as file:
        file.write(one.graph.SerializeToString())


def labels_alone(one, index):
    """The graph without its scores: where they are others than the model's (signs, scales), the labels may still be right."""
    copy = type(one)(os.path.join(os.path.dirname(one.file), f"{index}.onnx"), type(one.graph)(), one.matrix, list(one.mended), one.made_by)
    copy.graph.CopyFrom(one.graph)
    leave_out(copy, [output.name for output in copy.graph.graph.output[1:]], "whose scores are not those of the model")
    return copy


def values_of(values, kind):
    values = numpy.asarray(values)
    if kind == "label":
        return [[label(value) for value in numpy.ravel(row)] for row in values]
    return [[encoded(float(value)) for value in numpy.ravel(row)] for row in values]


def label(value):
    value = value.item() if isinstance(value, numpy.generic) else value
    if isinstance(value, bool) or isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def changed_by_rounding(model, asked, make_frame, exact, kinds, positions, answers):
    """Rows of the example whose numbers no float32 holds, to which the model itself answers otherwise after rounding."""
    count = sum(kind == "the example" for kind in kinds)
    indices = [index for index in range(count) if index in positions]
    taken, before, _, _ = ask(model, asked, make_frame, [exact[index] for index in indices])
    changed = set()
    for one, first, rounded in zip(asked, before, answers):
        for place, values in zip(taken, first if first is not None else []):
            other = rounded[positions[indices[place]]]
            if one.kind == "label" and list(map(label, numpy.ravel(values))) != list(map(label, numpy.ravel(other))):
                changed.add(place)
            if one.kind == "number" and not numpy.allclose(numpy.asarray(values, dtype=float), numpy.asarray(other, dtype=float), rtol=ROUNDING, atol=ROUNDING * (one.scale or 0), equal_nan=True):
                changed.add(place)
    return len(changed)
