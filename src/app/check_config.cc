// `coffer check-config`: every mistake of a configuration at once, with its place.

#include <unistd.h>

#include <cstdio>

#include "app/commands.h"
#include "app/complain.h"
#include "app/config.h"

namespace coffer {

int run(const CheckConfigOptions& options) {
    const auto config = config_or_complain(options.config);
    if (!config) return 1;
    int exit_code = 0;
    for (const ListenOptions& listen : config->server.listen) {
        for (const std::string& path : {listen.certificate_path, listen.key_path}) {
            if (path.empty() || ::access(path.c_str(), R_OK) == 0) continue;
            exit_code = complain("cannot read " + path + ", which a [[listen]] block names");
        }
    }
    if (exit_code == 0) std::printf("%s: all is well\n", options.config.c_str());
    return exit_code;
}

}  // namespace coffer
