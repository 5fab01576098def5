#include "cli/approve_here.hpp"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/accounts.hpp"
#include "cli/messages.hpp"
#include "cli/prompt.hpp"

namespace owhale::cli {

Result<std::vector<std::string>> approve_here_words(Context& context) {
    if (!can_ask())
        return fail(Code::bad_request, "--approve-here needs a terminal to decide on, and there is none",
                    "leave it out: somebody else decides with owhalectl approve");
    CHECK(refuse_in_cage(context));
    const auto body = TRY(context.ask({.verb = "mode.show"}));
    if (TRY(read_mode(body)).mode == "strict")
        return fail(Code::forbidden,
                    "in strict mode nobody decides what their own uid asks for, so --approve-here cannot",
                    "leave it out: a person with another uid, or a paired device, decides with owhalectl approve");
    std::vector<std::string> words = {"owhalectl"};
    const auto& globals = context.globals();
    for (const auto& [name, value] : {std::pair{"--socket", &globals.socket}, std::pair{"--host", &globals.host},
                                      std::pair{"--fingerprint", &globals.fingerprint}})
        if (!value->empty()) words.insert(words.end(), {name, *value});
    words.emplace_back("approve");
    if (context.client().token() == nullptr && context.client().device() == nullptr) words.emplace_back("--log-in");
    return words;
}

// In our process group, for that is the terminal's foreground; on the terminal itself, for our stdout is the run's.
void ApproveHere::begin(const std::string& approval) {
    if (words_.empty() || pid_ >= 0) return;
    auto words = words_;
    words.push_back(approval);
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files{};
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/tty", O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    const int error = ::posix_spawn(&pid_, "/proc/self/exe", &files, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    if (error == 0) return;
    pid_ = -1;
    words_.clear();
    note(std::string("--approve-here: ") + ::strerror(error) + "; owhalectl approve " + approval);
}

bool ApproveHere::is_open() {
    int status = 0;
    if (pid_ >= 0 && ::waitpid(pid_, &status, WNOHANG) != 0) pid_ = -1;
    return pid_ >= 0;
}

// It puts the terminal right before it goes.
void ApproveHere::end() {
    words_.clear();
    if (pid_ < 0) return;
    int status = 0;
    for (int patience = 100; ::waitpid(pid_, &status, WNOHANG) == 0 && patience > 0; --patience) {
        if (patience < 70) ::kill(pid_, SIGTERM); // it may just be saying that it was approved
        ::usleep(10'000);
    }
    pid_ = -1;
}

} // namespace owhale::cli
