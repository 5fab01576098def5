// Identity over a state folder of a test's own, cheap passwords, and a clock that the test sets.
#pragma once

#include "identity/service.hpp"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <stdexcept>

#include "audit/log.hpp"
#include "checks.hpp"
#include "config/settings.hpp"
#include "folder.hpp"

namespace owhale::identity::test {

class Stage {
public:
    explicit Stage(const std::string& mode = "local", bool rootless = false);
    ~Stage();

    // Turns the io loop until the coroutine has ended.
    template <typename T> T run(boost::asio::awaitable<T> act) {
        std::optional<T> out;
        boost::asio::co_spawn(io, std::move(act), [&](std::exception_ptr thrown, T value) {
            if (thrown) std::rethrow_exception(thrown);
            out.emplace(std::move(value));
        });
        turn([&] { return out.has_value(); });
        return std::move(*out);
    }
    template <typename Done> void turn(const Done& done) {
        while (!done()) {
            io.restart();
            io.run_one_for(std::chrono::milliseconds(100));
        }
    }
    // Beside others: its result is in the pointer once the loop has come so far.
    template <typename T> std::shared_ptr<std::optional<T>> begin(boost::asio::awaitable<T> act) {
        auto out = std::make_shared<std::optional<T>>();
        boost::asio::co_spawn(io, std::move(act), [out](std::exception_ptr thrown, T value) {
            if (!thrown) out->emplace(std::move(value));
        });
        return out;
    }

    Result<api::Login> log_in(const std::string& name, const std::string& password, const Peer& from = root());
    // The first password changed to `kPassword`: a principal with a live session.
    Principal admin();
    // An account with `kPassword`, logged in.
    Principal account(const std::string& name, const std::vector<std::string>& roles);
    Result<Principal> who(const std::string& token, const Peer& from = root());
    std::vector<audit::Row> events(const std::string& event);
    void reopen(); // as after a restart

    static Peer root() { return local(0); }
    static Peer local(uid_t uid);
    static Peer tcp(std::uint8_t last = 1);
    static Asker asker(const Principal& who, const std::string& verb, const Peer& from = root()) {
        return {from, who, verb, ""};
    }
    static constexpr const char* kPassword = "some unrelated words";

    owhale::test::Folder folder;
    boost::asio::io_context io{1};
    config::Settings settings;
    std::atomic<std::uint64_t> hashes{0};
    std::int64_t monotonic = 1;
    std::vector<std::string> ended;   // principals whose runs were ended
    std::vector<std::string> severed; // devices whose connections were
    std::optional<store::Database> database;
    std::unique_ptr<audit::Log> log;
    std::unique_ptr<Service> service;
};

} // namespace owhale::identity::test
