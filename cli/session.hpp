// A run in the foreground: its streams are ours, and so are the signals we get, until it ends or we leave it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include "cli/call.hpp"
#include "cli/where.hpp"
#include "shared/api.hpp"

namespace owhale::cli {

enum class Sink {
    live,   // to our stdout and stderr
    drop,   // nowhere: the caller asks for the kept output afterwards
    events, // as JSON lines on stdout
};

struct Attachment {
    std::optional<Call> create; // makes the run; without it, `id` names one
    std::string id;
    bool tty = false;                      // raw terminal, its size, detach keys
    bool stdin_open = false;               // forward our stdin
    bool progress = false;                 // say so when the start takes longer than a second
    bool quiet = false;                    // say nothing while it waits for people
    std::vector<std::string> approve_here; // how to decide in place what it waits for; empty: not
    Sink sink = Sink::live;
    int input = STDIN_FILENO;                            // what is forwarded; borrowed
    bool detachable = true;                              // the detach keys do; without them every key is the run's
    std::function<std::string(std::string)> only_output; // what of a piece of its stdout goes to ours; none: all
};

struct SessionEnd {
    enum class How {
        ended,       // the run did
        detached,    // by the detach keys
        output_gone, // nobody reads our stdout: the run was asked to end
    };
    How how = How::ended;
    int errnum = 0; // why our stdout failed
    api::Run run;   // as last heard of
};

// Signals: INT, TERM, QUIT and HUP go to the run; a second INT within two seconds kills it, a third one leaves. While it waits
// for people, each of them takes the request back, and the terminal is not raw.
Result<SessionEnd> attend(const Where& where, Attachment attachment);

// Whether a run in this state has ended.
bool is_over(std::string_view state);

} // namespace owhale::cli
