// A report as it comes together: the key, what is signed with it, what is kept outside, and what a pass says of all that.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/verify/examine.hpp"
#include "cli/verify/narrowing.hpp"
#include "cli/verify/pass.hpp"

namespace owhale::cli::verify {

class Findings {
public:
    explicit Findings(const Request& request) : request_(request) {}

    using Opened = std::optional<std::pair<std::uint64_t, std::string>>; // sequence and text of an audit.opened
    // The key that holds: the pinned one, the one that the log's first audit.opened names, the one that is said beside it,
    // and one that is known from elsewhere. Of an empty log that counts before what is said.
    void take_key(const Opened& opened, const std::optional<merkle::NoteKey>& said,
                  const std::optional<merkle::NoteKey>& known = {}, const char* known_from = "owhalectl's own memory",
                  bool empty = false);
    // After take_key(): whether the checkpoints that were named are what they were when they were saved.
    Status check_saved() const;
    // One that is stored with the log, as that of this size.
    void take_checkpoint(std::uint64_t size, const std::string& note);
    // Others of the same log, in the order of their sizes, before claims(): those whose signatures hold.
    void take_former(const std::string& note);

    std::vector<Claim> claims(); // of checkpoints and of what is kept outside, in the order of their sizes
    std::optional<merkle::Checkpoint> newest() const { return newest_; } // whose signature holds
    Report& report() { return report_; }
    Report end(const Pass& pass);
    // Of some events, which a checkpoint over `size` covers.
    Report end_of_part(std::uint64_t size);

private:
    void take_kept(const Kept& kept, int index);
    void take_note(const Kept& kept, int index, const std::string& note);
    void end_early(const Kept& kept, std::uint64_t held, std::uint64_t known, Anchor& out);
    void end_anchor(const Kept& kept, int index, const Pass& pass);
    std::string damage_of(const Kept& kept, int index, const Pass& pass) const;
    void end_damaged(const Kept& kept, int index, const Pass& pass);
    void end_refuted(const Pass& pass);
    void add_swap(const std::pair<std::uint64_t, std::uint64_t>& two, const Narrowed& found);
    void leave_hole(std::uint64_t hole, const Narrowed& found);
    std::string says(const Narrowed& found) const;
    void count_own(const Pass& pass);
    void end_signed(const Pass& pass);
    void nothing_signed();
    void end_opened(const Pass& pass);
    Report sorted();
    void add(std::uint64_t seq, std::string kind, std::string what);

    const Request& request_;
    Report report_;
    std::optional<merkle::NoteKey> key_;
    std::vector<Claim> claims_;
    std::vector<std::pair<std::uint64_t, std::string>> notes_; // signed ones of the log's own, by their sizes
    std::optional<merkle::Checkpoint> newest_;
    void count_refuted(std::uint64_t size);
    std::vector<std::string> strange_; // by anchor: what else it knows
};

// The key that an audit.opened's data names; nothing when it names none.
std::optional<merkle::NoteKey> named_key(std::string_view data);

} // namespace owhale::cli::verify
