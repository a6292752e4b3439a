"""Makes an installed layer small and quick to import: `python build_layer.py <folder of packages>`.

A cold start is mostly reading: botocore's service models and the bytecode of every import. So the models of
services we never call go, the documentation inside the others goes, and everything is compiled ahead of time.
Standard library only: it runs inside `sam build`, on whatever Python 3.13 uv finds.
"""

import compileall
import json
import re
import shutil
import sys
from gzip import decompress
from pathlib import Path
from py_compile import PycInvalidationMode

AWS_SERVICES = ("codedeploy", "dynamodb", "events", "lambda", "secretsmanager", "sqs")
"""Every AWS service the functions may call; botocore knows no other in this layer."""

NEVER_USED = (
    "bin",
    "*/tests",
    "botocore/cacert.pem",  # botocore reads certifi's
    "pydantic/v1",  # the old API, for those who still migrate
    "aws_lambda_powertools/event_handler/openapi/swagger_ui/*.min.*",  # assets of a web page
    # These do not import here: they need boto3 or packages that this layer does not carry.
    "aws_lambda_powertools/utilities/data_masking",
    "aws_lambda_powertools/utilities/feature_flags",
    "aws_lambda_powertools/utilities/idempotency",
    "aws_lambda_powertools/utilities/parameters",
    "aws_lambda_powertools/utilities/streaming",
    "aws_lambda_powertools/utilities/validation",
    # Left behind by the tools that came before this one.
    ".lock",
    "**/__pycache__",
)
"""Patterns, from the layer's root."""

MODEL_FILES = ("service-2", "service-2.sdk-extras", "endpoint-rule-set-1", "paginators-1", "waiters-2")
PACKAGE_HEADERS = re.compile(r"^(Metadata-Version|Name|Version|License-Expression): .*$", re.MULTILINE)


def build(packages: Path) -> None:
    remove_what_never_runs(packages)
    keep_only_names_and_versions(packages)
    slim_botocore_data(packages / "botocore" / "data")
    compile_ahead_of_time(packages)


def remove_what_never_runs(packages: Path) -> None:
    for pattern in NEVER_USED:
        for path in list(packages.glob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def keep_only_names_and_versions(packages: Path) -> None:
    """All that vulnerability scanners and `importlib.metadata.version` read of a dist-info."""
    for dist_info in packages.glob("*.dist-info"):
        headers = PACKAGE_HEADERS.finditer((dist_info / "METADATA").read_text(encoding="utf-8"))
        short = "".join(f"{header[0]}\n" for header in headers)
        shutil.rmtree(dist_info)
        dist_info.mkdir()
        (dist_info / "METADATA").write_text(short, encoding="utf-8")


def slim_botocore_data(data: Path) -> None:
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in AWS_SERVICES:
            shutil.rmtree(folder)
    for service in AWS_SERVICES:
        *older, newest = sorted((data / service).iterdir())
        for version in older:
            shutil.rmtree(version)
        for model in newest.iterdir():
            slim_model(model)
    keep_our_services_endpoints(data / "endpoints.json")


def slim_model(model: Path) -> None:
    name = model.name.removesuffix(".gz").removesuffix(".json")
    if name in MODEL_FILES:
        raw = decompress(model.read_bytes()) if model.suffix == ".gz" else model.read_bytes()
        write_compact(model.with_name(f"{name}.json"), without_documentation(json.loads(raw)))
    if name not in MODEL_FILES or model.suffix == ".gz":
        model.unlink()


def without_documentation(node: object) -> object:
    """A service model without its prose. A shape's member of that name is no text, and stays."""
    if isinstance(node, dict):
        return {
            key: without_documentation(value)
            for key, value in node.items()
            if not (key == "documentation" and isinstance(value, str))
        }
    if isinstance(node, list):
        return [without_documentation(item) for item in node]
    return node


def keep_our_services_endpoints(endpoints: Path) -> None:
    document = json.loads(endpoints.read_bytes())
    for partition in document["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in AWS_SERVICES if name in services}
    write_compact(endpoints, document)


def write_compact(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, separators=(",", ":")), encoding="utf-8")


def compile_ahead_of_time(packages: Path) -> None:
    """SAM zips files with dates of 1980: bytecode checked by date would be recompiled at every cold start."""
    compiled = compileall.compile_dir(
        packages,
        maxlevels=20,
        quiet=1,
        stripdir=str(packages),
        prependdir="/opt/python",
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        raise SystemExit("some file of the layer does not compile; see above")


if __name__ == "__main__":
    build(Path(sys.argv[1]))
