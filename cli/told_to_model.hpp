// Errors of reaching owhaled as a model is told of them: it gets no next step that is for a person, such as another socket.
#pragma once

#include "shared/error.hpp"

namespace owhale::cli {

// Of no owhaled, or one that is not to be trusted or lets nobody in, the next step is to tell the person. Others as they are.
Error told_to_model(Error error);

} // namespace owhale::cli
