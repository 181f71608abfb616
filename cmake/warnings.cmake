# What the compilers must not complain about. Third-party headers are system headers, so only our own
# code is judged.

add_compile_options(
    -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
    -Wswitch-enum -Wcast-qual -Wnon-virtual-dtor -Woverloaded-virtual -Wundef -Wimplicit-fallthrough
    # A designated initialiser that leaves a field at its default is what we want to write.
    -Wno-missing-field-initializers)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 warns of overlapping copies inside std::string's operator+ (GCC bug 105651).
    add_compile_options(-Wno-restrict)
    if(CMAKE_CXX_FLAGS MATCHES "-fsanitize")
        # The sanitisers' own branches make this warning see uninitialised optionals that are not.
        add_compile_options(-Wno-maybe-uninitialized)
    endif()
else()
    add_compile_options(-Wno-missing-designated-field-initializers)
endif()
