"""Records what foreign serializers write, and what foreign readers make of it, as vectors.json.

    pip install 'confluent-kafka[avro,protobuf,json]==2.16.0' grpcio-tools==1.85.1
    python record-vectors.py http://127.0.0.1:8081/apis/ccompat/v7

The registry has to be empty. Bytes come from Confluent's serializers; the expected JSON from fastavro and from Google's
json_format, brought to the forms of kops by `plain` below: bytes as base64, times with all digits, decimals with their scale.
"""

import base64
import datetime as dt
import decimal
import json
import math
import pathlib
import struct
import sys
import tempfile
import uuid

from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import json_format
from grpc_tools import protoc

HERE = pathlib.Path(__file__).parent
CLIENT = SchemaRegistryClient({"url": sys.argv[1]})
MOCK = SchemaRegistryClient.new_client({"url": "mock://"})
decimal.getcontext().prec = 60
SCHEMAS = []
VECTORS = []


def register(subject, text, kind, references=()):
    found = [SchemaReference(name, other, 1) for name, other in references]
    schema_id = CLIENT.register_schema(subject, Schema(text, kind, found))
    SCHEMAS.append(
        {
            "id": schema_id,
            "subject": subject,
            "schemaType": kind,
            "schema": text,
            "references": [{"name": n, "subject": s, "version": 1} for n, s in references],
        }
    )
    return schema_id


def vector(name, data, expected):
    VECTORS.append({"name": name, "hex": data.hex(), "json": expected})


class Raw(str):
    """A number as it is to be written."""


def plain(value, branch=None):
    """What fastavro read, as kops writes it."""
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    if isinstance(value, decimal.Decimal):
        return Raw(format(value, "f"))
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def text(value):
    """JSON in which a Raw is a number."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def context(topic):
    return SerializationContext(topic, MessageField.VALUE)


def avro(name, topic, schema, values, expected=None, references=()):
    """`expected`: where fastavro's values do not say how they lay in the bytes, as of times and unions."""
    found = [SchemaReference(n, s, 1) for n, s in references]
    raw = json.dumps(schema)
    register(f"{topic}-value", raw, "AVRO", references)
    config = {"auto.register.schemas": False, "use.latest.version": True}
    serialize = AvroSerializer(CLIENT, Schema(raw, "AVRO", found), conf=config)
    read = AvroDeserializer(CLIENT)
    for index, value in enumerate(values):
        data = serialize(value, context(topic))
        back = plain(read(data, context(topic)))
        wanted = expected[index] if expected else back
        vector(f"avro {name} {index}", data, text(wanted))


def record(name, fields, **more):
    return {"type": "record", "name": name, "fields": fields, **more}


def field(name, kind):
    return {"name": name, "type": kind}


def logical(kind, name, **more):
    return {"type": kind, "logicalType": name, **more}


def record_avro():
    primitives = record(
        "All",
        [
            field("nothing", "null"),
            field("yes", "boolean"),
            field("int", "int"),
            field("long", "long"),
            field("float", "float"),
            field("double", "double"),
            field("bytes", "bytes"),
            field("string", "string"),
            field("fixed", {"type": "fixed", "name": "Four", "size": 4}),
            field("enum", {"type": "enum", "name": "State", "symbols": ["OPEN", "PAID"]}),
            field("longs", {"type": "array", "items": "long"}),
            field("map", {"type": "map", "values": {"type": "array", "items": "string"}}),
            field("optional", ["null", "long"]),
        ],
        namespace="kops.vectors",
    )

    def value(**changes):
        base = {
            "nothing": None,
            "yes": True,
            "int": -7,
            "long": 42,
            "float": 1.5,
            "double": 0.1,
            "bytes": b"\x00\xff\x80",
            "string": "Größe \u0000 \U0001f600 \"quoted\"",
            "fixed": b"abcd",
            "enum": "PAID",
            "longs": [],
            "map": {},
            "optional": None,
        }
        return base | changes

    avro(
        "primitives",
        "primitives",
        primitives,
        [
            value(),
            value(long=2**63 - 1, int=2**31 - 1, longs=[0, -1, 1, 2**53, 2**53 + 1, -(2**53) - 1, -(2**63)]),
            value(long=-(2**63), int=-(2**31), optional=9007199254740993),
            value(double=float("nan"), float=float("inf")),
            value(double=float("-inf"), float=-2.25),
            value(double=5e-324, map={"a": ["x", "y"], "": [], "ü": ["\n"]}, yes=False),
            value(longs=list(range(300)), string="x" * 5000),
        ],
    )

    epoch = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
    times = record(
        "Logical",
        [
            field("amount", logical("bytes", "decimal", precision=30, scale=2)),
            field("fixed_amount", {"type": "fixed", "name": "D", "size": 16, "logicalType": "decimal", "precision": 38, "scale": 10}),
            field("whole", logical("bytes", "decimal", precision=40)),
            field("uuid", logical("string", "uuid")),
            field("day", logical("int", "date")),
            field("time_ms", logical("int", "time-millis")),
            field("time_us", logical("long", "time-micros")),
            field("at_ms", logical("long", "timestamp-millis")),
            field("at_us", logical("long", "timestamp-micros")),
            field("local_ms", logical("long", "local-timestamp-millis")),
            field("local_us", logical("long", "local-timestamp-micros")),
            field("odd", logical("string", "something-else")),
        ],
    )
    moment = dt.datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=dt.timezone.utc)
    early = dt.datetime(1901, 2, 3, 4, 5, 6, 7000, tzinfo=dt.timezone.utc)

    def logicals(amount, day, at, time):
        number = decimal.Decimal
        given = {
            "amount": number(amount),
            "fixed_amount": number(amount).quantize(number("0.0000000001")),
            "whole": number(amount).to_integral_value() + 0,  # no minus zero
            "uuid": str(uuid.UUID(int=int(abs(number(amount)) * 100) + 2**100)),
            "day": day,
            "time_ms": time,
            "time_us": time,
            "at_ms": at,
            "at_us": at,
            "local_ms": at.replace(tzinfo=None),
            "local_us": at.replace(tzinfo=None),
            "odd": "kept",
        }
        ms = at.replace(microsecond=at.microsecond // 1000 * 1000)
        wanted = {
            "amount": Raw(format(number(amount).quantize(number("0.01")), "f")),
            "fixed_amount": Raw(format(given["fixed_amount"], "f")),
            "whole": Raw(format(given["whole"], "f")),
            "uuid": given["uuid"],
            "day": day.isoformat(),
            "time_ms": time.isoformat("milliseconds"),
            "time_us": time.isoformat("microseconds"),
            "at_ms": ms.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "at_us": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            "local_ms": ms.replace(tzinfo=None).isoformat(timespec="milliseconds"),
            "local_us": at.replace(tzinfo=None).isoformat(timespec="microseconds"),
            "odd": "kept",
        }
        return given, wanted

    pairs = [
        logicals("1.10", dt.date(2026, 1, 31), moment, dt.time(12, 34, 56, 789012)),
        logicals("-12345678901234567890.05", dt.date(1901, 2, 3), early, dt.time(0, 0)),
        logicals("0.00", dt.date(1970, 1, 1), epoch, dt.time(23, 59, 59, 999999)),
        logicals("-0.01", dt.date(9999, 12, 31), moment, dt.time(1, 2, 3)),
    ]
    avro("logical types", "logical", times, [given for given, _ in pairs], [wanted for _, wanted in pairs])

    created = record("Created", [field("id", "long")], namespace="kops.events")
    cancelled = record("Cancelled", [field("id", "long"), field("why", ["string", "null"])])
    events = record("Event", [field("body", [created, cancelled]), field("mixed", ["null", "int", "string"])], namespace="kops.events")
    avro(
        "unions",
        "unions",
        events,
        [
            {"body": ("kops.events.Created", {"id": 2**60}), "mixed": None},
            {"body": ("kops.events.Cancelled", {"id": 1, "why": "late"}), "mixed": 5},
            {"body": ("kops.events.Cancelled", {"id": 2, "why": None}), "mixed": "five"},
        ],
        [
            {"body": {"kops.events.Created": {"id": 2**60}}, "mixed": None},
            {"body": {"kops.events.Cancelled": {"id": 1, "why": "late"}}, "mixed": {"int": 5}},
            {"body": {"kops.events.Cancelled": {"id": 2, "why": None}}, "mixed": {"string": "five"}},
        ],
    )

    node = record("Node", [field("value", "int"), field("next", ["null", "Node"])])
    avro("recursion", "recursion", node, [{"value": 1, "next": {"value": 2, "next": {"value": 3, "next": None}}}])

    address = record("Address", [field("street", "string"), field("zip", ["null", "int"])], namespace="kops.ref")
    avro("referenced", "address", address, [{"street": "Main", "zip": 10115}])
    customer = record("Customer", [field("home", "kops.ref.Address"), field("others", {"type": "array", "items": "kops.ref.Address"})], namespace="kops.ref")
    avro(
        "reference",
        "customer",
        customer,
        [{"home": {"street": "A", "zip": None}, "others": [{"street": "B", "zip": 1}, {"street": "C", "zip": 2}]}],
        references=[("kops.ref.Address", "address-value")],
    )
    envelope = record("Envelope", [field("who", "kops.ref.Customer"), field("at", "kops.ref.Address")], namespace="kops.env")
    avro(
        "reference of a reference",
        "envelope",
        envelope,
        [{"who": {"home": {"street": "A", "zip": 3}, "others": []}, "at": {"street": "Z", "zip": None}}],
        references=[("kops.ref.Customer", "customer-value"), ("kops.ref.Address", "address-value")],
    )
    avro("bare bytes", "bare-bytes", {"type": "bytes"}, [b"\x04ab", b"\xff\xfe"])
    avro("bare string", "bare-string", {"type": "string"}, ["order-4711", ""])
    avro("bare long", "bare-long", {"type": "long"}, [2**62, 0])


def record_protobuf():
    with tempfile.TemporaryDirectory() as out:
        files = ["money.proto", "shop.proto", "old.proto"]
        include = pathlib.Path(protoc.__file__).parent / "_proto"
        args = ["protoc", f"-I{HERE}", f"-I{include}", f"--python_out={out}", *files]
        if protoc.main(args) != 0:
            raise SystemExit("protoc failed")
        sys.path.insert(0, out)
        import money_pb2
        import old_pb2
        import shop_pb2

    schema_of = {}

    def registered(file, subject, references=()):
        schema_of[file] = register(subject, (HERE / file).read_text(), "PROTOBUF", references)

    registered("money.proto", "money.proto")
    registered("shop.proto", "shop-value", [("money.proto", "money.proto")])

    def proto(name, file, message):
        # The serializer wants schemas back as descriptors, which only Confluent's own registry gives: it talks to a mock, and
        # the id is put right afterwards. What follows the id is as it wrote it.
        serialize = ProtobufSerializer(type(message), MOCK)
        data = serialize(message, context(file.removesuffix(".proto")))
        data = struct.pack(">bI", 0, schema_of[file]) + data[5:]
        vector(f"protobuf {name}", data, json_format.MessageToJson(message, preserving_proto_field_name=True, indent=None, ensure_ascii=False))

    o = shop_pb2.Order
    proto("empty order", "shop.proto", o())
    proto("empty message before it", "shop.proto", shop_pb2.Empty())
    order = o(order_id=2**63 - 1, state=2, history=[0, 1, 2, 9], discount=0, card_number="4711", big={"value": -(2**63)}, note={"value": ""})
    order.lines.add(sku="größer", count=2**32 - 1).notes.add(text="fragile")
    order.lines.add()
    order.stock.update({"a": 2**53 + 1, "": 0, "ü": -1})
    order.by_number[-5].sku = "x"
    order.by_number[2**31 - 1].count = 1
    order.flags.update({True: 0.5, False: float("-inf")})
    order.created.FromJsonString("2026-01-31T23:59:59.123456Z")
    order.took.FromJsonString("-1.500s")
    order.extra.Pack(money_pb2.Money(currency="EUR", units=5, nanos=-1))
    order.free.update({"a": 1.5, "b": [None, True, "x", {"c": {}}], "d": None})
    order.mask.paths.extend(["a.b", "c"])
    order.nothing.SetInParent()
    order.any_json.string_value = "json"
    order.raw.value = b"\x00\xff"
    proto("full order", "shop.proto", order)
    proto("oneof with a message", "shop.proto", o(cash={"currency": "EUR", "units": -(2**63), "nanos": -999}, created={}, any_json={"null_value": 0}))
    proto("oneof with bytes, and messages in messages", "shop.proto", o(token=b"\xfb\xff", parent={"parent": {"order_id": 1, "took": {"seconds": 3}}}))
    any_any = o()
    any_any.extra.Pack(order.created)
    proto("well-known type in an Any", "shop.proto", any_any)
    proto("nested message", "shop.proto", o.Line(sku="s", count=3))
    proto("message nested twice", "shop.proto", o.Line.Note(text="n"))
    numbers = shop_pb2.Numbers
    proto("numbers, least", "shop.proto", numbers(a=-(2**31), b=-(2**63), e=-(2**31), f=-(2**63), i=-(2**31), j=-(2**63), k=-1.5, l=-5e-324, packed=[-1, 0, 1, -(2**63)], unpacked=[-1, 7]))
    proto("numbers, most", "shop.proto", numbers(a=2**31 - 1, b=2**63 - 1, c=2**32 - 1, d=2**64 - 1, e=2**31 - 1, f=2**63 - 1, g=2**32 - 1, h=2**64 - 1, i=2**31 - 1, j=2**63 - 1, k=0.1, l=1.7976931348623157e308, m=True, n=b"", packed=[2**63 - 1] * 3, doubles=[0.1, float("nan"), float("inf")]))
    proto("message of another file", "money.proto", money_pb2.Money(currency="€", units=1))
    event = old_pb2.Event(id=0, detail={"text": "t", "part": [{"n": 1}, {"n": -2}]})
    event.Extensions[old_pb2.tenant] = "t1"
    # Apicurio takes no groups, so this schema is in the vectors only, and the bytes are framed by hand.
    SCHEMAS.append({"id": 1000, "subject": "old-value", "schemaType": "PROTOBUF", "schema": (HERE / "old.proto").read_text(), "references": [], "unregistered": True})
    data = struct.pack(">bIb", 0, 1000, 0) + event.SerializeToString()
    vector("protobuf groups and extensions", data, json_format.MessageToJson(event, preserving_proto_field_name=True, indent=None))


def record_json_schema():
    schema = json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", "title": "Thing", "type": "object", "properties": {"id": {"type": "integer"}}})
    register("thing-value", schema, "JSON")
    serialize = JSONSerializer(schema, CLIENT, conf={"auto.register.schemas": False, "use.latest.version": True})
    for index, value in enumerate([{"id": 2**70, "more": [1.5, None, "ü"]}, {}]):
        vector(f"json schema {index}", serialize(value, context("thing")), json.dumps(value))


record_avro()
record_protobuf()
record_json_schema()
(HERE / "vectors.json").write_text(json.dumps({"schemas": SCHEMAS, "vectors": VECTORS}, indent=1, ensure_ascii=False) + "\n")
print(len(SCHEMAS), "schemas,", len(VECTORS), "vectors")
