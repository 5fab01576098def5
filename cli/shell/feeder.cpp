#include "cli/shell/feeder.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

#include "cli/events.hpp"
#include "cli/messages.hpp"
#include "cli/output.hpp"
#include "policy/shell/parser.hpp"

namespace owhale::cli::shell {
namespace {

constexpr std::size_t kMostCommand = std::size_t{512} << 10; // with what went before it fits into one request
constexpr std::size_t kMostHistory = std::size_t{128} << 10;

enum class Reads { whole, further, wrong };

bool continues(std::string_view text) {
    std::size_t backslashes = 0;
    for (auto at = text.size() - 1; at > 0 && text[at - 1] == '\\'; --at) ++backslashes;
    return backslashes % 2 == 1;
}

// A mistake that reaches to the end of the text may be none once more has come.
Reads reads(std::string_view text) {
    if (text.ends_with('\n') && continues(text)) return Reads::further;
    const auto parsed = policy::shell::parse(text);
    if (parsed) return Reads::whole;
    return !parsed.error().too_big && parsed.error().span.end >= text.size() ? Reads::further : Reads::wrong;
}

void block_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

void tell(const api::Verdict& verdict) {
    const bool denied = verdict.decision == "deny";
    note(std::string(denied ? "denied: " : "approval_required: ") + verdict.reason + " (rule " + verdict.rule + ")");
    note(denied
             ? "  next: owhalectl policy explain shows how owhaled read it"
             : "  next: give it by itself, as owhale-sh -c 'COMMAND': that one waits for people (owhalectl approvals "
               "watch)");
}

} // namespace

Result<int> Feeder::start(int from) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("making a pipe");
    read_end_ = Fd(ends[0]);
    write_end_ = Fd(ends[1]);
    from_ = from;
    std::thread([self = shared_from_this()] { self->work(); }).detach();
    return read_end_.get();
}

void Feeder::work() {
    block_signals();
    std::array<char, 65536> chunk{};
    for (;;) {
        const auto count = ::read(from_, chunk.data(), chunk.size());
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count <= 0) break;
        if (!take({chunk.data(), static_cast<std::size_t>(count)})) break;
    }
    if (!pending_.empty() && !refused_) static_cast<void>(hand_over());
    write_end_.reset();
}

// Line by line: the shell gets what is whole as soon as it is there.
bool Feeder::take(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        pending_ += bytes.substr(0, end == std::string_view::npos ? end : end + 1);
        bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
        if (!pending_.ends_with('\n')) return true;
        const auto read = pending_.size() > kMostCommand ? Reads::wrong : reads(pending_);
        if (read != Reads::further && !hand_over()) return false;
    }
    return true;
}

// False when there is an end of it.
bool Feeder::hand_over() {
    const auto command = std::exchange(pending_, {});
    if (!is_allowed(command)) return refuse();
    remember(command);
    return write(command);
}

bool Feeder::is_allowed(const std::string& command) {
    if (command.find_first_not_of(" \t\n") == std::string::npos) return true;
    if (const auto parsed = policy::shell::parse(command); !parsed || !is_utf8(command)) {
        note("not run: " + (parsed ? std::string("it is not UTF-8") : parsed.error().message));
        return false;
    }
    check_.script = history_ + command;
    const auto reply = client_.send(Call{.verb = "policy.check", .body = cli::write(check_)});
    if (!reply) {
        if (!lost_) failure_ = reply.error();
        lost_ = true;
        return false;
    }
    const auto verdict = read_verdict(reply->body);
    if (!verdict) {
        complain(verdict.error());
        return false;
    }
    if (verdict->decision == "allow") return true;
    tell(*verdict);
    return false;
}

bool Feeder::refuse() {
    refused_ = true;
    return goes_on_ && write("(exit 126)\n");
}

void Feeder::remember(const std::string& command) {
    history_ += command;
    if (history_.size() > kMostHistory) history_ = command.size() > kMostHistory ? std::string() : command;
}

bool Feeder::write(std::string_view bytes) const {
    while (!bytes.empty()) {
        const auto count = ::write(write_end_.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

} // namespace owhale::cli::shell
