// What each class of OCSF that the table names has of its own.
#include <algorithm>
#include <array>

#include "audit/ocsf_draft.hpp"

namespace owhale::audit {
namespace {

namespace json = boost::json;

constexpr std::int64_t kOther = 99;

std::string joined(const json::array& words) {
    std::string out;
    for (const auto& word : words) {
        if (!out.empty()) out += ' ';
        out += word.get_string();
    }
    return out;
}

std::string first_of(std::initializer_list<std::string> texts, std::string otherwise) {
    const auto* found = std::ranges::find_if(texts, [](const std::string& text) { return !text.empty(); });
    return found == texts.end() ? std::move(otherwise) : *found;
}

void set(json::object& to, std::string_view name, std::string value) {
    if (!value.empty()) to[name] = std::move(value);
}

void add_source(OcsfDraft& draft) {
    if (auto peer = draft.take("peer"); !peer.empty()) draft.out["src_endpoint"] = ocsf_endpoint(peer);
}

json::object own_product(const OcsfDraft& draft) {
    return {{"name", "owhaled"}, {"vendor_name", "owhale"}, {"version", draft.source.version}};
}

// The run, or, where none came to be, what would have run.
json::object process_of(OcsfDraft& draft) {
    const auto run = std::string(draft.said("run"));
    json::object process{{"uid", first_of({run, draft.told("command_digest")}, "(none)")}};
    set(process, "cmd_line", joined(draft.take_texts("command")));
    const auto program = draft.take("program");
    const auto name = program.substr(program.rfind('/') + 1);
    set(process, "path", program);
    set(process, "name", name);
    set(process, "working_directory", draft.take("cwd"));
    set(process, "sandbox", draft.take("profile"));
    if (const auto uid = draft.take("uid"); !uid.empty()) process["user"] = json::object{{"uid", uid}};
    return process;
}

void fill_process(OcsfDraft& draft) {
    draft.out["process"] = process_of(draft);
    draft.move_number("exit_code", "exit_code");
}

void fill_log(OcsfDraft& draft) {
    draft.out["log_name"] = draft.source.origin;
    draft.out["log_provider"] = "owhaled";
    add_source(draft);
}

// Of an event that names an account; otherwise who it is about is who asked.
json::object account_of(OcsfDraft& draft) {
    const auto account = draft.take("account");
    return ocsf_user(account.empty() ? std::string(draft.said("principal")) : "user:" + account);
}

void fill_account(OcsfDraft& draft) {
    draft.out["user"] = account_of(draft);
    add_source(draft);
}

void fill_authentication(OcsfDraft& draft) {
    draft.out["user"] = account_of(draft);
    draft.out["service"] = json::object{{"name", "owhaled"}, {"version", draft.source.version}};
    if (const auto id = draft.take("jti"); !id.empty()) draft.out["session"] = json::object{{"uid", id}};
    add_source(draft);
}

void fill_authorization(OcsfDraft& draft) {
    draft.out["user"] = account_of(draft);
    draft.out["privileges"] = json::array{"step-up"};
    add_source(draft);
}

// Of which kind the thing is that an event's name begins with, and which of its data name it.
struct Entity {
    std::string_view prefix, type, name, uid;
    std::string_view fixed = {}; // its name, when the data have none
    std::int64_t type_id = kOther;
};
constexpr std::array kEntities = {
    Entity{"config.", "configuration", "", "", "settings"},
    Entity{"policy.", "Policy", "", "", "policy", 5},
    Entity{"token.", "token", "label", "jti", "token"},
    Entity{"key.", "signing key", "", "kid", "signing key"},
    Entity{"freeze.", "principal", "frozen", "", "principals"},
    Entity{"host.", "network rule", "", "entry", "network rule"},
    Entity{"secret.open", "vault", "", "key", "vault"},
    Entity{"secret.rekey", "vault", "", "key", "vault"},
    Entity{"secret.", "secret", "name", "", "secret"},
    Entity{"", "thing", "", "", "(unknown)"},
};

void fill_entity(OcsfDraft& draft) {
    const auto* kind = std::ranges::find_if(kEntities, [&draft](const Entity& one) { // the last is everything's
        return draft.type.name.starts_with(one.prefix);
    });
    json::object entity{{"type", kind->type}, {"type_id", kind->type_id}};
    entity["name"] = first_of({draft.take(kind->name)}, std::string(kind->fixed));
    set(entity, "uid", draft.take(kind->uid));
    set(entity, "version", draft.take(kind->type_id == 5 ? "after" : "version"));
    draft.out["entity"] = std::move(entity);
    add_source(draft);
}

json::array privileges_of(OcsfDraft& draft) {
    if (auto roles = draft.take_texts("roles"); !roles.empty()) return roles;
    if (const auto command = draft.take_texts("command"); !command.empty())
        return {json::string("run " + joined(command))};
    return {draft.type.name.starts_with("grant.") ? "what the grant allows" : "all roles"};
}

void fill_access(OcsfDraft& draft) {
    const auto subject = first_of({draft.take("subject"), draft.take("requester")}, "");
    draft.out["user"] = subject.empty() ? account_of(draft) : ocsf_user(subject);
    draft.out["privileges"] = privileges_of(draft);
    if (const auto grant = draft.take("grant"); !grant.empty())
        draft.out["resources"] = json::array{json::object{{"uid", grant}, {"type", "grant"}}};
    add_source(draft);
}

void fill_network(OcsfDraft& draft) {
    const auto host = draft.take("host");
    if (host.empty()) { // to owhaled
        draft.out["src_endpoint"] = ocsf_endpoint(draft.take("peer"));
        draft.out["dst_endpoint"] = ocsf_own_endpoint();
        return;
    }
    const auto* port = draft.data.if_contains("port");
    const bool has_port = port != nullptr && port->is_int64();
    draft.out["dst_endpoint"] = ocsf_endpoint(host, has_port ? port->get_int64() : -1);
    if (has_port && draft.out["dst_endpoint"].get_object().contains("port")) draft.data.erase("port");
    draft.out["src_endpoint"] = json::object{{"name", first_of({std::string(draft.said("run"))}, "a run")}};
}

void fill_lifecycle(OcsfDraft& draft) {
    draft.out["app"] = own_product(draft);
}

void fill_call(OcsfDraft& draft) {
    const auto operation = first_of({std::string(draft.said("verb"))}, std::string(draft.type.name));
    draft.out["api"] = json::object{{"operation", operation}, {"service", json::object{{"name", "owhaled"}}}};
    draft.out["src_endpoint"] = ocsf_endpoint(draft.take("peer"));
    json::array resources;
    if (const auto run = draft.said("run"); !run.empty())
        resources.push_back(json::object{{"uid", run}, {"type", "run"}});
    for (const std::string_view kind : {"approval", "grant", "box"})
        if (const auto id = draft.take(kind); !id.empty())
            resources.push_back(json::object{{"uid", id}, {"type", kind}});
    if (!resources.empty()) draft.out["resources"] = std::move(resources);
}

struct Class {
    std::uint16_t uid;
    void (*fill)(OcsfDraft& draft);
};
constexpr std::array kClasses = {
    Class{1007, fill_process},        Class{1008, fill_log},           Class{3001, fill_account},
    Class{3002, fill_authentication}, Class{3003, fill_authorization}, Class{3004, fill_entity},
    Class{3005, fill_access},         Class{4001, fill_network},       Class{6002, fill_lifecycle},
    Class{6003, fill_call},
};

} // namespace

void fill_ocsf_class(OcsfDraft& draft) {
    const auto* found = std::ranges::find(kClasses, draft.type.ocsf.class_uid, &Class::uid);
    if (found != kClasses.end()) found->fill(draft);
}

} // namespace owhale::audit
