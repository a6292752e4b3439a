"""Ports, folders, builds and processes of one local cloud."""

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.build import hash_inputs
from local.errors import LocalCloudError
from local.instance import CHECKOUT, Instance, forget_port, record_port
from local.processes import Service, require_free_port


def instance_of(**environment: str) -> Instance:
    return Instance.from_environment(environment)


def test_the_sandbox_and_the_emulator_have_the_two_ports_after_the_api() -> None:
    instance = instance_of(PORT="3100")
    assert [instance.api_url, instance.sandbox_url, instance.aws_endpoint] == [
        "http://127.0.0.1:3100",
        "http://127.0.0.1:3101",
        "http://127.0.0.1:3102",
    ]


def test_the_state_is_where_local_state_says() -> None:
    assert instance_of(LOCAL_STATE=".local/test").state == CHECKOUT / ".local" / "test"


def test_the_state_is_in_the_checkout_by_default() -> None:
    assert instance_of().state == CHECKOUT / ".local"


def test_the_port_is_recorded_in_the_state(tmp_path: Path) -> None:
    record_port(instance_of(PORT="4700", LOCAL_STATE=str(tmp_path)))
    assert instance_of(LOCAL_STATE=str(tmp_path)).port == 4700


def test_a_recorded_port_can_be_removed(tmp_path: Path) -> None:
    instance = instance_of(PORT="4700", LOCAL_STATE=str(tmp_path))
    record_port(instance)
    forget_port(instance)
    assert instance_of(LOCAL_STATE=str(tmp_path)).port == 3000


class TestEnvironmentOfTheTools:
    @pytest.fixture
    def environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
        monkeypatch.setenv("AWS_PROFILE", "production")
        monkeypatch.setenv("AWS_SESSION_TOKEN", "a-real-one")
        return instance_of(PORT="4700", LOCAL_STATE=str(tmp_path)).tool_environment

    @pytest.mark.parametrize("name", ["AWS_PROFILE", "AWS_SESSION_TOKEN"])
    def test_has_no_credentials_of_the_user(self, environment: dict[str, str], name: str) -> None:
        assert name not in environment

    def test_leads_to_the_emulator(self, environment: dict[str, str]) -> None:
        assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4702"


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def service(folder: Path, port: int) -> Service:
    url = f"http://127.0.0.1:{port}/"
    lock, log = folder / "run" / "proxy.lock", folder / "logs" / "proxy.log"
    return Service("reverse proxy", port, url, lock=lock, log=log)


class TestAPortInUse:
    @pytest.fixture
    def port(self) -> Iterator[int]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield server.getsockname()[1]

    @pytest.fixture
    def error(self, port: int, tmp_path: Path) -> LocalCloudError:
        with pytest.raises(LocalCloudError) as raised:
            require_free_port(service(tmp_path, port))
        return raised.value

    def test_is_named_with_its_service(self, error: LocalCloudError, port: int) -> None:
        assert f"Port {port}, for the reverse proxy" in error.message

    def test_has_another_port_as_its_remedy(self, error: LocalCloudError, port: int) -> None:
        assert f"PORT={port // 100 * 100 + 1000} " in error.remedy


class TestService:
    @pytest.fixture
    def server(self, tmp_path: Path, free_port: int) -> Service:
        return service(tmp_path, free_port)

    @staticmethod
    def start(server: Service) -> None:
        server.start([sys.executable, "-m", "http.server", str(server.port), "--bind", "127.0.0.1"], {})
        server.wait_until_ready(seconds=20)

    def test_is_not_running_before_it_starts(self, server: Service) -> None:
        assert not server.is_running()

    def test_is_running_once_it_has_started(self, server: Service) -> None:
        self.start(server)
        try:
            assert server.is_running()
        finally:
            server.stop()

    def test_ends_by_itself_when_it_is_stopped(self, server: Service) -> None:
        self.start(server)
        assert server.stop()

    def test_is_not_running_after_its_end_although_its_lock_file_remains(self, server: Service) -> None:
        self.start(server)
        server.stop()
        assert server.lock.exists()
        assert not server.is_running()

    def test_that_ends_while_starting_shows_the_end_of_its_log(self, server: Service) -> None:
        server.start([sys.executable, "-c", "raise SystemExit('no such table')"], {})
        with pytest.raises(LocalCloudError, match="no such table"):
            server.wait_until_ready(seconds=20)


class TestBuildInputs:
    @pytest.fixture
    def checkout(self, tmp_path: Path) -> Path:
        (tmp_path / "functions" / "get").mkdir(parents=True)
        (tmp_path / "functions" / "get" / "app.py").write_text("one")
        (tmp_path / "template.yaml").write_text("Resources: {}")
        return tmp_path

    @staticmethod
    def hash_of(checkout: Path, machine: str = "linux x86_64") -> str:
        return hash_inputs(checkout, ("template.yaml", "functions"), machine=machine)

    def test_bytecode_is_no_input(self, checkout: Path) -> None:
        before = self.hash_of(checkout)
        (checkout / "functions" / "get" / "__pycache__").mkdir()
        (checkout / "functions" / "get" / "__pycache__" / "app.pyc").write_text("bytecode")
        assert self.hash_of(checkout) == before

    def test_a_file_outside_the_inputs_is_no_input(self, checkout: Path) -> None:
        before = self.hash_of(checkout)
        (checkout / "README.md").write_text("changed")
        assert self.hash_of(checkout) == before

    def test_the_machine_is_an_input(self, checkout: Path) -> None:
        assert self.hash_of(checkout, machine="darwin arm64") != self.hash_of(checkout)

    def test_the_content_of_a_file_is_an_input(self, checkout: Path) -> None:
        before = self.hash_of(checkout)
        (checkout / "functions" / "get" / "app.py").write_text("two")
        assert self.hash_of(checkout) != before

    def test_the_name_of_a_file_is_an_input(self, checkout: Path) -> None:
        before = self.hash_of(checkout)
        (checkout / "functions" / "get" / "app.py").rename(checkout / "functions" / "get" / "other.py")
        assert self.hash_of(checkout) != before

    def test_an_empty_file_is_an_input(self, checkout: Path) -> None:
        before = self.hash_of(checkout)
        (checkout / "functions" / "get" / "empty.py").touch()
        assert self.hash_of(checkout) != before
