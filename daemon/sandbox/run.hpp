// One live run: its record, its streams, who is attached. On the io thread.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/consent.hpp"
#include "sandbox/environment.hpp"
#include "sandbox/limits.hpp"
#include "sandbox/run_stream.hpp"
#include "sandbox/runs.hpp"
#include "sandbox/state.hpp"
#include "sandbox/wake.hpp"

namespace owhale::sandbox {

// A live reader: how far it has come. The pipes are not read while one is too far behind.
struct Attachment {
    std::array<RunStream::Reader, 2> readers{};  // of stdout and stderr
    std::chrono::steady_clock::time_point moved; // when it last took some
    bool dropped = false;                        // it was too slow: nobody waits for it any more
};

class Run : public std::enable_shared_from_this<Run> {
public:
    struct Birth {
        std::string id;
        std::uint64_t number = 0; // on the wire
        Caller caller;
        std::string folder;             // of its kept output
        std::uint64_t keep = 0;         // bytes per stream
        std::uint64_t output_limit = 0; // bytes of both streams, 0 none
        bool detached = false, attach = false, tty = false;
        bool masks_live = false; // secrets in what live readers get, too
    };
    Run(boost::asio::any_io_executor executor, Birth birth);

    const std::string& id() const { return birth_.id; }
    std::uint64_t number() const { return birth_.number; }
    const Caller& caller() const { return birth_.caller; }
    bool tty() const { return birth_.tty; }
    bool detached() const { return birth_.detached; }

    State state() const { return state_; }
    // Milliseconds since it was made.
    std::uint64_t age_ms() const;
    // Goes to a state that may follow, and tells everybody.
    void enter(State state);
    // Ended, and its record is whole. Its outcome is in the log, or tried again there; its row may not be written yet.
    bool over() const { return over_; }
    void set_over();
    // It has streams now, or never will.
    boost::asio::awaitable<void> until_started();

    api::Run record;      // without output; snapshot() adds what changes by the byte
    api::Receipt receipt; // as far as it is known
    struct Cage {         // what the end, and an `exec` into it, need to know
        std::vector<std::string> environment;
        std::string cwd, filter, profile, run_as, path;
        struct Before {                       // what was there of the files that a later uncaged program runs
            std::vector<std::string> absent;  // at the workspace's top: those that did not exist
            std::vector<std::string> scanned; // below it: those that did
            std::string scan_root;            // the writable workspace that was looked through, "" none
        } before;
        bool searched_inside = false; // the program was looked for in the cage, by a shell
        bool joined = false;
        bool asks = false;                  // it has a listener of its own, and may ask for runs
        bool networked = false;             // egress serves it
        std::optional<api::NetScope> scope; // of its scoped network
        RunLimits limits;
        View view; // what it has of the host's
        std::vector<std::shared_ptr<const ProjectFile>>
            projects; // whose rules hold for what enters it, or is asked by it
    } cage;
    api::Run snapshot() const;

    // --- while it waits for an answer ---
    std::optional<Answer> answer;      // that came, and was not acted upon yet
    bool has_client = false;           // its client waits with it: it ends when that goes
    bool goes_on = false;              // an approved one is being looked up again
    std::uint64_t held_connection = 0; // whose number the spawner keeps although its client may go; 0 none
    // Whoever claims it is who asks from now on: the same principal, on another connection.
    void set_caller(Caller caller);
    // Nobody needs to be there for it to go on.
    void let_go();

    Wake& changed() { return changed_; }

    std::optional<std::chrono::steady_clock::time_point> killed_by; // a kill with a grace is on its way, and ends then
    bool ends_within(std::chrono::milliseconds grace) const {
        return killed_by && *killed_by <= std::chrono::steady_clock::now() + grace;
    }

    // --- streams: 0 stdout, 1 stderr ---
    // What is kept, secrets masked: positions and lengths are of that.
    const Output& output(std::size_t stream) const { return streams_[stream].kept(); }
    std::string digest(std::size_t stream) const { return streams_[stream].digest(); } // of what was written
    // Takes the ends of its pipes and begins to read them.
    void start_io(Started started);
    // A line of owhaled's own among what it writes to stderr, or to its terminal; nothing once that has ended.
    void say(std::string_view line);
    std::function<void()> on_output_limit; // once, when both streams wrote more than allowed

    // The spawner saw its end. What is in the pipes is read for 2 s at most.
    void end(const wire::RunEnded& ended);
    const std::optional<wire::RunEnded>& ended_facts() const { return ended_; }
    bool drained() const { return open_streams_ == 0; }
    boost::asio::awaitable<void> until_drained();

    // --- who is there ---
    std::shared_ptr<Attachment> attach(bool replay);
    Output::Slice read(Attachment& attachment, std::size_t stream, std::size_t limit) const {
        return streams_[stream].read(attachment.readers[stream], limit);
    }
    // It has had this slice.
    void advance(Attachment& attachment, std::size_t stream, const Output::Slice& slice);
    void detach(const std::shared_ptr<Attachment>& attachment);
    bool told_to_end = false; // because nobody is there
    // The client that made it went.
    void creator_gone();
    // Nobody is there any more and it was not to go on alone; since when.
    std::optional<std::chrono::steady_clock::time_point> alone_since() const;
    // Stops waiting for readers that took nothing for 30 s while others wait.
    void drop_slow(std::chrono::steady_clock::time_point now);

    // --- stdin ---
    // Waits until the pipe took it all. Only the first that writes keeps the right to; from others it is dropped.
    boost::asio::awaitable<void> write_stdin(const Attachment* from, std::string data);
    void close_stdin(const Attachment* from);
    enum class StdinNow { open, busy, anothers, closed }; // busy: what was written before is not taken yet
    StdinNow stdin_now(const Attachment* from) const;
    void resize(std::uint16_t rows, std::uint16_t columns);

private:
    using Descriptor = boost::asio::posix::stream_descriptor;
    boost::asio::awaitable<void> pump(std::size_t stream);
    bool read_some(std::size_t stream, bool& end);
    bool held(std::size_t stream) const;
    void watch_pause(std::size_t stream);
    void trim_windows();
    void count_output();
    void note_presence();
    bool owns_stdin(const Attachment* from);

    boost::asio::any_io_executor executor_;
    Birth birth_;
    State state_ = State::queued;
    bool over_ = false;
    Wake changed_;
    std::array<RunStream, 2> streams_;
    std::array<boost::asio::steady_timer, 2> pauses_;
    std::array<std::optional<Descriptor>, 2> pipes_; // tty: the first is the master, for both ways
    std::optional<Descriptor> stdin_;
    boost::asio::steady_timer drain_timer_;
    int open_streams_ = 0;
    std::vector<std::string> unsaid_; // lines from before its streams were there
    std::optional<wire::RunEnded> ended_;
    std::vector<std::shared_ptr<Attachment>> attachments_;
    const std::chrono::steady_clock::time_point born_ = std::chrono::steady_clock::now();
    bool ever_attached_ = false, creator_here_ = true, limit_told_ = false;
    const Attachment* stdin_owner_ = nullptr;
    bool stdin_taken_ = false, stdin_busy_ = false;
    std::optional<std::chrono::steady_clock::time_point> alone_since_;
};

} // namespace owhale::sandbox
