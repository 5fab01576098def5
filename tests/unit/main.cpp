#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS // children of a test end as they would elsewhere
#include <doctest/doctest.h>
