#!/bin/bash
# needs: cmake make cc=gcc c++=g++
. "$COMPAT_LIB/case.bash"

cat >CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.16)
project(demo C CXX)
enable_testing()
find_package(Threads REQUIRED)
add_library(part SHARED part.c)
add_executable(app main.cpp)
target_link_libraries(app part Threads::Threads)
add_test(NAME answers COMMAND app)
CMAKE
echo 'int part(void) { return 42; }' >part.c
cat >main.cpp <<'CPP'
#include <thread>
extern "C" int part(void);
int main() {
  int got = 0;
  std::thread([&] { got = part(); }).join();
  return got == 42 ? 0 : 1;
}
CPP
caged -- cmake -S . -B build >cmake.log
caged -- cmake --build build --parallel 2 >build.log
has ctest '100% tests passed' "$(caged -- ctest --test-dir build)"
