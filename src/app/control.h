#pragma once
// How commands talk to the server that holds a data directory: a Unix socket in it, mode 0600, one
// request of one line and one answer of many a connection. Whoever may read the directory's
// files may ask; nobody else reaches it.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace coffer {

// The server's side. The holder of the directory's lock makes it, so a socket that is there already
// is a dead process's and is replaced.
class Control {
public:
    static Result<Control> listen(const std::string& directory);
    Control(Control&& other) noexcept;
    Control& operator=(Control&& other) noexcept;
    ~Control();

    int file() const { return file_; }  // readable when somebody asks; for poll()
    // Answers one request, if there is one: the answer's text, or the error's detail.
    using Answer = std::function<Result<std::string>(std::string_view request)>;
    void answer_one(const Answer& answer) const;

private:
    Control(int file, std::string path) : file_(file), path_(std::move(path)) {}
    int file_ = -1;
    std::string path_;
};

// The other side: the answer, or nothing when no server listens there. Errors: invalid (the server
// said why not), io.
Result<std::optional<std::string>> ask_server(const std::string& directory,
                                              std::string_view request);

}  // namespace coffer
