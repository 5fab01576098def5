// The audit log's tree heads outside of the broker's reach: compared at the start, and told while it runs, to the spawner's
// file and to journald, at most once a minute and at the end. One instance, on the io thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <string>

#include "audit/checkpoints.hpp"
#include "audit/journald.hpp"
#include "sandbox/spawner_channel.hpp"

namespace owhale {

// Before anything in the state folder is opened, and so made or filled: a head, or a key, says that there was a log, and
// audit.db is not there, or has not one byte. `path`: the heads' file.
Status expect_log(const wire::HeadFile& file, const std::string& state_dir, const std::string& path);
// Before a log is opened, which would be given an identity: audit.db is a database that has none.
Status expect_identity(const wire::HeadFile& file, const std::string& state_dir, const std::string& path);
// What a log that is damaged is advised: a new one in its place would not fit the heads, either.
Error also_of_heads(Error error, const wire::HeadFile& file, const std::string& path);

class Anchors {
public:
    struct Parts {
        boost::asio::any_io_executor executor;
        sandbox::SpawnerChannel& spawner;
        const wire::HeadFile& file; // as the spawner found it
        std::string path;           // of that file, for a person
        bool rootless = false;
        const audit::Journald* journal = nullptr; // null: none, or audit-journal = off
        std::string vkey;                         // of the log
    };
    explicit Anchors(Parts parts);

    // The log as it is on disk, of `size` events, against the last head; `root` is that of its first `file.size` events, none
    // when there are not so many. state_unavailable: it is shorter, or other; the start must not go on.
    Status compare(std::uint64_t size, const std::optional<audit::merkle::Hash>& root) const;
    // Why nothing outside stands against the log that is there; "" when a head does.
    std::string missing(std::uint64_t size) const;

    // One that was just made: told now, or when the minute is over.
    void take(audit::Signed head);
    // The last one, whatever the time.
    boost::asio::awaitable<void> finish(audit::Signed head);

    struct Kept { // in the spawner's file
        std::uint64_t size = 0;
        std::int64_t time = 0; // seconds since 1970
        std::uint64_t heads = 0;
        int err = 0; // of the file, or of the last head that it did not take
    };
    const Kept& kept() const { return kept_; }
    const std::optional<audit::Signed>& newest() const { return newest_; } // that was made
    std::int64_t journal_time() const { return journal_time_; } // of the last head that journald has got; 0: none yet
    int journal_err() const { return journal_err_; }            // of the last one that it did not take

private:
    void arm();
    boost::asio::awaitable<void> tell();
    boost::asio::awaitable<void> keep(const audit::Signed& head, bool final);
    void copy(const audit::Signed& head);

    Parts parts_;
    boost::asio::steady_timer timer_;
    std::optional<audit::Signed> newest_;
    bool untold_ = false;      // it is
    std::int64_t told_ns_ = 0; // when the last one was; 0: none was
    bool armed_ = false, ended_ = false, warned_ = false;
    Kept kept_;
    std::int64_t journal_time_ = 0;
    int journal_err_ = 0;
};

} // namespace owhale
