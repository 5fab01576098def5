// owhale-spawner: the one privileged program. See ARCHITECTURE.md, "What a taken-over broker could do at most".
#include <cstdio>
#include <cstring>
#include <string>
#include <sys/prctl.h>

#include "spawner/options.hpp"
#include "spawner/server.hpp"
#include "spawner/setup.hpp"

namespace {

owhale::Status run(int argc, char** argv) {
    using namespace owhale::spawner;
    const auto options = TRY(parse_options(argc, argv));
    // The kernel lays the arguments out one after the other.
    set_argument_area(argv[0], static_cast<std::size_t>(argv[argc - 1] + std::strlen(argv[argc - 1]) - argv[0]));
    auto surroundings = TRY(prepare(options));
    auto heads = Heads::open(options.heads, options.rootless);
    CHECK(give_up(options));
    Server server(options, std::move(surroundings), std::move(heads));
    return server.serve();
}

} // namespace

int main(int argc, char** argv) {
    ::prctl(PR_SET_NAME, "owhale-spawner", 0, 0, 0); // it was started by a descriptor, whose number would be its name
    const auto status = run(argc, argv);
    if (status) return 0;
    std::fprintf(stderr, "<3>owhale-spawner: %s\n", owhale::to_line(status.error()).c_str());
    return 1;
}
