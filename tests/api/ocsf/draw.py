#!/usr/bin/env python3
"""Draws schema.json from a checkout of the OCSF schema: draw.py FOLDER > schema.json.

By hand, when the version changes (daemon/audit/ocsf.hpp): no package has the schema in this form. Taken over are names,
types, requirements, enumerations and constraints of the classes and objects that owhaled writes, with the profile
`host`; of attributes that OCSF leaves optional only those that owhaled writes (USED), so that a new one is looked up
before it is written.
"""

import json
import pathlib
import sys

CLASSES = ["process_activity", "event_log_actvity", "account_change", "authentication", "authorize_session",  # sic
           "entity_management", "user_access", "network_activity", "application_lifecycle", "api_activity", "base_event"]
PROFILES = ["host"]
BASE = "activity_id activity_name category_uid class_uid count message metadata severity_id status status_code " \
       "status_detail status_id time type_uid unmapped actor device"
FROM = BASE + " src_endpoint"
USED = {
    "process_activity": BASE + " process exit_code", "event_log_actvity": FROM + " log_name log_provider",
    "account_change": FROM + " user", "authentication": FROM + " user service session",
    "authorize_session": FROM + " user privileges", "entity_management": FROM + " entity",
    "user_access": FROM + " user privileges resources", "network_activity": FROM + " dst_endpoint",
    "application_lifecycle": BASE + " app", "api_activity": FROM + " api resources", "base_event": BASE,
    "metadata": "version sequence profiles product log_name log_provider uid event_code original_time correlation_uid",
    "product": "name vendor_name version", "device": "name type_id", "actor": "app_name user session",
    "user": "name uid type_id type", "session": "uid", "network_endpoint": "name ip port svc_name",
    "process": "uid cmd_line path name working_directory sandbox user", "service": "name version",
    "managed_entity": "name uid type type_id version", "resource_details": "uid type", "api": "operation service",
}


class Published:
    """The schema as it is published: attributes inherited, included and merged."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.version = self.read("version.json")["version"]
        self.dictionary = self.read("dictionary.json")
        self.tables = {kind: self.named(kind) for kind in ("events", "objects")}
        self.categories = self.read("categories.json")["attributes"]

    def read(self, path):
        return json.loads((self.folder / path).read_text())

    def named(self, kind):
        every = [json.loads(path.read_text()) for path in (self.folder / kind).rglob("*.json")]
        return {one["name"]: one for one in every}

    def included(self, attributes):
        out = {}
        for path in attributes.get("$include", []):
            profile = self.read(path)
            for name, said in self.included(profile["attributes"]).items():
                out[name] = {"profile": profile["name"], **said}
        for name, said in attributes.items():
            if name != "$include":
                out[name] = merged(out.get(name, {}), said)
        return out

    def resolved(self, kind, name):
        """Its attributes, constraints, and the fields that are inherited (category, uid)."""
        own = self.tables[kind][name]
        attributes, constraints, more = self.resolved(kind, own["extends"]) if "extends" in own else ({}, {}, {})
        for each, said in self.included(own.get("attributes", {})).items():
            attributes[each] = merged(attributes.get(each, {}), said)
        more.update({key: own[key] for key in ("category", "uid") if key in own})
        return attributes, own.get("constraints", constraints), more

    def said(self, attribute, here):
        return merged(self.dictionary["attributes"][attribute], here)


def merged(under, over):
    out = {**under, **over}
    if "enum" in under and "enum" in over:
        out["enum"] = {**under["enum"], **over["enum"]}
    return out


class Drawing:
    def __init__(self, published):
        self.published = published
        self.definitions = {}

    def type_of(self, said):
        kind = said["type"]
        if kind in self.published.tables["objects"]:
            if kind == "object":
                return {"type": "object"}
            self.add("objects", kind)
            return {"$ref": "#/definitions/" + kind}
        types = self.published.dictionary["types"]["attributes"]
        basic = types[kind].get("type", kind)
        out = {"type": {"integer_t": "integer", "long_t": "integer", "boolean_t": "boolean", "string_t": "string"}[basic]}
        if "regex" in types[kind]:
            out["pattern"] = types[kind]["regex"]
        if "max_len" in types[kind]:
            out["maxLength"] = types[kind]["max_len"]
        if "range" in types[kind]:
            out["minimum"], out["maximum"] = types[kind]["range"]
        return out

    def attribute(self, name, here):
        said = self.published.said(name, here)
        out = self.type_of(said)
        if "enum" in said and out.get("type") == "integer":
            out["enum"] = sorted(map(int, said["enum"]))
        return {"type": "array", "items": out, "minItems": 1} if said.get("is_array") else out

    def add(self, kind, name):
        if name in self.definitions:
            return
        attributes, constraints, more = self.published.resolved(kind, name)
        here = {key: said for key, said in attributes.items()
                if said.get("profile") in (None, *PROFILES) and "@deprecated" not in said}
        used = USED[name].split()
        missing = [key for key in used if key not in here]
        assert not missing, f"{name} has no {missing}"
        required = [key for key, said in here.items() if said.get("requirement") == "required"]
        out = self.definitions[name] = {"type": "object", "additionalProperties": False, "required": sorted(required)}
        out["properties"] = {key: self.attribute(key, here[key]) for key in sorted(here) if key in used or key in required}
        rules = [self.other(sibling, number) for number, sibling in self.siblings(out["properties"])]
        if "at_least_one" in constraints:
            rules.append({"anyOf": [{"required": [key]} for key in constraints["at_least_one"]]})
        if "just_one" in constraints:
            rules.append({"oneOf": [{"required": [key]} for key in constraints["just_one"]]})
        if kind == "events":
            rules += self.classify(out["properties"], more)
        if rules:
            out["allOf"] = rules

    def siblings(self, properties):
        for number in properties:
            sibling = self.published.dictionary["attributes"][number].get("sibling")
            if sibling in properties:
                yield number, sibling

    @staticmethod
    def other(sibling, number):
        """Of 99, Other: the text beside it says what."""
        return {"if": {"properties": {number: {"const": 99}}, "required": [number]}, "then": {"required": [sibling]}}

    def classify(self, properties, more):
        category = self.published.categories.get(more.get("category"), {"uid": 0})["uid"]
        uid = category * 1000 + more.get("uid", 0)
        properties["category_uid"]["enum"] = [category]
        properties["class_uid"]["enum"] = [uid]
        return [{"if": {"properties": {"activity_id": {"const": activity}}},
                 "then": {"properties": {"type_uid": {"const": uid * 100 + activity}}}}
                for activity in properties["activity_id"]["enum"]]


def main():
    published = Published(sys.argv[1])
    drawing = Drawing(published)
    for name in CLASSES:
        drawing.add("events", name)
    chosen = [{"if": {"properties": {"class_uid": drawing.definitions[name]["properties"]["class_uid"]}},
               "then": {"$ref": "#/definitions/" + name}} for name in CLASSES]
    uids = sorted(drawing.definitions[name]["properties"]["class_uid"]["enum"][0] for name in CLASSES)
    whole = {"$schema": "http://json-schema.org/draft-07/schema#",
             "$comment": f"Of OCSF {published.version}, by draw.py: not edited by hand.",
             "type": "object", "required": ["class_uid", "metadata"],
             "properties": {"class_uid": {"enum": uids},
                            "metadata": {"properties": {"version": {"const": published.version}}}},
             "allOf": chosen}
    lines = [json.dumps(key) + ": " + json.dumps(part) for key, part in sorted(drawing.definitions.items())]
    print(json.dumps(whole)[:-1] + ', "definitions": {\n' + ",\n".join(lines) + "\n}}")


main()
