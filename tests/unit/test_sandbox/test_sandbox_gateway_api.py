"""The sandbox as a partner's backend meets it: contract 1.4 to 1.6, 2.0 to 2.6, 2.12."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest

from .partner import SETTINGS, Control, Partner

AUTH_ID = "6195e288360acf9ebc060d23"
AWKWARD = """{
    "securities": [{"holdings": {"quantity": 4, "averagePrice": 36.680},
                    "positions": {"nse": {"quantity": 1, "averagePrice": 34.1},
                                  "bse": {"quantity": 1, "averagePrice": 34.1}},
                    "transactableQuantity": 5, "smallcaseQuantity": 2,
                    "nseTicker": "J&KBANK", "bseTicker": null, "isin": "INE168A01041", "name": "J&K – Bank"},
                   {"holdings": {"quantity": 1, "averagePrice": 9}, "positions": {}, "nseTicker": null,
                    "isin": "INE927X01018", "name": "Elcid"}],
    "smallcases": {"public": [],
                   "private": {"stats": {"totalReturns": 1.3100000000000023, "currentValue": 1e2}}},
    "mutualFunds": {"holdings": [{"quantity": 153.4820, "xirr": -36.65253999999927}]},
    "updating": false, "lastUpdate": "2022-03-24T11:24:01.000Z", "snapshotDate": "2022-03-24T11:24:00.871Z",
    "smallcaseAuthId": "6195e288360acf9ebc060d23", "broker": "groww"
}"""


def put_awkward_account(control: Control) -> None:
    answer = control.client.put("/_sandbox/accounts/groww/AB1234", content=f'{{"portfolio": {AWKWARD}}}')
    assert answer.status_code == 200, answer.text


def digits(text: str) -> Any:
    """JSON with its numbers as they are spelt."""
    return json.loads(text, parse_float=str, parse_int=str)


def test_a_created_transaction_has_an_id_and_five_minutes(control: Control, partner: Partner) -> None:
    answer = partner.create(notes="mine").json()
    details = partner.details(answer["data"]["transactionId"])

    assert answer["success"] is True
    assert answer["errors"] is None
    assert re.fullmatch(r"TRX_[0-9a-f]{32}", answer["data"]["transactionId"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer["data"]["expireAt"])
    lifetime = datetime.fromisoformat(details["expireAt"]) - datetime.fromisoformat(details["createdAt"])
    assert lifetime == timedelta(minutes=5)
    assert (details["status"], details["expired"], details["authId"]) == ("INITIALIZED", False, None)


@pytest.mark.parametrize(
    "body",
    [
        {"intent": "SELL_EVERYTHING"},
        {"intent": None},
        {"version": "v1"},
        {"version": 2},
        {"notes": "n" * 257},
        {"notes": 7},
        {"assetConfig": {"mfHoldings": "yes"}},
    ],
)
def test_bad_input_is_refused_in_gateways_words(control: Control, partner: Partner, body: dict[str, Any]) -> None:
    answer = partner.create(**body)

    assert answer.status_code == 400
    assert answer.json() | {"errors": []} == {
        "success": False,
        "errors": [],
        "data": None,
        "errorType": "InputException",
    }
    assert answer.json()["errors"]


def test_notes_of_256_characters_are_fine(control: Control, partner: Partner) -> None:
    assert partner.create(notes="n" * 256).status_code == 200


def test_connect_is_for_guests_only(control: Control, partner: Partner) -> None:
    assert partner.create(intent="CONNECT").status_code == 200
    assert partner.create(AUTH_ID, intent="CONNECT").status_code == 400


def wrong_headers(partner: Partner) -> list[dict[str, str]]:
    now = 1_600_000_000
    bad_tokens = [
        "",
        "no.token.atall",
        partner.token(secret=SETTINGS.api_secret),
        partner.token(exp=now),
        jwt.encode({"guest": True, "sub": "x"}, SETTINGS.secret, algorithm="HS256"),
        jwt.encode({"guest": False}, SETTINGS.secret, algorithm="HS256"),
        jwt.encode({"guest": True, "smallcaseAuthId": AUTH_ID}, SETTINGS.secret, algorithm="HS256"),
        jwt.encode({"guest": True}, SETTINGS.secret, algorithm="HS512"),
        jwt.encode({"guest": True}, "", algorithm="none"),
    ]
    return [
        {"x_gateway_secret": "guess"},
        {"x_gateway_secret": ""},
        *({"x_gateway_authtoken": token} for token in bad_tokens),
    ]


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_wrong_secrets_and_tokens_are_forbidden(control: Control, partner: Partner) -> None:
    for changes in wrong_headers(partner):
        answer = partner.post_transaction({"intent": "HOLDINGS_IMPORT"}, partner.headers(**changes))
        assert (answer.status_code, answer.json()["success"]) == (403, False), changes


def test_another_gateways_name_is_an_invalid_gateway(control: Control, partner: Partner) -> None:
    answer = partner.post_transaction({"intent": "CONNECT"}, partner.headers(), gateway="somebodyelse")
    assert (answer.status_code, answer.json()["errors"]) == (403, ["invalid gateway"])


def test_an_unknown_transaction_is_bad_input(control: Control, partner: Partner) -> None:
    answer = partner.ask_details("TRX_00000000000000000000000000000000")
    assert (answer.status_code, answer.json()["errorType"]) == (400, "InputException")


def test_a_connected_user_sees_only_own_transactions(control: Control, partner: Partner) -> None:
    control.account(smallcaseAuthId=AUTH_ID)
    transaction_id = partner.new_transaction()
    control.act(transaction_id)

    assert partner.details(transaction_id, AUTH_ID)["status"] == "COMPLETED"
    assert partner.ask_details(transaction_id, "0" * 24).status_code == 400


def test_an_import_serves_the_portfolio_digit_for_digit(control: Control, partner: Partner) -> None:
    put_awkward_account(control)
    control.act(partner.new_transaction())

    served = partner.pull(AUTH_ID, version="v2", mfHoldings="true")

    assert digits(served.text)["data"] == digits(AWKWARD)


def test_mutual_funds_come_only_when_asked_for(control: Control, partner: Partner) -> None:
    put_awkward_account(control)
    control.act(partner.new_transaction())

    assert "mutualFunds" not in partner.pull(AUTH_ID, version="v2").json()["data"]
    assert "mutualFunds" in partner.holdings(AUTH_ID)


def test_v1_is_what_you_get_without_a_version(control: Control, partner: Partner) -> None:
    put_awkward_account(control)
    control.act(partner.new_transaction())

    served = digits(partner.pull(AUTH_ID).text)["data"]

    # 4 in demat + 1 + 1 of today - 2 in smallcases; the BSE-only share is not known to v1.
    assert served["securities"] == {
        "holdings": [
            {
                "name": "J&K – Bank",
                "ticker": "J&KBANK",
                "exchange": "NSE",
                "averagePrice": "36.680",
                "shares": "4",
            }
        ]
    }
    assert served["snapshotDate"] == "2022-03-24T11:24:00.871Z"


def test_holdings_need_a_connected_token_and_an_import(control: Control, partner: Partner) -> None:
    control.account(smallcaseAuthId=AUTH_ID)
    control.act(partner.new_transaction(intent="CONNECT"))

    assert partner.pull(None, version="v2").status_code == 403
    assert partner.pull(AUTH_ID, version="v2").status_code == 403


def test_only_a_new_import_refreshes_an_ordinary_broker(control: Control, partner: Partner) -> None:
    auth_id = control.account()["smallcaseAuthId"]
    control.act(partner.new_transaction())
    before = partner.holdings(auth_id)
    control.call("POST", "clock", advance=60)
    control.account(portfolio={"securities": [], "smallcases": {}})

    assert partner.holdings(auth_id) == before
    control.act(partner.new_transaction())
    after = partner.holdings(auth_id)
    assert after["securities"] == []
    assert after["snapshotDate"] > before["snapshotDate"]


def test_zerodha_refreshes_on_a_fetch_while_its_session_lives(control: Control, partner: Partner) -> None:
    auth_id = control.account(broker="kite")["smallcaseAuthId"]
    control.act(partner.new_transaction(), broker="kite")
    before = partner.holdings(auth_id)
    control.call("POST", "clock", advance=60)
    control.account(broker="kite", portfolio={"securities": [], "smallcases": {}})

    refreshed = partner.holdings(auth_id)
    control.call("POST", f"sessions/{auth_id}", alive=False)
    control.call("POST", "clock", advance=60)
    later = partner.holdings(auth_id)

    assert refreshed["securities"] == []
    assert refreshed["snapshotDate"] > before["snapshotDate"]
    assert later == refreshed


def test_a_session_that_is_over_may_refuse_until_the_next_login(control: Control, partner: Partner) -> None:
    auth_id = control.account(broker="kite")["smallcaseAuthId"]
    control.act(partner.new_transaction(), broker="kite")
    before = partner.holdings(auth_id)
    control.call("POST", f"sessions/{auth_id}", alive=False, answer="forbidden")
    control.call("POST", "clock", advance=60)
    control.account(broker="kite", portfolio={"securities": [], "smallcases": {}})

    refused = partner.pull(auth_id, version="v2")
    control.act(partner.new_transaction(), broker="kite")
    at_login = partner.holdings(auth_id)
    control.call("POST", "clock", advance=60)
    later = partner.holdings(auth_id)

    assert (refused.status_code, refused.json()["success"]) == (403, False)
    assert at_login["securities"] == []
    assert before["snapshotDate"] < at_login["snapshotDate"] < later["snapshotDate"]


def test_a_revived_session_has_forgotten_how_it_ended(control: Control, partner: Partner) -> None:
    auth_id = control.account(broker="kite")["smallcaseAuthId"]
    control.act(partner.new_transaction(), broker="kite")
    control.call("POST", f"sessions/{auth_id}", alive=False, answer="forbidden")
    control.call("POST", f"sessions/{auth_id}", alive=True)
    assert partner.pull(auth_id).status_code == 200
    control.call("POST", f"sessions/{auth_id}", alive=False)
    assert partner.pull(auth_id).status_code == 200


def test_consent_withdrawn_at_an_ordinary_broker_is_refused_too(control: Control, partner: Partner) -> None:
    auth_id = control.account()["smallcaseAuthId"]
    control.act(partner.new_transaction())
    control.call("POST", f"sessions/{auth_id}", alive=False, answer="forbidden")
    assert partner.pull(auth_id).status_code == 403
    control.act(partner.new_transaction())
    assert partner.pull(auth_id).status_code == 200


def test_the_default_portfolio_has_the_oddities_of_real_ones(control: Control, partner: Partner) -> None:
    auth_id = control.account()["smallcaseAuthId"]
    control.act(partner.new_transaction())
    rows = partner.holdings(auth_id)["securities"]

    assert any(row["nseTicker"] is None for row in rows)
    assert any(row["bseTicker"] is None for row in rows)
    assert any(row["nseTicker"] == "J&KBANK" for row in rows)
    assert any(row.get("collateralQuantity") for row in rows)
    assert any(row["positions"]["nse"]["quantity"] < 0 for row in rows)
    assert any(row["holdings"]["averagePrice"] == 0 for row in rows)
    assert len({row["isin"] for row in rows}) == len(rows)
    assert all(
        row["transactableQuantity"] == row["holdings"]["quantity"] + row["positions"]["nse"]["quantity"]
        for row in rows
        if row["nseTicker"]
    )


def test_app_tokens_verify_with_the_published_key(control: Control) -> None:
    token = control.call("POST", "app-token", sub="priya")["token"]
    configuration = control.client.get("/.well-known/openid-configuration").json()
    keys = control.client.get(configuration["jwks_uri"].removeprefix(SETTINGS.issuer)).json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]

    claims = jwt.decode(token, key, algorithms=["RS256"], audience="gateway-backend", issuer=configuration["issuer"])

    assert claims["sub"] == "priya"
    assert claims["exp"] - claims["iat"] == 12 * 3600


@pytest.mark.parametrize("path", ["/", "/v1/sandboxgateway/engine/nothing", "/_sandboxed"])
def test_an_unknown_path_answers_gateways_envelope(control: Control, path: str) -> None:
    answer = control.client.get(path)
    assert answer.status_code == 404
    assert answer.json() == {"success": False, "errors": ["Not Found"], "data": None}


def test_a_wrong_method_answers_gateways_envelope(control: Control) -> None:
    answer = control.client.delete(f"/gateway/{SETTINGS.gateway_name}/transaction")
    assert answer.status_code == 405
    assert answer.json() == {"success": False, "errors": ["Method Not Allowed"], "data": None}


def test_a_wrong_method_still_answers_the_allowed_one(control: Control) -> None:
    assert control.client.get(f"/gateway/{SETTINGS.gateway_name}/transaction").headers["allow"] == "POST"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/_sandbox", 404), ("GET", "/_sandbox/x", 404), ("PUT", "/_sandbox/clock", 405)],
)
def test_a_call_that_does_not_exist_is_explained(control: Control, method: str, path: str, status: int) -> None:
    answer = control.client.request(method, path)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code == answer.json()["status"] == status
    assert f"{method} {path}" in answer.json()["detail"]
