# What `make run` prints and the README shows: import a Zerodha account. Needs API and SANDBOX; run it in the checkout.
field() { python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }
python3 -c 'import json, sys; print(json.dumps({"portfolio": json.load(sys.stdin)["data"]}))' < tests/fixtures/holdings-v2-api.json | curl -s -o /dev/null -X PUT $SANDBOX/_sandbox/accounts/kite/ZA1234 -d @-
TOKEN=$(curl -s $SANDBOX/_sandbox/app-token -d '{"sub": "asha"}' | field token)
TRANSACTION=$(curl -s $API/v1/transactions -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -H "Idempotency-Key: first-import-$(date +%s)" -d '{"intent": "HOLDINGS_IMPORT", "version": "v2"}' | field transactionId)
RESULT=$(curl -s $SANDBOX/_sandbox/transactions/$TRANSACTION/act -d '{"broker": "kite", "account": "ZA1234", "outcome": "complete"}')
curl -s $API/v1/transactions/$TRANSACTION/result -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{"platform": "web", '"${RESULT#?}"
curl -s $API/v1/holdings -H "Authorization: Bearer $TOKEN" | python3 -m json.tool
