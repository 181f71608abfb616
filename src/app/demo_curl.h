#pragma once
// One line to paste for each dialect, for a demo that listens at `url` (`http://127.0.0.1:8080`).

#include <string>
#include <string_view>

namespace coffer {

std::string demo_curl_lines(std::string_view url);

}  // namespace coffer
