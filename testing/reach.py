"""What of AWS the code of a function can reach: an emulator asks for no permissions, so a test derives them.

Calls are followed by name through annotations (of parameters, members and results), constructors and `self`. That is
enough for this code base, and errs to the side of seeing more than is called.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from gateway_backend.domain.shared import errors
from testing.template import CHECKOUT

LAYER = CHECKOUT / "layers/core"

# Our own doors to AWS, and the permission each needs.
DOORS = {
    "gateway_backend.store.dynamodb.table.Table.get": "dynamodb:GetItem",
    "gateway_backend.store.dynamodb.table.Table.query": "dynamodb:Query",
    "gateway_backend.store.dynamodb.table.Table.outline": "dynamodb:Query",
    "gateway_backend.store.dynamodb.table.Table.between": "dynamodb:Query",
    "gateway_backend.store.dynamodb.table.Table.latest_before": "dynamodb:Query",
    "gateway_backend.store.dynamodb.table.Table.list": "dynamodb:Query on Lists",
    "gateway_backend.store.dynamodb.table.Table.count": "dynamodb:Query on Lists",
    "gateway_backend.store.dynamodb.table.Table.work": "dynamodb:Query on Work",
    "gateway_backend.store.dynamodb.table.Table.delete_all": "dynamodb:BatchWriteItem",
    "gateway_backend.store.dynamodb.writes.Put": "dynamodb:PutItem",
    "gateway_backend.store.dynamodb.writes.Update": "dynamodb:UpdateItem",
    "gateway_backend.store.dynamodb.writes.Delete": "dynamodb:DeleteItem",
    "gateway_backend.store.dynamodb.writes.Check": "dynamodb:ConditionCheckItem",
    "gateway_backend.runtime.queue.Queue._send": "sqs:SendMessage",
    "gateway_backend.runtime.event_bus.EventBus._offer": "events:PutEvents",
    "gateway_backend.runtime.batches._come_back_soon": "sqs:ChangeMessageVisibility",
    "gateway_backend.runtime.versions.Versions.of_deployment": "codedeploy:ListDeploymentTargets",
    "gateway_backend.runtime.versions.Versions._version": "codedeploy:GetDeploymentTarget",
    "gateway_backend.runtime.versions.Versions.fault_of": "lambda:InvokeFunction",
    "gateway_backend.runtime.versions.Versions.report": "codedeploy:PutLifecycleEventHookExecutionStatus",
    "gateway_backend.runtime.secrets.gateway_secret": "secretsmanager:GetSecretValue",
}
SETTING = "gateway_backend.runtime.settings.Settings."
RETURNS = "-> "
"""Before the name of a class: the type is a function that gives one of its objects."""

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
    """Names of the errors for callers that the code can raise, also those that it catches itself."""
    modules = {**_layer(), "app": _read(handler, "app")}
    definitions = (_definition(name, modules) for name in _reached(handler))
    return {
        module.names[error.id].rpartition(".")[2]
        for module, _, definition in filter(None, definitions)
        for error in _raised(definition)
        if _is_for_callers(module.names.get(error.id, ""))
    }


def _is_for_callers(name: str) -> bool:
    package, _, error = name.rpartition(".")
    return package == errors.__name__ and issubclass(getattr(errors, error), errors.DomainError)


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
    types = _assigned_types(nodes, module, modules, types, members)
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
    """The full name of its class, or of the function or module that it is. None: not known."""
    match value:
        case ast.Name(id=name):
            return types.get(name) or module.names.get(name)
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return members.get(name)
        case ast.Attribute(value=owner, attr=name):
            owner_type = _type_of(owner, module, modules, types, members)
            if owner_type in modules:
                return f"{owner_type}.{name}"
            return _field_types(owner_type, modules).get(name) if owner_type else None
        case ast.Call(func=function):
            called = _type_of(function, module, modules, types, members)
            return _result_type(called, modules) if called else None
    return None


def _result_type(called: str, modules: dict[str, Module]) -> str | None:
    """What a call gives: of a class one of its objects, of a function what its annotation says."""
    if called.startswith(RETURNS):
        return called.removeprefix(RETURNS)
    found = _definition(called, modules)
    return _annotated(found[2].returns, found[0]) if found else called


def _annotated(annotation: ast.expr | None, module: Module) -> str | None:
    """The class that an annotation names; of `Callable[…, A]`, `-> A`."""
    match annotation:
        case ast.Name(id=name):
            return module.names.get(name)
        case ast.Constant(value=str(text)):
            return _annotated(ast.parse(text, mode="eval").body, module)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _annotated(left, module) or _annotated(right, module)
        case ast.Subscript(value=ast.Name(id="Callable"), slice=ast.Tuple(elts=[_, result])):
            given = _annotated(result, module)
            return RETURNS + given if given else None
    return None


def _assigned_types(
    nodes: list[ast.stmt], module: Module, modules: dict[str, Module], types: Types, members: Types
) -> Types:
    """Of `a = A(…)` and `a, b = A(…), B(…)`, where the later lines know what the earlier ones have assigned."""
    types = dict(types)
    for node in (node for statement in nodes for node in ast.walk(statement)):
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=True))
            for name, value in pairs:
                given = _type_of(value, module, modules, types, members) if isinstance(value, ast.Call) else None
                if isinstance(name, ast.Name) and given:
                    types[name.id] = given
    return types


def _parameter_types(definition: Definition, module: Module) -> Types:
    arguments = [*definition.args.args, *definition.args.kwonlyargs]
    given = {argument.arg: _annotated(argument.annotation, module) for argument in arguments}
    return {name: annotated for name, annotated in given.items() if annotated}


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
    """Of its annotated members and its properties."""
    module = modules.get(class_name.rpartition(".")[0])
    types: dict[str, str | None] = {}
    for owner in module.tree.body if module else []:
        if isinstance(owner, ast.ClassDef) and module and class_name == f"{module.name}.{owner.name}":
            for member in owner.body:
                match member:
                    case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                        types[name] = _annotated(annotation, module)
                    case ast.FunctionDef(name=name, returns=returns, decorator_list=[ast.Name(id="property")]):
                        types[name] = _annotated(returns, module)
    return {name: given for name, given in types.items() if given}


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
    named = {".".join(path.relative_to(LAYER).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}
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
