#pragma once
// The part of the configuration that says to which chains withdrawals are brought, and what of
// theirs is looked at for deposits: the blocks [[chain]], [[token]] and [[hot_wallet]], of which
// the latter two name a chain, and the section [deposits].

#include <string>
#include <vector>

#include "app/config_section.h"
#include "settle/settler.h"

namespace coffer {

std::vector<ChainOptions> read_chains(ConfigSection& top, const std::string& folder,
                                      ConfigNotes& notes);
DepositOptions read_deposits(const TomlNode* table, const std::string& folder, ConfigNotes& notes);

}  // namespace coffer
