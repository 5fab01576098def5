#include "stage.hpp"

#include "base/clock.hpp"
#include "store/migrations.hpp"

namespace owhale::identity::test {

Stage::Stage(const std::string& mode, bool rootless) {
    settings.mode = mode;
    settings.rules = config::find_mode(mode);
    settings.rootless = rootless;
    settings.uid = rootless ? 1000 : 4321;
    settings.state_dir = folder.path();
    settings.argon2_memory = 8u << 20;
    settings.argon2_passes = 1;
    settings.session_ttl = std::chrono::hours(7 * 24);
    settings.key_rotation = std::chrono::hours(30 * 24);
    reopen();
}

Stage::~Stage() {
    freeze_wall_clock(0);
}

void Stage::reopen() {
    service.reset();
    log.reset();
    database.reset();
    database.emplace(std::move(*store::Database::open(folder / "state.db", store::Durability::process)));
    REQUIRE(store::migrate(*database, "state"));
    log = std::move(*audit::Log::open(folder.path()));
    auto made = Service::open({io.get_executor(),
                               settings,
                               *database,
                               *log,
                               {},
                               [this](const std::string& principal) { ended.push_back(principal); },
                               &hashes,
                               [this] { return monotonic; },
                               [this](const std::string& device) { severed.push_back(device); }});
    REQUIRE(made);
    service = std::move(*made);
    REQUIRE(run(service->start()));
}

Result<api::Login> Stage::log_in(const std::string& name, const std::string& password, const Peer& from) {
    auto peer = from;
    api::LoginRequest request{name, password, {}};
    return run(service->doors.login(std::move(peer), std::move(request), {}));
}

Result<Principal> Stage::who(const std::string& token, const Peer& from) {
    return service->of_token(from, token);
}

Principal Stage::admin() {
    const auto first = log_in("admin", "admin");
    REQUIRE(first);
    const auto principal = who(first->access_token);
    REQUIRE(principal);
    auto asked = asker(*principal, "password.change");
    api::PasswordRequest change{"admin", kPassword};
    REQUIRE(run(service->doors.change_password(std::move(asked), std::move(change), {})));
    return *who(first->access_token);
}

Principal Stage::account(const std::string& name, const std::vector<std::string>& roles) {
    auto asked = asker(service->of_peer(root()), "users.create");
    api::UserRequest request{name, roles, kPassword};
    REQUIRE(run(service->accounts.create(std::move(asked), std::move(request))));
    const auto login = log_in(name, kPassword);
    REQUIRE(login);
    return *who(login->access_token);
}

std::vector<audit::Row> Stage::events(const std::string& event) {
    audit::Query query;
    query.event = event;
    return *run(log->find(std::move(query)));
}

Peer Stage::local(uid_t uid) {
    Peer peer;
    peer.uid = peer.gid = uid;
    peer.pid = 77;
    peer.program = "owhalectl";
    return peer;
}

Peer Stage::tcp(std::uint8_t last) {
    Peer peer;
    peer.kind = Peer::Kind::tcp;
    peer.address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, last};
    return peer;
}

} // namespace owhale::identity::test
