// The API's messages about the vault. A value goes in, and comes out by `reveal` alone. See shared/api.hpp for the
// conventions.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "shared/api_network.hpp"

namespace owhale::api {

struct SecretHost { // where the value may be sent: exact names, no wildcard, no address
    std::string host;
    std::uint16_t port = 443;
    std::optional<std::vector<std::string>> methods, paths; // absent: all but TRACE; path prefixes, whole segments
};
BOOST_DESCRIBE_STRUCT(SecretHost, (), (host, port, methods, paths))

struct SecretAccess { // who may use it beside its owner; each a list of which one has to match, absent: none
    std::optional<std::vector<std::string>> principals, roles, profiles; // profiles: in these alone, the owner too
};
BOOST_DESCRIBE_STRUCT(SecretAccess, (), (principals, roles, profiles))

struct Secret {              // never the value
    std::string name, owner; // [A-Za-z0-9._-]{1,64}, unique of its owner
    std::uint32_t version = 1;
    std::string variable;                         // of the environment; default NAME in upper case, - and . as _
    std::string header, prefix;                   // "authorization", "Bearer ": the whole value is prefix and secret
    std::vector<SecretHost> hosts;                // none: it goes nowhere as a placeholder
    std::optional<std::string> endpoint_variable; // "OPENAI_BASE_URL": gets the plain local endpoint of its first host
    SecretAccess access;
    std::string placeholder;  // what a run sees, of this version: of the value's shape
    std::uint64_t length = 0; // of the value, bytes
    std::string created, updated;
    std::optional<std::string> expires, last_used;
    std::uint64_t uses = 0;
};
BOOST_DESCRIBE_STRUCT(Secret, (),
                      (name, owner, version, variable, header, prefix, hosts, endpoint_variable, access, placeholder,
                       length, created, updated, expires, last_used, uses))
struct SecretList {
    std::vector<Secret> secrets;
};
BOOST_DESCRIBE_STRUCT(SecretList, (), (secrets))
struct SecretRequest { // PUT /v1/secrets/{name}: a new one, or other metadata of one that is there
    std::optional<std::string> value, value_base64; // at most 64 KiB; needed of a new one
    std::optional<std::string> variable, header, prefix, endpoint_variable;
    std::optional<std::vector<SecretHost>> hosts;
    std::optional<SecretAccess> access;
    std::optional<std::uint64_t> ttl_ms;
    std::optional<bool> replace; // although there is one: its value too
};
BOOST_DESCRIBE_STRUCT(SecretRequest, (),
                      (value, value_base64, variable, header, prefix, endpoint_variable, hosts, access, ttl_ms,
                       replace))
struct SecretValue { // POST /v1/secrets/{name}/rotate, and the answer of /reveal
    std::optional<std::string> value, value_base64;
};
BOOST_DESCRIBE_STRUCT(SecretValue, (), (value, value_base64))
struct Rekeyed {
    std::uint64_t secrets = 0;
    std::string key; // id of the new master key
};
BOOST_DESCRIBE_STRUCT(Rekeyed, (), (secrets, key))

} // namespace owhale::api
