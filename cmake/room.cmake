# room(): a floor of the house becomes the static library coffer_<name>, and its tests the program
# test_<name>.
#
#   room(store
#       SOURCES memory_store.cc rocks_store.cc    # every source, by hand: tools/house.py checks
#       USES base                                 # the floors below whose doors it goes through
#       PRIVATE RocksDB::rocksdb                  # libraries that none of its doors may show
#       TESTS memory_store_test.cc                # gtest sources, each test known to ctest
#       FUZZ record_fuzz.cc)                      # libFuzzer targets, built by the preset fuzz

function(room name)
    cmake_parse_arguments(PARSE_ARGV 1 room "" "" "SOURCES;USES;PRIVATE;TESTS;FUZZ")
    set(library coffer_${name})
    list(TRANSFORM room_USES PREPEND coffer_)
    file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)

    add_library(${library} STATIC ${room_SOURCES})
    target_sources(${library} PUBLIC
        FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}/src FILES ${headers})
    target_link_libraries(${library} PUBLIC ${room_USES} PRIVATE ${room_PRIVATE} Threads::Threads)
    # Makes each header a source of its own; built by the target all_verify_interface_header_sets.
    set_target_properties(${library} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)

    if(room_TESTS AND BUILD_TESTING AND NOT COFFER_FUZZ)
        add_executable(test_${name} ${room_TESTS})
        target_link_libraries(test_${name} PRIVATE ${library} ${room_PRIVATE})
        quick_tests(test_${name} ${name})
    endif()
    if(COFFER_FUZZ)
        foreach(source IN LISTS room_FUZZ)
            fuzz_target(${source} ${library} ${room_PRIVATE})
        endforeach()
    endif()
endfunction()

# Links a test program to gtest and tells ctest about each of its tests, as <prefix>.<suite>.<test>.
function(quick_tests program prefix)
    coffer_tests(${program} ${prefix} quick 60)
endfunction()

# The same for tests that only the full `./dev test` runs.
function(slow_tests program prefix)
    coffer_tests(${program} ${prefix} slow 600)
endfunction()

# What every test program is made with. More than half of a build's time goes into sources of
# tests, and -O1 compiles five of the longest in 25.5 s of one core instead of 32.5 (-O0 in 25.5
# too, and runs slower). A precompiled header of gtest and rapidcheck took 4.6 s and more to make
# for each program and saved half a second a source: not worth what it asks of ccache.
function(made_for_tests program)
    target_link_libraries(${program} PRIVATE
        GTest::gmock GTest::gtest GTest::gtest_main rapidcheck Threads::Threads)
    target_compile_options(${program} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

function(coffer_tests program prefix label timeout_seconds)
    made_for_tests(${program})
    # Found when ctest starts and not after linking, so that building never runs our code.
    gtest_discover_tests(${program}
        TEST_PREFIX ${prefix}. DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
        PROPERTIES LABELS ${label} TIMEOUT ${timeout_seconds})
endfunction()

# The same for a program whose tests share a server that it starts: one test to ctest.
function(server_test program name)
    made_for_tests(${program})
    add_test(NAME ${name} COMMAND ${program} ${ARGN})
    set_tests_properties(${name} PROPERTIES LABELS quick TIMEOUT 300)
endfunction()

# A fuzz target of clang's libFuzzer: money_fuzz.cc, which lies beside what it tries, becomes the
# program fuzz_money and the test fuzz.money, which runs its corpus (fuzz/corpus/money) and then tries
# new bytes for a few seconds, or as many as FUZZ_SECONDS says. fuzz/money.dict are words to try.
function(fuzz_target source)
    string(REPLACE "_fuzz.cc" "" name ${source})
    add_executable(fuzz_${name} ${source})
    target_link_libraries(fuzz_${name} PRIVATE ${ARGN})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz.${name} COMMAND
        Python3::Interpreter ${CMAKE_SOURCE_DIR}/fuzz/run.py $<TARGET_FILE:fuzz_${name}>)
    set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz)
endfunction()
