"""Nothing in the README goes unchecked, and the documents beside it stay true.

What a machine alone can run is run against the stack of the session. Lines that start the local cloud, or that need an
AWS account, are read: their targets, commands, options, outputs and resources must exist.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore import xform_name
from botocore.model import OperationModel
from botocore.session import Session

from gateway_backend.domain.orders.batch import Order, OrderStatus
from gateway_backend.domain.orders.messages import ADVICE, advise
from gateway_backend.gateway.keys import GatewayKeys
from local.cli import FIRST_IMPORT
from ops import readme
from ops.api_reference.routes import ROUTES
from testing.documents import dead_links, make_targets, unknown_targets
from testing.template import CHECKOUT, resources, template
from testing.template_rules import counted_in_code

DOCUMENTS = [readme.README, *sorted((CHECKOUT / "docs").glob("*.md"))]
API = CHECKOUT / "docs/api.md"
RUNBOOK = CHECKOUT / "docs/runbook.md"
DEPLOYMENT = CHECKOUT / "docs/deployment.md"
CONTRACT = CHECKOUT / "docs/gateway-contract.md"

KINDS = {"sh", "sh local", "sh aws", "json", "mermaid", "text"}
SAM = ".tools/sam/bin/sam"
OPTIONS_OF_EVERY_COMMAND = {"--query", "--output", "--region"}

# What differs from run to run: ids, and the time of the run (the portfolio is of 2022).
PASSING = [
    (re.compile(r"TRX_[0-9a-f]{32}"), "TRX_…"),
    (re.compile(r"20(?!22)\d\d-\d\d-\d\dT[\d:.]+Z"), "<now>"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uuid>"),
]


def fenced(*kinds: str, documents: list[Path] = DOCUMENTS) -> Iterator[tuple[Path, readme.Block]]:
    for document in documents:
        yield from ((document, block) for block in readme.blocks(document) if block.kind in kinds)


def steady(text: str) -> str:
    for passing, instead in PASSING:
        text = passing.sub(instead, text)
    return text


def table(document: Path, heading: str) -> list[list[str]]:
    """The cells, without backticks, of the first table after the words `heading`."""
    after = document.read_text().split(heading, 1)[1]
    rows = re.search(r"(^\|.*\n)+", after, re.M)
    assert rows, f"{document.name}: no table after {heading}"
    return [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows[0].splitlines()[2:]]


# What runs ------------------------------------------------------------------------------------


def test_the_local_lines_of_readme_and_api_print_what_they_say(outputs: dict[str, Any]) -> None:
    """In the order of reading, in one shell: the API's examples go on where the README's import ends."""
    commands = [block for _, block in fenced("sh local", documents=[readme.README, API])]
    printed = readme.run(
        [block.text for block in commands], api=outputs["apiUrl"].rstrip("/"), sandbox=outputs["sandboxUrl"].rstrip("/")
    )

    for block, output in zip(commands, printed, strict=True):
        assert steady(output) == steady(block.output), block.text


def test_make_prints_the_lines_of_the_readme() -> None:
    lines = "".join(block.text for block in readme.blocks() if block.section == readme.FIRST_IMPORT)
    addresses, rest = lines.split("\n", 1)
    printed = "\n".join(line for line in FIRST_IMPORT.read_text().splitlines() if not line.startswith("#"))

    assert addresses == f"export API={readme.API} SANDBOX={readme.SANDBOX}"
    assert printed == rest.rstrip("\n")


# What is read ---------------------------------------------------------------------------------


def test_every_fenced_text_is_of_a_kind_that_is_checked() -> None:
    unknown = [(document.name, block.kind) for document in DOCUMENTS for block in readme.blocks(document)]
    assert {kind for _, kind in unknown} <= KINDS, unknown
    assert not list(fenced("sh local", documents=[path for path in DOCUMENTS if path not in (readme.README, API)]))


def test_every_make_target_named_is_there() -> None:
    named = {target for document in DOCUMENTS for target in make_targets(document)}
    for _, block in fenced("sh"):
        assert re.fullmatch(r"(make [a-z-]+\n)+", block.text), block.text

    assert {"run", "up", "down", "reset", "test", "deploy"} <= named
    assert list(unknown_targets(named)) == []


@pytest.mark.parametrize("document", [readme.README, RUNBOOK, DEPLOYMENT], ids=lambda path: path.name)
def test_the_lines_for_aws_call_what_there_is(document: Path, tmp_path: Path) -> None:
    """A real shell runs them, with `aws` and `sam` that only note how they were called."""
    text = "".join(block.text for _, block in fenced("sh aws", documents=[document]))
    calls = calls_of(text, tmp_path)

    assert calls
    assert [fault for call in calls if (fault := fault_of(call))] == []


def calls_of(text: str, folder: Path) -> list[list[str]]:
    """The words of every call of `aws` and `sam`. Any other command but a few plain ones fails."""
    notes, tools = folder / "calls", folder / "tools"
    stand_in = (
        f"""#!/bin/sh\nprintf '%s\\036' "${{0##*/}}" "$@" >> {notes}\nprintf '\\035' >> {notes}\necho made-up\n"""
    )
    for tool in (tools / "aws", folder / SAM, folder / ".venv/bin/python"):
        tool.parent.mkdir(parents=True, exist_ok=True)
        tool.write_text(stand_in)
        tool.chmod(0o755)
    # What looks at an answer has nothing to look at here.
    (tools / "python3").write_text("#!/bin/sh\nwhile read -r line; do :; done\n")
    (tools / "python3").chmod(0o755)
    for plain in ("date", "rm"):
        (tools / plain).symlink_to(str(shutil.which(plain)))
    (folder / "gateway-secret.json").write_text("{}")
    ran = subprocess.run(
        ["/bin/sh", "-eu", "-c", text], cwd=folder, env={"PATH": str(tools)}, capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return [call.split("\036")[:-1] for call in notes.read_text().split("\035")[:-1]]


def fault_of(call: list[str]) -> str | None:
    """What is wrong with a call; None when it can be made as it stands."""
    match call:
        case ["sam", command, *rest]:
            return fault_of_sam(command, rest)
        case ["aws", "cloudformation", "describe-stacks", *rest]:
            outputs = re.findall(r"OutputKey=='(\w+)'", " ".join(rest))
            return None if outputs and {*outputs} <= {*template()["Outputs"]} else f"no such output: {outputs}"
        case ["aws", "cloudformation", "describe-stack-resource", *rest]:
            name = rest[rest.index("--logical-resource-id") + 1]
            return None if name in template()["Resources"] else f"no such resource: {name}"
        case ["python", "-m", module, *rest]:
            return None if is_command(module, rest) else f"no such command: {module} {rest}"
        case ["aws", service, operation, *rest]:
            return fault_of_aws(service, operation, rest)
    return f"nobody checks {call}"


def is_command(module: str, rest: list[str]) -> bool:
    """Whether the module is a command line that knows these words."""
    command = [sys.executable, "-m", module, *rest, "--help"]
    return subprocess.run(command, cwd=CHECKOUT, env=os.environ | {"PYTHONPATH": "layers/core"}).returncode == 0


def fault_of_aws(service: str, operation: str, rest: list[str]) -> str | None:
    session = Session()
    if service not in session.get_available_services():
        return f"aws {service}"
    model = session.get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in names:
        return f"aws {service} {operation}"
    unknown = options(rest) - OPTIONS_OF_EVERY_COMMAND - options_of(model.operation_model(names[operation]))
    return f"aws {service} {operation} {unknown}" if unknown else None


def options_of(operation: OperationModel) -> set[str]:
    """As the AWS CLI makes them of the input's members."""
    members = operation.input_shape.members.items() if operation.input_shape else []
    plain = {f"--{xform_name(name, '-')}" for name, _ in members}
    switches = {f"--no-{xform_name(name, '-')}" for name, shape in members if shape.type_name == "boolean"}
    return plain | switches


def fault_of_sam(command: str, rest: list[str]) -> str | None:
    usage = subprocess.run([CHECKOUT / SAM, command, "--help"], capture_output=True, text=True, timeout=120)
    unknown = {option for option in options(rest) if option not in re.findall(r"--[a-z-]+", usage.stdout)}
    return f"sam {command} {unknown}" if usage.returncode or unknown else None


def options(words: list[str]) -> set[str]:
    return {word for word in words if word.startswith("--")}


def test_the_keys_are_as_the_functions_read_them() -> None:
    for document, block in fenced("json", documents=[path for path in DOCUMENTS if path != CONTRACT]):
        assert GatewayKeys.parse(block.text).gateway_name == "your-gateway", document


def test_every_link_leads_somewhere() -> None:
    assert [(document.name, target) for document in DOCUMENTS for target in dead_links(document)] == []


# Tables that follow the code -------------------------------------------------------------------


def test_every_parameter_is_in_the_configuration_table() -> None:
    documented = {name: default for name, default, _ in table(readme.README, "Parameters of the stack")}
    real = {name: str(given.get("Default", "")) for name, given in template()["Parameters"].items()}
    assert documented == real


def test_every_local_variable_is_in_the_configuration_table() -> None:
    documented = {name for name, _, _ in table(readme.README, "Environment of `make run`")}
    assert documented == set(re.findall(r'environment\.get\("(\w+)"\)', (CHECKOUT / "local/instance.py").read_text()))


def test_every_route_is_in_the_api_document() -> None:
    documented = {route: answers for route, answers, _ in table(API, "## Routes")}
    assert documented == {f"{route.method} {route.path}": ", ".join(map(str, route.responses)) for route in ROUTES}


def test_every_error_is_in_the_api_document() -> None:
    documented = {row[0]: row[1:4] for row in table(API, '"correlationId"')}
    errors = {error for route in ROUTES for error in route.problems}
    assert documented == {
        error.code: [str(error.status), "yes" if error.retryable else "no", error.action] for error in errors
    }


def test_the_advice_about_an_order_is_in_the_api_document() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)

    def advice_on(status: OrderStatus, code: str | None) -> tuple[str, str]:
        advice = advise(Order("INFY", "BUY", status, now, error_code=code), variety="regular")
        return advice.text, advice.action

    statuses = {row[0]: row[3] for row in table(API, "or read until `final` is true")}
    assert statuses == {status: advice_on(status, None)[0] for status in OrderStatus}
    codes = {row[0]: (row[1], row[2]) for row in table(API, "a code that is not in it")}
    assert set(ADVICE) <= set(codes)
    assert codes == {code: advice_on(OrderStatus.REJECTED, code) for code in codes}


def test_every_alarm_has_its_section_in_the_runbook() -> None:
    sections = {heading.lower() for heading in re.findall(r"^### (.+)$", RUNBOOK.read_text(), re.M)}
    named = set()
    for name, alarm in resources("AWS::CloudWatch::Alarm").items():
        section = re.search(r"\(runbook: ([^)]+)\)", alarm["AlarmDescription"])
        assert section, f"{name} does not say where in the runbook to look"
        named.add(section[1].lower())
    assert named == sections


@pytest.mark.parametrize(
    ("kind", "heading"), [("Quarantine", "### Webhooks quarantined"), ("Incomplete", "## Why an import failed")]
)
def test_every_reason_is_in_the_runbook(kind: str, heading: str) -> None:
    explained = {name for row in table(RUNBOOK, heading) for name in row[0].split(", ")}
    code = "".join(path.read_text() for path in (CHECKOUT / "layers/core/gateway_backend").rglob("*.py"))
    given = set(re.findall(rf'{kind}\("([A-Z_]+)"', code))

    assert given
    assert given <= explained


def test_every_counter_is_in_the_runbook() -> None:
    """Of `## Counters` and the tables below it, one for each kind of work."""
    tables = RUNBOOK.read_text().partition("## Counters")[2]
    documented = set(re.findall(r"`([A-Z]\w+)`", "\n".join(re.findall(r"^\| (.+?) \|", tables, re.M))))
    assert counted_in_code() - documented == set()
