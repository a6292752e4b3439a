"""Settings from the environment: a missing or wrong variable is named."""

from datetime import timedelta
from decimal import Decimal

import pytest

from gateway_backend.domain.orders.request import OrderRules
from gateway_backend.runtime.settings import SettingMissing, Settings
from testing.backend import environment

ENVIRONMENT = {
    "TABLE_NAME": "table",
    "GATEWAY_SECRET_ID": "secret",
    "GATEWAY_BASE_URL": "https://gateway.example",
    "REPLAY_WINDOW_DAYS": "7",
    "RECEIPT_RETENTION_DAYS": "90",
    "REFRESH_DELAY_MINUTES": "15",
    "REFRESH_SPREAD_MINUTES": "20",
    "REFRESH_FLOOR_SECONDS": "90",
    "CONFIRM_SHRINK_PERCENT": "35",
    "MOST_SECURITIES": "40",
    "MOST_SHARES": "5000",
    "BASKET_META": "meta",
    "USER_REQUESTS_PER_MINUTE": "30",
    "AFTER_MARKET_ORDERS": "true",
}
MAY_BE_EMPTY = {"CALENDAR_OVERRIDES": "", "CLOCK_URL": "", "BROKER_CAPABILITIES": "", "LIMIT_ORDER_FIELDS": ""}
EVERYTHING = ENVIRONMENT | MAY_BE_EMPTY
NOT_FOR_EVERY_FUNCTION = {
    "WEBHOOK_QUEUE_URL": "webhook_queue_url",
    "REFRESH_QUEUE_URL": "refresh_queue_url",
    "EVENT_BUS_NAME": "event_bus_name",
}
FITS = [
    "",
    "groww-holdingsImport",
    "groww-holdingsImport kite+amoOrders newbroker+securitiesOrders+limitOrders",
    "groww-holdingsImport, kite+amoOrders-limitOrders",
    "kite-leprechaun+amoOrders",
    "  kite-fetchFunds  ",
]


def test_settings_are_read_from_the_environment() -> None:
    settings = Settings.read(EVERYTHING)

    assert settings.table_name == "table"
    assert (settings.replay_window, settings.receipt_retention) == (timedelta(days=7), timedelta(days=90))
    assert (settings.refresh_delay, settings.refresh_spread) == (timedelta(minutes=15), timedelta(minutes=20))
    assert settings.refresh_floor == timedelta(seconds=90)


def test_a_share_in_percent_is_an_exact_number() -> None:
    assert Settings.read(EVERYTHING).confirm_share == Decimal("0.35")


@pytest.mark.parametrize(("variable", "name"), NOT_FOR_EVERY_FUNCTION.items())
def test_a_setting_of_some_functions_is_required_when_it_is_read(variable: str, name: str) -> None:
    assert getattr(Settings.read(EVERYTHING | {variable: "given"}), name) == "given"
    with pytest.raises(SettingMissing, match=variable):
        getattr(Settings.read(EVERYTHING), name)


@pytest.mark.parametrize("name", list(ENVIRONMENT))
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_variable_is_named(name: str, value: str | None) -> None:
    environment = {key: text for key, text in (EVERYTHING | {name: value}).items() if text is not None}

    with pytest.raises(SettingMissing, match=name):
        Settings.read(environment)


@pytest.mark.parametrize("name", list(MAY_BE_EMPTY))
def test_a_variable_that_may_be_empty_must_be_set(name: str) -> None:
    with pytest.raises(SettingMissing, match=name):
        Settings.read({key: value for key, value in EVERYTHING.items() if key != name})


@pytest.mark.parametrize("days", ["7", "6", "0"])
def test_receipts_must_outlive_the_replay_window(days: str) -> None:
    assert Settings.read(EVERYTHING | {"RECEIPT_RETENTION_DAYS": "8"})
    with pytest.raises(SettingMissing, match="RECEIPT_RETENTION_DAYS must be over REPLAY_WINDOW_DAYS"):
        Settings.read(EVERYTHING | {"RECEIPT_RETENTION_DAYS": days})


@pytest.mark.parametrize("name", [name for name, value in ENVIRONMENT.items() if value.isdecimal()])
@pytest.mark.parametrize("value", ["-1", "1.5", "a week", "7d", "²"])
def test_durations_limits_and_shares_are_whole_numbers(name: str, value: str) -> None:
    with pytest.raises(SettingMissing, match=name):
        Settings.read(EVERYTHING | {name: value})


def test_the_limits_of_a_basket_are_settings() -> None:
    assert Settings.read(EVERYTHING).order_rules == OrderRules(40, 5000, {}, frozenset({"meta"}))


@pytest.mark.parametrize(
    ("value", "places"), [("meta", {"meta"}), ("config", {"config"}), ("meta+config", {"meta", "config"})]
)
def test_a_setting_decides_where_a_baskets_name_is_sent(value: str, places: set[str]) -> None:
    assert Settings.read(EVERYTHING | {"BASKET_META": value}).order_rules.basket_meta == places


def test_the_names_of_limit_order_fields_are_a_setting() -> None:
    fields = {"LIMIT_ORDER_FIELDS": "orderType=orderType  price=limitPrice triggerPrice=stop validity=validity"}

    assert Settings.read(EVERYTHING).order_rules.limit_fields == {}
    assert Settings.read(EVERYTHING | fields).order_rules.limit_fields == {
        "orderType": "orderType",
        "price": "limitPrice",
        "triggerPrice": "stop",
        "validity": "validity",
    }


@pytest.mark.parametrize("part", ["price", "=price", "cost=price", "price=", "price=limit-price", "price=a=b"])
def test_a_wrong_limit_order_field_is_named(part: str) -> None:
    with pytest.raises(SettingMissing, match=f"LIMIT_ORDER_FIELDS: '{part}'"):
        _ = Settings.read(EVERYTHING | {"LIMIT_ORDER_FIELDS": f"orderType=orderType {part}"}).order_rules


@pytest.mark.parametrize(("value", "on"), [("true", True), ("false", False)])
def test_after_market_orders_are_true_or_false(value: str, on: bool) -> None:
    assert Settings.read(EVERYTHING | {"AFTER_MARKET_ORDERS": value}).after_market_orders is on
    with pytest.raises(SettingMissing, match="AFTER_MARKET_ORDERS"):
        Settings.read(EVERYTHING | {"AFTER_MARKET_ORDERS": value.upper()})


def test_a_wrong_broker_correction_is_named() -> None:
    with pytest.raises(SettingMissing, match="BROKER_CAPABILITIES: 'groww'"):
        _ = Settings.read(EVERYTHING | {"BROKER_CAPABILITIES": "groww"}).brokers


def test_a_deployed_worker_reads_the_settings_of_brokers_and_after_market_orders() -> None:
    plain = Settings.read(environment())
    set_up = Settings.read(
        environment()
        | {
            "BROKER_CAPABILITIES": "groww-holdingsImport kite+amoOrders newbroker+securitiesOrders+limitOrders",
            "AFTER_MARKET_ORDERS": "false",
        }
    )

    assert (plain.broker_capabilities, plain.after_market_orders) == ("", True)
    assert (set_up.broker_capabilities, set_up.after_market_orders) == (
        "groww-holdingsImport kite+amoOrders newbroker+securitiesOrders+limitOrders",
        False,
    )


def test_a_wrong_broker_correction_stops_a_deployed_worker() -> None:
    with pytest.raises(SettingMissing, match="BROKER_CAPABILITIES: 'kite' is not"):
        _ = Settings.read(environment() | {"BROKER_CAPABILITIES": "kite"}).brokers


@pytest.mark.parametrize("value", ["", "yes", "True", "1"])
def test_a_deployed_switch_is_true_or_false(value: str) -> None:
    with pytest.raises(SettingMissing, match="AFTER_MARKET_ORDERS"):
        Settings.read(environment() | {"AFTER_MARKET_ORDERS": value})
