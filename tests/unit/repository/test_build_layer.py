import gzip
import json
import re
from pathlib import Path

import build_layer

CHECKOUT = Path(__file__).resolve().parents[3]


def test_documentation_goes_but_a_member_of_that_name_stays() -> None:
    model = {
        "documentation": "<p>All of it.</p>",
        "shapes": {"Rule": {"members": {"documentation": {"shape": "Text", "documentation": "<p>One.</p>"}}}},
        "operations": [{"name": "GetRule", "documentation": "<p>Gets.</p>"}],
    }

    assert build_layer.without_documentation(model) == {
        "shapes": {"Rule": {"members": {"documentation": {"shape": "Text"}}}},
        "operations": [{"name": "GetRule"}],
    }


def test_botocore_keeps_the_newest_model_of_our_services_only(tmp_path: Path) -> None:
    for service in (*build_layer.AWS_SERVICES, "s3"):
        for version in ("2011-12-05", "2012-08-10"):
            folder = tmp_path / service / version
            folder.mkdir(parents=True)
            model = {"metadata": {"apiVersion": version}, "documentation": "long"}
            (folder / "service-2.json.gz").write_bytes(gzip.compress(json.dumps(model).encode()))
            (folder / "examples-1.json").write_text("{}")
    endpoints = {"partitions": [{"services": {"sqs": {}, "s3": {}}}, {"services": {}}]}
    (tmp_path / "endpoints.json").write_text(json.dumps(endpoints))

    build_layer.slim_botocore_data(tmp_path)

    files = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*") if file.is_file())
    assert files == [
        "codedeploy/2012-08-10/service-2.json",
        "dynamodb/2012-08-10/service-2.json",
        "endpoints.json",
        "events/2012-08-10/service-2.json",
        "lambda/2012-08-10/service-2.json",
        "secretsmanager/2012-08-10/service-2.json",
        "sqs/2012-08-10/service-2.json",
    ]
    assert json.loads((tmp_path / "sqs/2012-08-10/service-2.json").read_text()) == {
        "metadata": {"apiVersion": "2012-08-10"}
    }
    assert json.loads((tmp_path / "endpoints.json").read_text()) == {
        "partitions": [{"services": {"sqs": {}}}, {"services": {}}]
    }


def test_scanners_still_see_which_version_is_installed(tmp_path: Path) -> None:
    dist_info = tmp_path / "requests-2.34.2.dist-info"
    dist_info.mkdir()
    (dist_info / "METADATA").write_text("Metadata-Version: 2.4\nName: requests\nVersion: 2.34.2\n\n# Requests\n")
    (dist_info / "RECORD").write_text("requests/__init__.py,,\n")

    build_layer.keep_only_names_and_versions(tmp_path)

    assert [file.name for file in dist_info.iterdir()] == ["METADATA"]
    assert (dist_info / "METADATA").read_text() == "Metadata-Version: 2.4\nName: requests\nVersion: 2.34.2\n"


def test_the_layer_knows_every_aws_service_that_the_code_calls() -> None:
    sources = [*CHECKOUT.glob("functions/*/app.py"), *CHECKOUT.glob("layers/core/gateway_backend/**/*.py")]
    called = {
        name for source in sources for name in re.findall(r'client\("([a-z]+)"', source.read_text(encoding="utf-8"))
    }

    assert "dynamodb" in called
    assert called <= set(build_layer.AWS_SERVICES)
