// escapes: a broker that somebody has taken over, with a real owhale-spawner at the other end of its channel.
//
//   escapes SPAWNER FOLDER [--rootless] [-v] [--only=SCENE]    FOLDER: empty, ours, reachable by every uid
#include <cstdio>
#include <cstring>
#include <signal.h>
#include <string>
#include <unistd.h>

#include "stage.hpp"

namespace {

struct Scene {
    const char* name;
    void (*play)(const owhale::escapes::Place&);
};
using namespace owhale::escapes;
constexpr Scene kScenes[] = {
    {"identities", play_identities}, {"plans", play_plans},       {"ceilings", play_ceilings},
    {"protocol", play_protocol},     {"accounts", play_accounts}, {"children", play_children},
    {"files", play_files},           {"approved", play_approved}, {"held", play_held},
    {"network", play_network},       {"failing", play_failing},   {"ports", play_ports},
    {"ssh-agents", play_ssh_agents}, {"heads", play_heads},       {"gated", play_gated},
};

} // namespace

int main(int argc, char** argv) {
    Place place;
    std::string only;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--rootless") == 0)
            place.rootless = true;
        else if (std::strcmp(argv[i], "-v") == 0)
            verbose = true;
        else if (std::strncmp(argv[i], "--only=", 7) == 0)
            only = argv[i] + 7;
        else if (place.spawner.empty())
            place.spawner = argv[i];
        else
            place.folder = argv[i];
    }
    if (place.folder.empty() || place.folder.front() != '/') {
        std::fprintf(stderr, "usage: escapes SPAWNER FOLDER [--rootless] [-v]\n");
        return 2;
    }
    if (!place.rootless && getuid() != 0) {
        std::fprintf(stderr, "escapes: start it as root, or with --rootless\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    for (const auto& [name, play] : kScenes)
        if (only.empty() || only == name) play(place);
    return finish();
}
