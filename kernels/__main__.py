"""Compile every kernel into the cache: ``python -m kernels``, for the build of the container image."""

import importlib
import pkgutil

import kernels

for module in pkgutil.iter_modules(kernels.__path__):
    if module.name != "__main__":
        importlib.import_module(f"kernels.{module.name}")
