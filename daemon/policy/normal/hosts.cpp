// What a command connects to, by the roles of its words.
#include <algorithm>

#include "policy/normal/urls.hpp"
#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {
namespace {

bool looks_like_path(std::string_view text) {
    return text.starts_with('/') || text.starts_with("./") || text.starts_with("../") || text == "." || text == ".." ||
           text.find('/') != std::string_view::npos;
}

bool is_remote_name(std::string_view text) {
    return text.find('/') == std::string_view::npos && text.find(':') == std::string_view::npos;
}

} // namespace

bool is_loopback(std::string_view name) {
    return name == "localhost" || name.ends_with(".localhost") || name == "::1" || name == "[::1]" ||
           (name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string_view::npos);
}

void Walk::add_host(Call& call, Host host) {
    if (host.span == Span{}) host.span = call.argv[0].span;
    if (call.frame.fixed) host.span = *call.frame.fixed;
    call.connects = call.connects || !host.listens;
    auto& hosts = at(call.slot).hosts;
    if (hosts.size() < 256) hosts.push_back(std::move(host));
}

// A host without a name stands for what settings say; where words name one, it is that. And what goes to this machine
// itself, or is served to it alone, does not leave.
void Walk::settle_hosts(Call& call) {
    auto& hosts = at(call.slot).hosts;
    const auto unnamed = [](const Host& host) { return host.name.empty() && !host.listens; };
    const bool named = std::ranges::any_of(hosts, [](const Host& host) { return !host.name.empty() && !host.listens; });
    const bool sends = std::ranges::any_of(hosts, [&](const Host& host) { return unnamed(host) && host.sends; });
    bool first = !named;
    std::erase_if(hosts, [&](const Host& host) {
        if (!unnamed(host)) return false;
        const bool keep = first;
        first = false;
        return !keep;
    });
    for (auto& host : hosts)
        if (!host.listens) host.sends = host.sends || sends;
    if (!hosts.empty() && std::ranges::all_of(hosts, [](const Host& host) { return is_loopback(host.name); }))
        for (auto& access : at(call.slot).accesses) access.sent = false;
}

// PORT, HOST or HOST:PORT to listen on: several words tell of one place.
void Walk::apply_port(Call& call, const Value& value) {
    Host made;
    const bool number = !value.text.empty() && value.text.find_first_not_of("0123456789") == std::string::npos;
    if (number)
        made.port = value.text;
    else
        made = host_of_word(value, "tcp");
    for (auto& host : at(call.slot).hosts)
        if (host.listens && (host.name.empty() || made.name.empty()) && (host.port.empty() || made.port.empty())) {
            host.name += made.name;
            host.port += made.port;
            return;
        }
    made.listens = true;
    made.span = value.span;
    add_host(call, std::move(made));
}

void Walk::apply_repository(Call& call, const Value& value) {
    const auto& text = value.text;
    if (text.starts_with("ext::")) { // git's transport that runs a command
        carry_code(call, "sh", {text.substr(5), value.span});
        return;
    }
    if (auto remote = remote_path(value)) return add_host(call, remote->host);
    if (looks_like_path(text) || text.starts_with("file:")) {
        if (!text.starts_with("file:")) touch(call.slot, Act::read, value, true, false);
        call.stays = true;
        return;
    }
    if (is_remote_name(text))
        add_host(call, {.scheme = "git", .span = value.span}); // a name in the repository's settings
}

void Walk::apply_package(Call& call, const Value& value) {
    const std::string registry(call.arguments.program->value("registry"));
    std::string text = value.text;
    if (const auto at_sign = text.find(" @ "); at_sign != std::string::npos)
        text = text.substr(at_sign + 3);
    else if (const auto alias = text.find("@git+"); alias != std::string::npos)
        text = text.substr(alias + 1);
    if (auto host = host_of_url({text, value.span}, "")) return add_host(call, *host);
    const bool archive = text.ends_with(".whl") || text.ends_with(".tgz") || text.ends_with(".tar.gz") ||
                         text.ends_with(".deb") || text.ends_with(".rpm");
    if (text.starts_with('.') || text.starts_with('/') || text.starts_with("file:") || (archive && text[0] != '@')) {
        if (text.starts_with("file:")) text = text.substr(5);
        if (text.starts_with('.') && text.find('[') != std::string::npos) text = text.substr(0, text.find('['));
        touch(call.slot, Act::execute, {text, value.span}, false, false);
        if (const Cell* cell = file(text); cell != nullptr && cell->taint.fetched) add_fact(call.slot, "code.fetched");
        return;
    }
    const bool short_form = registry == "npm" && text.find('/') != std::string::npos && text[0] != '@' &&
                            text.find("npm:") == std::string::npos;
    if (text.starts_with("git@") || text.starts_with("github:") || short_form) {
        Host host;
        host.name = "github.com";
        host.scheme = "git";
        host.span = value.span;
        return add_host(call, host);
    }
    for (const auto& host : at(call.slot).hosts)
        if (host.name == "registry") return;
    add_host(call, {.name = "registry", .scheme = registry, .span = value.span});
}

bool takes_items(std::string_view program) {
    constexpr std::string_view kPrograms[] = {"http", "https", "xh", "xhs", "httpie"};
    return std::ranges::find(kPrograms, program) != std::end(kPrograms);
}

// METHOD, URL, then key=value, key:=json, key@file, header:value
void Walk::apply_item(Call& call, const Value& value) {
    constexpr std::string_view kMethods[] = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"};
    const auto& text = value.text;
    auto& hosts = at(call.slot).hosts;
    if (hosts.empty()) {
        if (std::ranges::find(kMethods, text) != std::end(kMethods)) return;
        Host host = host_of_word({text.starts_with(':') ? "localhost" + text : text, value.span}, "http");
        if (auto url = host_of_url({text.starts_with(':') ? "localhost" + text : text, value.span}, "http"))
            host = *url;
        for (const auto& operand : call.arguments.operands)
            if (operand.is("POST") || operand.is("PUT") || operand.is("PATCH")) host.sends = true;
        return add_host(call, std::move(host));
    }
    const auto mark = text.find_first_of("=@");
    if (mark == std::string::npos) return;
    hosts.front().sends = true;
    std::string file = text.substr(mark + 1);
    if (text[mark] == '=' && !file.starts_with('@')) return;
    if (file.starts_with('@')) file.erase(0, 1);
    touch(call.slot, Act::read, {file.substr(0, file.find(';')), value.span}, false, true);
}

// curl's -d: @FILE, @- the standard input.
void Walk::apply_data(Call& call, const Value& value) {
    const auto mark = value.text.starts_with('@') ? 0 : value.text.find("=@");
    if (mark == std::string::npos) return;
    std::string path = value.text.substr(mark + (mark == 0 && value.text.starts_with('@') ? 1 : 2));
    path = path.substr(0, path.find(';'));
    if (path == "-" || path == "/dev/stdin")
        call.sends_stdin = true;
    else
        touch(call.slot, Act::read, {path, value.span}, false, true);
}

void Walk::apply_host_path(Call& call, const RoleRow& role, const Value& value) {
    if (auto remote = remote_path(value)) {
        remote->host.sends = (role.acts & bit(2)) != 0; // the last operand is where things go
        return add_host(call, remote->host);
    }
    const bool remote_end =
        std::ranges::any_of(call.arguments.operands, [](const Value& word) { return remote_path(word).has_value(); });
    RoleRow local = role;
    local.sent = remote_end && (role.acts & bit(0)) != 0;
    touch_role(call, local, value);
}

} // namespace owhale::policy::normal
