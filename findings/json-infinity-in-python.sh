#!/usr/bin/env bash
# What JSON parsers of Python make of an infinity differs, and no two of them can be pleased by one spelling (orjson 3.13.0, msgspec 0.23.0,
# python-rapidjson 1.25, simplejson 4.3.0, json of Python 3.11). 1e999 is a number by the grammar of RFC 8259 and infinite in float64; Infinity is none:
#              reads 1e999   reads Infinity   writes an infinity
#   orjson     refuses       refuses          null
#   msgspec    refuses       refuses          null
#   rapidjson  refuses       inf              Infinity
#   simplejson inf           refuses          refuses
#   json       inf           inf              Infinity
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check orjson==3.13.0 msgspec==0.23.0 python-rapidjson==1.25 simplejson==4.3.0
"$folder/venv/bin/python" - <<'PY'
import json, msgspec, orjson, rapidjson, simplejson

libraries = {"orjson": (orjson.loads, orjson.dumps), "msgspec": (msgspec.json.decode, msgspec.json.encode), "rapidjson": (rapidjson.loads, rapidjson.dumps), "simplejson": (simplejson.loads, simplejson.dumps), "json": (json.loads, json.dumps)}


def said(call, given):
    try:
        answer = call(given)
        return answer.decode() if isinstance(answer, bytes) else str(answer)
    except ValueError:  # each library's own error is one
        return "refuses"


found = {name: (said(loads, "1e999"), said(loads, "Infinity"), said(dumps, float("inf"))) for name, (loads, dumps) in libraries.items()}
for name, line in found.items():
    print(f"{name:10}", *line)
assert found == {
    "orjson": ("refuses", "refuses", "null"),
    "msgspec": ("refuses", "refuses", "null"),
    "rapidjson": ("refuses", "inf", "Infinity"),
    "simplejson": ("inf", "refuses", "refuses"),
    "json": ("inf", "inf", "Infinity"),
}, found
PY
