// Questions to the person at the terminal, through /dev/tty, so that stdin and stdout stay free for data.
#pragma once

#include <optional>
#include <string>

#include "cli/secret.hpp"
#include "shared/error.hpp"

namespace owhale::cli {

// Whether there is a terminal to ask on, and we are in its foreground: elsewhere a question would stop us.
bool can_ask();
// From now on never: the terminal that we were started from is another program's screen.
void ask_nobody();

// While it lives nothing that is typed is echoed, but what ask_line and ask_yes ask for; what was typed without a question is
// dropped. One at a time; without a terminal it does nothing. Signals that end or stop us put the terminal right first.
class Hush {
public:
    Hush();
    Hush(const Hush&) = delete;
    Hush& operator=(const Hush&) = delete;
    ~Hush();
};

// One line, at most 1024 bytes. unauthenticated when there is no terminal. Ctrl-C ends us, with the terminal as it was.
Result<Secret> ask_secret(const std::string& question); // without echo; unauthenticated at Ctrl-D
// The same for a password that is there: an empty answer is asked for again, three times in all.
Result<Secret> ask_password(const std::string& question);
// None at Ctrl-D.
Result<std::optional<std::string>> ask_line(const std::string& question);
// Only the whole word is a yes.
Result<bool> ask_yes(const std::string& question);
// To the terminal, and nowhere else.
void say(const std::string& text);

// The next line of stdin, for scripts; what follows stays there. `what` names it in errors.
Result<Secret> secret_from_stdin(const std::string& what);
// The same, none at the end of the input.
Result<Secret> next_secret_from_stdin(const std::string& what);

} // namespace owhale::cli
