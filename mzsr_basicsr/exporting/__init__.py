"""A network with its kernel baked in, as a file that other programs run: ONNX or TorchScript (`mzsr export`)."""
