"""Holds every answer that a test session sees to what /openapi.json says of it: status, content type, body, headers."""

import json
import re

try:
    import jsonschema
except ImportError:  # tools/install-deps installs it
    jsonschema = None


class Description:
    def __init__(self, document):
        self.document = document
        self.operations = []
        for path, methods in document["paths"].items():
            pattern = re.compile(re.sub(r"{\w+}", "[^/]+", path.replace(".", r"\.")) + "$")
            for method, operation in methods.items():
                self.operations.append((method.upper(), pattern, operation))

    def operation(self, method, target):
        path = target.split("?")[0]
        for one, pattern, operation in self.operations:
            if one == method and pattern.match(path):
                return operation
        return None

    def resolve(self, value):
        while "$ref" in value:
            found = self.document
            for part in value["$ref"][2:].split("/"):
                found = found[part]
            value = found
        return value

    def check(self, method, target, status, headers, body):
        """An assertion says in what the daemon and its description differ."""
        operation = self.operation(method, target)
        if operation is None:
            return
        where = f"{method} {target} ({operation['operationId']}) answered {status}"
        answers = operation["responses"]
        assert str(status) in answers or status >= 400, f"{where}, which is not described"
        if operation["operationId"] == "mcp" and status >= 400 and headers["content-type"] == "application/json":
            return self.conforms(json.loads(body), operation["responses"]["200"]["content"]["application/json"]["schema"], where)
        answer = self.resolve(answers.get(str(status), answers["default"]))
        content = answer.get("content", {})
        assert bool(content) == bool(body) or "application/octet-stream" in content, f"{where}: a body, or none, is described"
        if not body:
            return
        kind = headers["content-type"]
        assert kind in content, f"{where} with {kind}; described: {list(content)}"
        for name in answer.get("headers", {}):
            if name in ("Location", "Owhale-Length", "Owhale-Offset", "Owhale-State", "WWW-Authenticate"):
                assert name.lower() in headers, f"{where} without {name}"
        if kind.endswith("json"):
            self.conforms(json.loads(body), content[kind]["schema"], where)

    def conforms(self, value, schema, where):
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "components": self.document["components"]}
        errors = [f"{'.'.join(map(str, e.absolute_path))}: {e.message[:300]}"
                  for e in jsonschema.Draft202012Validator(whole).iter_errors(value)]
        errors += [f"{name} is not described" for name in self.unknown(value, schema)]
        assert not errors, f"{where}: {errors[:5]}"

    def unknown(self, value, schema, place=""):
        """Members that no schema names: an answer's schema is open, but the daemon adds nothing by itself."""
        schema = self.resolve(schema)
        if isinstance(value, dict):
            known, more = schema.get("properties", {}), schema.get("additionalProperties")
            if not known and not more:
                return
            for name, inner in value.items():
                if name not in known and not more:
                    yield f"{place}.{name}"
                else:
                    yield from self.unknown(inner, known.get(name, more), f"{place}.{name}")
        elif isinstance(value, list) and "items" in schema:
            for inner in value:
                yield from self.unknown(inner, schema["items"], place + "[]")


_described = None


def learn_from(owhaled):
    """Once a session: every owhaled that it starts is the same program."""
    global _described
    if _described is None:
        _described = Description(owhaled.get("/openapi.json").json())


def check(method, target, status, headers, body):
    if _described is not None and jsonschema is not None:
        _described.check(method, target, status, headers, body)
