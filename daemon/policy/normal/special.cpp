// Programs whose words carry commands in ways of their own: find, xargs, tar, socat, containers.
#include <algorithm>

#include "policy/normal/letters.hpp"
#include "policy/normal/paths.hpp"
#include "policy/normal/urls.hpp"
#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {
namespace {

std::string active(std::string_view pattern) { // a pattern in a word, as find reads it
    std::string out;
    for (const char c : pattern) {
        if (c == '*')
            out += kAnyName;
        else if (c == '?')
            out += kAnyByte;
        else
            out += c;
    }
    return out;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
    for (auto at = text.find(what); at != std::string::npos && text.size() < (64 << 10);
         at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

} // namespace

const Walk::SpecialRow* Walk::find_special(std::string_view name) {
    static constexpr SpecialRow kRows[] = {{"dd", &Walk::special_dd},
                                           {"cp", &Walk::special_copy},
                                           {"curl", &Walk::special_fetcher},
                                           {"docker", &Walk::special_docker},
                                           {"cpio", &Walk::special_unpack},
                                           {"fd", &Walk::special_fd},
                                           {"gpatch", &Walk::special_unpack},
                                           {"patch", &Walk::special_unpack},
                                           {"fdfind", &Walk::special_fd},
                                           {"find", &Walk::special_find},
                                           {"gfind", &Walk::special_find},
                                           {"bfs", &Walk::special_find},
                                           {"parallel", &Walk::special_parallel},
                                           {"git clone", &Walk::special_git},
                                           {"git config", &Walk::special_git_config},
                                           {"install", &Walk::special_copy},
                                           {"ln", &Walk::special_copy},
                                           {"make", &Walk::special_make},
                                           {"mv", &Walk::special_copy},
                                           {"nc", &Walk::special_netcat},
                                           {"ncat", &Walk::special_netcat},
                                           {"netcat", &Walk::special_netcat},
                                           {"podman", &Walk::special_docker},
                                           {"socat", &Walk::special_socat},
                                           {"tar", &Walk::special_tar},
                                           {"wget", &Walk::special_fetcher},
                                           {"xargs", &Walk::special_xargs},
                                           {"aria2c", &Walk::special_fetcher},
                                           {"bsdtar", &Walk::special_tar},
                                           {"tee", &Walk::special_copy},
                                           {"nc.traditional", &Walk::special_netcat},
                                           {"nc.openbsd", &Walk::special_netcat},
                                           {"nerdctl", &Walk::special_docker},
                                           {"base64", &Walk::special_copy}};
    const auto* row = std::ranges::find(kRows, name, &SpecialRow::name);
    return row == std::end(kRows) ? nullptr : row;
}

void Walk::special_find(Call& call) {
    std::size_t i = 1;
    while (i < call.argv.size() && (call.argv[i].is("-H") || call.argv[i].is("-L") || call.argv[i].is("-P"))) ++i;
    std::vector<Value> roots;
    for (;
         i < call.argv.size() && !call.argv[i].text.starts_with('-') && !call.argv[i].is("(") && !call.argv[i].is("!");
         ++i)
        roots.push_back(call.argv[i]);
    if (roots.empty()) roots.push_back({".", call.argv[0].span});
    at(call.slot).operands = roots;
    bool deep = true;
    for (auto k = i; k + 1 < call.argv.size(); ++k)
        if (call.argv[k].is("-maxdepth")) deep = !call.argv[k + 1].is("0") && !call.argv[k + 1].is("1");
    for (const auto& root : roots) touch(call.slot, Act::list, root, deep, false);
    std::string name;
    bool filtered = false;
    for (auto k = i; k + 1 < call.argv.size(); ++k) {
        const std::string& word = call.argv[k].text;
        if (word == "-name" || word == "-iname") name = active(call.argv[k + 1].text);
        filtered = filtered || word == "-name" || word == "-iname" || word == "-path" || word == "-regex" ||
                   word == "-mtime" || word == "-empty" || word == "-size" || word == "-user" || word == "-perm" ||
                   word == "-newer" || word == "-mmin" || word == "-iregex" || word == "-wholename" ||
                   word == "-ipath" || word == "-links" || word == "-inum" || word == "-atime" || word == "-ctime" ||
                   word == "-uid" || word == "-group";
    }
    const auto found = [&](const Value& root) {
        const std::string whole = absolute(root.text).front();
        return join_path(whole, std::string(kHole) + name);
    };
    for (; i < call.argv.size() && !stopped(); ++i) {
        const std::string& word = call.argv[i].text;
        if (word == "-delete")
            for (const auto& root : roots)
                touch(call.slot, Act::remove,
                      filtered ? Value{found(root), call.argv[i].span} : Value{root.text, call.argv[i].span}, !filtered,
                      false);
        else if ((word == "-fprintf" || word == "-fprint" || word == "-fls" || word == "-fprint0") &&
                 i + 1 < call.argv.size())
            touch(call.slot, Act::write, call.argv[i + 1], false, false);
        else if (word == "-files0-from" && i + 1 < call.argv.size())
            touch(call.slot, Act::read, call.argv[i + 1], false, false);
        else if (word == "-exec" || word == "-execdir" || word == "-ok" || word == "-okdir") {
            std::vector<Value> command;
            for (++i; i < call.argv.size() && !call.argv[i].is(";") && !call.argv[i].is("+"); ++i)
                command.push_back(call.argv[i]);
            for (const auto& root : roots) {
                auto words = command;
                // rm -rf {} over all that is found is rm -rf of the root.
                const std::string below = !filtered && name.empty() ? absolute(root.text).front() : found(root);
                for (auto& value : words) value.text = replaced(value.text, "{}", below);
                carry(call, std::move(words), "find");
            }
        }
    }
}

void Walk::special_xargs(Call& call) {
    std::vector<Value> command = call.arguments.operands;
    const Stream* in = call.in();
    const Value* marker = call.arguments.value_of("-I");
    const std::string mark = marker != nullptr                                      ? marker->text
                             : call.arguments.has("-i") || call.arguments.has("-I") ? "{}"
                                                                                    : "";
    std::vector<std::string> given;
    const bool whole = call.arguments.has("-0");
    const Value* by = call.arguments.value_of("-d");
    const char end = by != nullptr && by->text.size() == 1 ? by->text[0] : '\n';
    if (in != nullptr && in->known) {
        std::string word;
        for (const char c : in->text + "\n") {
            const bool split =
                whole ? c == '\0' : c == end || c == '\0' || (by == nullptr && mark.empty() && (c == ' ' || c == '\t'));
            if (!split)
                word += c;
            else if (!word.empty())
                given.push_back(std::move(word)), word.clear();
        }
        if (!word.empty()) given.push_back(std::move(word));
        if (given.size() > 256) given = {std::string(kHole)};
    } else if (in != nullptr && !in->names.empty())
        given = in->names;
    else
        given = {std::string(kHole)};
    if (in != nullptr) call.taint.add(in->taint);
    if (command.empty()) return;
    call.code_given = true;
    Call inner = call;
    inner.frame.endless = call.frame.endless || (in != nullptr && in->endless);
    Stream none{.given = true};
    inner.io.in = none;
    inner.io.has_in = true;
    if (mark.empty()) {
        for (auto& text : given) command.push_back({std::move(text), call.argv[0].span});
        carry(inner, std::move(command), "xargs");
        return;
    }
    std::size_t rounds = 0;
    if (given.empty()) given.push_back("");
    for (const auto& text : given) {
        if (++rounds > 16 || stopped()) break;
        auto words = command;
        for (auto& value : words)
            value.text = replaced(value.text, mark, rounds == 16 ? kHole : std::string_view(text));
        carry(inner, std::move(words), "xargs");
    }
}

void Walk::special_tar(Call& call) {
    for (const auto& option : call.arguments.options) {
        if (option.name != "--checkpoint-action" || !option.value) continue;
        const std::string& action = option.value->text;
        if (action.starts_with("exec=")) carry_code(call, "sh", {action.substr(5), option.span});
    }
    const Value* archive = call.arguments.value_of("-f");
    const bool extracts = call.arguments.has("-x");
    const bool creates = call.arguments.has("-c") || call.arguments.has("-r") || call.arguments.has("-u") ||
                         call.arguments.has("-A") || call.arguments.has("--delete");
    if (archive != nullptr && !creates) // it is only read
        std::erase_if(at(call.slot).accesses,
                      [&](const Access& access) { return access.act == Act::write && access.span == archive->span; });
    if (archive != nullptr && archive->text.find(':') != std::string::npos && !call.arguments.has("--force-local"))
        if (auto remote = remote_path(*archive)) add_host(call, remote->host);
    if (!extracts || call.arguments.has("-O") || call.arguments.has("--to-stdout")) return;
    touch(call.slot, Act::write, {".", call.argv[0].span}, true, false);
}

// TYPE:ARGUMENTS,OPTIONS
void Walk::special_socat(Call& call) {
    bool network = false, shell = false;
    for (const auto& word : call.arguments.operands) {
        const auto colon = word.text.find(':');
        const std::string type = lowered(word.text.substr(0, colon));
        const std::string rest = colon == std::string::npos ? "" : word.text.substr(colon + 1);
        const std::string plain = rest.substr(0, rest.find(','));
        if (type == "exec" || type == "system" || type == "shell") {
            carry_code(call, "sh", {plain, word.span});
            shell = true;
        } else if (type.find("listen") != std::string::npos || type.ends_with("recvfrom") || type.ends_with("-l")) {
            network = network || !type.starts_with("unix");
            add_host(call, {.port = plain, .scheme = "tcp", .listens = true, .span = word.span});
        } else if (type.starts_with("tcp") || type.starts_with("udp") || type.starts_with("openssl") ||
                   type.starts_with("ssl") || type.starts_with("sctp") || type.starts_with("socks") ||
                   type.starts_with("proxy")) {
            network = true;
            Host host = host_of_word({plain, word.span}, type.starts_with("udp") ? "udp" : "tcp");
            add_host(call, std::move(host));
        } else if (type.starts_with("unix") || type.starts_with("abstract"))
            touch(call.slot, Act::write, {plain, word.span}, false, false);
        else if (type == "file" || type == "open" || type == "gopen" || type == "create" || type == "pipe")
            touch(call.slot, type == "create" ? Act::write : Act::read, {plain, word.span}, false, network);
        else if (colon == std::string::npos && (word.text.find('/') != std::string::npos))
            touch(call.slot, Act::read, word, false, false);
    }
    if (network && shell) add_fact(call.slot, "socket.shell");
}

void Walk::special_netcat(Call& call) {
    const bool runs = call.arguments.has("-e") || call.arguments.has("-c") || call.arguments.has("--lua-exec");
    if (runs) add_fact(call.slot, "socket.shell");
    if (!call.arguments.has("-l")) return;
    for (auto& host : at(call.slot).hosts) host.listens = true; // what stands there is where it listens
    const auto& operands = call.arguments.operands;
    if (at(call.slot).hosts.empty() || operands.empty()) return;
    at(call.slot).hosts.back().port = operands.back().text;
}

void Walk::special_docker(Call& call) {
    for (const auto& option : call.arguments.options) {
        if (!option.value) continue;
        const std::string& text = option.value->text;
        if (option.name == "-v") {
            const auto colon = text.find(':');
            if (colon == std::string::npos || (text[0] != '/' && text[0] != '.' && text[0] != '~' && text[0] != '\0'))
                continue;
            const bool read_only = text.ends_with(":ro") || text.find(":ro,") != std::string::npos;
            touch(call.slot, Act::mount, {text.substr(0, colon), option.value->span}, true, false);
            touch(call.slot, read_only ? Act::read : Act::write, {text.substr(0, colon), option.value->span}, true,
                  false);
        } else if (option.name == "--mount") {
            for (const std::string_view key : {"source=", "src="}) {
                const auto start = text.find(key);
                if (start == std::string::npos || text.find("type=bind") == std::string::npos) continue;
                const std::string source = text.substr(start + key.size(), text.find(',', start) - start - key.size());
                touch(call.slot, Act::mount, {source, option.value->span}, true, false);
                touch(call.slot, text.find("readonly") != std::string::npos ? Act::read : Act::write,
                      {source, option.value->span}, true, false);
            }
        }
    }
}

// Where a fetched text goes.
void Walk::special_fetcher(Call& call) {
    const bool wget = call.row->name == "wget" || call.row->name == "aria2c";
    if (at(call.slot).hosts.empty() && call.arguments.has(wget ? "-i" : "-K")) // URLs that stand in a file
        add_host(call, {.name = std::string(kHole), .span = call.argv[0].span});
    const Value* file = call.arguments.value_of(wget ? "-O" : "-o");
    const auto named = [&] {
        for (const auto& host : at(call.slot).hosts) {
            std::string path = host.url.substr(0, host.url.find_first_of("?#"));
            const auto start = path.find("://");
            path = path.substr(start == std::string::npos ? 0 : start + 3);
            const auto slash = path.find('/');
            std::string name = slash == std::string::npos ? "" : std::string(base_name(path.substr(slash)));
            if (name.empty() || name == "/") name = "index.html";
            const Value* folder = call.arguments.value_of(wget ? "-P" : "--output-dir");
            const Value where{folder != nullptr ? join_path(folder->text, name) : name, call.argv[0].span};
            touch(call.slot, Act::write, where, false, false);
            note_fetched(call, where);
        }
    };
    if (file != nullptr) {
        if (!file->is("-") && !file->is("/dev/stdout")) note_fetched(call, *file);
    } else if (wget ? !call.arguments.has("--spider") : call.arguments.has("-O"))
        named();
}

// parallel CODE ::: VALUES, or values from its input.
void Walk::special_parallel(Call& call) {
    const auto& operands = call.arguments.operands;
    const auto mark = std::ranges::find_if(operands, [](const Value& word) { return word.text.starts_with(":::"); });
    std::string text;
    for (auto word = operands.begin(); word != mark; ++word) text += (text.empty() ? "" : " ") + word->text;
    std::vector<std::string> given;
    for (auto word = mark; word != operands.end(); ++word)
        if (!word->text.starts_with(":::")) given.push_back(word->text);
    const Stream* in = call.in();
    if (given.empty())
        given = in != nullptr && !in->names.empty() ? in->names : std::vector<std::string>{std::string(kHole)};
    if (text.empty()) text = "{}";
    if (given.size() > 16) given.resize(16), given.back() = kHole;
    call.code_given = true;
    for (const auto& value : given) {
        const bool marked = text.find('{') != std::string::npos;
        std::string code = replaced(text, "{}", value);
        if (marked) code = replaced(replaced(std::move(code), "{.}", value), "{/}", value);
        carry_code(call, "sh",
                   {marked ? code : code + " " + value, operands.empty() ? call.argv[0].span : operands[0].span});
    }
}

} // namespace owhale::policy::normal
