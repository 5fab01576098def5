// doctest beside shared/error.hpp, whose CHECK is another: doctest's counts from here on. A header whose templates use
// the other one (shared/codec.hpp) has to come before.
#pragma once

#include "shared/error.hpp"
#undef CHECK
#include <doctest/doctest.h>
