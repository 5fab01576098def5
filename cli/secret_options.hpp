// `secrets set`: what its options say of a secret, and where its value comes from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "cli/secret.hpp"
#include "cli/tree.hpp"
#include "shared/api_secrets.hpp"

namespace owhale::cli {

struct SecretOptions {
    std::vector<std::string> hosts, methods, principals, roles, profiles;
    std::string header, prefix, variable, endpoint_variable, ttl;
    bool no_hosts = false; // none, although the name is known
};
void declare(Command command, SecretOptions& options);
// Whether any of them is given.
bool changes(const SecretOptions& options);
// "HOST[:PORT][/PATH]"; several of one host and port are one entry with several paths. bad_request.
Result<std::vector<api::SecretHost>> parse_hosts(const std::vector<std::string>& words,
                                                 const std::vector<std::string>& methods);
// With the defaults of a known name, where `fresh`; nothing of the value.
Result<api::SecretRequest> request_of(const std::string& name, const SecretOptions& options, bool fresh);
// What would be stored, in lines for a person.
std::string described(const std::string& name, const api::SecretRequest& request);
std::string described(const api::SecretHost& host);

struct ValueSource {
    bool from_stdin = false, password_stdin = false;
    std::string file;
    std::vector<std::string> words; // a value on the command line, which is refused
};
void declare(Command command, ValueSource& source);
// Whether one is named; else the terminal is asked.
bool is_named(const ValueSource& source);
// Asks twice, or reads all of stdin or the file; one line end at the end of a single line is left out. The password, where
// it comes by stdin too, is its first line.
Result<Secret> read_value(Context& context, const std::string& name, const ValueSource& source);
// Into value, or value_base64 when it is not UTF-8.
void put_value(const Secret& value, std::optional<std::string>& text, std::optional<std::string>& base64_text);
// bad_request: NAME=VALUE, or words after the name: other users saw them in ps.
Status refuse_argument_value(const std::string& name, const std::vector<std::string>& words);

} // namespace owhale::cli
