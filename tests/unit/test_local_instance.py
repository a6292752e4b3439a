"""Ports, folders, builds and processes of one local cloud."""

import socket
import sys
from pathlib import Path

import pytest

from local.build import inputs_hash
from local.errors import LocalCloudError
from local.instance import CHECKOUT, Instance, forget_port, record_port
from local.processes import Service, require_free_port


def test_instances_differ_in_port_and_state() -> None:
    usual, test = Instance.from_environment({}), Instance.from_environment({"PORT": "3100", "LOCAL_STATE": ".local/t"})
    assert (test.api_url, test.sandbox_url, test.aws_endpoint) == (
        "http://127.0.0.1:3100",
        "http://127.0.0.1:3101",
        "http://127.0.0.1:3102",
    )
    assert test.state == CHECKOUT / ".local" / "t"
    assert usual.state == CHECKOUT / ".local"


def test_a_kept_state_knows_its_port(tmp_path: Path) -> None:
    first = Instance.from_environment({"PORT": "4700", "LOCAL_STATE": str(tmp_path)})
    record_port(first)
    assert Instance.from_environment({"LOCAL_STATE": str(tmp_path)}).port == 4700
    forget_port(first)
    assert Instance.from_environment({"LOCAL_STATE": str(tmp_path)}).port == 3000


def test_no_door_to_the_real_aws_is_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-real-one")
    environment = Instance.from_environment({"PORT": "4700", "LOCAL_STATE": str(tmp_path)}).tool_environment
    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4702"


def service(folder: Path, port: int) -> Service:
    url = f"http://127.0.0.1:{port}/"
    return Service("front door", port, url, lock=folder / "run" / "it.lock", log=folder / "logs" / "it.log")


def test_a_port_in_use_is_named_with_the_remedy(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalCloudError) as error:
            require_free_port(service(tmp_path, port))
    assert f"Port {port}, for the front door" in error.value.message
    assert "PORT=" in error.value.remedy


def test_a_process_is_ours_only_while_it_lives(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    server = service(tmp_path, port)
    assert not server.is_running()
    server.start([sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"], {})
    server.wait_until_ready(seconds=20)
    assert server.is_running()
    assert server.stop()
    assert not server.is_running()
    assert server.lock.exists()  # left behind, as a crash would leave it


def test_a_process_that_dies_while_starting_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    dying = service(tmp_path, port)
    dying.start([sys.executable, "-c", "raise SystemExit('no such table')"], {})
    with pytest.raises(LocalCloudError, match="no such table"):
        dying.wait_until_ready(seconds=20)


class TestBuildInputs:
    @pytest.fixture
    def checkout(self, tmp_path: Path) -> Path:
        (tmp_path / "functions" / "get").mkdir(parents=True)
        (tmp_path / "functions" / "get" / "app.py").write_text("one")
        (tmp_path / "template.yaml").write_text("Resources: {}")
        return tmp_path

    @staticmethod
    def hash(checkout: Path, machine: str = "linux x86_64") -> str:
        return inputs_hash(checkout, ("template.yaml", "functions"), machine=machine)

    def test_the_same_inputs_need_no_second_build(self, checkout: Path) -> None:
        before = self.hash(checkout)
        (checkout / "functions" / "get" / "__pycache__").mkdir()
        (checkout / "functions" / "get" / "__pycache__" / "app.pyc").write_text("bytecode")
        (checkout / "README.md").write_text("not an input")
        assert self.hash(checkout) == before

    def test_any_change_of_an_input_does(self, checkout: Path) -> None:
        hashes = [self.hash(checkout), self.hash(checkout, machine="darwin arm64")]
        (checkout / "functions" / "get" / "app.py").write_text("two")
        hashes.append(self.hash(checkout))
        (checkout / "functions" / "get" / "app.py").rename(checkout / "functions" / "get" / "other.py")
        hashes.append(self.hash(checkout))
        (checkout / "functions" / "get" / "empty.py").touch()
        hashes.append(self.hash(checkout))
        assert len(set(hashes)) == len(hashes)
