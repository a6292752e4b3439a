"""Whether Python on Lambda can use the bytecode in the built artifacts, and what that saves."""

import compileall
import importlib.util
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from py_compile import PycInvalidationMode

from bench import cold_start
from bench.artifacts import BuiltApp, Function
from bench.rows import Row

MEASURED_ON = "ReceiveWebhook"
SAM_ZIP_DATE = 315_532_800
"""1980-01-01T00:00:00Z. SAM gives this date to every file it zips, so that equal content makes equal zips."""

_HASH_BASED, _CHECKED = 0b01, 0b10


def is_recompiled(source: Path) -> bool:
    """Would Python on Lambda ignore this file's bytecode (PEP 552), given that the file has SAM's date there?"""
    bytecode = Path(importlib.util.cache_from_source(source))
    if not bytecode.exists():
        return True
    header = bytecode.read_bytes()[:16]
    if header[:4] != importlib.util.MAGIC_NUMBER:
        return True
    flags = int.from_bytes(header[4:8], "little")
    if flags & _HASH_BASED:
        return bool(flags & _CHECKED) and header[8:16] != importlib.util.source_hash(source.read_bytes())
    return int.from_bytes(header[8:12], "little") != SAM_ZIP_DATE


def recompiled_row(app: BuiltApp) -> Row:
    sources = [file for folder in _folders(app) for file in folder.rglob("*.py")]
    stale = sum(map(is_recompiled, sources))
    return Row("recompiled at cold start", stale, len(sources), "Python files", "a default SAM build", 0.0)


def instruction_rows(app: BuiltApp) -> Iterable[Row]:
    """Measure the built artifacts against the same files without bytecode. Raises: MeasurementError."""
    (function,) = (function for function in app.functions if function.name == MEASURED_ON)
    with tempfile.TemporaryDirectory() as folder:
        copied_app, copied_function = _copy(app, function, Path(folder))
        unchecked = cold_start.count_import(copied_app, copied_function)
        _recompile(copied_app, PycInvalidationMode.CHECKED_HASH)
        checked = cold_start.count_import(copied_app, copied_function)
        _delete_bytecode(copied_app)
        uncompiled = cold_start.count_import(copied_app, copied_function)
    reference_name = "a default SAM build (no bytecode)"
    yield Row(f"{MEASURED_ON}, unchecked bytecode as built", unchecked, uncompiled, "M instructions", reference_name)
    yield Row(f"{MEASURED_ON}, bytecode checked by hash", checked, uncompiled, "M instructions", reference_name)


def _copy(app: BuiltApp, function: Function, folder: Path) -> tuple[BuiltApp, Function]:
    layer = shutil.copytree(app.layer, folder / "layer")
    code = shutil.copytree(function.folder, folder / "function")
    copied_function = Function(function.name, code, function.environment)
    return BuiltApp(layer, (copied_function,)), copied_function


def _recompile(app: BuiltApp, mode: PycInvalidationMode) -> None:
    for folder in _folders(app):
        compileall.compile_dir(folder, quiet=1, force=True, invalidation_mode=mode)


def _delete_bytecode(app: BuiltApp) -> None:
    for folder in _folders(app):
        for cache in list(folder.rglob("__pycache__")):
            shutil.rmtree(cache)


def _folders(app: BuiltApp) -> list[Path]:
    return [app.layer, *(function.folder for function in app.functions)]
