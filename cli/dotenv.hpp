// .env files, strictly: what cannot be told for sure is refused, with its line. Pure.
//
//   [export] NAME=value      up to the line's end, blanks at its end left out; " #" begins a comment
//   NAME="a\nb" NAME='a b'   in double quotes \n \r \t \" \\ \$ count, no variable is put in; several lines are fine
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/secret.hpp"
#include "shared/error.hpp"

namespace owhale::cli {

struct DotenvEntry {
    std::string name;
    Secret value;
    std::size_t line = 0;
};
// In the file's order. bad_request: a line that is none, a name twice, a variable in a value.
Result<std::vector<DotenvEntry>> parse_dotenv(std::string_view text);

} // namespace owhale::cli
