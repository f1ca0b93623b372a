import { testAutologging } from "./autolog.ts";

// PyTorch as PyPI has it for Linux brings CUDA: 5 GB on the disk.
testAutologging("deep", ["torch", "lightning", "keras"], ["lightning", "keras"]);
