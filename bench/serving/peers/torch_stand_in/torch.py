"""TorchServe's worker imports torch to tell whether an answer is a tensor (ts/protocol/otf_message_handler.py); here none is, and PyPI's torch brings gigabytes of CUDA."""


class Tensor:
    pass
