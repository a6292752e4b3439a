"""Citations of docs/gateway-contract.md lead somewhere, and the texts for callers have none."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.documents import LAYER
from testing.template import CHECKOUT

SECTION = r"\d+(?:\.\d+)?"
CITATION = re.compile(
    rf"\bcontract (?P<sections>{SECTION}(?:(?:,| and| or| to) {SECTION})*)"
    r"(?:, (?P<kind>question|point)s? (?P<numbers>\d+(?:(?:,| and) \d+)*))?",
    re.IGNORECASE,
)
ANY_FORM = re.compile(r"\bcontract(?:\.md)?[ ,:(§]+(?:section )?§?(?=\d)", re.IGNORECASE)
NUMBERED = {"point": r"^(\d+)\. ", "question": r"^\| (\d+) \|"}
NUMBERED_ONLY = {"11", "12"}

FROM_THE_CODE = [CHECKOUT / "docs/openapi.json", *(CHECKOUT / "docs/events").glob("*.json")]
DEPLOYED = [*(CHECKOUT / "layers/core/gateway_backend").rglob("*.py"), *(CHECKOUT / "functions").glob("*/app.py")]

API, *OTHER_DOCUMENTS = (
    CHECKOUT / f"docs/{name}.md" for name in ("api", "architecture", "glossary", "runbook", "sandbox")
)


def sections_of(contract: str) -> dict[str, str]:
    """The text under every heading, by its number."""
    _, *pieces = re.split(rf"^##+ ({SECTION})\.? .*$", contract, flags=re.MULTILINE)
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


CONTRACT = sections_of((CHECKOUT / "docs/gateway-contract.md").read_text(encoding="utf-8"))


def leads_somewhere(citation: re.Match[str]) -> bool:
    *others, last = re.findall(SECTION, citation["sections"])
    if {*others, last} - CONTRACT.keys() or NUMBERED_ONLY & {*others}:
        return False
    pattern = NUMBERED.get((citation["kind"] or "").lower())
    wanted = re.findall(r"\d+", citation["numbers"] or "")
    return pattern is None or set(wanted) <= set(re.findall(pattern, CONTRACT[last], re.MULTILINE))


def faults(text: str) -> list[str]:
    """Citations that lead nowhere or have another form, also where a line breaks inside one."""
    text = re.sub(r"\n[ \t]*(?:# )?", " ", text)
    other_forms = [form[0] for form in ANY_FORM.finditer(text) if form[0].lower() != "contract "]
    return other_forms + [found[0] for found in CITATION.finditer(text) if not leads_somewhere(found)]


def documents() -> Iterator[Path]:
    """The repository's own: what is downloaded or built is in folders that begin with a dot."""
    for entry in CHECKOUT.iterdir():
        if not entry.name.startswith("."):
            found = entry.rglob("*") if entry.is_dir() else [entry]
            yield from (path for path in found if path.suffix in (".py", ".md", ".yaml", ".json"))


def is_development_code(path: Path) -> bool:
    return path.relative_to(CHECKOUT).parts[0] in ("local", "ops", "sandbox", "template.yaml")


def test_every_citation_leads_to_a_section_a_point_or_a_question() -> None:
    wrong = {str(path.relative_to(CHECKOUT)): faults(path.read_text(encoding="utf-8")) for path in documents()}
    assert {name: found for name, found in wrong.items() if found} == {}


@pytest.mark.parametrize(
    "cited", ["3.2", "4.1 or 4.2", "1.6, 2.1 to 2.4, 2.12", "5.6, points 4 and 5", "12, question 20", "11, point 6"]
)
def test_a_correct_citation_is_accepted(cited: str) -> None:
    assert faults(f"contract {cited}") == []


@pytest.mark.parametrize(
    "cited",
    [*("3.9", "13", "3.2, 3.9", "12, 4", "12, question 8", "5.6, point 7", "11.6", "§3.2", "(3.2)", "section 3.2")],
)
def test_a_wrong_citation_is_found(cited: str) -> None:
    assert faults(f"contract {cited}")


def texts_of(module: Path) -> Iterator[str]:
    """Its string literals without docstrings: error texts and the descriptions of fields are among them."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_what_a_caller_reads_cites_neither_the_contract_nor_the_design() -> None:
    texts = [(path.name, path.read_text(encoding="utf-8")) for path in FROM_THE_CODE]
    texts += [(module.name, text) for module in DEPLOYED for text in texts_of(module)]
    cites = re.compile(r"\bcontract \W?\d|\bdesign\b|§", re.IGNORECASE)
    assert [(name, found[0]) for name, text in texts for found in cites.finditer(text)] == []


def test_every_module_that_a_docstring_names_is_there() -> None:
    rings = {path.stem for path in LAYER.iterdir() if not path.name.startswith("__")}
    wrong = {
        f"{path.relative_to(CHECKOUT)}: {named}"
        for path in DEPLOYED
        for named in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", path.read_text(encoding="utf-8"))
        if named.partition(".")[0] in rings and not (LAYER / f"{named.replace('.', '/')}.py").exists()
    }

    assert wrong == set()


def test_every_status_code_or_reason_that_a_document_names_is_in_the_code() -> None:
    deployed = "".join(module.read_text(encoding="utf-8") for module in DEPLOYED)
    beside = "".join(path.read_text(encoding="utf-8") for path in documents() if is_development_code(path))
    named = {
        f"{document.name}: {word}"
        for document, code in [(API, deployed), *((other, deployed + beside) for other in OTHER_DOCUMENTS)]
        for word in re.findall(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)`", document.read_text(encoding="utf-8"))
        if not re.search(rf"\b{word}\b", code)
    }

    assert named == set()
