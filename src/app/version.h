#pragma once
// Which Coffer this is. The commit is written into commit.cc by the build.

#include <string_view>

namespace coffer {

std::string_view version_text();  // `0.1.0`
std::string_view commit_text();   // the short hash, with `+` when the sources were changed since

}  // namespace coffer
