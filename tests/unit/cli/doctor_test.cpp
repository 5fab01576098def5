// What doctor --fix prints, and the note of an upgrade that waits.
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "checks.hpp"
#include "cli/mending.hpp"
#include "cli/upgrade.hpp"
#include "cli/where.hpp"
#include "folder.hpp"

using namespace owhale;
using namespace owhale::cli;

namespace {

std::string start_of_this_process() {
    std::ifstream file("/proc/self/stat");
    std::string word;
    for (int number = 1; number <= 22; ++number) file >> word; // this program's name has no space
    return word;
}

std::string note_of(const test::Folder& folder, const std::string& text, mode_t mode = 0644) {
    const auto path = folder / "note";
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
}

} // namespace

TEST_CASE("a strange owhaled's words leave no comment, and none of them is a command") {
    const auto text = script(mendings({{"x\nrm -rf /", "missing", "", "", "y\nrm -rf ~\r\x1b[2J"},
                                       {"owhaled", "missing", "", "", "\nsudo rm -rf /"}}));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        CHECK((line.empty() || line.starts_with("# ") || line == "sudo systemctl enable --now owhaled"));
    CHECK_EQ(text.find('\x1b'), std::string::npos);
    CHECK_EQ(text.find('\r'), std::string::npos);
}

TEST_CASE("what is in order is not mended, and a command stands once") {
    CHECK_EQ(script(mendings({{"nftables", "ok", "", "", ""}})), "# nothing to mend\n");
    const auto found = mendings({{"nftables", "weaker", "", "", "a"}, {"udp report", "weaker", "", "", "b"}});
    REQUIRE_EQ(found.size(), 2);
    CHECK_EQ(found[0].commands.size(), 2);
    CHECK(found[1].commands.empty());
}

TEST_CASE("owhalectl's own commands ask the owhaled that doctor asked, and no other word of them changes") {
    const std::vector<api::Check> checks = {
        {"first password", "weaker", "", "", ""}, {"frozen", "weaker", "", "", ""}, {"upgrade", "weaker", "", "", ""}};
    const auto commands = [&](const Where& where) {
        std::vector<std::string> out;
        for (const auto& one : mendings(checks, {}, options_for(where)))
            out.insert(out.end(), one.commands.begin(), one.commands.end());
        return out;
    };
    CHECK(commands({{{"/a b/s", "OWHALE_SOCKET"}}, {}}) ==
          std::vector<std::string>{"sudo owhalectl --socket '/a b/s' setup", "owhalectl --socket '/a b/s' freeze ls",
                                   "owhalectl --socket '/a b/s' thaw", "sudo systemctl restart owhaled"});
    CHECK(commands({{{"/run/owhaled/owhaled.sock", "the system's"}, {"/x", "XDG_RUNTIME_DIR"}}, {}}).front() ==
          "sudo owhalectl setup");
    CHECK(commands({{{"/run/owhaled/owhaled.sock", "the system's"}}, {}}).front() == "sudo owhalectl setup");
    auto host = *parse_host("https://h");
    host.fingerprint = "SHA256:x";
    CHECK(commands({{}, host}).back() == "sudo systemctl restart owhaled");
    CHECK(commands({{}, host}).front() == "sudo owhalectl --host https://h:7717 --fingerprint SHA256:x setup");
}

TEST_CASE("both rows of user namespaces are mended by what stands in the way here") {
    for (const auto* name : {"user namespaces", "user namespaces allowed"}) {
        CAPTURE(name);
        const auto found = mendings({{name, "missing", "", "", ""}}, {0, true, true});
        REQUIRE_EQ(found.size(), 1);
        const std::vector<std::string> wanted = {
            "sudo sysctl -w user.max_user_namespaces=15000",
            "echo user.max_user_namespaces=15000 | sudo tee -a /etc/sysctl.d/60-owhaled.conf",
            "sudo sysctl -w kernel.unprivileged_userns_clone=1",
            "echo kernel.unprivileged_userns_clone=1 | sudo tee -a /etc/sysctl.d/60-owhaled.conf",
            "sudo apparmor_parser -r /etc/apparmor.d/owhaled"};
        CHECK_EQ(found[0].commands, wanted);
    }
}

TEST_CASE("an upgrade waits as long as the process does that it waits for") {
    const test::Folder folder;
    const auto process = std::to_string(::getpid()) + "\n" + start_of_this_process() + "\n";
    CHECK_EQ(waiting_upgrade(note_of(folder, "1.2.3-4\n" + process)), "1.2.3-4");
    CHECK_FALSE(waiting_upgrade(note_of(folder, "1.2.3-4\n" + std::to_string(::getpid()) + "\n1\n")));
    CHECK_FALSE(waiting_upgrade(note_of(folder, "1.2.3-4\n")));
    CHECK_FALSE(waiting_upgrade(note_of(folder, "1.2.3-4\n../1\n1\n")));
    CHECK_FALSE(waiting_upgrade(folder / "none"));
    // Others could have written it.
    CHECK_FALSE(waiting_upgrade(note_of(folder, "1.2.3-4\n" + process, 0666)));
}
