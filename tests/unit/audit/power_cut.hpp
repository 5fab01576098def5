// What a loss of power leaves of the files on a Disk. POSIX promises for a file only what was synced; here, of what was not,
// anything may be there.
#pragma once

#include <map>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "disk.hpp"

namespace owhale::test {

using Image = std::map<std::string, std::string>; // a file's bytes by its name

enum class Loss {
    nothing,   // as after kill -9
    all,       // all that was not synced
    last_torn, // the last write of each file ends at any byte, or at a sector
    sectors,   // of each sector of 512 bytes, by chance
    some,      // of each write, by chance: the later ones may be there without the earlier
    sizes,     // a file's new length, but not its bytes: they are what lay on the disk before
};
constexpr int kLosses = 6;

class PowerCut {
public:
    PowerCut(Image before, std::span<const DiskAct> history) : durable_(std::move(before)), history_(history) {}

    // Goes on to the moment after `acts`; only forward.
    void go_to(std::size_t acts);
    Image image(Loss loss, std::mt19937& chance) const;

private:
    void keep(std::vector<const DiskAct*>& acts);
    void keep_removals();
    Image durable_;
    std::map<std::string, std::vector<const DiskAct*>> pending_; // since the file's last sync
    std::span<const DiskAct> history_;
    std::size_t at_ = 0;
};

Image read_image(const std::string& folder);
void write_image(const Image& image, const std::string& folder); // the folder then holds nothing else

} // namespace owhale::test
