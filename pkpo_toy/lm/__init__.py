"""The optional torch backend: weights for tensors, a small language model, TRL and verl adapters.

The only room that may import torch, transformers, peft or trl; importing this name loads none.
"""
