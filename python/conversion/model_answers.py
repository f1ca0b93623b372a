"""What the model itself answers, row by row, and which output of the graph says the same."""

import numpy

from conversion.refused import Refused


class Answer:
    """One method of the model: `label` compares as text, `number` within a tolerance; `scale` is the size that a difference is measured by where it is
    known; `sided` says that one score stands in two columns, against and for."""

    def __init__(self, method, kind, ask, scale=None, sided=False):
        self.method, self.kind, self.ask, self.scale, self.sided = method, kind, ask, scale, sided


def answers_of(model, outputs):
    """For each output of the graph, in its order, what the model answers to the same; None where the model has no such method."""
    from sklearn.base import is_classifier, is_regressor

    labels = is_classifier(model) or hasattr(model, "predict_proba") or len(outputs) > 1
    predict = Answer("predict", "label" if labels and not is_regressor(model) else "number", lambda rows: flat(model.predict(rows)))
    if len(outputs) == 1:
        return [predict]
    if hasattr(model, "predict_proba"):
        return [predict, Answer("predict_proba", "number", lambda rows: table(model.predict_proba(rows)), 1.0)] + [None] * (len(outputs) - 2)
    if hasattr(model, "decision_function"):
        sided = is_classifier(model) and len(getattr(model, "classes_", ())) == 2
        return [predict, Answer("decision_function", "number", lambda rows: sides(table(model.decision_function(rows)), sided), sided=sided)] + [None] * (len(outputs) - 2)
    if hasattr(model, "transform"):
        return [predict, Answer("transform", "number", lambda rows: table(model.transform(rows)))] + [None] * (len(outputs) - 2)
    return [predict] + [None] * (len(outputs) - 1)


def flat(values):
    values = numpy.asarray(values)
    if values.ndim > 1 and values.shape[1] == 1:
        return values[:, 0]
    return values


def table(values):
    if isinstance(values, list):
        raise Refused("The model predicts several labels at once (multi-output): a graph's answers to it cannot be compared row by row, so it is not converted")
    values = numpy.asarray(values)
    return values.reshape(len(values), -1)


def sides(scores, sided):
    """A binary classifier's one score as two columns, against and for; others as they are."""
    return numpy.hstack([-scores, scores]) if sided and scores.shape[1] == 1 else scores


def margins(model, frame, count):
    """How far the winning class is before the next, by the model's own scores; NaN where it has none."""
    for method in ("predict_proba", "decision_function"):
        if hasattr(model, method):
            scores = table(getattr(model, method)(frame))
            if scores.shape[1] == 1:
                return numpy.abs(scores[:, 0])
            best = numpy.sort(scores, axis=1)
            return best[:, -1] - best[:, -2]
    return numpy.full(count, numpy.nan)


def ask(model, answers, frame_of, rows):
    """
    The model's answers to the rows that it takes: (indices of these rows, a list of arrays, margins, {sentence: indices of rows it refuses}).

    Rows are asked together, and by halves where the model raises, so that one bad row does not hide the others.
    """
    taken, refused = [], {}

    def part(indices):
        try:
            frame = frame_of([rows[index] for index in indices])
            got = [answer.ask(frame) if answer else None for answer in answers]
            edge = margins(model, frame, len(indices)) if answers[0].kind == "label" else numpy.full(len(indices), numpy.nan)
        except Refused:
            raise
        except Exception as error:
            if len(indices) == 1:
                refused.setdefault(f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"[:300], []).append(indices[0])
                return
            middle = len(indices) // 2
            part(indices[:middle])
            part(indices[middle:])
            return
        for answer, values in zip(answers, got):
            if answer and len(values) != len(indices):
                raise Refused(f"The model's {answer.method} answers {len(values)} rows to {len(indices)}")
        taken.append((indices, got, edge))

    if rows:
        part(list(range(len(rows))))
    indices = [index for part, _, _ in taken for index in part]
    joined = [numpy.concatenate([got[position] for _, got, _ in taken]) if answer and taken else None for position, answer in enumerate(answers)]
    return indices, joined, numpy.concatenate([edge for _, _, edge in taken]) if taken else numpy.array([]), refused
