#include "audit/in_force.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>

#include "checks.hpp"
#include "events.hpp"
#include "folder.hpp"

using namespace owhale;
using audit::AllInForce;

namespace {

struct Side {
    Side() : log(std::move(*audit::Log::open(folder.path()))) {}

    Status tell(AllInForce now) {
        boost::asio::io_context io;
        return test::awaited(io, audit::tell_changes(*log, file(), std::move(now)));
    }
    void start() {
        CHECK(test::appended(*log, {"daemon.start", "system", "", "ok", "", {{"version", "1"}, {"mode", "local"}}}));
    }
    std::string file() const { return folder / "settings-seen"; }
    std::vector<boost::json::object> rows() const {
        std::vector<boost::json::object> out;
        for (const auto& row : test::all_of(*log)) out.push_back(boost::json::parse(row.json).as_object());
        return out;
    }
    std::string newest() const { return boost::json::serialize(rows().back().at("data")); }

    test::Folder folder;
    std::unique_ptr<audit::Log> log;
};

AllInForce with_mode(const std::string& mode) {
    return {{"mode", {mode, "flag --mode"}}, {"pids", {"512", "default"}}, {"policy-dir files", {"sha256:00", ""}}};
}

} // namespace

TEST_CASE("at the very first start nothing has changed, and then what differs has") {
    Side side;
    CHECK(side.tell(with_mode("local")));
    CHECK(side.rows().empty());
    CHECK(side.tell(with_mode("strict")));
    CHECK(side.newest() == R"({"after":{"mode":"strict"},"before":{"mode":"local"},"changed":["mode"],)"
                           R"("sources":{"mode":"flag --mode"}})");
    CHECK(boost::json::serialize(audit::not_by_default(with_mode("local"))) == R"({"mode":"local"})");
}

TEST_CASE("where nothing was kept what is not by default is told, then what differs, and nothing when nothing does") {
    Side side;
    side.start();
    CHECK(side.tell(with_mode("local")));
    CHECK(side.rows().size() == 2);
    CHECK(side.newest() == R"({"after":{"mode":"local"},"changed":["mode"],"sources":{"mode":"flag --mode"}})");
    CHECK(side.tell(with_mode("local")));
    CHECK(side.rows().size() == 2);
    auto now = with_mode("strict");
    now["policy-dir files"].value = "sha256:01";
    CHECK(side.tell(now));
    CHECK(side.newest() == R"({"after":{"mode":"strict","policy-dir files":"sha256:01"},)"
                           R"("before":{"mode":"local","policy-dir files":"sha256:00"},)"
                           R"("changed":["mode","policy-dir files"],"sources":{"mode":"flag --mode"}})");
    now.erase("pids");
    CHECK(side.tell(now));
    CHECK(side.newest() == R"({"after":{},"before":{"pids":"512"},"changed":["pids"],"sources":{}})");
}

TEST_CASE("a value that is long, or no text, does not keep owhaled from starting; a damaged file is none") {
    Side side;
    side.start();
    auto now = with_mode("local");
    std::string umlauts("x");
    for (int i = 0; i < 2'000; ++i) umlauts += "\xc3\xbc";
    now["mode"] = {umlauts, "flag --mode"};
    now["pids"] = {"\xff\xfe", "environment"};
    CHECK(side.tell(now));
    CHECK(side.rows().back().at("data").at("after").at("mode").as_string().size() == 1023);
    CHECK(side.tell(now));
    CHECK(side.rows().size() == 2);
    std::filesystem::resize_file(side.file(), 10);
    CHECK(side.tell(now));
    CHECK(side.rows().size() == 3);
    CHECK_FALSE(side.rows().back().at("data").as_object().contains("before"));
}
