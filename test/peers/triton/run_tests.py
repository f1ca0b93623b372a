"""Runs one test file of Triton in this process, its sentences compared or not, and writes what became of each test as JSON.

    python run_tests.py TEST_FILE OUTCOMES_FILE [--any-words] [NAME ...]
"""
import importlib.util
import json
import sys
import unittest

import numpy

numpy.NINF = -numpy.inf  # NumPy 2 has no other name for it


class Outcomes(unittest.TextTestResult):
    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.found = {}

    def addSuccess(self, test):
        super().addSuccess(test)
        self.found.setdefault(self.name(test), "")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.found[self.name(test)] = f"{error[0].__name__}: {error[1]}"

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error:
            self.found[self.name(test)] = f"{error[0].__name__}: {error[1]}"

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.found[self.name(test)] = f"skipped: {reason}"

    addError = addFailure

    @staticmethod
    def name(test):
        return ".".join(test.id().split(".")[-2:]) if hasattr(test, "_testMethodName") else str(test)


def any_words():
    """Takes any sentence for the one that is looked for: errors in other words."""
    compare = unittest.TestCase.assertIn
    unittest.TestCase.assertIn = lambda self, part, whole, msg=None: None if isinstance(whole, str) else compare(self, part, whole, msg)
    unittest.TestCase.assertRaisesRegex = lambda self, error, words, *args, **more: self.assertRaises(error, *args, **more)


def onnx_alone():
    """No TensorRT, no TorchScript, no ensembles: tests that ask every kind of model ask the ONNX ones."""
    try:
        import test_util
    except ImportError:
        return
    for kind in ["trt", "libtorch", "ensemble"]:
        setattr(test_util, f"validate_for_{kind}_model", lambda *args, **more: False)


file, outcomes, *rest = sys.argv[1:]
onnx_alone()
if "--any-words" in rest:
    rest.remove("--any-words")
    any_words()
spec = importlib.util.spec_from_file_location("triton_suite", file)
module = importlib.util.module_from_spec(spec)
sys.modules["triton_suite"] = module
spec.loader.exec_module(module)
suite = unittest.defaultTestLoader.loadTestsFromNames(rest, module) if rest else unittest.defaultTestLoader.loadTestsFromModule(module)
result = unittest.TextTestRunner(verbosity=2, resultclass=Outcomes).run(suite)
with open(outcomes, "w") as out:
    json.dump(result.found, out)
