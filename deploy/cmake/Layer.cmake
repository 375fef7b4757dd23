# layer(NAME SRCS ... HDRS ... DEPS ... [LIBS ...])
#
# One folder, one static library `NAME`. The library exports one include root that holds its own folder only (a
# symlink view in the build tree), so a header of a layer that is not in DEPS, directly or through another, is "No
# such file": the direction of the layers is held by the compiler. LIBS are packages.
#
# A file of the folder that is not listed stops the configuration: nothing is forgotten, nothing is globbed.
function(layer name)
  cmake_parse_arguments(L "" "" "SRCS;HDRS;DEPS;LIBS;EXCLUDE" ${ARGN})
  file(RELATIVE_PATH folder ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  get_filename_component(parent ${folder} DIRECTORY)

  set(view ${CMAKE_BINARY_DIR}/view/${name})
  file(MAKE_DIRECTORY ${view}/${parent})
  if(NOT EXISTS ${view}/${folder})
    file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${view}/${folder} SYMBOLIC)
  endif()

  file(GLOB present RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS *.h *.cc)
  foreach(file ${present})
    if(NOT file IN_LIST L_SRCS AND NOT file IN_LIST L_HDRS AND NOT file IN_LIST L_EXCLUDE)
      message(FATAL_ERROR "${folder}/${file} is not listed in ${folder}/CMakeLists.txt")
    endif()
  endforeach()

  if(L_SRCS)
    add_library(${name} STATIC ${L_SRCS})
    set(scope PUBLIC)
    target_link_libraries(${name} PRIVATE ipam_warnings)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${name} ${scope} ${view})
  target_link_libraries(${name} ${scope} ${L_DEPS} ${L_LIBS})
endfunction()

# layer_test(NAME [TSAN] SRCS ... DEPS ...): the tests of one layer, one binary, named sentences found by CTest. TSAN: threads
# meet in this layer; its tests run under the tsan preset too, by the target tsan_targets and the label tsan.
function(layer_test name)
  cmake_parse_arguments(T "TSAN" "" "SRCS;DEPS;LIBS" ${ARGN})
  file(GLOB present RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS *.cc)
  foreach(file ${present})
    if(NOT file IN_LIST T_SRCS)
      message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR}/${file} is not listed in its CMakeLists.txt")
    endif()
  endforeach()
  add_executable(${name} ${T_SRCS})
  target_link_libraries(${name} PRIVATE ipam_warnings ${T_DEPS} ${T_LIBS} test_support GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE IPAM_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  set(label unit)
  if(T_TSAN)
    set(label tsan)
    add_dependencies(tsan_targets ${name})
  endif()
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 180 LABELS ${label})
endfunction()

# fuzz_target(NAME SRC SEEDS folder DEPS ...): under the fuzz preset a libFuzzer binary, one second in CTest; elsewhere
# the same entry point replays the seeds.
function(fuzz_target name)
  cmake_parse_arguments(F "" "SRC" "SEEDS;DEPS;LIBS" ${ARGN})
  add_executable(${name} ${F_SRC})
  target_link_libraries(${name} PRIVATE ipam_warnings ${F_DEPS} ${F_LIBS})
  if(IPAM_SANITIZE STREQUAL "fuzz")
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    set(corpus ${CMAKE_CURRENT_BINARY_DIR}/corpus/${name})
    add_custom_command(TARGET ${name} POST_BUILD COMMAND make_corpus ${corpus} ${F_SEEDS} VERBATIM)
    add_dependencies(${name} make_corpus)
    add_test(NAME ${name} COMMAND ${name} -max_total_time=1 -timeout=10 -rss_limit_mb=2048 ${corpus})
  else()
    target_link_libraries(${name} PRIVATE fuzz_replay)
    add_test(NAME ${name} COMMAND ${name} ${F_SEEDS})
  endif()
  add_dependencies(fuzz_targets ${name})
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()
