#include "egress/egress.hpp"

#include <cstdlib>
#include <sys/resource.h>

#include "base/files.hpp"
#include "base/log.hpp"
#include "egress/cage_net.hpp"
#include "egress/http/run_ca.hpp"
#include "egress/resolver.hpp"
#include "egress/run_net.hpp"

namespace owhale::egress {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

constexpr std::size_t kLargestBundle = 2u << 20; // bytes; it travels in a run's plan
constexpr std::size_t kOtherFiles = 1024;        // descriptors that are left for everything else
constexpr int kCaDays = 7;

std::string& system_bundle() {
    static std::string text;
    return text;
}

// A connection of a run takes two descriptors, owhaled's own clients one each.
std::size_t most_of_all(const config::Settings& settings) {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 256;
    const auto taken = kOtherFiles + static_cast<std::size_t>(settings.max_connections);
    return files.rlim_cur > taken + 512 ? (files.rlim_cur - taken) / 2 : 256;
}

std::unexpected<Error> no_run() {
    return fail(Code::not_found, "no such run has a network of its own", "owhalectl runs ls");
}

} // namespace

Egress::Egress(Parts parts)
    : parts_(std::move(parts)),
      resolver_(Resolver::make(parts_.executor, read_servers(parts_.settings.dns).value_or(""))),
      crowd_(std::make_shared<Crowd>(Crowd{0, most_of_all(parts_.settings)})) {}
Egress::~Egress() = default;

void Egress::load() {
    const char* const named = std::getenv("SSL_CERT_FILE"); // as connect_tls reads it
    const std::string path = named != nullptr && *named != '\0' ? named : "/etc/ssl/certs/ca-certificates.crt";
    if (auto text = read_file(path, kLargestBundle)) system_bundle() = *std::move(text);
    if (const auto loaded = load_system_cas(); !loaded)
        log::warning("owhaled itself connects nowhere by TLS (secrets by placeholder, inspected runs)",
                     {{"why", to_line(loaded.error())}});
}

std::vector<std::string> Egress::readable() {
    // c-ares reads the first five; resolvers that write their file elsewhere link to it from /etc. Without the last it would
    // number its queries in a way that can be guessed.
    return {"/etc/hosts",
            "/etc/nsswitch.conf",
            "/etc/host.conf",
            "/etc/resolv.conf",
            "/etc/svc.conf",
            "/run/systemd/resolve",
            "/run/NetworkManager/resolv.conf",
            "/run/resolvconf",
            "/dev/urandom"};
}

std::shared_ptr<RunNet> Egress::find(std::uint64_t run) const {
    const auto found = runs_.find(run);
    return found == runs_.end() ? nullptr : found->second;
}

Result<sandbox::CageNet> Egress::prepare(std::shared_ptr<const sandbox::NetRun> run) {
    if (parts_.settings.egress != "on")
        return fail(Code::unsupported, "owhaled runs with egress = off: no run has a scoped network",
                    "egress = on in owhaled.conf, and a restart");
    std::shared_ptr<RunCa> ca;
    if (run->scope.inspected) ca = TRY(RunCa::make(run->id, kCaDays));
    const auto number = run->number;
    const auto told = [this, number](std::string line) {
        if (on_line) on_line(number, std::move(line));
    };
    auto net = std::make_shared<RunNet>(RunNet::Given{parts_, std::move(run), resolver_, crowd_, ca, told});
    runs_[number] = std::move(net);
    return cage_net(ca ? ca->pem() : std::string(), system_bundle());
}

void Egress::open(std::uint64_t run, const wire::RunNetwork& facts, std::vector<Fd> pieces,
                  std::vector<std::pair<wire::RunHostPort, std::vector<Fd>>> ports) {
    if (const auto net = find(run)) return net->open(facts, std::move(pieces), std::move(ports));
    log::error("a run's network was opened that nobody prepared", {{"run", std::to_string(run)}});
}

awaitable<Result<api::Publish>> Egress::publish(std::uint64_t run, api::Publish port) {
    const auto net = find(run);
    if (!net) co_return no_run();
    auto copy = std::move(port);
    co_return co_await net->publish(std::move(copy));
}

api::NetReport Egress::report(std::uint64_t run) const {
    const auto net = find(run);
    return net ? net->report() : api::NetReport{};
}

api::NetReport Egress::close(std::uint64_t run) {
    const auto net = find(run);
    if (!net) return {};
    auto report = net->report();
    runs_.erase(run);
    net->close();
    return report;
}

awaitable<Result<std::vector<std::string>>> Egress::addresses(std::string name) {
    auto copy = std::move(name);
    const auto found = co_await resolver_->find(std::move(copy));
    if (!found) co_return std::unexpected(found.error());
    std::vector<std::string> texts;
    for (const auto& address : *found) texts.push_back(address.to_string());
    co_return texts;
}

void Egress::reload() {
    resolver_->reload();
}

} // namespace owhale::egress
