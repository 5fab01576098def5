#include "cli/verify/findings.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "cli/verify/saved_checkpoint.hpp"

namespace owhale::cli::verify {
namespace {

constexpr std::size_t kMostTold = 20; // problems, of more the number
// A running owhaled signs every 1,024 events and a batch, and 10 s after the first: with room for a machine that is slow.
constexpr std::uint64_t kMostUnsigned = 2048;
constexpr std::int64_t kLongestUnsigned = 60'000'000; // us, by the events' own times

std::string hex_of(std::uint32_t id) {
    std::string out;
    for (int shift = 28; shift >= 0; shift -= 4) out += "0123456789abcdef"[id >> shift & 15];
    return out;
}

// Why a note does not hold: forged, or by another key of the same name.
std::pair<std::string, std::string> fault_of(const std::string& note, const merkle::NoteKey& key, const Error& error) {
    const auto parsed = merkle::parse_note(note);
    if (!parsed) return {"checkpoint_forged", "it is no signed checkpoint (" + parsed.error().message + ")"};
    for (const auto& one : parsed->signatures)
        if (one.name == key.name && one.id == key.id())
            return {"checkpoint_forged", "its signature does not hold (" + error.message + ")"};
    const auto& by = parsed->signatures.front();
    return {"key_swapped", "it is signed by " + by.name + "+" + hex_of(by.id) + ", and the log's own key is " +
                               key.name + "+" + hex_of(key.id())};
}

} // namespace

std::optional<merkle::NoteKey> named_key(std::string_view data) {
    boost::system::error_code error;
    const auto value = boost::json::parse(data, error);
    const auto* key = !error && value.is_object() ? value.get_object().if_contains("key") : nullptr;
    if (key == nullptr || !key->is_string()) return {};
    auto read = merkle::parse_vkey(std::string_view(key->get_string()));
    return read ? std::optional(std::move(*read)) : std::nullopt;
}

void Findings::add(std::uint64_t seq, std::string kind, std::string what) {
    ++report_.bad;
    report_.problems.push_back({seq, {}, std::move(kind), std::move(what)});
}

void Findings::take_key(const Opened& opened, const std::optional<merkle::NoteKey>& said,
                        const std::optional<merkle::NoteKey>& known, const char* known_from, bool empty) {
    std::optional<merkle::NoteKey> named;
    if (opened)
        if (const auto body = read_body(opened->second)) named = named_key(body->data);
    // What names no key but in a row beside its events has none: whoever emptied it may have written that, too.
    const bool emptied = !opened && empty && known;
    key_ = request_.pinned ? request_.pinned : named ? named : said && !emptied ? said : known;
    report_.key_from = request_.pinned               ? "--key"
                       : named                       ? "event " + std::to_string(opened->first)
                       : known && (emptied || !said) ? known_from
                                                     : "the log beside its events, none of which confirms it";
    if (!key_)
        return add(1, "key_swapped",
                   "no event names the key that the log is signed with (retention may have dropped the first): give it "
                   "with --key");
    report_.origin = key_->name;
    report_.key = merkle::to_vkey(*key_);
    for (const auto& other : {named, said})
        if (other && *other != *key_)
            add(opened ? opened->first : 1, "key_swapped",
                "the log names the key " + merkle::to_vkey(*other) + ", and it should be " + report_.key);
}

Status Findings::check_saved() const {
    for (const auto& kept : request_.kept)
        if (key_ && kept.name == "checkpoint") CHECK(check_signature(kept, *key_));
    return {};
}

void Findings::take_checkpoint(std::uint64_t size, const std::string& note) {
    if (!key_) return;
    const auto checkpoint = merkle::verify(note, *key_);
    if (!checkpoint) {
        const auto [kind, why] = fault_of(note, *key_, checkpoint.error());
        count_refuted(size);
        return add(std::max<std::uint64_t>(size, 1), kind,
                   "the checkpoint over " + with_commas(size) + " events: " + why);
    }
    if (checkpoint->size != size)
        add(std::max<std::uint64_t>(size, 1), "checkpoint_forged",
            "the checkpoint over " + with_commas(checkpoint->size) + " events is kept as that over " +
                with_commas(size));
    claims_.push_back({checkpoint->size, checkpoint->root, -1});
    notes_.emplace_back(checkpoint->size, note);
    if (!newest_ || newest_->size < checkpoint->size) newest_ = *checkpoint;
}

void Findings::take_former(const std::string& note) {
    const auto checkpoint = key_ ? merkle::verify(note, *key_) : Result<merkle::Checkpoint>(fail(Code::not_found, ""));
    if (!checkpoint) return;
    const auto is = [&](const Claim& one) { return one.size == checkpoint->size; };
    if (claims_.empty() || (!is(claims_.front()) && !is(claims_.back()))) take_checkpoint(checkpoint->size, note);
}

void Findings::count_refuted(std::uint64_t size) {
    ++report_.refuted_checkpoints;
    report_.first_refuted = std::min(size, report_.first_refuted.value_or(size));
}

std::vector<Claim> Findings::claims() {
    strange_.resize(request_.kept.size());
    for (std::size_t i = 0; key_ && i < request_.kept.size(); ++i) take_kept(request_.kept[i], static_cast<int>(i));
    std::ranges::stable_sort(claims_, {}, &Claim::size);
    return claims_;
}

void Findings::take_kept(const Kept& kept, int index) {
    auto& strange = strange_[static_cast<std::size_t>(index)];
    for (const auto& log : kept.logs) {
        const bool ours = log.key == *key_;
        if (!ours && (kept.of_this_log || log.key.name == key_->name))
            add(1, "key_swapped",
                kept.where + " is of the log with the key " + merkle::to_vkey(log.key) + ", and this one has " +
                    report_.key);
        if (!ours) strange = log.key.name;
        for (std::size_t i = 0; ours && i < log.checkpoints.size(); ++i)
            claims_.push_back({.size = log.checkpoints[i].size,
                               .root = log.checkpoints[i].root,
                               .anchor = index,
                               .line = i < log.lines.size() ? log.lines[i] : 0});
    }
    for (const auto& note : kept.notes) take_note(kept, index, note);
}

void Findings::take_note(const Kept& kept, int index, const std::string& note) {
    const auto checkpoint = merkle::verify(note, *key_);
    if (checkpoint) return claims_.push_back({checkpoint->size, checkpoint->root, index});
    const auto parsed = merkle::parse_note(note);
    const auto claimed =
        parsed ? merkle::parse_checkpoint(parsed->text) : Result<merkle::Checkpoint>(merkle::Checkpoint());
    if (claimed && !claimed->origin.empty()) strange_[static_cast<std::size_t>(index)] = claimed->origin;
    if (!kept.of_this_log) return;
    const auto [kind, why] = fault_of(note, *key_, checkpoint.error());
    add(1, kind, kept.where + ": " + why);
}

// An export is of its day; the log has gone on since.
void Findings::end_early(const Kept& kept, std::uint64_t held, std::uint64_t known, Anchor& out) {
    out.state = held > 0 ? "matches" : "beyond";
    if (held > 0) out.size = held;
    out.detail = kept.where + " says that the log has had " + with_commas(known) + " events" +
                 (held > 0 ? ", and matches at " + with_commas(held) : "") + ": not compared beyond " +
                 with_commas(report_.last);
    report_.notes.push_back("this export ends at event " + with_commas(report_.last) + "; " + out.detail);
}

void Findings::end_anchor(const Kept& kept, int index, const Pass& pass) {
    Anchor out{.name = kept.name, .state = "absent"};
    const auto held = pass.held(index);
    const auto refuted = pass.refuted(index);
    const auto& strange = strange_[static_cast<std::size_t>(index)];
    if (refuted && refuted->beyond && request_.ends_early && !kept.of_this_log) {
        end_early(kept, held, refuted->size, out);
    } else if (refuted && refuted->beyond) {
        const auto had = kept.where + " says that it had " + with_commas(refuted->size);
        const bool empty = report_.last == 0;
        out.state = empty ? "emptied" : "older_copy";
        out.detail = empty ? "there is no event in the log, and " + had
                           : "the log was put back, or this is an older copy or export of it: it has " +
                                 with_commas(report_.last) + " events, and " + had;
        add(report_.last + 1, out.state, out.detail);
    } else if (refuted) {
        out.state = "rewritten";
        out.detail = kept.where + " says that the first " + with_commas(refuted->size) + " events were other ones";
        if (refuted->after > 0) out.detail += ", and matches at " + with_commas(refuted->after);
    } else if (held > 0) {
        out.state = "matches";
        out.size = held;
        out.detail = "at " + with_commas(held) + " (" + kept.where + ")" +
                     (kept.beside ? ": it lies beside the log, and proves little" : "");
    } else if (!strange.empty()) {
        if (kept.of_this_log) out.state = "other_log";
        out.detail = kept.where + " knows another log: " + strange;
    } else {
        out.detail = kept.absent;
    }
    if (refuted && out.state != "matches") out.size = refuted->size;
    if (const auto damage = damage_of(kept, index, pass); !damage.empty()) {
        if (!refuted) out.state = "damaged";
        out.detail += (out.detail.empty() ? kept.where + ": " : "; ") + damage;
    }
    out.outside = !kept.beside;
    report_.anchors.push_back(std::move(out));
}

// Its lines that are no evidence of anything, for they were damaged; "" when there is none.
std::string Findings::damage_of(const Kept& kept, int index, const Pass& pass) const {
    std::string out;
    const auto add = [&](const std::string& what) { out += (out.empty() ? "" : "; ") + what; };
    for (const auto& what : kept.damaged) add(what);
    for (const auto& claim : pass.claims())
        if (claim.anchor == index && claim.state == Claim::State::damaged)
            add("line " + std::to_string(claim.line) + " is damaged: its root over " + with_commas(claim.size) +
                " events is this log's but for some characters");
    return out;
}

// Last of all: of the log it says nothing, and hides nothing of what is said of it.
void Findings::end_damaged(const Kept& kept, int index, const Pass& pass) {
    const auto what = damage_of(kept, index, pass);
    if (!what.empty())
        add(0, "anchor_damaged",
            kept.where + ": " + what + ". It is no evidence that the log was rewritten, nor that it was not");
}

std::string Findings::says(const Narrowed& found) const {
    const auto where = [this](int anchor) { return request_.kept[static_cast<std::size_t>(anchor)].where; };
    std::string out;
    for (const int anchor : found.refuting) {
        const bool first = out.empty();
        out += (first ? "" : ", and ") + where(anchor);
        if (first && found.line != 0) out += " (line " + std::to_string(found.line) + ")";
    }
    out += (found.refuting.size() > 1 ? " say" : " says") + std::string(" that the first ") +
           with_commas(found.through) + " events were other ones";
    if (found.matching) out += "; " + where(*found.matching) + " matches at " + with_commas(found.after);
    if (found.keyed > 0) {
        const bool beside = found.keyed_by >= 0 && !request_.kept[static_cast<std::size_t>(found.keyed_by)].by_key;
        out += "; " +
               (found.keyed_by < 0 ? "the log's own checkpoint over " + with_commas(found.keyed) + " events holds"
                                   : where(found.keyed_by) + " matches at " + with_commas(found.keyed)) +
               ", so the first other one is behind these, unless whoever did it " +
               (beside ? "could write that, too" : "has the log's key");
    }
    if (found.signed_anew) out += "; the log's own checkpoints hold: whoever did it has the log's key";
    return out;
}

// What is kept outside says that events are others: of all that is said of them the narrowest, once. What the log's own
// checkpoints showed is as much only where it begins as early; a hole is named, with what nobody confirms before it.
void Findings::end_refuted(const Pass& pass) {
    std::vector<bool> forgeable;
    for (const auto& kept : request_.kept) forgeable.push_back(kept.by_key || kept.beside);
    const auto found = narrowed(pass.claims(), forgeable);
    if (!found) return;
    if (const auto two = pass.swapped(found->through, found->root)) return add_swap(*two, *found);
    const auto hole = std::ranges::find_if(pass.holes(), [&](const FirstBad& one) { return one.seq > found->after; });
    if (!found->signed_anew && hole != pass.holes().end() && hole->seq <= found->through)
        return leave_hole(hole->seq, *found);
    const auto as_much = [&](const FirstBad& one) {
        return (found->held_beyond ? one.seq > found->after : one.seq == found->after + 1) &&
               *one.through <= found->through;
    };
    if (!found->signed_anew && std::ranges::any_of(pass.others(), as_much)) return;
    add(found->after + 1, "rewritten", says(*found));
    report_.problems.back().through = found->through;
}

void Findings::add_swap(const std::pair<std::uint64_t, std::uint64_t>& two, const Narrowed& found) {
    const bool told = std::ranges::any_of(
        report_.problems, [&](const Problem& one) { return one.kind == "reordered" && one.seq == two.first; });
    if (told) return;
    add(two.first, "reordered",
        "it and event " + with_commas(two.second) + " are in each other's place: " + says(found));
}

void Findings::leave_hole(std::uint64_t hole, const Narrowed& found) {
    if (found.held_beyond || found.after + 1 >= hole) return;
    report_.unconfirmed = FirstBad{found.after + 1, hole - 1};
    report_.notes.push_back(says(found));
}

void Findings::count_own(const Pass& pass) {
    for (const auto& claim : pass.claims()) {
        if (claim.anchor >= 0) continue;
        if (claim.state == Claim::State::holds)
            ++report_.checkpoints;
        else
            count_refuted(claim.size);
    }
    const auto held = pass.held(-1);
    for (const auto& [size, note] : notes_)
        if (size == held) report_.note = note;
    if (held > 0) report_.signed_size = held;
}

void Findings::end_signed(const Pass& pass) {
    count_own(pass);
    const auto held = pass.held(-1);
    if (held == 0) nothing_signed();
    if (report_.unsigned_events == 0 || !key_) return;
    const bool stopped = pass.last_event() == "daemon.stop";
    const bool late = !request_.ends_early && pass.unsigned_time() > kLongestUnsigned;
    if (report_.bad == 0 && (stopped || late || report_.unsigned_events > kMostUnsigned))
        add(held + 1, "checkpoint_missing",
            "nothing signs the events from here on, and owhaled signs at its stop, every 1,024 events, and after 10 "
            "seconds: a checkpoint was taken away, or somebody else wrote these (or the clock of a running owhaled was "
            "just set: then verify again in a minute)");
}

// Who names the key wants to hear that it signed this.
void Findings::nothing_signed() {
    if (request_.pinned && report_.bad == 0)
        add(std::max<std::uint64_t>(report_.first, 1), "checkpoint_missing",
            "nothing in it is signed with the key that was given: anybody could have written it");
}

// An export tells its key when it comes to it.
void Findings::end_opened(const Pass& pass) {
    const auto named = pass.opened_at() == 0 ? std::nullopt : named_key(pass.opened());
    if (!named) return;
    if (key_ && *named != *key_ && report_.bad == 0)
        add(pass.opened_at(), "key_swapped",
            "this event names the key " + merkle::to_vkey(*named) + ", and it is signed with " + report_.key);
    if (key_ && *named == *key_ && !request_.pinned) report_.key_from = "event " + std::to_string(pass.opened_at());
}

Report Findings::sorted() {
    std::ranges::stable_sort(report_.problems, {}, &Problem::seq);
    if (report_.problems.size() > kMostTold) report_.problems.resize(kMostTold);
    report_.whole = report_.bad == 0;
    if (auto& open = report_.unconfirmed) {
        const auto first = first_bad(report_);
        if (!first || first->seq <= open->seq)
            open.reset();
        else
            open->through = std::min(*open->through, first->seq - 1);
    }
    return std::move(report_);
}

Report Findings::end(const Pass& pass) {
    for (std::size_t i = 0; i < request_.kept.size(); ++i)
        if (i < strange_.size()) end_anchor(request_.kept[i], static_cast<int>(i), pass);
    end_refuted(pass);
    end_signed(pass);
    end_opened(pass);
    for (std::size_t i = 0; i < strange_.size(); ++i) end_damaged(request_.kept[i], static_cast<int>(i), pass);
    return sorted();
}

Report Findings::end_of_part(std::uint64_t size) {
    if (size > 0)
        report_.signed_size = size;
    else
        nothing_signed();
    report_.checkpoints = notes_.size();
    report_.unsigned_events = report_.last - std::min(newest_ ? newest_->size : 0, report_.last);
    report_.notes.push_back("of these events alone: what is kept outside was not looked at");
    return sorted();
}

} // namespace owhale::cli::verify
