"""What a transaction was begun with, as the item of its transaction keeps it."""

from gateway_backend.domain.orders.request import OrderRequest, RequestedSecurity
from gateway_backend.store.dynamodb.codec import Item, digits, number_of


def encode_order(order: OrderRequest) -> Item:
    """Prices keep their digits as text."""
    securities = [
        {
            "ticker": security.ticker,
            "quantity": security.quantity,
            "side": security.side,
            "orderType": security.order_type,
            "validity": security.validity,
            "price": digits(security.price),
            "triggerPrice": digits(security.trigger_price),
        }
        for security in order.securities
    ]
    return {
        "type": order.type,
        "securities": securities,
        "name": order.name,
        "logo": order.logo,
        "scid": order.scid,
        "iscid": order.iscid,
        "batchId": order.batch_id,
        "ticker": order.ticker,
        "about": order.about,
    }


def decode_order(item: Item) -> OrderRequest:
    return OrderRequest(
        type=item.get("type"),
        securities=tuple(
            RequestedSecurity(
                ticker=security["ticker"],
                quantity=int(security["quantity"]) if "quantity" in security else None,
                side=security.get("side"),
                order_type=security.get("orderType"),
                validity=security.get("validity"),
                price=number_of(security.get("price")),
                trigger_price=number_of(security.get("triggerPrice")),
            )
            for security in item["securities"]
        ),
        name=item.get("name"),
        logo=item.get("logo"),
        scid=item.get("scid"),
        iscid=item.get("iscid"),
        batch_id=item.get("batchId"),
        ticker=item.get("ticker"),
        about=item.get("about"),
    )
