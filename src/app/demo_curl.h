#pragma once
// One line to paste for each dialect, for a demo that listens at `url` (`http://127.0.0.1:8080`).

#include <string>
#include <string_view>

namespace coffer {

std::string demo_curl_lines(std::string_view url);
// A token on a test chain, some of it for alice, and what came of it.
std::string demo_chain_lines(std::string_view url, std::string_view chain_url);

}  // namespace coffer
