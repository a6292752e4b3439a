"""What of AWS the code of a function can reach: an emulator asks for no permissions, so a test derives them.

Calls are followed by name through the annotations of parameters, the constructors that handlers call and `self`. That
is enough for this code base, and errs to the side of seeing more than is called.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.template import CHECKOUT

LAYER = CHECKOUT / "layers/core"

# Our own doors to AWS, and the permission each needs.
DOORS = {
    "gateway_backend.store.table.Table.get": "dynamodb:GetItem",
    "gateway_backend.store.table.Table.query": "dynamodb:Query",
    "gateway_backend.store.table.Table.latest_before": "dynamodb:Query",
    "gateway_backend.store.table.Table.list": "dynamodb:Query on Lists",
    "gateway_backend.store.table.Table.work": "dynamodb:Query on Work",
    "gateway_backend.store.table.Table.delete_all": "dynamodb:BatchWriteItem",
    "gateway_backend.store.table.Put": "dynamodb:PutItem",
    "gateway_backend.store.table.Update": "dynamodb:UpdateItem",
    "gateway_backend.store.table.Delete": "dynamodb:DeleteItem",
    "gateway_backend.store.table.Check": "dynamodb:ConditionCheckItem",
    "gateway_backend.runtime.queue.Queue._send": "sqs:SendMessage",
    "gateway_backend.runtime.event_bus.EventBus._offer": "events:PutEvents",
    "gateway_backend.runtime.batches._come_back_soon": "sqs:ChangeMessageVisibility",
    "gateway_backend.runtime.secrets.gateway_secret": "secretsmanager:GetSecretValue",
}
SETTING = "gateway_backend.runtime.settings.Settings."

type Definition = ast.FunctionDef | ast.AsyncFunctionDef
type Types = dict[str, str]
"""Variable → full name of its class."""


@dataclass
class Module:
    name: str
    tree: ast.Module
    names: dict[str, str] = field(default_factory=dict)
    """What a name at the top level stands for, in full."""


def permissions(handler: Path) -> set[str]:
    return {DOORS[name] for name in _reached(handler) if name in DOORS}


def settings_read(handler: Path) -> set[str]:
    """The attributes of the settings that the code can read."""
    return {name.removeprefix(SETTING) for name in _reached(handler) if name.startswith(SETTING)}


def errors_raised(handler: Path) -> set[str]:
    """Names of the domain errors that the code can raise, also those that it catches itself."""
    modules = {**_layer(), "app": _read(handler, "app")}
    definitions = (_definition(name, modules) for name in _reached(handler))
    return {
        module.names[error.id].rpartition(".")[2]
        for module, _, definition in filter(None, definitions)
        for error in _raised(definition)
        if module.names.get(error.id, "").startswith("gateway_backend.domain.errors.")
    }


def _raised(definition: Definition) -> Iterator[ast.Name]:
    """Of `raise A`, `raise A(…)`."""
    for node in ast.walk(definition):
        if isinstance(node, ast.Raise):
            error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(error, ast.Name):
                yield error


def _reached(handler: Path) -> set[str]:
    module = _read(handler, "app")
    modules = {**_layer(), "app": module}
    seen: set[str] = set()
    waiting = list(_mentions(module.tree.body, module, modules, {}, {}))
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _mentions_of(name, modules)
    return seen


def _mentions_of(name: str, modules: dict[str, Module]) -> Iterator[str]:
    found = _definition(name, modules)
    if found is None:
        return
    module, owner, definition = found
    itself = f"{module.name}.{owner.name}" if owner else ""
    types = _parameter_types(definition, module) | ({"self": itself, "cls": itself} if itself else {})
    members = _member_types(owner, module) if owner else {}
    yield from _mentions([definition], module, modules, types, members)


def _mentions(
    nodes: list[ast.stmt], module: Module, modules: dict[str, Module], types: Types, members: Types
) -> Iterator[str]:
    """Full names of what the statements call, build or pass on."""
    types = types | _assigned_types(nodes, module)
    for node in (node for statement in nodes for node in ast.walk(statement)):
        if isinstance(node, ast.Attribute):
            owner = _type_of(node.value, module, modules, types, members)
            if owner:
                yield f"{owner}.{node.attr}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield module.names.get(node.func.id, "")
        elif isinstance(node, ast.Name) and _definition(module.names.get(node.id, ""), modules):
            yield module.names[node.id]


def _type_of(value: ast.expr, module: Module, modules: dict[str, Module], types: Types, members: Types) -> str | None:
    match value:
        case ast.Name(id=name):
            return types.get(name) or module.names.get(name)
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return members.get(name)
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner in types:
            return _field_types(types[owner], modules).get(name)
        case ast.Call(func=ast.Name(id="settings")):
            return SETTING.removesuffix(".")
        case ast.Call(func=ast.Name(id=name)):
            return module.names.get(name)
    return None


def _assigned_types(nodes: list[ast.stmt], module: Module) -> Types:
    """Of `a = A(…)` and `a, b = A(…), B(…)`."""
    types: Types = {}
    for node in (node for statement in nodes for node in ast.walk(statement)):
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=True))
            for name, value in pairs:
                if isinstance(name, ast.Name) and isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
                    types[name.id] = module.names.get(value.func.id, "")
    return types


def _parameter_types(definition: Definition, module: Module) -> Types:
    arguments = [*definition.args.args, *definition.args.kwonlyargs]
    return {
        argument.arg: module.names[argument.annotation.id]
        for argument in arguments
        if isinstance(argument.annotation, ast.Name) and argument.annotation.id in module.names
    }


def _member_types(owner: ast.ClassDef, module: Module) -> Types:
    """Of `self._a = a` in the constructor, where `a` is an annotated parameter."""
    types: Types = {}
    for method in owner.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__":
            parameters = _parameter_types(method, module)
            for node in ast.walk(method):
                match node:
                    case ast.Assign(targets=[ast.Attribute(attr=name)], value=ast.Name(id=given)):
                        types[name] = parameters.get(given, "")
    return types


def _field_types(class_name: str, modules: dict[str, Module]) -> Types:
    """Of a dataclass: its annotations."""
    module = modules.get(class_name.rpartition(".")[0])
    for node in module.tree.body if module else []:
        if isinstance(node, ast.ClassDef) and module and class_name == f"{module.name}.{node.name}":
            return {
                field.target.id: module.names[field.annotation.id]
                for field in node.body
                if isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(field.annotation, ast.Name)
                and field.annotation.id in module.names
            }
    return {}


def _definition(name: str, modules: dict[str, Module]) -> tuple[Module, ast.ClassDef | None, Definition] | None:
    """The function or method of that full name."""
    for module_name, module in modules.items():
        rest = name.removeprefix(f"{module_name}.")
        if rest == name or rest.count(".") > 1:
            continue
        owner_name, _, last = rest.rpartition(".")
        owners: list[ast.ClassDef | None] = [
            node for node in module.tree.body if isinstance(node, ast.ClassDef) and node.name == owner_name
        ]
        for owner in owners if owner_name else [None]:
            for node in owner.body if owner else module.tree.body:
                if isinstance(node, ast.FunctionDef) and node.name == last:
                    return module, owner, node
    return None


@cache
def _layer() -> dict[str, Module]:
    paths = (LAYER / "gateway_backend").rglob("*.py")
    named = {str(path.relative_to(LAYER).with_suffix("")).replace("/", "."): path for path in paths}
    return {name: _read(path, name) for name, path in named.items()}


def _read(path: Path, name: str) -> Module:
    module = Module(name, ast.parse(path.read_text()))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ImportFrom):  # also one inside a function, which spares others its cold start
            module.names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            module.names[node.name] = f"{name}.{node.name}"
    return module
