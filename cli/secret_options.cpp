#include "cli/secret_options.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/accounts.hpp"
#include "cli/escape.hpp"
#include "cli/events.hpp"
#include "cli/passwords.hpp"
#include "cli/prompt.hpp"
#include "cli/secret_shapes.hpp"
#include "cli/units.hpp"
#include "cli/whole_files.hpp"

namespace owhale::cli {
namespace {

constexpr std::size_t kMostValue = 64u << 10;
constexpr int kTries = 3;

// Everything, into memory that is wiped; one byte over the limit is an error.
Result<Secret> read_whole(int fd, const std::string& what) {
    guard_secrets();
    std::string text;
    text.reserve(kMostValue + 2); // never moved, so that no copy is left behind
    std::array<char, 4096> chunk{};
    for (;;) {
        const auto n = ::read(fd, chunk.data(), chunk.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            wipe(text);
            return fail_errno(what);
        }
        if (n == 0) break;
        if (text.size() + static_cast<std::size_t>(n) > kMostValue + 1) {
            wipe(text);
            return fail(Code::bad_request, what + " is too long", "a value is 64 KiB at most");
        }
        text.append(chunk.data(), static_cast<std::size_t>(n));
    }
    ::explicit_bzero(chunk.data(), chunk.size());
    return Secret(std::move(text));
}

// An editor's or echo's line end is none of the value's; a key of several lines keeps all of its own.
Secret without_line_end(const Secret& read) {
    const std::string_view text = read.text();
    if (!text.ends_with('\n') || text.find('\n') != text.size() - 1) return Secret(std::string(text));
    auto line = text.substr(0, text.size() - 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return Secret(std::string(line));
}

Result<Secret> ask_twice(const std::string& name) {
    std::string before = "Nothing that is typed is shown. For more than one line: --file, or --stdin.\n";
    for (int tries = 1; tries <= kTries; ++tries) {
        auto first = TRY(ask_secret(before + "Value of " + escaped(name) + ": "));
        before = "It is empty.\n";
        if (first.empty()) continue;
        const auto second = TRY(ask_secret("The same again: "));
        if (first.text() == second.text()) return first;
        before = "The two differ.\n";
    }
    return fail(Code::bad_request, "no value was given");
}

Result<Secret> read_file_value(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return cannot_open(path, "name a file that is there and that you can read, or give the value by --stdin");
    return without_line_end(TRY(read_whole(fd.get(), path)));
}

Result<api::SecretHost> parse_place(const std::string& word) {
    api::SecretHost out;
    const auto slash = word.find('/');
    auto place = word.substr(0, slash);
    if (word.find("://") != std::string::npos)
        return fail(Code::bad_request, "--host " + word + " is a URL", "write HOST[:PORT][/PATH], without https://");
    if (const auto colon = place.rfind(':'); colon != std::string::npos) {
        const auto port = std::string_view(place).substr(colon + 1);
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
        if (error != std::errc() || end != port.data() + port.size() || out.port == 0)
            return fail(Code::bad_request, "--host " + word + ": " + std::string(port) + " is no port",
                        "a port is 1 to 65535");
        place.resize(colon);
    }
    out.host = place;
    if (slash != std::string::npos) out.paths.emplace().push_back(word.substr(slash));
    return out;
}

} // namespace

void declare(Command command, SecretOptions& options) {
    command.options("--host", options.hosts, "HOST[:PORT][/PATH]",
                    "where the value may be sent, an exact name; may be repeated");
    command.flag("--no-host", options.no_hosts, "nowhere: for --secret NAME=env alone");
    command.options("--method", options.methods, "METHOD", "with these methods alone; may be repeated");
    command.option("--header", options.header, "NAME", "that carries it (authorization)");
    command.option("--prefix", options.prefix, "TEXT", "that stands before it in the header (\"Bearer \")");
    command.option("--variable", options.variable, "NAME", "that a run finds it in (the secret's name)");
    command.option("--endpoint-variable", options.endpoint_variable, "NAME",
                   "that gets the URL of a local endpoint for the first host, such as OPENAI_BASE_URL");
    command.options("--allow-principal", options.principals, "WHO", "may use it too: user:bob, unix:1000");
    command.options("--allow-role", options.roles, "ROLE", "whoever has it may use it too", Kind::role);
    command.options("--allow-profile", options.profiles, "NAME", "in runs of these profiles alone", Kind::profile);
    command.option("--ttl", options.ttl, "TIME", "good for so long: 24h, 30d; 0 for ever");
}

bool changes(const SecretOptions& options) {
    for (const auto* list : {&options.hosts, &options.methods, &options.principals, &options.roles, &options.profiles})
        if (!list->empty()) return true;
    for (const auto* text :
         {&options.header, &options.prefix, &options.variable, &options.endpoint_variable, &options.ttl})
        if (!text->empty()) return true;
    return options.no_hosts;
}

Result<std::vector<api::SecretHost>> parse_hosts(const std::vector<std::string>& words,
                                                 const std::vector<std::string>& methods) {
    std::vector<api::SecretHost> out;
    for (const auto& word : words) {
        auto one = TRY(parse_place(word));
        if (!methods.empty()) one.methods = split(methods);
        const auto same = std::ranges::find_if(
            out, [&](const auto& other) { return other.host == one.host && other.port == one.port; });
        if (same == out.end())
            out.push_back(std::move(one));
        else if (one.paths && same->paths)
            same->paths->push_back(one.paths->front());
        else
            same->paths.reset(); // one of the two named all of them
    }
    return out;
}

Result<api::SecretRequest> request_of(const std::string& name, const SecretOptions& options, bool fresh) {
    api::SecretRequest out;
    const auto* shape = fresh && options.hosts.empty() && !options.no_hosts ? find_shape(name) : nullptr;
    if (shape != nullptr) {
        out.hosts.emplace().push_back({std::string(shape->host), 443, {}, {}});
        if (!options.methods.empty()) out.hosts->front().methods = split(options.methods);
        out.header = shape->header;
        out.prefix = shape->prefix;
        if (!shape->endpoint_variable.empty()) out.endpoint_variable = shape->endpoint_variable;
    }
    if (!options.hosts.empty()) out.hosts = TRY(parse_hosts(options.hosts, options.methods));
    if (options.no_hosts) out.hosts.emplace();
    if (!options.header.empty()) {
        out.header = options.header;
        out.prefix = ""; // Bearer is Authorization's word
    }
    if (!options.prefix.empty()) out.prefix = options.prefix;
    if (!options.variable.empty()) out.variable = options.variable;
    if (!options.endpoint_variable.empty()) out.endpoint_variable = options.endpoint_variable;
    if (!options.ttl.empty()) out.ttl_ms = TRY(parse_duration_ms(options.ttl, "--ttl"));
    if (!options.principals.empty() || !options.roles.empty() || !options.profiles.empty()) {
        auto& access = out.access.emplace();
        if (!options.principals.empty()) access.principals = split(options.principals);
        if (!options.roles.empty()) access.roles = split(options.roles);
        if (!options.profiles.empty()) access.profiles = split(options.profiles);
    }
    return out;
}

std::string described(const api::SecretHost& host) {
    auto out = host.host + (host.port == 443 ? "" : ":" + std::to_string(host.port));
    if (host.methods) out += " " + joined(*host.methods);
    if (host.paths)
        for (const auto& path : *host.paths) out += " " + path;
    return out;
}

std::string described(const std::string& name, const api::SecretRequest& request) {
    std::string hosts;
    if (request.hosts)
        for (const auto& host : *request.hosts) (hosts += hosts.empty() ? "" : ", ") += described(host);
    auto out = name + ": ";
    out += hosts.empty() ? "goes to no host (--secret " + name + "=env alone)" : "goes to " + hosts;
    if (!hosts.empty())
        out += " as " + request.header.value_or("authorization") + ": " + request.prefix.value_or("Bearer ") + "…";
    if (request.endpoint_variable) out += ", with " + *request.endpoint_variable;
    return out;
}

void declare(Command command, ValueSource& source) {
    command.flag("--stdin", source.from_stdin, "read the value from stdin");
    command.option("--file", source.file, "FILE", "read the value from a file", Kind::file);
    command.flag("--password-stdin", source.password_stdin,
                 "read your own password from stdin's first line, should owhaled want it");
    command.refused_words(source.words); // other users of this machine would see a value
}

bool is_named(const ValueSource& source) {
    return source.from_stdin || !source.file.empty();
}

Result<Secret> read_value(Context& context, const std::string& name, const ValueSource& source) {
    if (source.from_stdin && !source.file.empty())
        return fail(Code::bad_request, "--stdin and --file are both given", "give one of them");
    CHECK(prove_from_stdin(context, source.password_stdin));
    auto value = !source.file.empty() ? read_file_value(source.file)
                 : source.from_stdin  ? read_whole(STDIN_FILENO, "stdin")
                                      : ask_twice(name);
    if (!value && value.error().code == Code::unauthenticated)
        value.error() = {Code::bad_request,
                         "there is no terminal to ask for the value on",
                         "give it by --stdin, or by --file FILE",
                         0,
                         {}};
    if (!value) return value;
    auto out = source.from_stdin ? without_line_end(*value) : std::move(*value);
    if (out.empty()) return fail(Code::bad_request, "the value is empty");
    if (out.text().size() > kMostValue) return fail(Code::bad_request, "the value is too long", "64 KiB at most");
    return out;
}

void put_value(const Secret& value, std::optional<std::string>& text, std::optional<std::string>& base64_text) {
    if (is_utf8(value.text()))
        text = value.text();
    else
        base64_text = base64(value.text());
}

Status refuse_argument_value(const std::string& name, const std::vector<std::string>& words) {
    const auto equals = name.find('=');
    if (words.empty() && equals == std::string::npos) return {};
    return fail(
        Code::bad_request,
        "a value on the command line was not taken: other users of this machine see it in ps, and the shell keeps it",
        "owhalectl secrets set " + escaped(name.substr(0, equals)) +
            " asks for it; or --stdin, or --file FILE. Take it out of the shell's history, and count it as seen");
}

} // namespace owhale::cli
