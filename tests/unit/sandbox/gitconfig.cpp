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
                                          "[core]\n\tsshCommand = ssh -i key\n\thooksPath = /x\n\teditor = vi\n"
                                          "[alias]\n\tst = status\n");
    CHECK_EQ(kept, "[user]\n\tname = A\n\temail = a@b\n[commit]\n\tverbose = true\n[core]\n\teditor = "
                   "vi\n[alias]\n\tst = status\n");
}

TEST_CASE("a dropped line takes its continuation along") {
    CHECK_EQ(without_credentials("[github]\n\ttoken = a\\\nb\n[user]\n\ttoken = a\\\nb\n\tname = N\n"),
             "[user]\n\tname = N\n");
}

TEST_CASE("nothing before the first section, and no key on a header's line") {
    CHECK_EQ(
        without_credentials("token = x\n[Credential] helper = store\n\thelper = y\n[USER] name = A\n\temail = b\n"),
        "[USER]\n\temail = b\n");
    CHECK_EQ(without_credentials(""), "");
}

TEST_CASE("a bracket behind a header's end keeps no key, and what is no header takes its section along") {
    CHECK(without_credentials("[core] sshCommand = x ]\n\tpager = less\n") == "[core]\n\tpager = less\n");
    CHECK(without_credentials("[user] ; ] token = x ]\n\tname = me\n") == "[user]\n\tname = me\n");
    CHECK(without_credentials("[user]\n\tname = me\n[core\n\tpager = less\n") == "[user]\n\tname = me\n");
    CHECK(without_credentials("[branch \"a]b\\\"]c\"] remote = x\n\tmerge = y\n") ==
          "[branch \"a]b\\\"]c\"]\n\tmerge = y\n");
    CHECK(without_credentials("[branch \"open\n\tmerge = y\n").empty());
    CHECK(without_credentials("[]\n\tmerge = y\n").empty());
}
