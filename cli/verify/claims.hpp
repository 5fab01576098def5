// What is said of the log's tree, by the log's own checkpoints and by what is kept outside of it: at this size it had this
// root.
#pragma once

#include <string>
#include <vector>

#include "audit/merkle/note.hpp"
#include "cli/verify/edge.hpp"

namespace owhale::cli::verify {

struct Claim {
    std::uint64_t size = 0;
    Hash root{};
    int anchor = -1; // which anchor says it; -1: a checkpoint of the log's own, whose signature holds
    // What a pass found: beyond: the log ends before it.
    // damaged: it is no other tree's root, but this one's with some characters changed.
    enum class State : std::uint8_t { open, holds, differs, beyond, damaged } state = State::open;
    // It differs among events whose rows and texts were both changed, as what is stored above them showed later: of what it
    // says they are the reason.
    bool explained = false;
    std::uint64_t line = 0; // of the file that says it; 0: nothing but a signature or the log itself does
};

// One place outside of the log.
struct Kept {
    std::string name;   // "heads"
    std::string where;  // "/var/lib/owhaled-anchor/heads"
    std::string absent; // why there is nothing; "" otherwise
    struct Log {
        merkle::NoteKey key;
        std::vector<merkle::Checkpoint> checkpoints;
        std::vector<std::uint64_t> lines; // of a file of heads: that of each
    };
    std::vector<Log> logs; // of which it knows something
    // Signed notes, whose signatures are still to be looked at: by which key is known with the log's.
    std::vector<std::string> notes;
    std::vector<std::string> damaged; // what is wrong with lines of it that say nothing any more
    bool roots = false;               // of a file of heads: root alone can write it
    bool beside = false;              // in the folder that the log lies in: put back with it
    bool by_key = false;              // whoever has the log's key can make it say what he likes, now as well as then
    bool own_memory = false;          // what owhalectl itself has verified before
    bool of_this_log = false;         // it is said to be this log's: another's, or another key's, is wrong
};

} // namespace owhale::cli::verify
