#include "client/classify_command.h"

#include <cstddef>
#include <istream>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "client/classify_call.h"
#include "client/classify_output.h"
#include "client/limits.h"
#include "proto/moevit/v1/inference.pb.h"

namespace moevit {
namespace {

// Below the 4 MiB that a gRPC server takes unless told otherwise. A larger
// image travels alone.
constexpr size_t kMaxRequestBytes = size_t{3} << 20;
constexpr int kMaxRequestImages = 8;

absl::StatusOr<std::string> ReadStream(std::istream& in) {
  std::string content;
  char chunk[size_t{64} << 10];
  do {
    in.read(chunk, sizeof(chunk));
    content.append(chunk, static_cast<size_t>(in.gcount()));
    if (content.size() > kMaxImageFileBytes) {
      return absl::ResourceExhaustedError(absl::StrCat(
          "the standard input has more than ", kMaxImageFileBytes, " bytes"));
    }
  } while (in.good());
  return content;
}

// True when the other requests of the command line may fare better.
bool ConcernsOneRequest(const absl::Status& error) {
  return error.code() == absl::StatusCode::kInvalidArgument ||
         error.code() == absl::StatusCode::kResourceExhausted;
}

// Gathers images into requests and prints the answers.
class Classification {
 public:
  Classification(ServerConnection server, v1::ClassifyRequest prototype,
                 bool json, const Console& console)
      : caller_(std::move(server)),
        prototype_(std::move(prototype)),
        json_(json),
        console_(console) {}

  // Both return an error only when it is vain to go on.
  absl::Status Add(const std::string& file);
  absl::Status Flush();

  int failures() const { return failures_; }

 private:
  // `text` is what a person reads of the error.
  void Fail(const std::string& file, const absl::Status& error,
            absl::string_view text);
  // For errors that do not name the file themselves.
  void FailNamed(const std::string& file, const absl::Status& error) {
    Fail(file, error, absl::StrCat(file, ": ", error.message()));
  }
  void Print(const std::string& file, const v1::ClassifyResponse& response,
             const v1::ImageResult& result);

  ClassifyCaller caller_;
  const v1::ClassifyRequest prototype_;  // without images
  const bool json_;
  const Console console_;
  v1::ClassifyRequest request_;
  std::vector<std::string> files_;  // of request_'s images
  size_t request_bytes_ = 0;
  int failures_ = 0;
};

absl::Status Classification::Add(const std::string& file) {
  absl::StatusOr<std::string> content =
      file == "-" ? ReadStream(*console_.in)
                  : ReadFile(file, kMaxImageFileBytes);
  if (!content.ok()) {
    Fail(file, content.status(), content.status().message());
    return absl::OkStatus();
  }
  if (request_bytes_ + content->size() > kMaxRequestBytes ||
      files_.size() == kMaxRequestImages) {
    MOEVIT_RETURN_IF_ERROR(Flush());
  }
  request_bytes_ += content->size();
  request_.add_images(*std::move(content));
  files_.push_back(file);
  return absl::OkStatus();
}

absl::Status Classification::Flush() {
  if (files_.empty()) return absl::OkStatus();
  request_.MergeFrom(prototype_);
  const absl::StatusOr<v1::ClassifyResponse> response = caller_.Call(request_);
  if (!response.ok() && !ConcernsOneRequest(response.status())) {
    return response.status();
  }
  for (size_t i = 0; i < files_.size(); ++i) {
    if (response.ok()) {
      Print(files_[i], *response, response->results(static_cast<int>(i)));
    } else {
      FailNamed(files_[i], response.status());
    }
  }
  request_.Clear();
  files_.clear();
  request_bytes_ = 0;
  return absl::OkStatus();
}

void Classification::Print(const std::string& file,
                           const v1::ClassifyResponse& response,
                           const v1::ImageResult& result) {
  if (!result.has_classification()) {
    FailNamed(file,
              absl::Status(static_cast<absl::StatusCode>(result.error().code()),
                           result.error().message()));
    return;
  }
  const v1::Classification& answer = result.classification();
  *console_.out << (json_ ? ClassificationToJson(file, response, answer)
                          : ClassificationToText(file, answer))
                << "\n";
}

void Classification::Fail(const std::string& file, const absl::Status& error,
                          absl::string_view text) {
  ++failures_;
  if (json_) {
    *console_.out << ErrorToJson(file, error) << "\n";
  } else {
    *console_.err << "moevit classify: " << text << "\n";
  }
}

}  // namespace

void ClassifyCommand::AddFlags(FlagSet* flags) {
  AddServerFlags(&server_, flags);
  flags->Add({.name = "model",
              .value_name = "NAME",
              .help = "the model to ask; not needed if the server has one"},
             &model_);
  flags->Add({.name = "version",
              .value_name = "NUMBER",
              .help = "the model's version; the highest if not given"},
             &version_);
  flags->Add({.name = "top",
              .value_name = "K",
              .help = "how many classes to print for each image, best first"},
             &top_);
  flags->Add({.name = "timeout",
              .value_name = "DURATION",
              .help = "how long to wait for one answer, for example 500ms"},
             &server_.timeout);
  flags->Add({.name = "json",
              .value_name = "",
              .help = "print one JSON object per image and line"},
             &json_);
}

absl::Status ClassifyCommand::Run(absl::Span<const std::string> files,
                                  const Console& console) {
  if (files.empty()) return absl::InvalidArgumentError("no FILE is given");
  if (top_ < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--top is ", top_, "; it must be at least 1"));
  }
  if (server_.timeout <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--timeout is ", absl::FormatDuration(server_.timeout),
                     "; it must be positive"));
  }
  v1::ClassifyRequest prototype;
  prototype.set_model_name(model_);
  prototype.set_model_version(version_);
  prototype.set_top_k(top_);
  MOEVIT_ASSIGN_OR_RETURN(ServerConnection connection,
                          ServerConnection::Create(server_));
  Classification classification(std::move(connection), std::move(prototype),
                                json_, console);
  for (const std::string& file : files) {
    MOEVIT_RETURN_IF_ERROR(classification.Add(file));
  }
  MOEVIT_RETURN_IF_ERROR(classification.Flush());
  if (classification.failures() > 0) {
    return absl::UnknownError(absl::StrCat(classification.failures(), " of ",
                                           files.size(), " images failed"));
  }
  return absl::OkStatus();
}

}  // namespace moevit
