"""What a public project has beside its code is true: what it names is there, and what it promises is kept."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops import readme
from testing.documents import code_spans, dead_links, make_targets, missing_files, missing_names, unknown_targets
from testing.template import CHECKOUT, template

PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
CHANGELOG, CONTRIBUTING, SECURITY = (CHECKOUT / f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY"))
DEPLOYMENT = CHECKOUT / "docs/deployment.md"
WORKFLOWS = sorted((CHECKOUT / ".github/workflows").glob("*.yml"))
CHECKS, DEPLOY = CHECKOUT / ".github/workflows/ci.yml", CHECKOUT / ".github/workflows/deploy.yml"
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")

each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
each_document = pytest.mark.parametrize(
    "document", [CHANGELOG, CONTRIBUTING, SECURITY, DEPLOYMENT], ids=lambda path: path.stem
)


def workflow_of(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text()))


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in workflow_of(path)["jobs"].values() for step in job.get("steps", [])]


# Licence and version ---------------------------------------------------------------------------


def test_the_licence_is_the_one_that_the_package_names() -> None:
    text = (CHECKOUT / "LICENSE").read_text()
    assert PROJECT["license"] == "Apache-2.0"
    assert re.match(r"\s+Apache License\n\s+Version 2\.0, January 2004\n", text)
    assert "Copyright 2026 The Gateway Backend authors" in text


def test_the_version_has_its_entry_in_the_changelog() -> None:
    assert re.search(rf"^## \[{re.escape(PROJECT['version'])}\] - \d{{4}}-\d\d-\d\d$", CHANGELOG.read_text(), re.M)


def test_the_changelog_has_a_place_for_what_is_not_released_above_all_else() -> None:
    headings = re.findall(r"^## \[(.+?)\]", CHANGELOG.read_text(), re.M)
    assert headings[0] == "Unreleased"


# Documents -------------------------------------------------------------------------------------


@each_document
def test_every_link_leads_somewhere(document: Path) -> None:
    assert list(dead_links(document)) == []


@each_document
def test_every_make_target_named_is_there(document: Path) -> None:
    assert list(unknown_targets(make_targets(document))) == []


@pytest.mark.parametrize("document", [CONTRIBUTING, SECURITY, DEPLOYMENT, readme.README], ids=lambda path: path.stem)
def test_every_file_named_is_there(document: Path) -> None:
    made_by_the_reader = {"gateway-secret.json"}
    assert missing_files(document) - made_by_the_reader == set()


def test_every_name_in_the_recipes_is_in_the_code() -> None:
    assert missing_names(CONTRIBUTING) == set()


def test_every_test_that_contributors_are_shown_is_there() -> None:
    shown = re.findall(r"-m pytest (\S+\.py)(?: -k (\w+))?", CONTRIBUTING.read_text())
    assert shown
    for path, part in shown:
        assert re.search(rf"^def test_\w*{part}", (CHECKOUT / path).read_text(), re.M), (path, part)


def test_every_counter_that_has_a_new_name_is_counted_under_it() -> None:
    renamed = re.findall(r"^ *\| `Refresh\w+` \| `Refresh(\w+)` \|$", CHANGELOG.read_text(), re.M)
    results = (CHECKOUT / "layers/core/gateway_backend/domain/refresh/result.py").read_text()
    assert renamed
    assert [name for name in renamed if f'"refresh{name}"' not in results] == []


def test_a_parameter_shown_for_a_deployment_exists() -> None:
    (line,) = (span for span in code_spans(DEPLOYMENT) if "JwtIssuer=" in span)
    assert set(re.findall(r"(\w+)=", line)) <= set(template()["Parameters"])


# Workflows -------------------------------------------------------------------------------------


@each_workflow
def test_a_workflow_fits_the_schema_that_github_reads_it_by(workflow: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(workflow)]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout


@each_workflow
def test_what_others_wrote_is_pinned_by_commit(workflow: Path) -> None:
    used = re.findall(r"^ *(?:- )?uses: (.+)$", workflow.read_text(), re.M)
    assert used
    assert [use for use in used if not use.startswith("./") and not PINNED.fullmatch(use)] == []


@each_workflow
def test_a_workflow_may_read_the_code_and_no_more(workflow: Path) -> None:
    assert workflow_of(workflow)["permissions"] == {"contents": "read"}


@each_workflow
def test_a_workflow_knows_no_secret(workflow: Path) -> None:
    assert not re.search(r"secrets|aws-(secret-)?access-key|password", workflow.read_text())


@each_workflow
def test_every_job_that_runs_something_ends_within_an_hour(workflow: Path) -> None:
    jobs = [job for job in workflow_of(workflow)["jobs"].values() if "steps" in job]
    assert [job for job in jobs if job.get("timeout-minutes", 360) > 60] == []


def test_the_checks_are_those_that_run_anywhere_else() -> None:
    assert [step["run"] for step in steps(CHECKS) if "run" in step] == [".ci/run"]


def test_nothing_is_deployed_before_its_checks_are_green() -> None:
    jobs = workflow_of(DEPLOY)["jobs"]
    assert (jobs["checks"]["uses"], jobs["deploy"]["needs"]) == ("./.github/workflows/ci.yml", "checks")


def test_only_a_tag_of_a_version_deploys() -> None:
    # YAML 1.1 reads the word `on` as true.
    assert workflow_of(DEPLOY)[True] == {"push": {"tags": ["v*"]}}  # type: ignore[index]


def test_the_job_that_deploys_is_the_one_that_the_role_trusts() -> None:
    deploy = workflow_of(DEPLOY)["jobs"]["deploy"]
    assert deploy["permissions"] == {"contents": "read", "id-token": "write"}
    assert f':environment:{deploy["environment"]}"' in DEPLOYMENT.read_text()


def test_it_enters_the_region_that_the_stack_is_in() -> None:
    (entered,) = (step["with"]["aws-region"] for step in steps(DEPLOY) if "aws-region" in step.get("with", {}))
    settings = tomllib.loads((CHECKOUT / "samconfig.toml").read_text())
    assert entered == settings["default"]["deploy"]["parameters"]["region"]


def test_every_variable_of_the_deployment_is_documented() -> None:
    used = set(re.findall(r"vars\.(\w+)", DEPLOY.read_text()))
    assert used == set(re.findall(r"^\| `([A-Z_]+)` \|", DEPLOYMENT.read_text(), re.M))


# Hooks -----------------------------------------------------------------------------------------


def test_hooks_run_tools_of_this_checkout_only() -> None:
    settings = yaml.safe_load((CHECKOUT / ".pre-commit-config.yaml").read_text())
    entries = [hook["entry"].split()[0] for repo in settings["repos"] for hook in repo["hooks"]]
    assert {repo["repo"] for repo in settings["repos"]} == {"local"}
    assert [entry for entry in entries if not (CHECKOUT / entry).exists()] == []
