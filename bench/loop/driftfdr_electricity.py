"""False retrains of driftfdr and of river's Page-Hinkley on a fleet of models of Electricity; prints a line of JSON for each, and writes the models' losses.

The fleet, the drifts put into it and what counts as false are driftfdr's own (datasets.elec2_scenario, error_rate_view): 50 logistic regressions on four random
columns, trained on 5000 rows; for ten of them 30 % of the labels are flipped from some row on. A retrain is false when the error rate of the next 1000 rows is no
more than 0.05 above that of the reference. The data are read from a file, since river downloads them. Needs driftfdr and river.
python driftfdr_electricity.py electricity.csv LOSSES
"""

import csv
import json
import sys

import numpy as np
from driftfdr import CalibrationConfig, ECUSUM, MeanShift, MonitorConfig, PageHinkley, make_procedure, run_monitor
from driftfdr import datasets as fleet
from river import drift


def electricity(path):
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            label = row.pop("class")
            yield {name: float(text) for name, text in row.items()}, label in ("1", "UP", "1.0")


def judge(scenario, alarms, n_ref, window):
    """False alarms, and how many of the drifts were caught and how late, by driftfdr's rule."""
    false = sum(bool(scenario.is_null([k], [start], end, ref_len=n_ref, window=window)[0]) for k, start, end in alarms)
    delays = []
    for k in scenario.drifting:
        onset = int(scenario.change_start[k])
        hits = [end for j, _, end in alarms if j == k and end > onset]
        if hits:
            delays.append(min(hits) - onset)
    return {"alarms": len(alarms), "false": false, "drifts": len(scenario.drifting), "caught": len(delays), "delay": float(np.median(delays)) if delays else None}


def page_hinkley(scenario, n_ref, window):
    """river's detector with its defaults on the errors; an alarm begins a new reference, and is dated to the end of its window."""
    alarms = []
    for k in range(scenario.n_streams):
        detector, start = drift.PageHinkley(), 0
        for t, error in enumerate(scenario.values[k]):
            detector.update(float(error))
            end = (t // window + 1) * window
            if detector.drift_detected and start + n_ref < end <= scenario.n_steps:
                alarms.append((k, start, end))
                detector, start = drift.PageHinkley(), end
    return alarms


def main(path, out):
    class Elec2:
        def __iter__(self):
            return electricity(path)

    import river.datasets

    river.datasets.Elec2 = Elec2
    raw = fleet.elec2_scenario()
    scenario = fleet.error_rate_view(raw, 0.05)
    n_ref, window = 300, 100
    np.concatenate([raw.values.ravel(), raw.errors.astype(float).ravel()]).astype("<f4").tofile(out)
    print(json.dumps({"models": raw.n_streams, "steps": raw.n_steps, "n_ref": n_ref, "window": window, "drifting": [int(k) for k in scenario.drifting], "onsets": [int(scenario.change_start[k]) for k in scenario.drifting]}), flush=True)
    print(json.dumps({"method": "river Page-Hinkley, defaults", **judge(scenario, page_hinkley(scenario, n_ref, window), n_ref, window)}), flush=True)
    config = MonitorConfig(n_ref=n_ref, window=window, horizon=5, calibration=CalibrationConfig(tolerance=0.05))
    for name, detector, rule in [
        ("driftfdr MeanShift(3), Bonferroni 0.05", MeanShift(3), "bonferroni"),
        ("driftfdr Page-Hinkley, BH 0.05", PageHinkley(), "bh_window"),
        ("driftfdr e-CUSUM, Bonferroni 0.05", ECUSUM(), "bonferroni"),
    ]:
        tests = run_monitor(scenario, detector, make_procedure(rule, 0.05), config).tests
        found = tests[tests["rejected"]]
        alarms = list(zip(found["stream"].astype(int), found["ref_start"].astype(int), found["t_end"].astype(int)))
        print(json.dumps({"method": name, **judge(scenario, alarms, n_ref, window)}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
