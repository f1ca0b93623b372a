"""Traces as MLflow's users make them, against the server in MLFLOW_TRACKING_URI. Fails at the first thing that is not as it should be."""
import json
import time

import mlflow
from mlflow import MlflowClient
from mlflow.entities import AssessmentSource, SpanType
from mlflow.exceptions import MlflowException

client = MlflowClient()
experiment = mlflow.set_experiment("tracing")


@mlflow.trace(span_type=SpanType.TOOL)
def look_up(word):
    return {"word": word, "meaning": None, "found": 1, "score": 0.5, "list": []}


@mlflow.trace
def fail():
    raise ValueError("no meaning")


@mlflow.trace(name="answer", attributes={"version": 2})
def answer(question):
    mlflow.update_current_trace(tags={"team": "mill"}, metadata={"mlflow.trace.session": "s-1", "mlflow.trace.user": "u-1"})
    with mlflow.start_span("think", span_type=SpanType.LLM) as span:
        span.set_inputs({"messages": [{"role": "user", "content": question}]})
        span.set_attribute("mlflow.chat.tokenUsage", {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15})
        span.set_attributes({"big": 2**60, "half": 0.5, "whole": 5.0, "yes": True, "model": "small"})
    look_up(question)
    return f"42 is the answer to {question}"


def search(text, order_by=None):
    return [t.info.tags["mlflow.traceName"] for t in mlflow.search_traces(locations=[experiment.experiment_id], filter_string=text, order_by=order_by, return_type="list")]


with mlflow.start_run() as run:
    assert answer("why?").startswith("42")
first = mlflow.get_last_active_trace_id()
try:
    fail()
except ValueError:
    pass
mlflow.flush_trace_async_logging()

# A trace comes back as it was made.
trace = mlflow.get_trace(first)
assert trace.info.state == "OK" and trace.info.experiment_id == experiment.experiment_id
assert trace.info.tags["team"] == "mill" and trace.info.trace_metadata["mlflow.sourceRun"] == run.info.run_id
assert "why?" in trace.info.request_preview and "42 is the answer" in trace.info.response_preview
assert trace.info.token_usage == {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}, trace.info.token_usage
root, think, tool = trace.data.spans
assert [s.name for s in trace.data.spans] == ["answer", "think", "look_up"] and root.parent_id is None and tool.parent_id == root.span_id
assert root.start_time_ns <= think.start_time_ns <= think.end_time_ns <= tool.start_time_ns <= root.end_time_ns
assert think.attributes["big"] == 2**60 and think.attributes["half"] == 0.5 and think.attributes["yes"] is True
assert think.attributes["whole"] == 5.0 and isinstance(think.attributes["whole"], float)
assert think.span_type == "LLM" and think.inputs == {"messages": [{"role": "user", "content": "why?"}]}
assert tool.outputs == {"word": "why?", "meaning": None, "found": 1, "score": 0.5, "list": []}, tool.outputs

# An exception is an event of its span.
[failed] = mlflow.search_traces(locations=[experiment.experiment_id], filter_string="status = 'ERROR'", return_type="list")
[event] = failed.data.spans[0].events
assert event.name == "exception" and event.attributes["exception.message"] == "no meaning" and event.timestamp > 10**18
assert failed.data.spans[0].status.description.startswith("ValueError")

# Searches.
for text, expected in [
    ("", ["fail", "answer"]),
    ("trace.status = 'OK'", ["answer"]),
    ("tags.team = 'mill' AND trace.name LIKE 'ans%'", ["answer"]),
    (f"attributes.run_id = '{run.info.run_id}'", ["answer"]),
    ("metadata.`mlflow.trace.session` = 's-1'", ["answer"]),
    ("span.type = 'LLM' AND span.attributes.model = 'small'", ["answer"]),
    ("span.name RLIKE '^look'", ["answer"]),
    ("trace.text LIKE '%no meaning%'", ["fail"]),
    ("tags.team = 'mill' OR status = 'ERROR'", ["fail", "answer"]),
    ("NOT tags.team = 'mill'", ["fail"]),
]:
    assert search(text) == expected, f"{text}: {search(text)}"
assert search("", ["timestamp_ms ASC"]) == ["answer", "fail"]
frame = mlflow.search_traces(locations=[experiment.experiment_id])
assert len(frame) == 2 and {"trace_id", "spans", "assessments"} <= set(frame.columns)

# Tags.
mlflow.set_trace_tag(first, "colour", "red")
assert client.get_trace(first).info.tags["colour"] == "red"
mlflow.delete_trace_tag(first, "colour")
assert "colour" not in client.get_trace(first).info.tags

# Assessments.
human = AssessmentSource(source_type="HUMAN", source_id="me")
good = mlflow.log_feedback(trace_id=first, name="good", value=True, source=human, rationale="short", metadata={"a": "b"})
detail = mlflow.log_feedback(trace_id=first, name="detail", value={"stars": 4, "words": ["a", "b"], "none": None})
mlflow.log_feedback(trace_id=first, name="broken", error=ValueError("judge is away"))
want = mlflow.log_expectation(trace_id=first, name="want", value={"answer": 42, "list": [1, 2]}, span_id=think.span_id)
mlflow.log_expectation(trace_id=first, name="number", value=42)
read = mlflow.get_assessment(first, good.assessment_id)
assert read.value is True and read.source.source_id == "me" and read.rationale == "short" and read.metadata == {"a": "b"} and read.valid
assert mlflow.get_assessment(first, detail.assessment_id).value == {"stars": 4, "words": ["a", "b"], "none": None}
assert mlflow.get_assessment(first, want.assessment_id).value == {"answer": 42, "list": [1, 2]}
by_name = {a.name: a for a in mlflow.get_trace(first).info.assessments}
assert by_name["broken"].error.error_message == "judge is away" and by_name["number"].value == 42 and by_name["want"].span_id == think.span_id
override = mlflow.override_feedback(trace_id=first, assessment_id=good.assessment_id, value=False)
assert not mlflow.get_assessment(first, good.assessment_id).valid and override.valid
assert search("feedback.good = 'false'") == ["answer"] and search("feedback.good = 'true'") == []
mlflow.delete_assessment(trace_id=first, assessment_id=override.assessment_id)
assert mlflow.get_assessment(first, good.assessment_id).valid
mlflow.update_assessment(trace_id=first, assessment_id=want.assessment_id, assessment=mlflow.entities.Expectation(name="want", value=[3]))
assert mlflow.get_assessment(first, want.assessment_id).value == [3]
assert search("expectation.number = '42' AND feedback.detail IS NOT NULL") == ["answer"]

# Threads, many spans, a trace that is logged whole, deletion.
with mlflow.start_span("many") as outer:
    for index in range(200):
        with mlflow.start_span(f"step {index}") as inner:
            inner.set_inputs({"index": index})
mlflow.flush_trace_async_logging()
assert len(mlflow.get_trace(outer.trace_id).data.spans) == 201
mlflow.log_trace(name="logged", request="in", response="out", tags={"k": "v"}, execution_time_ms=10)
mlflow.flush_trace_async_logging()
assert search("trace.name = 'logged' AND tag.k = 'v'") == ["logged"]
client.link_traces_to_run([outer.trace_id], run.info.run_id)
assert sorted(search(f"run_id = '{run.info.run_id}'")) == ["answer", "many"]
assert client.delete_traces(experiment.experiment_id, trace_ids=[outer.trace_id]) == 1
assert client.delete_traces(experiment.experiment_id, max_timestamp_millis=int(time.time() * 1000) + 10_000, max_traces=1) == 1
assert len(search("")) == 2
try:
    client.get_trace(outer.trace_id)
except MlflowException as error:
    assert error.error_code == "RESOURCE_DOES_NOT_EXIST", error
else:
    raise AssertionError("a deleted trace is still there")
print(json.dumps({"mlflow": mlflow.__version__, "done": True}))
