// The FTS5 tokenizer "owhale": words come to it split already (facts.hpp), so that what is indexed is decided in one place.
#pragma once

#include "store/database.hpp"

namespace owhale::audit::index {

// For this connection; each that touches the index needs it.
Status register_tokenizer(store::Database& database);

} // namespace owhale::audit::index
