#include "cli/verify/known_logs.hpp"

#include "cli/private_files.hpp"

namespace owhale::cli::verify {
namespace {

constexpr std::size_t kMostFile = std::size_t{4} << 20;
constexpr auto kHead =
    "# owhalectl: of each audit log the newest checkpoint that was verified, and where: VKEY NOTE [PLACE], in base64\n";

Result<std::string> path_of() {
    return TRY(own_folder()) + "/known_logs";
}

struct Known {
    merkle::NoteKey key;
    std::string note, place;
    merkle::Checkpoint checkpoint;
};

std::string line_of(const merkle::NoteKey& key, std::string_view note, const std::string& place) {
    return merkle::to_vkey(key) + " " + merkle::to_base64(note) +
           (place.empty() ? "" : " " + merkle::to_base64(place)) + "\n";
}

// A line that is not ours to read counts for nothing.
std::optional<Known> known_of(std::string_view line) {
    const auto space = line.find(' ');
    if (line.starts_with('#') || space == line.npos) return {};
    const auto rest = line.substr(space + 1);
    const auto behind = std::min(rest.find(' '), rest.size());
    auto key = merkle::parse_vkey(line.substr(0, space));
    auto note = merkle::from_base64(rest.substr(0, behind));
    auto place = merkle::from_base64(rest.substr(std::min(behind + 1, rest.size())));
    if (!key || !note || !place) return {};
    auto checkpoint = merkle::verify(*note, *key);
    if (!checkpoint) return {};
    return Known{std::move(*key), std::move(*note), std::move(*place), std::move(*checkpoint)};
}

Result<std::vector<Known>> read_all() {
    const auto path = TRY(path_of());
    const auto text = TRY(read_private(path, kMostFile)).value_or("");
    std::vector<Known> out;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = std::min(text.find('\n', begin), text.size());
        if (auto known = known_of(std::string_view(text).substr(begin, end - begin))) out.push_back(std::move(*known));
        begin = end + 1;
    }
    return out;
}

} // namespace

Kept known_logs() {
    Kept kept{.name = "remembered", .where = "owhalectl's own memory", .own_memory = true};
    const auto all = read_all();
    if (!all) kept.absent = all.error().message;
    if (all)
        for (const auto& known : *all) kept.logs.push_back({known.key, {known.checkpoint}, {}});
    return kept;
}

Result<std::optional<merkle::Checkpoint>> known_checkpoint(const merkle::NoteKey& key) {
    for (auto& known : TRY(read_all()))
        if (known.key == key) return std::move(known.checkpoint);
    return std::nullopt;
}

Result<std::optional<merkle::NoteKey>> known_at(const std::string& place) {
    for (auto& known : TRY(read_all()))
        if (!place.empty() && known.place == place) return std::move(known.key);
    return std::nullopt;
}

Status remember(const merkle::NoteKey& key, std::string_view note, const std::string& place) {
    const auto checkpoint = TRY(merkle::verify(note, key));
    std::string newest(note), where = place, text = kHead;
    for (const auto& known : TRY(read_all())) {
        if (known.key != key) {
            text += line_of(known.key, known.note, known.place == place ? "" : known.place);
            continue;
        }
        if (known.checkpoint.size > checkpoint.size) newest = known.note;
        if (where.empty()) where = known.place;
    }
    text += line_of(key, newest, where);
    const auto path = TRY(path_of());
    return write_private(path, text);
}

} // namespace owhale::cli::verify
