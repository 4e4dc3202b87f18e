"""The outermost layer: command line, HTTP service, settings and the embedded database. It only wires the layers below."""
