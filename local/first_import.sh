# Imports a Groww account. `make run` prints these lines and README.md explains them; a test compares the two.
# They need the variables API and SANDBOX and the checkout as the working directory.
field() { python3 -c "import json, sys; body = json.load(sys.stdin); print(body.get('$1') or body)"; }
python3 -c 'import json, sys; print(json.dumps({"portfolio": json.load(sys.stdin)["data"]}))' \
  < tests/fixtures/holdings-v2-api.json |
  curl -s -X PUT $SANDBOX/_sandbox/accounts/groww/GR1234 -d @- | field smallcaseAuthId
TOKEN=$(curl -s $SANDBOX/_sandbox/app-token -d '{"sub": "asha"}' | field token)
AUTH="Authorization: Bearer $TOKEN"
JSON="Content-Type: application/json"
TRANSACTION=$(curl -s $API/v1/transactions -H "$AUTH" -H "$JSON" -H "Idempotency-Key: first-import-$(date +%s)" \
  -d '{"intent": "HOLDINGS_IMPORT", "version": "v2"}' | field transactionId)
echo $TRANSACTION
RESULT=$(curl -s $SANDBOX/_sandbox/transactions/$TRANSACTION/act \
  -d '{"broker": "groww", "account": "GR1234", "outcome": "complete"}')
echo "$RESULT" | cut -c 1-60
curl -s $API/v1/transactions/$TRANSACTION/result -H "$AUTH" -H "$JSON" \
  -d '{"platform": "web", '"${RESULT#?}" | python3 -m json.tool
digits() { python3 -c 'import json, sys
body = json.load(sys.stdin, parse_float=str, parse_int=str)
body.pop("freshness", None)
print(json.dumps(body, indent=1))'; }
curl -s $API/v1/connections/6195e288360acf9ebc060d23/holdings -H "$AUTH" | digits > .local/imported.json
digits < tests/fixtures/holdings-v2-api.json | diff - .local/imported.json && echo "The same, digit for digit"
curl -s $API/v1/holdings -H "$AUTH" | python3 -c 'import json, sys
answer = json.load(sys.stdin)
print(answer["freshness"]["state"], "-", answer["freshness"]["text"])
for row in answer["holdings"]:
    print(row["isin"], row["quantity"], "held,", row["transactable"], "transactable:", row["name"])'
