// What comes from a connection, what leaves by one, and what becomes code on the way.
#include <algorithm>

#include "policy/normal/code.hpp"
#include "policy/normal/paths.hpp"
#include "policy/normal/walk.hpp"

namespace owhale::policy::normal {

// What goes to this machine does not leave it.
static bool leaves_machine(const SimpleCommand& command) {
    return command.hosts.empty() || std::ranges::any_of(command.hosts, [](const Host& host) {
               return !host.listens && host.name != "localhost" && !host.name.starts_with("127.") &&
                      host.name != "::1" && host.name != "[::1]" && host.name != "0.0.0.0" &&
                      !host.name.ends_with(".localhost");
           });
}

// Programs that bring files from elsewhere to where their words say.
void Walk::note_downloads(Call& call) {
    constexpr std::string_view kBringers[] = {"scp",  "pscp",  "sftp", "rsync",    "tftp",    "aria2c",
                                              "axel", "lftp",  "ftp",  "gsutil",   "aws",     "rclone",
                                              "mc",   "s3cmd", "az",   "ncftpget", "busybox", "lwp-download"};
    if (std::ranges::find(kBringers, call.program) == std::end(kBringers) || !leaves_machine(at(call.slot)) ||
        at(call.slot).hosts.empty())
        return;
    const auto accesses = at(call.slot).accesses;
    for (const auto& access : accesses) {
        if (access.act != Act::write) continue;
        note_fetched(call, {access.path, access.span});
        for (const auto& word : at(call.slot).operands)
            if (const auto slash = word.text.find_last_of("/:");
                slash != std::string::npos && slash + 1 < word.text.size())
                note_fetched(call, {join_path(access.path, word.text.substr(slash + 1)), access.span});
    }
}

// An archive that was fetched and is opened in a folder.
void Walk::note_opened(Call& call) {
    constexpr std::string_view kOpeners[] = {"unzip", "tar", "bsdtar", "7z", "7za", "7zr", "7zz", "unrar", "cpio"};
    if (std::ranges::find(kOpeners, call.program) == std::end(kOpeners) || fetched_folders_.size() > 32) return;
    const Stream* in = call.in();
    bool fetched = in != nullptr && in->taint.fetched;
    const auto accesses = at(call.slot).accesses;
    for (const auto& access : accesses)
        if (const Cell* cell = access.act == Act::read ? file(access.path) : nullptr) fetched |= cell->taint.fetched;
    if (!fetched) return;
    for (const auto& access : accesses)
        if (access.act == Act::write && access.path.find('\0') == std::string::npos && access.path != "/")
            fetched_folders_.push_back(access.path);
}

// What the code fetches and what it writes are taken to be one.
void Walk::note_code_fetches(Call& call, const Scanned& found) {
    const bool connects = std::ranges::any_of(found.hosts, [](const Host& host) { return !host.listens; });
    if (!connects || !leaves_machine(at(call.slot))) return;
    for (const auto& access : found.accesses)
        if (access.act == Act::write && !access.path.starts_with(kHole)) note_fetched(call, {access.path, {}});
    const bool unknown = std::ranges::find(found.facts, "code.unknown") != found.facts.end();
    if (unknown) add_fact(call.slot, "code.fetched");
}

void Walk::mark_sent(const Taint& taint) {
    for (const int source : taint.sources) {
        if (static_cast<std::size_t>(source) >= out_.commands.size()) continue;
        for (auto& access : at(static_cast<std::size_t>(source)).accesses)
            if (access.act == Act::read) access.sent = true;
    }
}

void Walk::remember_file(const std::string& path, const Stream& stream) {
    for (const auto& whole : absolute(path)) {
        Cell cell;
        cell.values = {stream.known ? stream.text : std::string(kHole)};
        cell.taint = stream.taint;
        if (const Cell* old = state_.get("f:" + whole)) { // >> adds, > begins anew: both may be
            cell.taint.add(old->taint);
            if (old->values.size() == 1 && old->values.front() != cell.values.front())
                cell.values.front() = old->values.front() + cell.values.front();
            if (cell.values.front().size() > (64 << 10)) cell.values = {std::string(kHole)};
        }
        state_.set("f:" + whole, std::move(cell));
        if (!stream.program.empty()) state_.set("p:" + whole, stream.program);
    }
}

// A file of code that is a shell for somebody else, whoever starts it.
void Walk::look_at_written(std::size_t slot, const std::string& path, const Stream& stream) {
    constexpr std::pair<std::string_view, std::string_view> kEnds[] = {
        {".py", "python"}, {".php", "php"},   {".js", "javascript"}, {".mjs", "javascript"}, {".ts", "javascript"},
        {".rb", "ruby"},   {".pl", "perl"},   {".lua", "lua"},       {".go", "go"},          {".rs", "rust"},
        {".c", "c"},       {".java", "java"}, {".ps1", "powershell"}};
    if (!stream.known || stream.text.size() > 65536) return;
    for (const auto& [end, language] : kEnds) {
        if (!path.ends_with(end)) continue;
        const Scanned found = scan_code(language, stream.text);
        const bool socket = std::ranges::find(found.facts, "socket.shell") != found.facts.end();
        const bool device = std::ranges::any_of(found.shell, [](const std::string& text) {
            return text.find("/dev/tcp/") != std::string::npos && text.find("sh") != std::string::npos;
        });
        if (socket || device) add_fact(slot, "socket.shell");
    }
}

void Walk::note_fetched(Call&, const Value& path) {
    for (const auto& whole : absolute(path.text)) {
        Cell cell;
        cell.values = {std::string(kHole)};
        cell.taint.fetched = true;
        state_.set("f:" + whole, std::move(cell));
    }
}

void Walk::follow_connections(Call& call) {
    const Stream* in = call.in();
    const bool given = in != nullptr && in->given;
    if (given && in->taint.fetched) add_fact(call.slot, "stdin.fetched");
    if (given && in->taint.secret) add_fact(call.slot, "stdin.secret");
    const std::string language(stdin_language(call));
    const bool shell = call.row != nullptr && (call.row->has("shell-program") || !language.empty());
    if (shell && (call.io.network_in || call.io.network_out)) add_fact(call.slot, "socket.shell");
    const bool checks = language == "sh" && call.arguments.has("-n");
    const bool looks = call.program == "crontab" && (call.arguments.has("-l") || call.arguments.has("-e") ||
                                                     call.arguments.has("-r") || call.arguments.has("-h"));
    if (!language.empty() && !call.code_given && !checks && !looks) code_from_stdin(call, language);
    if (language == "sh" && !call.code_given) bare_shells_.insert(call.slot);
    const bool redirected = call.io.network_out;
    const bool connects =
        std::ranges::any_of(at(call.slot).hosts, [](const Host& host) { return !host.listens; }) || redirected;
    if (!connects) return;
    if (call.row != nullptr && call.row->has("stdin-sends")) call.sends_stdin = true;
    if (redirected) {
        for (auto& access : at(call.slot).accesses) access.sent = access.sent || access.act == Act::read;
        for (auto& host : at(call.slot).hosts) host.sends = true;
    }
    bool sends = redirected && (call.taint.secret || !at(call.slot).accesses.empty());
    // A shell whose output goes into a connection: the other end of a fifo brings its input.
    if (call.sends_stdin && call.frame.stage > 0)
        for (auto i = out_.commands.size(); i-- > 0 && i + 64 > call.slot;)
            if (at(i).pipeline == at(call.slot).pipeline && i != call.slot &&
                std::ranges::binary_search(at(i).facts, "code.stdin")) {
                add_fact(i, "socket.shell");
                add_fact(call.slot, "socket.shell");
            }
    if (call.sends_stdin && given) {
        if (leaves_machine(at(call.slot))) mark_sent(in->taint);
        sends = sends || in->taint.secret;
        for (auto& host : at(call.slot).hosts) host.sends = true;
    }
    if (call.taint.secret) {
        if (leaves_machine(at(call.slot))) mark_sent(call.taint);
        sends = true;
    }
    for (const auto& option : call.arguments.options)
        if (option.row != nullptr && option.row->effect == "s") sends = true;
    if (std::ranges::any_of(at(call.slot).accesses, &Access::sent)) sends = true;
    if (sends)
        for (auto& host : at(call.slot).hosts) host.sends = true;
}

} // namespace owhale::policy::normal
