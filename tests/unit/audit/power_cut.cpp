#include "power_cut.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace owhale::test {
namespace {

constexpr std::size_t kSector = 512;

void put(std::string& bytes, std::size_t at, std::string_view data) {
    if (bytes.size() < at + data.size()) bytes.resize(at + data.size());
    std::ranges::copy(data, bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

// The first `most` bytes of what it writes.
void apply(Image& image, const DiskAct& act, std::size_t most = std::string::npos) {
    const auto at = static_cast<std::size_t>(act.at);
    if (act.kind == DiskAct::Kind::write) put(image[act.file], at, std::string_view(act.data).substr(0, most));
    if (act.kind == DiskAct::Kind::truncate) image[act.file].resize(at);
    if (act.kind == DiskAct::Kind::remove) image.erase(act.file);
}

std::size_t below(std::mt19937& chance, std::size_t bound) {
    return chance() % bound;
}

void apply_sectors(Image& image, const DiskAct& act, std::mt19937& chance) {
    auto& bytes = image[act.file];
    for (std::size_t from = 0, size = 0; from < act.data.size(); from += size) {
        const auto at = static_cast<std::size_t>(act.at) + from;
        size = std::min(kSector - at % kSector, act.data.size() - from);
        if (below(chance, 2) == 0) put(bytes, at, std::string_view(act.data).substr(from, size));
    }
}

// What had lain in the blocks: zeros, or bytes of something else.
void apply_size(Image& image, const DiskAct& act, std::mt19937& chance) {
    auto& bytes = image[act.file];
    const auto end = static_cast<std::size_t>(act.at) + act.data.size();
    const char filler = below(chance, 2) == 0 ? '\0' : '\x0d';
    if (bytes.size() < end) bytes.resize(end, filler);
}

void apply_by(Loss loss, Image& image, const DiskAct& act, bool last, std::mt19937& chance) {
    if (loss == Loss::all) return;
    if (loss == Loss::nothing || (loss == Loss::last_torn && !last)) return apply(image, act);
    if (act.kind != DiskAct::Kind::write) {
        if (below(chance, 2) == 0) apply(image, act);
        return;
    }
    const auto size = below(chance, act.data.size() + 1);
    if (loss == Loss::last_torn) apply(image, act, below(chance, 2) == 0 ? size : size / kSector * kSector);
    if (loss == Loss::sectors) apply_sectors(image, act, chance);
    if (loss == Loss::some && below(chance, 2) == 0) apply(image, act);
    if (loss == Loss::sizes) apply_size(image, act, chance);
}

} // namespace

void PowerCut::keep(std::vector<const DiskAct*>& acts) {
    for (const auto* one : acts) apply(durable_, *one);
    acts.clear();
}

// What went before a file was removed is of no more use.
void PowerCut::keep_removals() {
    for (auto& [file, acts] : pending_) {
        const auto last = std::ranges::find(acts.rbegin(), acts.rend(), DiskAct::Kind::remove, &DiskAct::kind);
        if (last == acts.rend()) continue;
        acts.erase(acts.begin(), last.base());
        durable_.erase(file);
    }
}

void PowerCut::go_to(std::size_t acts) {
    for (; at_ < std::min(acts, history_.size()); ++at_) {
        const auto& act = history_[at_];
        if (act.kind == DiskAct::Kind::sync)
            keep(pending_[act.file]);
        else if (act.kind == DiskAct::Kind::sync_folder)
            keep_removals();
        else
            pending_[act.file].push_back(&act);
    }
}

Image PowerCut::image(Loss loss, std::mt19937& chance) const {
    Image out = durable_;
    for (const auto& [file, acts] : pending_)
        for (const auto* act : acts) apply_by(loss, out, *act, act == acts.back(), chance);
    return out;
}

Image read_image(const std::string& folder) {
    Image image;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream file(entry.path(), std::ios::binary);
        image[entry.path().filename()] = std::string(std::istreambuf_iterator<char>(file), {});
    }
    return image;
}

void write_image(const Image& image, const std::string& folder) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) std::filesystem::remove_all(entry.path());
    for (const auto& [name, bytes] : image) {
        std::ofstream(folder + "/" + name, std::ios::binary) << bytes;
        std::filesystem::permissions(folder + "/" + name, std::filesystem::perms(0600));
    }
}

} // namespace owhale::test
