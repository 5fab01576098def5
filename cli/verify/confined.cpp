#include "cli/verify/confined.hpp"

#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.hpp"
#include "cli/whole_files.hpp"

namespace owhale::cli::verify {
namespace {

constexpr std::size_t kMostAnswer = 16u << 20;
constexpr rlim_t kMostMemory = rlim_t{2} << 30; // of data; the file itself is mapped
// The sanitizer's own memory is beyond any limit.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kLimited = false;
#elif defined(__has_feature)
constexpr bool kLimited = !__has_feature(address_sanitizer);
#else
constexpr bool kLimited = true;
#endif

// Groups first: without root's id they could not be given up any more.
bool become(uid_t uid, gid_t gid) {
    if (::geteuid() != 0 || uid == 0) return true;
    return ::setgroups(0, nullptr) == 0 && ::setresgid(gid, gid, gid) == 0 && ::setresuid(uid, uid, uid) == 0 &&
           ::setuid(0) != 0 && ::geteuid() == uid;
}

void bound() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    const rlimit memory{kMostMemory, kMostMemory};
    if constexpr (kLimited) ::setrlimit(RLIMIT_DATA, &memory);
}

// "+" and the report, or "-" and the error.
std::string answer_of(const Result<Report>& report) {
    if (report) return "+" + to_json(*report);
    const auto& error = report.error();
    return "-" + boost::json::serialize(boost::json::object{{"code", static_cast<int>(error.code)},
                                                            {"message", error.message},
                                                            {"next", error.next},
                                                            {"errno", error.errnum}});
}

Error error_of(std::string_view text) {
    boost::system::error_code ignored;
    const auto value = boost::json::parse(text, ignored);
    Error out{Code::state_unavailable, "the log could not be looked at", {}, 0, {}};
    const auto* object = value.if_object();
    if (object == nullptr) return out;
    if (const auto* code = object->if_contains("code"); code != nullptr && code->is_int64())
        out.code = static_cast<Code>(code->get_int64());
    if (const auto* message = object->if_contains("message"); message != nullptr && message->is_string())
        out.message = message->get_string();
    if (const auto* next = object->if_contains("next"); next != nullptr && next->is_string())
        out.next = next->get_string();
    if (const auto* number = object->if_contains("errno"); number != nullptr && number->is_int64())
        out.errnum = static_cast<int>(number->get_int64());
    return out;
}

[[noreturn]] void look_and_answer(const struct stat& owner, int to, const std::function<Result<Report>()>& look) {
    bound();
    const auto report = become(owner.st_uid, owner.st_gid)
                            ? look()
                            : Result<Report>(fail_errno("taking the rights of the log's owner"));
    auto text = answer_of(report);
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto count = ::write(to, rest.data(), rest.size());
        if (count < 0 && errno != EINTR) ::_exit(1);
        rest.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    }
    ::_exit(0);
}

int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return status;
}

} // namespace

Result<Report> as_owner_of(const std::string& path, const std::function<Result<Report>()>& look) {
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0) return fail_errno(path);
    if (!S_ISREG(found.st_mode)) return fail(Code::state_unavailable, path + " is no plain file");
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe2");
    const Fd from(ends[0]);
    Fd to(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) return fail_errno("fork");
    if (child == 0) look_and_answer(found, to.get(), look);
    to.reset();
    const auto answer = read_all(from.get(), path, kMostAnswer);
    if (!answer || !*answer) ::kill(child, SIGKILL);
    const int status = wait_for(child);
    const auto text = answer ? answer->value_or("") : "";
    if (status != 0 || text.empty())
        return fail(Code::state_unavailable,
                    path + ": reading it ended in a crash" +
                        (WIFSIGNALED(status) ? " (signal " + std::to_string(WTERMSIG(status)) + ")" : ""),
                    "the file is damaged, or made to do that: put it back from a backup, and keep this one");
    if (text.front() != '+') return std::unexpected(error_of(std::string_view(text).substr(1)));
    return report_of(std::string_view(text).substr(1));
}

} // namespace owhale::cli::verify
