"""One local cloud: its ports, folders, addresses and fake credentials.

Two local clouds of one checkout, such as those of `make run` and `make test`, differ in PORT and LOCAL_STATE and share
only the build.
"""

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from botocore.config import Config
from botocore.session import Session

REGION = "ap-south-1"
STACK_NAME = "gateway-backend"
AUDIENCE = "gateway-backend"
CHECKOUT = Path(__file__).resolve().parent.parent
BUILD = CHECKOUT / ".local" / "build"

# The emulator accepts any key. It would take a key of twelve digits for an account id.
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

_PORT_FILE = "port"

AwsService = Literal["apigatewayv2", "cloudformation", "dynamodb", "lambda", "logs", "s3", "secretsmanager", "sqs"]


@dataclass(frozen=True)
class Instance:
    port: int
    state: Path
    gateway_name: str
    gateway_secret: str
    gateway_api_secret: str

    @staticmethod
    def from_environment(environment: Mapping[str, str] = os.environ) -> "Instance":
        """Read the settings from environment variables.

        The port recorded in the state has precedence over PORT, so `make down` needs no PORT.
        """
        state = (CHECKOUT / (environment.get("LOCAL_STATE") or ".local")).resolve()
        return Instance(
            port=recorded_port(state) or int(environment.get("PORT") or 3000),
            state=state,
            gateway_name=environment.get("GATEWAY_NAME") or "sandboxgateway",
            gateway_secret=environment.get("GATEWAY_SECRET") or "sandbox-secret-not-a-real-one-32bytes",
            gateway_api_secret=environment.get("GATEWAY_API_SECRET") or "sandbox-api-secret-not-a-real-one",
        )

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def aws_endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port + 2}"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def emulator_state(self) -> Path:
        return self.state / "aws"

    @property
    def temporary(self) -> Path:
        return self.state / "tmp"

    @property
    def sandbox_state(self) -> Path:
        return self.state / "sandbox.json"

    @property
    def outputs(self) -> Path:
        return self.state / "outputs.json"

    @cached_property
    def tool_environment(self) -> dict[str, str]:
        """The environment of sam and uv: this machine's, without anything that leads to the real AWS."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
        return (
            inherited
            | _CREDENTIALS
            | {
                "PATH": os.pathsep.join([*_tool_folders(), os.environ["PATH"]]),
                "AWS_ENDPOINT_URL": self.aws_endpoint,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
                "AWS_EC2_METADATA_DISABLED": "true",
                "NO_PROXY": "127.0.0.1,localhost",
                "SAM_CLI_TELEMETRY": "0",
                "__SAM_CLI_APP_DIR": str(BUILD / "sam"),  # instead of ~/.aws-sam
                "LAMBDA_ARCHITECTURE": architecture(),
            }
        )

    @cached_property
    def emulator_environment(self) -> dict[str, str]:
        """The environment of the emulator. It holds little, because the functions inherit it."""
        inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return (
            inherited
            | _CREDENTIALS
            | {
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(self.port + 2),
                "MINISTACK_REGION": REGION,
                "PERSIST_STATE": "1",
                "STATE_DIR": str(self.emulator_state),
                "S3_DATA_DIR": str(self.emulator_state / "s3"),
                "TMPDIR": str(self.temporary),
                # These listen on fixed ports, so two instances could not run side by side.
                "SFTP_ENABLED": "0",
                "IOT_MTLS_ENABLED": "0",
                "PYTHONNOUSERSITE": "1",
                "AWS_CONFIG_FILE": os.devnull,
                "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            }
        )

    @cached_property
    def sandbox_environment(self) -> dict[str, str]:
        return dict(os.environ) | {
            "GATEWAY_NAME": self.gateway_name,
            "GATEWAY_SECRET": self.gateway_secret,
            "GATEWAY_API_SECRET": self.gateway_api_secret,
        }

    def client(self, service: AwsService) -> Any:
        """Create a client of the emulator that ignores the AWS profile and the proxy of the machine."""
        return Session().create_client(
            service,
            region_name=REGION,
            endpoint_url=self.aws_endpoint,
            aws_access_key_id=_CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(proxies={}, retries={"total_max_attempts": 2}),
        )


def recorded_port(state: Path) -> int | None:
    """Read the port that the state belongs to: the queue URLs in it contain the emulator's port."""
    file = state / _PORT_FILE
    return int(file.read_text()) if file.exists() else None


def record_port(instance: Instance) -> None:
    instance.state.mkdir(parents=True, exist_ok=True)
    (instance.state / _PORT_FILE).write_text(f"{instance.port}\n")


def forget_port(instance: Instance) -> None:
    (instance.state / _PORT_FILE).unlink(missing_ok=True)


def architecture() -> str:
    """Return Lambda's name for this machine's processor: the emulator runs the compiled wheels on it."""
    return "arm64" if platform.machine().lower() in ("arm64", "aarch64") else "x86_64"


def base_interpreter() -> Path:
    """Return the Python that the virtual environment was made from: it has none of its packages."""
    return Path(sys.executable).resolve()


def _tool_folders() -> list[str]:
    # `sam build` takes the first python3.13 on the PATH, which may be a pyenv shim that does not work.
    return [str(base_interpreter().parent), str(CHECKOUT / ".tools" / "bin")]
