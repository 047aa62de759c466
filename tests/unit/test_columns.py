from __future__ import annotations

import pyarrow as pa
import pytest
from pyspark.sql.types import (
    BooleanType,
    DoubleType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from pi_datasource.columns import ARROW_TYPES, Column, arrow_schema, pick, spark_schema
from pi_datasource.errors import PISchemaError

KNOWN = (
    Column("tag", "string", "Name."),
    Column("timestamp", "timestamp", "Time."),
    Column("ticks", "bigint", "Exact time."),
    Column("seq", "int", "Number."),
    Column("value", "double", "Value."),
    Column("good", "boolean", "Flag.", "includeGood"),
)


def schema(*fields: tuple[str, object], nullable: bool = True) -> StructType:
    return StructType([StructField(name, kind, nullable) for name, kind in fields])


class TestSchemas:
    def test_the_arrow_schema_is_what_spark_wants_to_the_letter(self) -> None:
        assert arrow_schema(KNOWN).equals(
            pa.schema(
                [
                    ("tag", pa.string()),
                    ("timestamp", pa.timestamp("us", "UTC")),
                    ("ticks", pa.int64()),
                    ("seq", pa.int32()),
                    ("value", pa.float64()),
                    ("good", pa.bool_()),
                ]
            ),
            check_metadata=True,
        )
        assert all(field.nullable for field in arrow_schema(KNOWN))

    def test_the_spark_schema_has_the_meanings_as_comments(self) -> None:
        types = [StringType(), TimestampType(), LongType(), IntegerType(), DoubleType(), BooleanType()]
        made = spark_schema(KNOWN)
        assert made == StructType(
            [
                StructField(column.name, kind, True, {"comment": column.meaning})
                for column, kind in zip(KNOWN, types, strict=True)
            ]
        )
        assert next(field.metadata["comment"] for field in made) == "Name."

    def test_every_type_exists_for_both(self) -> None:
        for name in ARROW_TYPES:
            column = Column("x", name, "x")
            [field] = spark_schema([column]).fields
            assert field.dataType.simpleString() == name
            assert len(arrow_schema([column])) == 1


class TestPick:
    def test_the_tables_own_schema_picks_all(self) -> None:
        assert pick(KNOWN, spark_schema(KNOWN), "recorded") == KNOWN

    def test_fewer_columns_in_another_order_are_pruning(self) -> None:
        given = schema(("value", DoubleType()), ("tag", StringType()), ("seq", IntegerType()))
        assert [column.name for column in pick(KNOWN, given, "recorded")] == ["value", "tag", "seq"]

    def test_comments_of_the_user_do_not_matter(self) -> None:
        given = StructType([StructField("tag", StringType(), True, {"comment": "mine"})])
        assert pick(KNOWN, given, "recorded") == (KNOWN[0],)

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            (schema(("Tag", StringType())), "Tag: no such column"),
            (schema(("tags", StringType())), "tags: no such column"),
            (schema(("value", StringType())), "value: is double, the schema says string"),
            (schema(("ticks", IntegerType())), "ticks: is bigint, the schema says int"),
            (schema(("timestamp", TimestampNTZType())), "timestamp: is timestamp, the schema says timestamp_ntz"),
            (schema(("tag", StringType()), ("tag", StringType())), "tag: named twice"),
            (schema(("tag", StringType()), nullable=False), "tag: has to be nullable, the schema says NOT NULL"),
            (StructType([]), "it names no column"),
        ],
    )
    def test_what_does_not_fit_is_an_error_that_says_what_would(self, given: StructType, told: str) -> None:
        with pytest.raises(PISchemaError) as caught:
            pick(KNOWN, given, "recorded")
        assert told in str(caught.value)
        assert "table 'recorded'" in str(caught.value)
        assert "tag string, timestamp timestamp, ticks bigint, seq int, value double, good boolean" in str(caught.value)

    def test_all_that_is_wrong_is_said_at_once(self) -> None:
        given = schema(("nope", StringType()), ("value", LongType()), ("tag", StringType()), ("nope", StringType()))
        with pytest.raises(PISchemaError) as caught:
            pick(KNOWN, given, "recorded")
        assert [line.strip() for line in str(caught.value).split("\n")[1:-1]] == [
            "nope: no such column",
            "value: is double, the schema says bigint",
            "nope: no such column",
        ]
