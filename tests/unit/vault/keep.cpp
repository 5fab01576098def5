#include "vault/keep.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sodium.h>

#include "audit/log.hpp"
#include "checks.hpp"
#include "config/settings.hpp"
#include "folder.hpp"
#include "store/migrations.hpp"
#include "vault/vault.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

using namespace owhale;
using namespace owhale::vault;

namespace {

const bool kStarted = ::sodium_init() >= 0;

Meta meta_of(const std::string& name, std::uint32_t version = 1) {
    Meta meta;
    meta.secret.name = name;
    meta.secret.owner = "user:alice";
    meta.secret.version = version;
    meta.secret.variable = name;
    meta.secret.header = "authorization";
    meta.secret.hosts.push_back({"api.example.com", 443, {}, {}});
    meta.secret.placeholder = "owhale-" + name;
    meta.account = 7;
    return meta;
}

struct Stage {
    test::Folder folder;
    std::string key = std::string(32, 'k');

    store::Database database(store::Durability durability = store::Durability::process) {
        auto opened = std::move(*store::Database::open(folder / "state.db", durability));
        REQUIRE(store::migrate(opened, "state"));
        return opened;
    }
    GivenKey given() const {
        GivenKey out;
        out.how = "a test's key";
        out.keys.emplace_back(std::string_view(key));
        return out;
    }
    std::unique_ptr<Keep> open() { return std::make_unique<Keep>(database(), given(), Argon2Cost{8u << 20, 1}); }
};

std::string value_of(Keep& keep, const std::string& name) {
    auto value = keep.value({"user:alice", name});
    return value ? std::string(value->text()) : "(" + value.error().message + ")";
}

// Where a key file is asked for that is not there, in the folder of the stage.
GivenKey given_of_file(const Stage& stage) {
    config::Settings settings;
    settings.vault_key = "file";
    settings.vault_key_file = stage.folder / "vault.key";
    settings.state_dir = stage.folder.path();
    return read_given_key(settings, {});
}

double per_second(int count, std::chrono::steady_clock::time_point from) {
    return count / std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

} // namespace

TEST_CASE("what is put is there after a restart, and nothing of it in the file") {
    REQUIRE(kStarted);
    Stage stage;
    const SecretBytes value{std::string_view("the value itself, in full")};
    {
        auto keep = stage.open();
        REQUIRE_FALSE(keep->closed());
        REQUIRE(keep->put(meta_of("A"), value));
        REQUIRE(keep->put(meta_of("B"), SecretBytes(std::string_view("another"))));
        REQUIRE(keep->remove({"user:alice", "B"}));
        CHECK_EQ(keep->generation(), 4);
    }
    auto keep = stage.open();
    REQUIRE_FALSE(keep->closed());
    CHECK_EQ(value_of(*keep, "A"), "the value itself, in full");
    CHECK_EQ(keep->value({"user:alice", "B"}).error().code, Code::not_found);
    CHECK_EQ(keep->generation(), 4);
}

TEST_CASE("a seal binds content, key and what stands beside it") {
    REQUIRE(kStarted);
    const auto key = random_key(), other = random_key();
    const auto sealed = seal(key, "beside", "content");
    CHECK_EQ(open_sealed(key, "beside", sealed)->text(), "content");
    CHECK_FALSE(open_sealed(other, "beside", sealed));
    CHECK_FALSE(open_sealed(key, "besidE", sealed));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        CHECK_FALSE(open_sealed(key, "beside", changed));
        CHECK_FALSE(open_sealed(key, "beside", sealed.substr(0, i)));
    }
    CHECK_NE(seal(key, "beside", "content"), sealed);
    CHECK_NE(Bound("a").add("b").add("cd").text(), Bound("a").add("bc").add("d").text());
}

TEST_CASE("another key closes it, with the reason, and changes nothing") {
    REQUIRE(kStarted);
    Stage stage;
    { REQUIRE(stage.open()->put(meta_of("A"), SecretBytes(std::string_view("value of A")))); }
    const auto right = std::exchange(stage.key, std::string(32, 'x'));
    {
        auto keep = stage.open();
        REQUIRE(keep->closed());
        CHECK_EQ(keep->closed()->code, Code::vault_unavailable);
        CHECK_FALSE(keep->put(meta_of("B"), SecretBytes(std::string_view("value of B"))));
        CHECK_FALSE(keep->accept(100)); // it is no damage
    }
    stage.key = right;
    CHECK_EQ(value_of(*stage.open(), "A"), "value of A");
}

TEST_CASE("a key that does not fit an empty vault makes it anew, at a later generation") {
    REQUIRE(kStarted);
    Stage stage;
    CHECK_EQ(stage.open()->generation(), 1);
    stage.key = std::string(32, 'x');
    auto keep = stage.open();
    REQUIRE_FALSE(keep->closed());
    CHECK_EQ(keep->generation(), 2);
    GivenKey words;
    words.passphrase = SecretBytes(std::string_view("four words and more"));
    keep.reset();
    Keep other(stage.database(), words, {8u << 20, 1});
    REQUIRE_FALSE(other.closed());
    CHECK_EQ(other.generation(), 3);
    REQUIRE(other.put(meta_of("A"), SecretBytes(std::string_view("value of A"))));
    CHECK(stage.open()->closed()); // not any more
}

TEST_CASE("vault.empty is there as long as no secret is") {
    REQUIRE(kStarted);
    Stage stage;
    const auto mark = stage.folder / "vault.empty";
    const auto marked = [&] { return std::filesystem::exists(mark); };
    const SecretBytes value{std::string_view("value of A")};
    auto keep = stage.open();
    CHECK(marked());
    REQUIRE(keep->put(meta_of("A"), value));
    CHECK_FALSE(marked());
    REQUIRE(keep->put(meta_of("B"), value));
    REQUIRE(keep->remove({"user:alice", "A"}));
    CHECK_FALSE(marked());
    REQUIRE(keep->remove({"user:alice", "B"}));
    CHECK(marked());
    REQUIRE(keep->put(meta_of("C"), value));
    std::ofstream{mark}; // out of a backup
    keep.reset();
    keep = stage.open();
    CHECK_FALSE(marked());
    std::filesystem::create_directory(mark); // what cannot be removed
    CHECK_EQ(keep->put(meta_of("D"), value).error().code, Code::state_unavailable);
    std::filesystem::remove(mark);
    CHECK(keep->put(meta_of("D"), value));
    CHECK_FALSE(EmptyMark("/nowhere").remove());
    EmptyMark("/nowhere").put(); // tells, and goes on
}

TEST_CASE("a key file is made where there is no database or an empty vault, and for nothing else") {
    REQUIRE(kStarted);
    Stage stage;
    const auto file = stage.folder / "vault.key", mark = stage.folder / "vault.empty";
    CHECK_FALSE(given_of_file(stage).missing); // the first start
    REQUIRE(std::filesystem::remove(file));
    { REQUIRE(stage.open()->put(meta_of("A"), SecretBytes(std::string_view("value of A")))); }
    const auto lost = given_of_file(stage);
    REQUIRE(lost.missing);
    CHECK(lost.withheld);
    CHECK_FALSE(std::filesystem::exists(file));
    for (const auto* way : {"from the backup", "vault-key-file", "DELETE FROM secrets; DELETE FROM vault"})
        CHECK_MESSAGE(lost.missing->next.contains(way), way);
    {
        Keep closed(stage.database(), lost, {8u << 20, 1});
        REQUIRE(closed.closed());
        CHECK_EQ(closed.closed()->next, lost.missing->next);
        CHECK_FALSE(std::filesystem::exists(mark));
    }
    { REQUIRE(stage.open()->remove({"user:alice", "A"})); }
    // As an older owhaled left it: empty, and without the mark. It says so once.
    REQUIRE(std::filesystem::remove(mark));
    const auto once = given_of_file(stage);
    CHECK(once.withheld);
    {
        Keep closed(stage.database(), once, {8u << 20, 1});
        REQUIRE(closed.closed());
        CHECK(closed.closed()->next.contains("start owhaled again"));
    }
    CHECK(std::filesystem::exists(mark));
    const auto made = given_of_file(stage);
    REQUIRE_FALSE(made.missing);
    CHECK(std::filesystem::exists(file));
    Keep anew(stage.database(), made, {8u << 20, 1});
    CHECK_FALSE(anew.closed());
}

TEST_CASE("an empty vault of an older owhaled whose key is there goes on") {
    REQUIRE(kStarted);
    Stage stage;
    stage.open().reset();
    REQUIRE(std::filesystem::remove(stage.folder / "vault.empty"));
    auto keep = stage.open();
    CHECK_FALSE(keep->closed());
    CHECK_EQ(keep->generation(), 1);
    CHECK(std::filesystem::exists(stage.folder / "vault.empty"));
}

TEST_CASE("rekey keeps all values; the old wrapped keys open nothing") {
    REQUIRE(kStarted);
    Stage stage;
    auto keep = stage.open();
    for (int i = 0; i < 10; ++i)
        REQUIRE(keep->put(meta_of("S" + std::to_string(i)), SecretBytes("value " + std::to_string(i))));
    const auto id = keep->key_id();
    REQUIRE(keep->rekey(SecretBytes(std::string(32, 'n')), {}));
    CHECK_NE(keep->key_id(), id);
    CHECK_EQ(value_of(*keep, "S3"), "value 3");
    keep.reset();
    CHECK(stage.open()->closed());
    stage.key = std::string(32, 'n');
    CHECK_EQ(value_of(*stage.open(), "S3"), "value 3");
}

TEST_CASE("a run gets a placeholder, the value is opened anew each time, and its end is felt at once") {
    REQUIRE(kStarted);
    Stage stage;
    boost::asio::io_context io;
    auto log = std::move(*audit::Log::open(stage.folder.path()));
    identity::Principal alice;
    alice.kind = identity::Kind::user;
    alice.name = "user:alice";
    alice.account = 7;
    bool there = true;
    auto vault = Vault::open({io.get_executor(),
                              stage.database(),
                              *log,
                              [&](const identity::Principal& who) { return there ? std::optional(who) : std::nullopt; },
                              {8u << 20, 1}},
                             stage.given());
    REQUIRE_FALSE(vault->closed());
    REQUIRE(vault->keep().put(meta_of("A"), SecretBytes(std::string_view("value of A"))));
    auto secrets = vault->for_run(alice, "build", {{"A", {}, {}}, {"A", "env", "OTHER"}});
    REQUIRE(secrets);
    REQUIRE_EQ(secrets->size(), 1);
    auto& one = secrets->front();
    CHECK_EQ(one.placeholder, "owhale-A");
    CHECK_EQ(one.variable, "A");
    CHECK_EQ(one.open()->text(), "value of A");
    one.note_use("run", "api.example.com");
    one.note_use("run", "api.example.com");
    CHECK_EQ(vault->uses().of({"user:alice", "A"}).count, 2);
    const auto env = vault->open_value(alice, "build", {"A", "env", "OTHER"});
    REQUIRE(env);
    CHECK_EQ(env->variable, "OTHER");
    CHECK_EQ(env->value.text(), "value of A");
    CHECK_EQ(vault->for_run(alice, "build", {{"A", {}, {}}, {"A", {}, {}}}).error().code, Code::invalid_value);
    CHECK_EQ(vault->for_run(alice, "build", {{"B", {}, {}}}).error().code, Code::not_found);
    auto bob = alice;
    bob.name = "user:bob";
    CHECK_EQ(vault->for_run(bob, "build", {{"user:alice/A", {}, {}}}).error().code, Code::not_found);
    auto run = alice;
    run.kind = identity::Kind::run;
    CHECK_EQ(vault->for_run(run, "build", {{"A", {}, {}}}).error().code, Code::secret_denied);
    REQUIRE(vault->keep().put(meta_of("A", 2), SecretBytes(std::string_view("second value"))));
    CHECK_EQ(one.open()->text(), "second value");
    there = false;
    CHECK_EQ(one.open().error().code, Code::secret_denied);
    there = true;
    REQUIRE(vault->keep().remove({"user:alice", "A"}));
    CHECK_EQ(one.open().error().code, Code::secret_denied);
    io.run_for(std::chrono::milliseconds(50));
    vault.reset();
    log.reset();
}

TEST_CASE("measured: put, use and the head, at 1,000 secrets") {
    REQUIRE(kStarted);
    Stage stage;
    Keep keep(stage.database(store::Durability::power), stage.given(), {8u << 20, 1});
    auto from = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i)
        REQUIRE(keep.put(meta_of("S" + std::to_string(i)), SecretBytes("value number " + std::to_string(i))));
    const auto puts = per_second(1000, from);
    from = std::chrono::steady_clock::now();
    for (int i = 0; i < 5000; ++i) REQUIRE(keep.value({"user:alice", "S" + std::to_string(i % 1000)}));
    const auto uses = per_second(5000, from);
    from = std::chrono::steady_clock::now();
    REQUIRE(keep.rekey({}, {}));
    const auto rekeys = per_second(1, from);
    MESSAGE("put ", puts, "/s (durable), use ", uses, "/s, rekey of 1,000 in ", 1000 / rekeys, " ms");
}
