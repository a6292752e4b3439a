"""Complete what `sam deploy` to the emulator leaves out.

ministack 1.5.33 ignores the OpenAPI body of an HTTP API, a table's time to live, and a function's dead-letter queue and
reserved concurrency. It keeps a parameter in a queue's ScalingConfig as text and then polls no queue at all.
Each of these is set through the emulator's own API with the values of the processed template, so that there is one
template for AWS and for here. It is safe to repeat, and every start repeats it.
"""

from local.emulator.http_api import configure_http_api
from local.emulator.stack import Stack, read_stack
from local.instance import Instance

_IGNORED_FUNCTION_PROPERTIES = ("DeadLetterConfig", "ReservedConcurrentExecutions")


def complete_deployment(instance: Instance) -> int:
    """Set everything that the emulator left out of the deployed stack; return the number of HTTP routes."""
    stack = read_stack(instance)
    routes = sum(
        configure_http_api(instance, api_id, stack.resolve(properties["Body"]))
        for api_id, properties in stack.resources_of_type("AWS::ApiGatewayV2::Api")
        if "Body" in properties
    )
    complete_tables(instance, stack)
    complete_functions(instance, stack)
    complete_event_sources(instance, stack)
    return routes


def complete_tables(instance: Instance, stack: Stack) -> None:
    """Enable every table's time to live."""
    dynamodb = instance.client("dynamodb")
    for table, properties in stack.resources_of_type("AWS::DynamoDB::Table"):
        specification = properties.get("TimeToLiveSpecification")
        current = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
        if specification and current["TimeToLiveStatus"] != "ENABLED":
            dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=stack.resolve(specification))


def complete_functions(instance: Instance, stack: Stack) -> None:
    """Set every function's dead-letter queue and reserved concurrency."""
    functions = instance.client("lambda")
    for function, properties in stack.resources_of_type("AWS::Lambda::Function"):
        ignored = {name: properties[name] for name in _IGNORED_FUNCTION_PROPERTIES if name in properties}
        resolved = stack.resolve(ignored)
        if dead_letters := resolved.get("DeadLetterConfig"):
            functions.update_function_configuration(FunctionName=function, DeadLetterConfig=dead_letters)
        if reserved := resolved.get("ReservedConcurrentExecutions"):
            functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=int(reserved))


def complete_event_sources(instance: Instance, stack: Stack) -> None:
    """Set every event source's scaling limits as numbers: the emulator polls no queue whose limit is text."""
    functions = instance.client("lambda")
    for mapping, properties in stack.resources_of_type("AWS::Lambda::EventSourceMapping"):
        if scaling := properties.get("ScalingConfig"):
            limits = {name: int(value) for name, value in stack.resolve(scaling).items()}
            functions.update_event_source_mapping(UUID=mapping, ScalingConfig=limits)
