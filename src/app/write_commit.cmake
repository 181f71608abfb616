# Writes the source that says which commit this is; run at every build, changes the file only when
# the answer changes. Without git (a source archive) the answer is `unknown`.
execute_process(COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed)
    set(commit unknown)
else()
    execute_process(COMMAND git -C ${SOURCE} diff --quiet HEAD --
        RESULT_VARIABLE changed ERROR_QUIET)
    if(changed)
        string(APPEND commit "+")
    endif()
endif()
set(text "#include \"app/version.h\"

namespace coffer {
std::string_view commit_text() { return \"${commit}\"; }
}  // namespace coffer
")
set(before "")
if(EXISTS ${OUTPUT})
    file(READ ${OUTPUT} before)
endif()
if(NOT before STREQUAL text)
    file(WRITE ${OUTPUT} "${text}")
endif()
