// escapes: a broker that somebody has taken over, with a real owhale-spawner at the other end of its channel.
//
//   escapes SPAWNER FOLDER [--rootless] [-v]    FOLDER: empty, ours, reachable by every uid
#include <cstdio>
#include <cstring>
#include <signal.h>
#include <string>
#include <unistd.h>

#include "stage.hpp"

int main(int argc, char** argv) {
    using namespace owhale::escapes;
    Place place;
    for (int i = 1; i < argc; ++i) {
        if (std::strcmp(argv[i], "--rootless") == 0)
            place.rootless = true;
        else if (std::strcmp(argv[i], "-v") == 0)
            verbose = true;
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
    play_identities(place);
    play_plans(place);
    play_ceilings(place);
    play_protocol(place);
    play_accounts(place);
    play_children(place);
    play_files(place);
    play_approved(place);
    play_held(place);
    return finish();
}
