"""River's adaptive random forest on a stream, row by row: prints its loss (RMSE or log loss) on the rows from the start of production on.

Every row is predicted when it happens and learnt when its label has come; rows before production are learnt at once. Needs river.
python river_forest.py stream.csv START_MS DELAY_DAYS classification|regression
"""

import csv
import math
import sys
from collections import deque
from datetime import datetime, timezone

from river import forest


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp() * 1000


def cell(text):
    try:
        return float(text)
    except ValueError:
        return text


def main(path, start, delay, task):
    regression = task == "regression"
    model = forest.ARFRegressor(seed=1) if regression else forest.ARFClassifier(seed=1)
    waiting = deque()
    total = rows = 0
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            time = moment(row.pop("at"))
            target = row.pop("target")
            features = {name: cell(text) for name, text in row.items()}
            while waiting and waiting[0][0] <= time:
                _, known, label = waiting.popleft()
                model.learn_one(known, label)
            if target == "":
                continue
            label = float(target) if regression else target
            if time < start:
                model.learn_one(features, label)
                continue
            if regression:
                total += (model.predict_one(features) - label) ** 2
            else:
                probability = (model.predict_proba_one(features) or {}).get(label, 0.0)
                total -= math.log(max(probability, sys.float_info.epsilon))
            rows += 1
            waiting.append((time + delay * 86_400_000, features, label))
    print(math.sqrt(total / rows) if regression else total / rows)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4])
