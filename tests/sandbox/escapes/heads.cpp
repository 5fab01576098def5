// Tree heads of the audit log: a broker can add to them, a line a minute, and take nothing back.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "stage.hpp"

namespace owhale::escapes {
namespace {

constexpr const char* kVkey = "owhaled/host/0a1b2c3d+4e5f6071+AZ0PNhcHSB9UpWWYgxYcWG1dmQ0Ib+0mCLWwpH2DPLwr";
constexpr const char* kOther = "owhaled/host/0a1b2c3d+4e5f6071+AZ0PNhcHSB9UpWWYgxYcWG1dmQ0Ib+0mCLWwpH2DPLwx";
constexpr const char* kOld = " BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc= 2026-01-01T00:00:00Z\n";
constexpr int kFlood = 2000;

wire::AuditHead head(std::uint64_t size, std::uint8_t root = 7, const char* vkey = kVkey) {
    auto made = message<wire::AuditHead>(wire::Type::audit_head);
    made.size = size;
    std::memset(made.root, root, sizeof made.root);
    std::memcpy(made.vkey, vkey, std::strlen(vkey));
    return made;
}

int told(Stage& stage, const wire::AuditHead& head) {
    if (!stage.spawner().send(head)) return -1;
    const auto reply = stage.spawner().await({wire::Type::audit_head_kept}, 5000);
    return reply ? reply->as<wire::AuditHeadKept>().err : -1;
}

std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

std::string make_heads(const Place& place, const std::string& lines) {
    const auto folder = place.folder + "/anchor";
    mkdir(folder.c_str(), 0755);
    unlink((folder + "/heads").c_str());
    const auto origin = std::string(kVkey).substr(0, std::string(kVkey).find('+'));
    std::ofstream(folder + "/heads") << (lines.empty() ? ""
                                                       : "# owhaled heads 1 " + origin + " " + kVkey + "\n" + lines);
    chmod((folder + "/heads").c_str(), 0644);
    return folder + "/heads";
}

void refused_heads(const Place& place) {
    const auto path = make_heads(place, std::string("100") + kOld);
    const auto before = content(path);
    Stage stage(place, "", {"--heads=" + path});
    const auto& found = stage.spawner().ready().heads;
    check("control: the last head is told at the start", found.err == 0 && found.size == 100 && found.count == 1 &&
                                                             found.root[0] == 7 && std::strcmp(found.vkey, kVkey) == 0);
    check("a shorter log", told(stage, head(99)) == ESTALE);
    check("another log of the same length", told(stage, head(100, 8)) == ESTALE);
    check("a log of another key", told(stage, head(101, 7, kOther)) == EXDEV);
    check("a head without a key", told(stage, head(101, 7, "")) == EINVAL);
    check("a key that would be two lines", told(stage, head(101, 7, "a+00000000+\n1 x")) == EINVAL);
    check("a head of nothing", told(stage, head(0)) == EINVAL);
    check("a head beyond all logs", told(stage, head(~std::uint64_t{0})) == EINVAL);
    check("none of these left a trace", content(path) == before);
    check("control: a longer log", told(stage, head(101)) == 0 && content(path).starts_with(before + "101 "));
}

void flood(const Place& place) {
    const auto path = make_heads(place, "");
    Stage stage(place, "", {"--heads=" + path});
    int kept = 0, refused = 0;
    for (int i = 1; i <= kFlood; ++i) {
        auto one = head(static_cast<std::uint64_t>(i));
        one.final = i > kFlood / 2 ? 1 : 0;
        const int err = told(stage, one);
        kept += err == 0 ? 1 : 0;
        refused += err == EAGAIN ? 1 : 0;
    }
    check("a flood leaves one head, and one at the end", kept == 2 && refused == kFlood - 2,
          std::to_string(kept) + " kept");
    check("and a file of some hundred bytes", content(path).size() < 500);
}

void unusable(const Place& place) {
    const auto path = make_heads(place, "");
    unlink(path.c_str());
    const auto other = place.folder + "/other";
    std::ofstream(other) << "root:x:0:0\n";
    if (symlink(other.c_str(), path.c_str()) != 0) return;
    Stage stage(place, "", {"--heads=" + path});
    check("a link for the file of heads", stage.spawner().ready().heads.err == ELOOP && told(stage, head(1)) == ENODEV);
    check("and what it leads to stays as it was", content(other) == "root:x:0:0\n");
    const auto run = stage.launch(stage.ready_draft());
    check("control: runs go on without it", run.end == End::started, run.text());
    stage.await_end();
    unlink(path.c_str());
}

void malformed(const Place& place) {
    const auto path = make_heads(place, "");
    {
        Stage stage(place, "", {"--heads=" + path});
        stage.spawner().send(head(1), {0});
        check("a head with a descriptor ends the spawner", stage.spawner().ended());
    }
    Stage stage(place, "", {"--heads=" + path});
    auto cut = head(1);
    cut.header.size = sizeof cut - 8;
    stage.spawner().send(&cut, sizeof cut - 8);
    check("half a head ends the spawner", stage.spawner().ended() && content(path).empty());
}

} // namespace

void play_heads(const Place& place) {
    refused_heads(place);
    flood(place);
    unusable(place);
    malformed(place);
}

} // namespace owhale::escapes
