"""Documents of the local API against their published schemas, key by key: what a schema does not name is a fault, too."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import yaml

from . import views

REFERENCE = Path(__file__).resolve().parent.parent.parent / "docs/reference"


def faults(document: views.Json) -> list[str]:
    """What is wrong with a document, by the schema that it names."""
    name = str(document.get("schema", "")) if isinstance(document, dict) else ""
    view = name.removeprefix("vine-mesh.").removesuffix("/1")
    path = REFERENCE / f"schemas/{view}.schema.json"
    if not path.is_file():
        return [f"no schema is published for `{name}`"]
    return _faults(document, _strict(json.loads(path.read_text())))


def openapi() -> dict[str, object]:
    return yaml.safe_load((REFERENCE / "openapi.yaml").read_text())


def dangling(document: dict[str, object]) -> list[str]:
    """References of the OpenAPI document that lead nowhere."""
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}  # type: ignore[index]
    return sorted({str(ref) for ref in views.values(document, "$ref")} - known)


def _faults(document: views.Json, schema: views.Json) -> list[str]:
    validator = jsonschema.Draft202012Validator(schema)
    return [f"{'.'.join(str(part) for part in fault.path)}: {fault.message}"[:200] for fault in validator.iter_errors(document)]


def _strict(schema: views.Json) -> views.Json:
    if isinstance(schema, list):
        return [_strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    strict = {key: _strict(value) for key, value in schema.items()}
    closed = strict.get("type") == "object" and "additionalProperties" not in strict
    return strict | {"additionalProperties": False} if closed else strict
