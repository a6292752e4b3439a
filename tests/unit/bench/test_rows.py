import py_compile
from pathlib import Path

import pytest

from bench import artifacts, bytecode, size, write_units
from bench.rows import Row

MODES = py_compile.PycInvalidationMode

TEMPLATE = """
Parameters:
  ReplayWindowDays: {Type: Number, Default: 5}
  JwtIssuer: {Type: String}
Globals:
  Function:
    Environment:
      Variables:
        TABLE_NAME: {Ref: Table}
        REPLAY_WINDOW_DAYS: {Ref: ReplayWindowDays}
Resources:
  Table: {Type: "AWS::DynamoDB::Table"}
  CoreLayer:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: CoreLayer}
  ReceiveWebhookFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ReceiveWebhookFunction
      Environment: {Variables: {LEVEL: INFO}}
"""


@pytest.mark.parametrize(
    ("measured", "budget", "within"), [(29, 1.0, True), (31, 1.0, True), (32, 1.0, False), (99, None, True)]
)
def test_a_row_is_over_only_beyond_its_budget(measured: float, budget: float | None, within: bool) -> None:
    assert Row("what", measured, 31, "WCU", "items", budget).within_budget is within


@pytest.mark.parametrize(
    ("mode", "recompiled"),
    [(MODES.UNCHECKED_HASH, False), (MODES.CHECKED_HASH, False), (MODES.TIMESTAMP, True), (None, True)],
)
def test_what_python_compiles_again_after_sam_has_zipped_it(
    tmp_path: Path, mode: py_compile.PycInvalidationMode | None, recompiled: bool
) -> None:
    source = tmp_path / "app.py"
    source.write_text("answer = 42\n")
    if mode:
        py_compile.compile(str(source), invalidation_mode=mode)

    assert bytecode.is_recompiled(source) is recompiled


def test_checked_bytecode_of_another_source_is_compiled_again(tmp_path: Path) -> None:
    source = tmp_path / "app.py"
    source.write_text("answer = 42\n")
    py_compile.compile(str(source), invalidation_mode=MODES.CHECKED_HASH)
    source.write_text("answer = 43\n")

    assert bytecode.is_recompiled(source)


def test_a_function_gets_the_environment_of_the_template(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)

    app = artifacts.read_app(tmp_path)

    (function,) = app.functions
    assert (function.name, function.folder) == ("ReceiveWebhook", tmp_path / "ReceiveWebhookFunction")
    assert function.environment == {
        **artifacts.LAMBDA_ENVIRONMENT,
        "TABLE_NAME": "Table",
        "REPLAY_WINDOW_DAYS": "5",
        "LEVEL": "INFO",
    }
    assert app.layer == tmp_path / "CoreLayer" / "python"


def test_without_a_build_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(artifacts.NotBuiltError, match="make up"):
        artifacts.read_app(tmp_path)


def test_an_import_stays_within_its_write_units() -> None:
    changed, unchanged = write_units.import_units()

    assert unchanged <= write_units.UNCHANGED_BUDGET
    assert unchanged < changed <= write_units.CHANGED_BUDGET


def test_size_is_of_every_file_below(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "data.bin").write_bytes(b"x" * 2_000_000)
    (tmp_path / "app.py").write_bytes(b"x" * 500_000)

    assert size.unzipped_mb(tmp_path) == 2.5
