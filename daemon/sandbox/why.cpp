#include "sandbox/why.hpp"

#include <algorithm>
#include <array>

#include "sandbox/record.hpp"

namespace owhale::sandbox {
namespace {

constexpr std::size_t kTail = 16u << 10;
constexpr std::size_t kBefore = 400; // a trace's last lines
constexpr std::size_t kMaxQuote = 200;
constexpr std::size_t kMaxHints = 4;

using Facts = FailureFacts;
using Condition = bool (*)(const Facts&);

bool always(const Facts&) {
    return true;
}
bool no_network(const Facts& facts) {
    return facts.net == "none";
}
bool scoped(const Facts& facts) {
    return facts.net == "scoped";
}
bool no_unix_sockets(const Facts& facts) {
    return !facts.filter.ends_with("build");
}
bool no_tracing(const Facts& facts) {
    return facts.filter.starts_with("strict");
}
bool writable(const Facts& facts) {
    return facts.workspace_writable;
}
bool not_writable(const Facts& facts) {
    return !facts.workspace_writable;
}
bool by_profile(const Facts& facts) {
    return !facts.workspace_writable && facts.profile == "readonly";
}

// A line of output that holds the first word, with the other in it or shortly before, under a condition; in the order of
// how telling it is.
struct Row {
    std::string_view word, other;
    Condition when;
    std::string_view what, next;
};
constexpr std::string_view kNetwork = "--allow-host HOST lets it reach one; --net host, if you may use it";
constexpr std::string_view kUnlisted = "no line lets that host through, or it cannot be reached: the network is scoped";
constexpr std::string_view kLoopback = "the cage has a loopback of its own: services of the host are not on it";
constexpr std::string_view kService =
    "--host-port PORT lets it reach that port of the host; or start the service in the same cage (owhalectl exec)";
constexpr std::string_view kTried =
    "`owhalectl runs show ID` lists what it tried; --allow-host HOST or owhalectl hosts allow HOST lets one through";
constexpr std::array kRows = {
    Row{"config", "Device or resource busy", writable,
        "`.git/config` cannot be replaced in a cage: it could make a later, uncaged git run a program",
        "change git's configuration outside the cage"},
    Row{"config.lock", "", writable, "git's configuration is read-only in a cage",
        "change git's configuration outside the cage"},
    Row{".git/hooks", "", writable, "git hooks are read-only in a cage: a later, uncaged git would run them",
        "change hooks outside the cage"},
    Row{"Device or resource busy", "", writable,
        "the cage holds this name in place, because a later, uncaged program would run it",
        "change it outside the cage"},
    Row{"Read-only file system", "", by_profile, "the profile shows the workspace read-only",
        "--profile default may write there"},
    Row{"EROFS", "", by_profile, "the profile shows the workspace read-only", "--profile default may write there"},
    Row{"Read-only file system", "", not_writable, "the working folder is read-only here",
        "work in a folder of your own, or name one with --workspace DIR"},
    Row{"EROFS", "", not_writable, "the working folder is read-only here",
        "work in a folder of your own, or name one with --workspace DIR"},
    Row{"Read-only file system", "", always, "wrote outside the workspace, or to a file that is protected in it",
        "write below the workspace or /tmp; --workspace DIR names another workspace"},
    Row{"EROFS", "", always, "wrote outside the workspace, or to a file that is protected in it",
        "write below the workspace or /tmp; --workspace DIR names another workspace"},
    Row{"docker.sock", "", always, "the docker socket is in no cage: whoever reaches it is root on the machine",
        "run docker outside the cage, or build images without a daemon (buildah, kaniko)"},
    Row{"Docker daemon", "", always, "the docker socket is in no cage: whoever reaches it is root on the machine",
        "run docker outside the cage, or build images without a daemon (buildah, kaniko)"},
    Row{"podman.sock", "", always, "the socket of podman is in no cage: whoever reaches it runs anything as you",
        "run podman outside the cage"},
    Row{"ssh-agent", "", always, "no ssh agent is reachable in a cage",
        "--broker ssh-agent lends it a filtered one, or push outside the cage"},
    Row{"SSH_AUTH_SOCK", "", always, "no ssh agent is reachable in a cage",
        "--broker ssh-agent lends it a filtered one"},
    Row{"Operation not permitted", "socket", no_unix_sockets, "the profile's filter refuses sockets by name (AF_UNIX)",
        "--profile build permits them"},
    Row{"AF_UNIX", "", no_unix_sockets, "the profile's filter refuses sockets by name (AF_UNIX)",
        "--profile build permits them"},
    Row{"EPERM", "socket", no_unix_sockets, "the profile's filter refuses sockets by name (AF_UNIX)",
        "--profile build permits them"},
    Row{"ptrace", "", no_tracing, "in strict mode nothing in a cage traces anything (gdb, strace, LeakSanitizer)",
        "debug outside the cage, or ask whoever runs owhaled for local mode"},
    Row{"X server", "", always, "no display is reachable in a cage", "run it without a display (headless)"},
    Row{"Could not resolve host", "", no_network, "the cage has no network", kNetwork},
    Row{"Temporary failure in name resolution", "", no_network, "the cage has no network", kNetwork},
    Row{"Name or service not known", "", no_network, "the cage has no network", kNetwork},
    Row{"ENOTFOUND", "", no_network, "the cage has no network", kNetwork},
    Row{"EAI_AGAIN", "", no_network, "the cage has no network", kNetwork},
    Row{"Network is unreachable", "", no_network, "the cage has no network", kNetwork},
    Row{"ENETUNREACH", "", no_network, "the cage has no network", kNetwork},
    Row{"Connection refused", "", no_network, kLoopback, kService},
    Row{"ECONNREFUSED", "", no_network, kLoopback, kService},
    Row{"Failed to connect to 127.0.0.1", "", no_network, kLoopback, kService},
    Row{"Failed to connect to localhost", "", no_network, kLoopback, kService},
    Row{"Failed to connect to 127.0.0.1", "", scoped, kLoopback, kService},
    Row{"Failed to connect to localhost", "", scoped, kLoopback, kService},
    Row{"Could not resolve host", "", scoped, kUnlisted, kTried},
    Row{"Name or service not known", "", scoped, kUnlisted, kTried},
    Row{"Temporary failure in name resolution", "", scoped, kUnlisted, kTried},
    Row{"ENOTFOUND", "", scoped, kUnlisted, kTried},
    Row{"CONNECT tunnel failed", "", scoped, kUnlisted, kTried},
    Row{"403", "CONNECT", scoped, kUnlisted, kTried},
    Row{"Connection reset by peer", "", scoped, kUnlisted, kTried},
    Row{"ECONNRESET", "", scoped, kUnlisted, kTried},
    Row{"Connection refused", "", scoped,
        "a scoped network refuses what no line lets through, and its loopback is the cage's own", kTried},
    Row{"UDP", "", scoped, "of UDP only the DNS leaves a scoped network",
        "use TCP; QUIC clients fall back by themselves"},
    Row{"No space left on device", "", always, "the box (/tmp and the private home) or the disk is full",
        "owhalectl box reset ID empties the box; a profile's limits.box makes it larger"},
    Row{"Cannot allocate memory", "", always, "the run's memory limit is near", "--memory raises it"},
    Row{"Resource temporarily unavailable", "fork", always, "the run's process limit is reached", "--pids raises it"},
    Row{"retry: Resource temporarily unavailable", "", always, "the run's process limit is reached",
        "--pids raises it"},
    Row{"File size limit exceeded", "", always, "the run's file size limit is reached", "limits.file_size raises it"},
    Row{"File too large", "", always, "the run's file size limit is reached", "limits.file_size raises it"},
    Row{"Too many open files", "", always, "the run's limit of open files is reached", "limits.open_files raises it"},
    Row{"sudo", "effective uid is not 0", always, "set-user-id programs have no effect in a cage",
        "do it outside the cage"},
    Row{"no new privileges", "", always, "set-user-id programs have no effect in a cage", "do it outside the cage"},
    Row{"credential", "", no_network, "the cage has none of your credentials", "push and publish outside the cage"},
    Row{"command not found", "", always, "the program is not in the cage's view",
        "a profile's `toolchains` shows more of your home"},
    Row{": not found", "", always, "the program or file is not in the cage's view",
        "a profile's `toolchains` shows more of your home"},
    Row{"Operation not permitted", "", always, "the cage's filter or its missing privilege refuses this",
        "`owhalectl runs show ID` has the receipt; --profile build permits more"},
    Row{"EPERM", "", always, "the cage's filter or its missing privilege refuses this",
        "`owhalectl runs show ID` has the receipt; --profile build permits more"},
    Row{"Permission denied", "", always, "the file is not open to the uid that it ran as, or the cage protects it",
        "`owhalectl runs show ID` has the workspace and the uid that it ran as"},
    Row{"EACCES", "", always, "the file is not open to the uid that it ran as, or the cage protects it",
        "`owhalectl runs show ID` has the workspace and the uid that it ran as"},
};

struct LimitHint {
    std::string_view limit, what, next;
};
constexpr std::array kLimitHints = {
    LimitHint{"memory", "it used more memory than it may", "--memory raises the limit"},
    LimitHint{"pids", "it had more processes than it may", "--pids raises the limit"},
    LimitHint{"wall", "it ran longer than it may", "--timeout raises the limit, --timeout 0 takes it away"},
    LimitHint{"output", "it wrote more output than it may", "limits.output raises the limit; write to a file instead"},
    LimitHint{"file_size", "it wrote a larger file than it may", "limits.file_size raises the limit"},
    LimitHint{"cpu", "it used more processor time than it may", "--cpus raises the limit"},
};

// Length of the terminal sequence that begins with the escape at the start of `text`: CSI or OSC (ECMA-48), else two bytes.
std::size_t sequence(std::string_view text) {
    const char kind = text.size() > 1 ? text[1] : '\0';
    std::size_t at = 2;
    if (kind == '[')
        while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x3f) ++at;
    else if (kind == ']')
        while (at < text.size() && text[at] != '\x07' && text[at] != '\x1b') ++at;
    else
        return std::min<std::size_t>(2, text.size());
    if (at + 1 < text.size() && text[at] == '\x1b' && text[at + 1] == '\\') ++at;
    return std::min(at + 1, text.size());
}

std::string without_sequences(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const bool begins = text.front() == '\x1b';
        if (!begins) out += text.front();
        text.remove_prefix(begins ? sequence(text) : 1);
    }
    return out;
}

// One line for a hint: no controls, not too long.
std::string quote(std::string_view line) {
    std::string out;
    for (const char c : without_sequences(line).substr(0, kMaxQuote))
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) out.pop_back(); // a cut character
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
    return printable(out);
}

std::string_view line_around(std::string_view text, std::size_t at) {
    const auto start = text.rfind('\n', at);
    const auto from = start == std::string_view::npos ? 0 : start + 1;
    const auto end = text.find('\n', at);
    return text.substr(from, (end == std::string_view::npos ? text.size() : end) - from);
}

bool matches(const Row& row, const Facts& facts, std::string_view& line) {
    if (!row.when(facts)) return false;
    for (auto at = facts.tail.rfind(row.word); at != std::string::npos;
         at = at == 0 ? std::string::npos : facts.tail.rfind(row.word, at - 1)) {
        line = line_around(facts.tail, at);
        const auto from = at > kBefore ? at - kBefore : 0;
        const auto end = static_cast<std::size_t>(line.data() + line.size() - facts.tail.data());
        if (std::string_view(facts.tail).substr(from, end - from).find(row.other) != std::string_view::npos)
            return true;
    }
    return false;
}

// What a run's run may not ask for is no next step: but for the profile of who asks, no option makes it wider.
std::string_view next_step(const Row& row, const Facts& facts) {
    if (!facts.of_run || !(row.next.starts_with("--") || row.next.find("--profile") != std::string_view::npos))
        return row.next;
    return row.when == by_profile ? "--profile agent may write there" : "";
}

void add_output_hints(const Facts& facts, std::vector<api::Hint>& to) {
    std::vector<std::string_view> quoted;
    for (const auto& row : kRows) {
        if (to.size() >= kMaxHints) return;
        std::string_view line;
        // The first row that knows a line is the most telling one.
        if (!matches(row, facts, line) || std::find(quoted.begin(), quoted.end(), line) != quoted.end()) continue;
        const auto next = next_step(row, facts);
        const bool told = !next.empty() &&
                          std::any_of(to.begin(), to.end(), [&](const api::Hint& hint) { return hint.next == next; });
        quoted.push_back(line);
        if (!told)
            to.push_back({"guess: " + std::string(row.what) + " (it printed: " + quote(line) + ")", std::string(next)});
    }
}

// What owhalectl said inside is about the run that it asked for, not about this one.
std::string without_owhalectls(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size() - 1) + 1;
        const auto line = text.substr(at, end - at);
        if (!line.starts_with("owhalectl:") && !line.starts_with("  next:")) out += line;
        at = end;
    }
    return out;
}

bool failed_somehow(const Facts& facts) {
    return facts.state != "exited" || facts.exit_code != 0;
}

std::string tail_of(const Output& output) {
    const auto from = output.length() > kTail ? output.length() - kTail : 0;
    return output.read(from, kTail).bytes;
}

} // namespace

std::vector<api::Hint> guess(const FailureFacts& facts) {
    std::vector<api::Hint> out;
    for (const auto& row : kLimitHints)
        if (facts.limit == row.limit) out.push_back({std::string(row.what), std::string(row.next)});
    for (const auto& path : facts.planted) {
        if (out.size() >= kMaxHints) break;
        out.push_back(
            {"new: " + path + ", which a later uncaged program would run or follow", "look at it before you use it"});
    }
    if (!failed_somehow(facts)) return out;
    if (facts.pids_refused > 0 && facts.limit != "pids")
        out.push_back({"guess: it was refused new processes", "--pids raises the limit"});
    auto heard = facts;
    heard.tail = without_owhalectls(facts.tail);
    add_output_hints(heard, out);
    return out;
}

std::string summary(const api::Run& run) {
    if (run.error) return *run.error;
    if (run.limit) return "ended by its limit: " + *run.limit;
    const auto signal = run.signal ? " by " + *run.signal : std::string();
    if (run.state == "killed")
        return "killed" + signal +
               ": somebody asked for it (owhalectl runs kill; owhalectl audit ls --run ID says who), "
               "or owhaled stopped";
    if (run.signal) return run.state + signal;
    if (run.exit_code) return run.state + " with code " + std::to_string(*run.exit_code);
    return run.state;
}

FailureFacts facts_of(const Run& run, State state, const wire::RunEnded& end) {
    FailureFacts facts;
    facts.state = name(state);
    facts.code = run.record.code.value_or("");
    facts.limit = run.record.limit.value_or("");
    facts.tail = tail_of(run.output(1));
    if (run.tty() || facts.tail.empty()) facts.tail = tail_of(run.output(0));
    facts.net = run.record.net;
    facts.profile = run.record.profile;
    facts.filter = run.cage.filter;
    facts.workspace = run.record.workspace;
    facts.workspace_writable = run.receipt.workspace_writable;
    facts.exit_code = run.record.exit_code.value_or(0);
    facts.pids_refused = end.pids_refused;
    facts.of_run = run.record.parent.has_value();
    facts.planted = run.receipt.planted;
    return facts;
}

} // namespace owhale::sandbox
