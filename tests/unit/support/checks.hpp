// doctest, for tests of code that uses shared/error.hpp, whose CHECK is another. To be included last.
#pragma once

#include "shared/error.hpp"
#undef CHECK
#include <doctest/doctest.h>
