// owhaled: reads its settings, then becomes the supervisor, or, started by that one, the broker.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/log_prefix.hpp"
#include "config/loaded.hpp"
#include "config/places.hpp"
#include "daemon.hpp"
#include "given_certificate.hpp"
#include "identity/access.hpp"
#include "supervisor.hpp"
#include "vault_passphrase.hpp"

namespace {

using namespace owhale;

int say(const std::string& text) {
    std::fputs(text.c_str(), stdout);
    return std::fflush(stdout) == 0 ? 0 : 1;
}

int run_as_broker(const config::Settings& settings) {
    const char* channel = std::getenv("OWHALE_CHANNEL");
    if (channel == nullptr) {
        std::fputs("owhaled: --role broker is for owhaled itself; start owhaled without it\n", stderr);
        return 2;
    }
    const int fd = std::atoi(channel);
    ::unsetenv("OWHALE_CHANNEL");
    ::prctl(PR_SET_NAME, "owhaled", 0, 0, 0); // it was started as /proc/self/exe
    auto passphrase = take_passphrase();
    return run_broker(settings, Fd(fd), std::move(passphrase));
}

int complain(const Error& error) {
    std::fprintf(stderr, "%sowhaled: %s\n", log::prefix(log::Level::error).c_str(), to_line(error).c_str());
    return 1;
}

void warn(const std::vector<std::string>& warnings) {
    for (const auto& warning : warnings) std::fprintf(stderr, "owhaled: warning: %s\n", warning.c_str());
}

int complain(const std::vector<Error>& mistakes) {
    for (const auto& mistake : mistakes) complain(mistake);
    return mistakes.front().code == Code::bad_request ? 2 : 1;
}

int check(config::Loaded loaded) {
    const auto& settings = loaded.settings;
    warn(settings.warnings);
    warn(config::missing_places(settings));
    if (const auto roles = identity::read_unix_roles(settings.unix_roles); !roles)
        loaded.mistakes.push_back(roles.error());
    const auto certificate = check_given_certificate(settings);
    if (!certificate) loaded.mistakes.push_back(certificate.error());
    if (!loaded.mistakes.empty()) return complain(loaded.mistakes);
    return say(*certificate ? "the configuration is valid\n"
                            : "the configuration is valid; tls-cert and tls-key are not for you to read, and were not "
                              "looked at\n");
}

// A connection is a descriptor in broker and spawner, a run some more: the usual 1,024 would let one user end everyone's.
void raise_descriptor_limit() {
    constexpr rlim_t kEnough = 65536;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kEnough) return;
    limit.rlim_cur = std::min(limit.rlim_max, kEnough);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

int serve(const config::Settings& settings) {
    raise_descriptor_limit();
    return settings.role == config::Role::broker ? run_as_broker(settings) : supervise(settings);
}

} // namespace

int main(int argc, char** argv) {
    auto loaded = config::load_all(argc, argv);
    const auto& settings = loaded.settings;
    if (settings.action == config::Action::check_config) return check(std::move(loaded));
    if (!loaded.mistakes.empty()) return complain(loaded.mistakes);
    switch (settings.action) {
    case config::Action::help:
        return say(config::help_text());
    case config::Action::version:
        return say("owhaled " OWHALE_VERSION "\n");
    case config::Action::print_config:
        return say(config::to_text(settings));
    case config::Action::check_config:
        break;
    case config::Action::serve:
        return serve(settings);
    }
    return 1;
}
