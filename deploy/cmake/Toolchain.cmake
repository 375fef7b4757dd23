# Compiler, linker and sanitizer settings that hold for every target.
set(IPAM_SANITIZE "" CACHE STRING "asan, tsan, fuzz or empty")

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-fno-omit-frame-pointer)
if(IPAM_SANITIZE STREQUAL "asan")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
elseif(IPAM_SANITIZE STREQUAL "tsan")
  # -U: Debian's libprotobuf was built without it, and protobuf's map_field.h changes its layout with it.
  add_compile_options(-fsanitize=thread -U__SANITIZE_THREAD__ $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  add_link_options(-fsanitize=thread)
elseif(IPAM_SANITIZE STREQUAL "fuzz")
  # -fno-sanitize=function: clang 14 cannot link it where there are coroutines.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=function
                      -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
elseif(NOT IPAM_SANITIZE STREQUAL "")
  message(FATAL_ERROR "IPAM_SANITIZE is '${IPAM_SANITIZE}': use asan, tsan, fuzz or leave it empty")
endif()

# For our own targets only: generated code is not held to these.
add_library(ipam_warnings INTERFACE)
target_compile_options(ipam_warnings INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
                                               -Wno-missing-field-initializers
                                               -Werror=switch -Werror=return-type)
