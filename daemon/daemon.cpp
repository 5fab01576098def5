#include "daemon.hpp"

#include <csignal>
#include <cstdlib>
#include <linux/close_range.h>
#include <memory>
#include <sodium.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.hpp"
#include "broker.hpp"
#include "confine/confine.hpp"
#include "confine/sanitizer.hpp"
#include "egress/egress.hpp"
#include "notify.hpp"
#include "redact/redactor.hpp"
#include "sandbox/machine.hpp"
#include "state_folder.hpp"
#include "transport/tls.hpp"

namespace owhale {
namespace {

// The folder of a configuration file, when it is one of owhaled's own, so that a file put in its place is found on
// SIGHUP; else the file alone.
std::string readable_config(const std::string& path) {
    const auto slash = path.rfind('/');
    const auto folder = path.substr(0, slash == std::string::npos ? 0 : slash);
    return folder.ends_with("/owhaled") ? folder : path;
}

// Whatever the supervisor had open and let through is no way in for a taken-over broker.
Status close_strays(int channel) {
    const auto number = static_cast<unsigned>(channel);
    if (number > 3 && ::syscall(SYS_close_range, 3, number - 1, 0) != 0) return fail_errno("close_range");
    if (::syscall(SYS_close_range, number + 1, ~0u, 0) != 0) return fail_errno("close_range");
    return {};
}

Status confine_to(const config::Settings& settings) {
    Confinement to;
    to.uid = settings.uid;
    to.gid = settings.gid;
    to.root = !settings.rootless;
    to.writable = {settings.state_dir};
    to.readable = {settings.profile_dir};
    if (!settings.config_file.empty()) to.readable.push_back(readable_config(settings.config_file));
    if (::access(settings.hosts_dir.c_str(), F_OK) == 0) to.readable.push_back(settings.hosts_dir);
    to.connects = settings.egress == "on";
    if (to.connects)
        for (auto& path : egress::Egress::readable()) to.readable.push_back(std::move(path));
    to.landlock_required = settings.rules->missing_layer_refuses;
    if (TRY(confine(to)) == 0)
        log::warning("this kernel has no Landlock: the broker could open every file that its user can");
    return {};
}

// After the confinement no socket like this one can be made.
std::optional<audit::Journald> reach_journald(const config::Settings& settings) {
    if (settings.audit_journal == "off") return {};
    auto journal = audit::Journald::connect(settings.audit_journal_socket);
    if (journal) return std::move(*journal);
    const auto why = "no copy of the audit log goes to journald: " + to_line(journal.error());
    if (settings.audit_journal == "all")
        log::warning(why);
    else
        log::info(why); // nobody asked for one
    return {};
}

// The broker, confined. The databases are read after that: their bytes are no reason for rights.
Result<std::unique_ptr<Broker>> prepare(const config::Settings& settings, int channel, SecretBytes passphrase) {
    CHECK(close_strays(channel));
    if (::sodium_init() < 0) return fail(Code::internal, "libsodium does not start");
    if (settings.tcp != "off" && settings.tls == "on") transport::Tls::prepare();
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGHUP, SIG_IGN); // until the loop hears it
    std::signal(SIGINT, SIG_IGN); // of a terminal's whole group; the supervisor hears it too and sends SIGTERM
    auto notify = Notify::open();
    auto journal = reach_journald(settings);
    auto unix_roles = TRY(identity::read_unix_roles(settings.unix_roles)); // by files that are out of reach below
    auto vault = vault::read_given(settings, std::move(passphrase));       // so is its key
    ::umask(022); // folders above the state folder have to be passable for the broker's user
    CHECK(prepare_state_folder(settings));
    ::umask(077);
    auto process = metrics::Process::open(); // of /proc, which the confined broker does not reach
    sandbox::look_at_machine(settings.profile_dir);
    if (settings.egress == "on") egress::Egress::load();
    CHECK(confine_to(settings));
    return std::make_unique<Broker>(settings, std::move(notify), std::move(journal), std::move(unix_roles),
                                    std::move(vault), std::move(process));
}

} // namespace

int run_broker(const config::Settings& settings, Fd channel, SecretBytes passphrase) {
    log::set_level(level_of(settings.log_level));
    log::set_mask(redact::redacted);
    for (const auto& warning : settings.warnings) log::warning(warning);
    auto broker = prepare(settings, channel.get(), std::move(passphrase));
    if (!broker) {
        log::error("owhaled cannot start: " + to_line(broker.error()));
        return 1;
    }
    try {
        (*broker)->serve(std::move(channel));
    } catch (const std::exception& error) {
        log::error("the broker ends by a defect", {{"what", error.what()}});
        std::_Exit(1);
    }
    // Coroutines that still wait refer to the parts in no particular order: the process ends without unwinding them.
    const int code = (*broker)->finish();
    ask_sanitizer();
    std::_Exit(code);
}

} // namespace owhale
