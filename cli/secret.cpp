#include "cli/secret.hpp"

#include <cstring>
#include <malloc.h>
#include <sys/prctl.h>

namespace owhale::cli {

void wipe(std::string& text) {
    text.resize(text.capacity()); // what a former, longer text left behind too
    ::explicit_bzero(text.data(), text.size());
    text.clear();
}

void guard_secrets() {
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    ::mallopt(M_PERTURB, 0xA5);
}

} // namespace owhale::cli
