#pragma once
// A folder under the system's temporary one that goes with the object.

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace coffer {

class TemporaryFolder {
public:
    explicit TemporaryFolder(std::string_view prefix = "coffer-") {
        std::error_code error;
        path_ = (std::filesystem::temp_directory_path(error) / prefix).string() + "XXXXXX";
        if (error || ::mkdtemp(path_.data()) == nullptr) path_.clear();
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code error;
        if (!path_.empty()) std::filesystem::remove_all(path_, error);
    }

    const std::string& path() const { return path_; }  // empty: it could not be made
    void write(const std::string& name, std::string_view text) const {
        std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    }

private:
    std::string path_;
};

}  // namespace coffer
