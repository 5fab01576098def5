// A state database, an audit log and a loop for the tests of grants and counts.
#pragma once

#include "shared/codec.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "audit/log.hpp"
#include "base/clock.hpp"
#include "config/settings.hpp"
#include "store/database.hpp"
#include "store/migrations.hpp"

#include "checks.hpp"
#include "folder.hpp"

namespace owhale::approvals::test {

struct DeskSide {
    DeskSide() {
        settings.prompt_budget = 3;
        settings.keep_days = 7;
        open();
    }
    ~DeskSide() { freeze_wall_clock(0); }
    DeskSide(const DeskSide&) = delete;
    DeskSide& operator=(const DeskSide&) = delete;

    void open() {
        database = std::move(*store::Database::open(folder / "state.db", store::Durability::process));
        REQUIRE(store::migrate(*database, "state").has_value());
        log = std::move(*audit::Log::open(folder.path()));
    }
    template <typename T> T run(boost::asio::awaitable<T> act) {
        std::optional<T> out;
        boost::asio::co_spawn(io, std::move(act), [&](std::exception_ptr thrown, T value) {
            if (thrown) std::rethrow_exception(thrown);
            out.emplace(std::move(value));
        });
        turn([&] { return out.has_value(); });
        return std::move(*out);
    }
    void run(boost::asio::awaitable<void> act) {
        bool done = false;
        boost::asio::co_spawn(io, std::move(act), [&](std::exception_ptr) { done = true; });
        turn([&] { return done; });
    }
    template <typename Done> void turn(const Done& done) {
        for (int i = 0; i < 200 && !done(); ++i) {
            io.restart();
            io.run_one_for(std::chrono::milliseconds(100));
        }
    }
    std::vector<std::string> events(const std::string& name) {
        audit::Query query;
        query.event = name;
        const auto rows = run(log->find(std::move(query)));
        std::vector<std::string> out;
        for (const auto& row : *rows) out.push_back(row.json);
        return out;
    }

    owhale::test::Folder folder;
    boost::asio::io_context io{1};
    config::Settings settings;
    std::optional<store::Database> database;
    std::unique_ptr<audit::Log> log;
};

} // namespace owhale::approvals::test
