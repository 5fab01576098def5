// OpenSSH's own programs and git, through owhaled's agent to a real one and to a real sshd.
#include <csignal>
#include <fstream>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stage.hpp"

#include "checks.hpp"

using namespace owhale;
using test::SshStage;

namespace {

class Sshd { // on loopback, for whoever runs the test
public:
    explicit Sshd(const SshStage& stage, std::string key) : at_(stage.folder.path()) {
        test::shell("cd " + at_ + " && ssh-keygen -q -t ed25519 -N '' -f host; cp " + key +
                    ".pub authorized; mkdir -p /run/sshd");
        const int free = 20000 + ::getpid() % 20000;
        port_ = std::to_string(free);
        std::ofstream(at_ + "/sshd_config")
            << "ListenAddress 127.0.0.1\nPort " << port_ << "\nHostKey " << at_ << "/host\nAuthorizedKeysFile " << at_
            << "/authorized\nStrictModes no\n"
            << "UsePAM no\nPasswordAuthentication no\nPidFile none\nPermitRootLogin yes\n"
            << "AllowAgentForwarding yes\n";
        child_ = ::fork();
        if (child_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGTERM);
            const auto config = at_ + "/sshd_config", log = at_ + "/sshd.log";
            ::execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-f", config.c_str(), "-E", log.c_str(), nullptr);
            ::_exit(127);
        }
        test::shell("for i in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/" + port_ + ") && break; sleep 0.05; done");
    }
    ~Sshd() {
        ::kill(child_, SIGTERM);
        ::waitpid(child_, nullptr, 0);
    }
    std::string command(const std::string& options, const std::string& what) const {
        return "ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -o "
               "LogLevel=ERROR " +
               options + " -p " + port_ + " " + ::getpwuid(::getuid())->pw_name + "@127.0.0.1 '" + what + "'";
    }

private:
    std::string at_, port_;
    pid_t child_ = 0;
};

} // namespace

TEST_CASE("ssh logs in with a key of the agent, and the host is a question") {
    SshStage stage({"id"});
    const Sshd sshd(stage, "id");
    CHECK_EQ(stage.run(sshd.command("", "echo inside")), "inside\n");
    CHECK_EQ(stage.asking.asked(), std::vector<std::string>{stage.fingerprint("host")});
    CHECK_EQ(stage.gate->noted(), std::vector<std::string>{"broker ssh-agent " + stage.fingerprint("host")});
    CHECK_EQ(stage.run(sshd.command("", "echo again")), "again\n");
    CHECK_EQ(stage.asking.asked().size(), 1);
}

TEST_CASE("ssh does not log in at a host that people refuse, or with a key that is not the run's") {
    SshStage stage({"id"});
    int code = 0;
    {
        const Sshd sshd(stage, "other");
        stage.run(sshd.command("", "echo inside"), &code);
        CHECK_EQ(code, 255);
    }
    stage.asking.allows = false;
    const Sshd sshd(stage, "id");
    const auto said = stage.run(sshd.command("", "echo inside"), &code);
    CHECK_EQ(code, 255);
    CHECK(said.find("inside") == std::string::npos);
}

TEST_CASE("an agent that is passed on with ssh -A serves nobody there") {
    SshStage stage;
    const Sshd sshd(stage, "id");
    const auto said = stage.run(sshd.command("-A", "ssh-add -l; echo status $?"));
    CHECK(said.find("status 0") == std::string::npos);
    CHECK(said.find("SHA256") == std::string::npos);
    CHECK(stage.gate->refused().find("ssh -A") != std::string::npos);
}

TEST_CASE("ssh-keygen signs files and git signs commits, and both verify") {
    const SshStage stage;
    int code = -1;
    const auto file = stage.run("echo text > text && ssh-keygen -q -Y sign -f id.pub -n file text &&"
                                " echo \"me $(cat id.pub)\" > allowed &&"
                                " ssh-keygen -Y verify -f allowed -I me -n file -s text.sig < text",
                                &code);
    CHECK_MESSAGE(code == 0, file);
    const auto commit = stage.run(
        "git init -q repository && cd repository && git config user.name me && git config user.email me@here &&"
        " git config gpg.format ssh && git config user.signingkey ../other.pub &&"
        " echo \"me@here $(cat ../other.pub)\" > ../signers && git config gpg.ssh.allowedSignersFile ../signers &&"
        " git commit -q -S --allow-empty -m signed && git verify-commit HEAD",
        &code);
    CHECK_MESSAGE(code == 0, commit);
    CHECK_EQ(stage.gate->noted(), std::vector<std::string>{"broker ssh-agent file", "broker ssh-agent git"});
    stage.run("ssh-keygen -q -Y sign -f id.pub -n email text", &code);
    CHECK_NE(code, 0);
}
