#include "sandbox/gitconfig.hpp"

#include "checks.hpp"

using owhale::sandbox::without_credentials;

TEST_CASE("who one is stays, what is secret goes") {
    const auto kept = without_credentials("[user]\n\tname = A\n\temail = a@b\n\tsigningkey = X\n"
                                          "[credential]\n\thelper = store\n"
                                          "[credential \"https://x\"]\n\thelper = !steal\n"
                                          "[commit]\n\tgpgsign = true\n\tverbose = true\n"
                                          "[url \"https://token@host/\"]\n\tinsteadOf = x\n"
                                          "[http \"https://x\"]\n\textraHeader = Authorization: y\n"
                                          "[include]\n\tpath = ~/secret\n"
                                          "[github]\n\tuser = me\n\toauth = S\n[some-tool]\n\tkey = S\n"
                                          "[core]\n\tsshCommand = ssh -i key\n\thooksPath = /x\n\teditor = vi\n"
                                          "[alias]\n\tst = status\n");
    CHECK_EQ(kept, "[user]\n\tname = A\n\temail = a@b\n[commit]\n\tverbose = true\n[core]\n\teditor = "
                   "vi\n[alias]\n\tst = status\n");
}

TEST_CASE("values are what git reads, written so that they read the same") {
    const auto of = [](const std::string& value) { return without_credentials("[alias]\n\tx = " + value); };
    CHECK_EQ(of("a  b  \n"), "[alias]\n\tx = a  b\n");
    CHECK_EQ(of("a\\\n\tb # c\n"), "[alias]\n\tx = \"a\\tb\"\n");
    CHECK_EQ(of("\" a # \" ; c\n"), "[alias]\n\tx = \" a # \"\n");
    CHECK_EQ(of("!f() { \\\"$1\\\"; }\\n\\\\\n"), "[alias]\n\tx = \"!f() { \\\"$1\\\"\"\n");
    CHECK_EQ(of("\"a;\\\\\"\r\n\ty=z\r\n"), "[alias]\n\tx = \"a;\\\\\"\n\ty = z\n");
    CHECK_EQ(
        without_credentials("\xef\xbb\xbf[Core]\n\tbare\n[merge \"a\\\"b\\\\\"]driver=x\n[Branch.Old]\n\trebase\n"),
        "[Core]\n\tbare\n[merge \"a\\\"b\\\\\"]\n\tdriver = x\n[Branch.Old]\n\trebase\n");
}

TEST_CASE("a dropped key takes its continuation along") {
    CHECK_EQ(without_credentials("[github]\n\ttoken = a\\\nb\n[user]\n\ttoken = a\\\nb\n\tname = N\n"),
             "[user]\n\tname = N\n");
    CHECK_EQ(without_credentials("[user]\r\n\ttoken = a\\\r\nb\r\n\tname = N\r\n"), "[user]\n\tname = N\n");
}

TEST_CASE("where git ends a line, a section or a key, we do") {
    // Neither a comment nor an escaped backslash is continued.
    CHECK_EQ(without_credentials("[safe]\n directory = C:\\\\src\\\\\n[http]\n extraHeader = \"S\"\n"),
             "[safe]\n\tdirectory = \"C:\\\\src\\\\\"\n");
    CHECK_EQ(without_credentials("[core]\n# to \\\n[credential]\nhelper=S\n"), "");
    CHECK_EQ(without_credentials("[core]\n editor = x\\\\\n sshCommand = S\n"), "[core]\n\teditor = \"x\\\\\"\n");
    CHECK_EQ(without_credentials("[core]\n editor = x ; \\\n sshCommand = S\n"), "[core]\n\teditor = x\n");
    // Headers and keys share lines.
    CHECK_EQ(without_credentials("[user] [github]\n user = S\n"), "");
    CHECK_EQ(without_credentials("[user] name = N\n[core] sshCommand = x ]\n\tpager = less\n"),
             "[user]\n\tname = N\n[core]\n\tpager = less\n");
    CHECK_EQ(without_credentials("[branch \"a]b\\\"]c\"] remote = x\n"), "[branch \"a]b\\\"]c\"]\n\tremote = x\n");
}

TEST_CASE("at what git refuses it ends, and nothing comes before the first section") {
    CHECK_EQ(without_credentials("token = x\nname = y\n"), "");
    for (const auto* broken : {"[core\n", "[]\n", "[branch \"open\n", "[core x]\n", "1key = x\n", "key ; x\n",
                               "key = \"open\n", "key = \\q\n", "key_x = 1\n"}) {
        CAPTURE(broken);
        CHECK_EQ(without_credentials("[user]\n\tname = N\n" + std::string(broken) + "[core]\n\tpager = less\n"),
                 "[user]\n\tname = N\n");
    }
    CHECK_EQ(without_credentials(""), "");
}
